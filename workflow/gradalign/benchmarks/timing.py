"""Times of calls that are to be compared: taken in turns, so that a drift of the machine meets all of them alike."""

import time
from pathlib import Path

import numpy as np


def interleaved(calls, repeats):
    """Time several calls in turns.

    Parameters
    ----------
    calls : sequence of callable
        Each is called once untimed, so that compilation and cold caches do not count.
    repeats : int
        How often each is timed.

    Returns
    -------
    numpy.ndarray of shape (repeats, len(calls))
        Seconds. Every other turn goes backwards, which takes a steady drift out of ratios.
    """
    for call in calls:
        call()
    seconds = np.empty((repeats, len(calls)))
    for turn in range(repeats):
        order = range(len(calls)) if turn % 2 == 0 else reversed(range(len(calls)))
        for side in order:
            start = time.perf_counter()
            calls[side]()
            seconds[turn, side] = time.perf_counter() - start
    return seconds


def median_ratio(numerator, denominator):
    """Return the median of the ratios within each turn.

    Parameters
    ----------
    numerator, denominator : numpy.ndarray of shape (repeats,)
        Seconds of `interleaved`.

    Returns
    -------
    float
    """
    return float(np.median(numerator / denominator))


def exponent(sizes, amounts):
    """Return p of amount ∝ size^p: the slope of the line through the logarithms.

    Parameters
    ----------
    sizes, amounts : array_like
        Positive numbers.

    Returns
    -------
    float
    """
    return float(np.polyfit(np.log(np.asarray(sizes, float)), np.log(np.asarray(amounts, float)), 1)[0])


def peak_memory_mb():
    """Return the largest resident memory of this process so far.

    Returns
    -------
    float
        In MB; NaN where the system has no /proc. (What `getrusage` says would include the parent's.)
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    fields = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
    return int(fields["VmHWM"].split()[0]) * 1024 / 1e6
