"""What every script of the workflow needs: a log, progress in it, and a user's mistake in one sentence.

What a log tells is shown when the job has ended, by `snakemake_logger_plugin_gradalign`, but for indented lines.
"""

import sys
import time
import traceback
from contextlib import contextmanager, suppress

from gradalign.errors import InputError
from gradalign.run.plan import duration

NOTHING_TO_DO = "  nothing to do"
"""What a job says in its log that only hands on what the one before has made: no line tells of it."""
_SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def job(log_path):
    """Run a script's body with a log.

    An `InputError` goes as one sentence to the log and to standard error and ends the script with code 1; the
    traceback of any other exception goes to the log too. Where the log cannot be written, as on a full disk, standard
    error has it. A script that is interrupted ends without a traceback.

    Parameters
    ----------
    log_path : str or path

    Yields
    ------
    callable
        ``say(text)`` writes a line to the log.
    """
    # unbuffered: what a full disk refuses is not tried again at the end
    with open(log_path, "wb", buffering=0) as log:

        def say(text):
            with suppress(OSError):
                # names of files may hold bytes that are no text
                log.write(f"{text}\n".encode(errors="surrogateescape"))

        try:
            yield say
        except InputError as error:
            say(str(error))
            sys.stderr.write(f"{error}\n")
            sys.exit(1)
        except KeyboardInterrupt:
            sys.exit(130)
        except Exception:
            say(traceback.format_exc())
            raise


def progress(items, total, what, say):
    """Pass items on, saying every few seconds in the log how many of all are done and how long the rest may take.

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
            say(f"  {done} of {total} {what}, {duration((now - start) / done * (total - done))} left")
