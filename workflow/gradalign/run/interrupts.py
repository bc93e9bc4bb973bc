"""Ctrl-C: it reaches every process of a terminal at once, and each would end with a traceback of its own."""

import os
import signal
import threading
from contextlib import contextmanager

import psutil

INTERRUPTED = 130
"""Exit code of what was interrupted, as a shell gives it."""
SENTENCE = "Interrupted; the same command goes on where it stopped."
"""What is said where nothing else has said it."""


def end_with_a_sentence():
    """Let an interruption end this process at once with one sentence: for while it loads and reads.

    Nothing is done where interruptions have been arranged already.
    """
    if _is_default():
        signal.signal(signal.SIGINT, _say_and_end)


def _say_and_end(_number, _frame):
    os.write(2, f"{SENTENCE}\n".encode())
    # an exception that comes up in the midst of an import ends some compiled modules with a message of theirs
    os._exit(INTERRUPTED)


def end_jobs_with_this_process(last=lambda: SENTENCE):
    """Let an interruption end all that this process has started, and then the process, with one sentence.

    For processes started to be deaf to interruptions. Nothing is done where interruptions have been arranged already.

    Parameters
    ----------
    last : callable
        Does what is to be done before that, and returns the sentence.
    """

    def end(_number, _frame):
        sentence = last()
        for process in psutil.Process().children(recursive=True):
            try:
                process.terminate()
            except psutil.NoSuchProcess:
                continue
        os.write(2, f"{sentence}\n".encode())
        # at once, for another thread would tell of their end
        os._exit(INTERRUPTED)

    if _is_default():
        signal.signal(signal.SIGINT, end)


@contextmanager
def left_to_the_child():
    """Wait for a child through an interruption, which the child gets too and ends with.

    Yields
    ------
    list
        Empty until an interruption comes.
    """
    seen, before = [], signal.getsignal(signal.SIGINT)
    arranged = _is_default() or before is _say_and_end
    if arranged:
        # a handler, for a signal that is ignored would be ignored by the child as well
        signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        yield seen
    finally:
        if arranged:
            signal.signal(signal.SIGINT, before)


def _is_default():
    main = threading.current_thread() is threading.main_thread()
    return main and signal.getsignal(signal.SIGINT) in (signal.default_int_handler, signal.SIG_DFL)
