"""An axis of frequencies that is read as resolution."""

from gradalign.io.mrc import ANGSTROM_PER_NM

LABEL = "Resolution (Å)"
_TICKS = (3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 16, 20, 25, 30, 40, 60, 100, 200, 400)
_APART = 1 / 8


def angstrom_ticks(last):
    """Return where an axis of frequencies is marked, and the round resolutions that stand there.

    The finest comes first, for the end of the axis is what people look for; none is nearer to the next than an eighth
    of the axis.

    Parameters
    ----------
    last : float
        End of the axis in cycles per nm.

    Returns
    -------
    places : list of float
        Per nm, falling.
    words : list of str
    """
    places, words = [], []
    for tick in _TICKS:
        place = ANGSTROM_PER_NM / tick
        if place <= last * (1 + 1e-9) and (not places or places[-1] - place >= _APART * last):
            places.append(place)
            words.append(f"{tick}")
    return places, words
