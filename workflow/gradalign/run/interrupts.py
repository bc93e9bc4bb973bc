"""Ctrl-C: it reaches every process of a terminal at once, and each would end with a traceback of its own."""

import signal
import sys
import threading
from contextlib import contextmanager

import psutil

INTERRUPTED = 130
"""Exit code of what was interrupted, as a shell gives it."""


def end_jobs_with_this_process():
    """Let an interruption end all that this process has started, and then the process, in silence.

    For processes started to be deaf to interruptions. Nothing is done where interruptions have been arranged already.
    """
    if _is_default():
        signal.signal(signal.SIGINT, _end)


def _end(_number, _frame):
    for process in psutil.Process().children(recursive=True):
        try:
            process.terminate()
        except psutil.NoSuchProcess:
            continue
    sys.exit(INTERRUPTED)


@contextmanager
def left_to_the_child():
    """Wait for a child through an interruption, which the child gets too and ends with.

    Yields
    ------
    list
        Empty until an interruption comes.
    """
    seen = []
    arranged = _is_default()
    if arranged:
        # a handler, for a signal that is ignored would be ignored by the child as well
        signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        yield seen
    finally:
        if arranged:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _is_default():
    main = threading.current_thread() is threading.main_thread()
    return main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
