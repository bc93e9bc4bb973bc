"""The scores that there are: a line each, with how tables call it and where its object is.

Tables and figures ask here, where nothing needs a kernel; what computes loads the object, see `gradalign.search.score`.
"""

from typing import NamedTuple

from gradalign.errors import InputError


class Entry(NamedTuple):
    """One score."""

    name: str
    """As in configurations, columns and arguments."""
    label: str
    """As tables and figures print it."""
    home: str
    """Where its object is, ``module:name``."""
    of_paper: bool = False
    """Whether the paper prints values of it."""
    own_terms: bool = False
    """Whether its d holds what each volume has by itself, such as the strength of its noise."""
    aims_at_bound: bool = False
    """Whether the study holds its errors against the Cramér–Rao bound, see `gradalign.report.likelihood_aims`."""


_ENTRIES = [
    Entry("rcs", "RCS", "gradalign.search.paper_scores:RCS", of_paper=True),
    Entry("fcs", "FCS", "gradalign.search.paper_scores:FCS", of_paper=True),
    Entry("likelihood", "Likelihood", "gradalign.search.likelihood:LIKELIHOOD", own_terms=True, aims_at_bound=True),
]


def register(entry):
    """Make a further score known.

    Parameters
    ----------
    entry : Entry

    Raises
    ------
    InputError
        If there is one of that name.
    """
    if entry.name in score_names():
        raise InputError(f"score {entry.name!r} is registered already, as {find(entry.name).home}")
    _ENTRIES.append(entry)


def unregister(name):
    """Forget a score that `register` made known.

    Parameters
    ----------
    name : str
    """
    _ENTRIES.remove(find(name))


def find(name):
    """Return the entry of a score.

    Parameters
    ----------
    name : str

    Returns
    -------
    Entry

    Raises
    ------
    InputError
        If there is no such score.
    """
    for entry in _ENTRIES:
        if entry.name == name:
            return entry
    raise InputError(f"score {name!r} is not known: give one of {', '.join(score_names())}")


def score_names():
    """Return the names of all scores, the paper's first.

    Returns
    -------
    tuple of str
    """
    return tuple(entry.name for entry in _ENTRIES)


def paper_scores(names=None):
    """Return the scores of which the paper prints values.

    Parameters
    ----------
    names : iterable of str, optional
        Scores or other aligners among which to look; all scores if left out.

    Returns
    -------
    list of str
        In the order given.
    """
    printed = {entry.name for entry in _ENTRIES if entry.of_paper}
    return [name for name in (score_names() if names is None else names) if name in printed]


def scores_at_bound():
    """Return the scores whose errors the study holds against the Cramér–Rao bound.

    Returns
    -------
    list of str
    """
    return [entry.name for entry in _ENTRIES if entry.aims_at_bound]


def score_label(name):
    """Return how a score is printed: RCS, FCS, Likelihood; the name of another aligner as it is.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
    """
    return find(name).label if name in score_names() else name


def score_order(name):
    """Return the key by which scores are sorted: as they are registered, then other aligners by name.

    Parameters
    ----------
    name : str

    Returns
    -------
    tuple
    """
    known = score_names()
    return (known.index(name) if name in known else len(known), name)
