"""The cells of the tables and how their numbers are written."""

from typing import NamedTuple


class Cell(NamedTuple):
    """One cell of a table: what the alignments of a median have in common."""

    data_set: str
    """The object whose subtomograms are aligned."""
    tilt: float
    """Half range of the tilt series in degrees."""
    snr: float
    """Signal-to-noise ratio."""
    score: str
    """``"rcs"`` or ``"fcs"``."""
    interval: float
    """Interval of the seed angles in degrees."""


def number_text(value):
    """Return how a number is written in file names and tables: 60, 0.5, inf.

    Parameters
    ----------
    value : float

    Returns
    -------
    str
        Without trailing zeros, so that 60 and 60.0 are the same cell.
    """
    return f"{float(value):.12g}"
