"""What a claim is, how uncertain the numbers behind it are, and what follows for it."""

from typing import NamedTuple

import numpy as np

from gradalign.report.numbers import number

HOLDS, FAILS, UNDECIDED, NOT_MEASURED = "holds", "does not hold", "undecided", "not measured"
"""Verdicts."""

_RESAMPLES = 2000


class Claim(NamedTuple):
    """One claim of the paper and what this study has to say of it."""

    claim: str
    """In one sentence, with the paper's numbers."""
    verdict: str
    """`HOLDS`, `FAILS`, `UNDECIDED` or `NOT_MEASURED`."""
    measured: str
    """The numbers of this study, with 95 % intervals where there are any."""
    criterion: str
    """What the verdict was decided by."""
    n: int
    """How many pairs (or what the claim is about) stand behind each number."""


class Interval(NamedTuple):
    """A number with its 95 % bootstrap interval; infinite where there is none."""

    value: float
    low: float
    high: float

    def __str__(self):
        if not np.isfinite(self.high):
            return number(self.value)
        return f"{number(self.value)} ({number(self.low)} to {number(self.high)})"


def not_measured(claim, criterion):
    """Return a claim for which the study has no data.

    Parameters
    ----------
    claim, criterion : str

    Returns
    -------
    Claim
    """
    return Claim(claim, NOT_MEASURED, "", criterion, 0)


def bootstrap(columns, statistic, rng):
    """Return a statistic of several cells' pairs with its percentile bootstrap interval.

    Parameters
    ----------
    columns : list of array_like of shape (n,) or (n, k)
        One array per cell, a line per pair; the pairs of each cell are drawn anew, a line as a whole.
    statistic : callable
        Of a list of arrays with the draws in front, (draws, n) or (draws, n, k), to an array (draws,).
    rng : numpy.random.Generator

    Returns
    -------
    Interval
        From minus to plus infinity if a cell has fewer than two pairs: one pair says nothing of its spread.
    """
    columns = [np.asarray(column, dtype=float) for column in columns]
    value = float(statistic([column[None] for column in columns])[0])
    if min(len(column) for column in columns) < 2:
        return Interval(value, -np.inf, np.inf)
    drawn = [column[rng.integers(0, len(column), (_RESAMPLES, len(column)))] for column in columns]
    return Interval(value, *map(float, np.percentile(statistic(drawn), [2.5, 97.5])))


def mean_log_ratio_of_medians(columns):
    """Return the geometric mean over cells of median(first column)/median(second column), for `bootstrap`."""
    logs = [np.diff(np.log(np.median(column, axis=1)), axis=1)[:, 0] for column in columns]
    return np.exp(-np.mean(logs, axis=0))


def pooled_median(columns):
    """Return the median of the pairs of all cells, for `bootstrap`."""
    return np.median(np.concatenate(columns, axis=1), axis=1)


def median_bounds(values, level=0.95):
    """Return the exact confidence interval of a median, from one of the values to another (order statistics).

    Parameters
    ----------
    values : array_like of shape (n,)
    level : float

    Returns
    -------
    Interval
        Infinite if so few values cannot tell.
    """
    # takes longer to load than most jobs that import this module take
    from scipy import stats

    values = np.sort(np.asarray(values, dtype=float))
    # P(fewer than k of n values lie below the true median) is binomial
    below = int(stats.binom.ppf((1 - level) / 2, len(values), 0.5))
    median = float(np.median(values))
    if below < 1:
        return Interval(median, -np.inf, np.inf)
    return Interval(median, float(values[below - 1]), float(values[-below]))


def each_below(columns, limit):
    """Return the verdict on the medians of all cells being below a limit.

    Parameters
    ----------
    columns : list of array_like
        The pairs of each cell.
    limit : float

    Returns
    -------
    str
        `HOLDS` if every cell's 95 % interval is below, `FAILS` if one cell is above in spite of there being many
        (Bonferroni), else `UNDECIDED`.
    """
    if all(median_bounds(column).high < limit for column in columns):
        return HOLDS
    above = (median_bounds(column, 1 - 0.05 / len(columns)).low >= limit for column in columns)
    return FAILS if any(above) else UNDECIDED


def is_below(interval, limit):
    """Return the verdict on a number's being below a limit.

    Parameters
    ----------
    interval : Interval
    limit : float

    Returns
    -------
    str
        `HOLDS` if the whole interval is, `FAILS` if none of it is, else `UNDECIDED`.
    """
    if interval.high < limit:
        return HOLDS
    return FAILS if interval.low >= limit else UNDECIDED


def is_above(interval, limit):
    """Return the verdict on a number's being a limit or more.

    Parameters
    ----------
    interval : Interval
    limit : float

    Returns
    -------
    str
        As `is_below`.
    """
    return {HOLDS: FAILS, FAILS: HOLDS, UNDECIDED: UNDECIDED}[is_below(interval, limit)]


def all_of(*verdicts):
    """Return the verdict on a claim of several parts.

    Parameters
    ----------
    *verdicts : str

    Returns
    -------
    str
        `FAILS` if one part does, `HOLDS` if all do, else `UNDECIDED`.
    """
    if FAILS in verdicts:
        return FAILS
    return HOLDS if set(verdicts) == {HOLDS} else UNDECIDED
