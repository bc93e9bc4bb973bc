"""The median and its deviation, in which the tables give errors."""

import numpy as np

from gradalign.errors import InputError


def median_and_deviation(values):
    """Return the median m of some values and their median absolute deviation, median |x − m|.

    Parameters
    ----------
    values : array_like of shape (n,)

    Returns
    -------
    median : float
    deviation : float
        Not scaled to a standard deviation; NaN if the median is infinite.

    Raises
    ------
    InputError
        If there are no values.
    """
    values = np.asarray(values, dtype=float)
    if values.size == 0:
        raise InputError("a median needs at least one alignment, and there is none")
    median = float(np.median(values))
    return median, float(np.median(np.abs(values - median))) if np.isfinite(median) else np.nan
