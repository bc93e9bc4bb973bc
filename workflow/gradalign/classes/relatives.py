"""Classes that resemble each other: one another rotated and shifted, and one the mirror image of another.

A class that is another one rotated or shifted is merged with it (`gradalign.classes.merging`). A mirror image is
another object, and stays one; but a tomogram whose tilt angles have the wrong sign shows its particles mirrored, so
that a class that looks like another one's mirror image is named.
"""

from typing import NamedTuple

import numpy as np

from gradalign.classes.placing import band_correlation, moved_back, place_map

MIRRORED = 0.05
"""By how much the correlation with another class must be larger for the mirror image than for the class itself."""
LEAST_MIRROR = 0.8
"""Correlation from which on a mirror image is named."""


class Relative(NamedTuple):
    """What of the other classes is in a class."""

    other: int
    """The class whose map is most like this one's, rotated and shifted as need be; 0 if there is no other."""
    amplitude: float
    """How much of it is in this one: 1 for the same object."""
    mirror: int
    """The class that this one is the mirror image of; 0 if it is none's."""


def mirrored(volume):
    """Return the mirror image of a volume about the centre voxel, x ↔ −x.

    Parameters
    ----------
    volume : numpy.ndarray of shape (N, N, N)
        Density [z, y, x].

    Returns
    -------
    numpy.ndarray of shape (N, N, N)
        What stood at −N/2 of an even box stays there.
    """
    image = volume[:, :, ::-1]
    return np.ascontiguousarray(np.roll(image, 1, axis=2) if len(volume) % 2 == 0 else image)


def relatives(maps, plan):
    """Return what classes have of each other.

    Parameters
    ----------
    maps : dict of int to gradalign.classes.maps.ClassMap
        By class.
    plan : gradalign.classes.plan.Plan

    Returns
    -------
    dict of int to Relative
    """
    found = {}
    for label, one in maps.items():
        image = one._replace(volume=mirrored(one.volume))
        others = {other: fixed for other, fixed in maps.items() if other != label}
        direct = {other: _placed(one, fixed, plan) for other, fixed in others.items()}
        mirrors = {other: _placed(image, fixed, plan)[0] for other, fixed in others.items()}
        nearest, best = (max(each, key=each.get, default=0) for each in (direct, mirrors))
        is_mirror = bool(best) and mirrors[best] >= max(LEAST_MIRROR, direct[best][0] + MIRRORED)
        found[label] = Relative(nearest, direct[nearest][1] if nearest else np.nan, best if is_mirror else 0)
    return found


def _placed(moved, fixed, plan):
    """Return the correlation of two maps up to the band limit, one laid on the other, and the amplitude."""
    place = place_map(moved, fixed, plan)
    back = moved_back(moved.volume, place.rotation, place.translation)
    return band_correlation(fixed.volume, back, plan), place.amplitude
