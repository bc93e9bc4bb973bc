"""The cells of the tables and how their numbers are written."""

from typing import NamedTuple

PRINTED_SCORES = ("rcs", "fcs")
"""The scores of the paper."""
_LABELS = {"rcs": "RCS", "fcs": "FCS", "likelihood": "Likelihood"}


class Cell(NamedTuple):
    """One cell of a table: what the alignments of a median have in common."""

    data_set: str
    """The object whose subtomograms are aligned."""
    tilt: float
    """Half range of the tilt series in degrees."""
    snr: float
    """Signal-to-noise ratio."""
    score: str
    """``"rcs"``, ``"fcs"``, ``"likelihood"`` or the name of an aligner."""
    interval: float
    """Interval of the seed angles in degrees."""


def score_label(score):
    """Return how a score is printed: RCS, FCS, Likelihood; the name of another aligner as it is.

    Parameters
    ----------
    score : str

    Returns
    -------
    str
    """
    return _LABELS.get(score, score)


def score_order(score):
    """Return the key by which scores are sorted: the paper's first, then the likelihood, then other aligners by name.

    Parameters
    ----------
    score : str

    Returns
    -------
    tuple
    """
    known = list(_LABELS)
    return (known.index(score) if score in known else len(known), score)
