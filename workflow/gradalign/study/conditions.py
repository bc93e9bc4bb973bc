"""The cells of the tables."""

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
    """A score of `gradalign.search.registry`, or the name of an aligner."""
    interval: float
    """Interval of the seed angles in degrees."""
