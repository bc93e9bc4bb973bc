"""What every script of the workflow needs: a log, visible progress, and a user's mistake in one sentence."""

import sys
import time
import traceback
from contextlib import contextmanager, suppress

from gradalign.errors import InputError

_SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def job(log_path):
    """Run a script's body with a log.

    An `InputError` goes as one sentence to the log and to standard error and ends the script with code 1; the
    traceback of any other exception goes to the log too. Where the log cannot be written, as on a full disk, standard
    error alone has it.

    Parameters
    ----------
    log_path : str or path

    Yields
    ------
    callable
        ``say(text)`` writes a line to the log and to standard error.
    """
    # unbuffered: what a full disk refuses is not tried again at the end
    with open(log_path, "wb", buffering=0) as log:

        def write(text):
            with suppress(OSError):
                log.write(text.encode())

        def say(text):
            write(f"{text}\n")
            sys.stderr.write(f"{text}\n")

        try:
            yield say
        except InputError as error:
            say(str(error))
            sys.exit(1)
        except Exception:
            write(traceback.format_exc())
            raise


def progress(items, total, what, say):
    """Pass items on, saying every few seconds how many of all are done and how long the rest may take.

    Parameters
    ----------
    items : iterable
    total : int
        How many there are.
    what : str
        What they are, such as ``"pairs of phantom"``.
    say : callable
        From `job`.

    Yields
    ------
    object
        The items.
    """
    start = last = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - last >= _SECONDS_BETWEEN_LINES:
            last = now
            say(f"{done} of {total} {what}, {_duration((now - start) / done * (total - done))} left")


def _duration(seconds):
    minutes = round(seconds / 60)
    return f"{seconds:.0f} s" if seconds < 100 else f"{minutes} min" if minutes < 100 else f"{minutes / 60:.1f} h"
