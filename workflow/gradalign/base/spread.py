"""Samples spread evenly over a list."""

import numpy as np


def spread_numbers(length, most):
    """Return the numbers of some members of a list, from its first to its last at equal distances.

    Parameters
    ----------
    length, most : int
        Of how many members, and how many at most.

    Returns
    -------
    numpy.ndarray of int
        Each once, in their order.
    """
    return np.unique(np.linspace(0, length - 1, most).round().astype(int))
