"""Masks: where the particle is.

A mask is a soft sphere or the user's own volume. An automatic one follows from how the mean square of the volumes falls
off with the distance from the centre.
"""

from functools import lru_cache

import numpy as np

from gradalign.errors import InputError

AUTOMATIC, NONE = "automatic", "none"

# of the largest mean variance at one radius, above the background's: where the particle ends
_PARTICLE_EDGE = 0.05
# voxels from there to the mask's edge, since a particle need not be centred, and the width of the edge: a narrow one
# would spread the missing wedge's edge over more frequencies
MARGIN, SOFT_EDGE = 2.0, 8.0
# edge of a sphere whose radius the user gives
_GIVEN_EDGE = 4.0
# parts of the peak below which noise does not matter to where the particle ends
_QUIET = 0.02
# voxels over which a square is smoothed
_SMOOTHING = 1.5
# the largest share of the box at which the end of a particle is told in spite of neighbours
_LARGEST = 0.375


def kept(values):
    """Return an array that many callers share, and none may change."""
    values.flags.writeable = False
    return values


@lru_cache(maxsize=4)
def distances(size, centre=(0.0, 0.0, 0.0)):
    """Return how far each voxel stands from a place.

    Parameters
    ----------
    size : int
        Box size in voxels.
    centre : (float, float, float)
        (x, y, z) in voxels from voxel N//2.

    Returns
    -------
    numpy.ndarray of shape (size, size, size)
        [z, y, x], in voxels.
    """
    x, y, z = (np.arange(size) - size // 2 - place for place in centre)
    return kept(np.sqrt(z[:, None, None] ** 2 + y[:, None] ** 2 + x**2))


def soft_sphere(size, radius, edge=SOFT_EDGE, centre=(0.0, 0.0, 0.0)):
    """Return a spherical mask with a cosine edge.

    Parameters
    ----------
    size : int
        Box size in voxels.
    radius : float
        Radius within which the mask is 1, in voxels.
    edge : float
        Width over which it falls to 0.
    centre : (float, float, float)
        Where the sphere stands, (x, y, z) in voxels from voxel N//2.

    Returns
    -------
    numpy.ndarray of float32, shape (size, size, size)
    """
    outward = np.clip((distances(size, tuple(centre)) - radius) / edge, 0.0, 1.0)
    return (0.5 + 0.5 * np.cos(np.pi * outward)).astype(np.float32)


def rim(size):
    """Return the shells about which a box holds little but background."""
    return slice(int(0.4 * size), size // 2 + 1)


def profile(volume):
    """Return the mean square at each distance from the centre, in voxels.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)

    Returns
    -------
    numpy.ndarray
    """
    return _by_distance(np.asarray(volume, dtype=float) ** 2)


@lru_cache(maxsize=4)
def _shells(size):
    return kept(np.rint(distances(size)).astype(int).ravel())


@lru_cache(maxsize=4)
def _places_by_distance(size):
    shells = _shells(size)
    return np.split(np.argsort(shells, kind="stable"), np.cumsum(np.bincount(shells))[:-1])


def _by_distance(values):
    shells = _shells(len(values))
    return np.bincount(shells, values.ravel()) / np.bincount(shells)


def end_of_particle(squares, size):
    """Return the distance at which a particle ends.

    Parameters
    ----------
    squares : array_like
        Mean square by distance.
    size : int
        N.

    Returns
    -------
    float
        Where it has fallen to a twentieth of its peak, the background's taken off both; at most half of the box.
    """
    excess = squares[: size // 2] - np.median(squares[rim(size)])
    # the few voxels of the innermost shells say little
    peak = int(np.argmax(excess[: size // 4]))
    below = np.flatnonzero(excess[peak:] <= _PARTICLE_EDGE * excess[peak])
    end = peak + below[0] if below.size else size // 2
    return float(max(end, size / 8))


def particle_radius(volumes):
    """Return the radius at which the particle ends in the mean of many subtomograms.

    Parameters
    ----------
    volumes : array_like of shape (n, N, N, N)
        On one scale.

    Returns
    -------
    float
        In voxels; at most half of the box.
    """
    return end_of_particle(np.mean([profile(volume) for volume in volumes], axis=0), volumes[0].shape[0])


def radius_of_unlike(volumes):
    """Return `particle_radius` of volumes with different noise, each profile in units of its background.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)

    Returns
    -------
    float
    """
    size, total = len(volumes[0]), 0.0
    for volume in volumes:
        squares = profile(volume)
        background = np.median(squares[rim(size)])
        peak = (squares[: size // 4] - background).max()
        total = total + squares / max(background, _QUIET * peak, np.finfo(float).tiny)
    return end_of_particle(total, size)


def lone_radius(volumes):
    """Return the radius at which the particle ends in most directions, whatever stands beside it in the others.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)
        Without their background.

    Returns
    -------
    float
        In voxels: as of `particle_radius`, from the median of the smoothed square at each distance.
    """
    size, total = len(volumes[0]), 0.0
    places = _places_by_distance(size)
    for volume in volumes:
        square = smoothed_square(volume).ravel()
        values = np.array([np.median(square[place]) for place in places])
        total = total + values / values[: size // 4].max()
    return min(end_of_particle(total, size), _LARGEST * size)


def smoothed_square(volume):
    """Return the square of a volume, smoothed over some voxels."""
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(np.asarray(volume, dtype=float) ** 2, _SMOOTHING, mode="nearest")


def given_mask(wish, size):
    """Return the mask that a user asks for.

    Parameters
    ----------
    wish : str, float, (float, (float, float, float)) or array_like of shape (size, size, size)
        As for `gradalign.scores.beside.masks_of_set`.
    size : int
        N.

    Returns
    -------
    values : numpy.ndarray of float32, shape (size, size, size), or None
        None for an automatic one.
    radius : float or None
        Of the support in voxels; None where the volumes have to tell.

    Raises
    ------
    InputError
        If the wish is none of these, or does not fit the box.
    """
    if isinstance(wish, str):
        if wish not in (AUTOMATIC, NONE):
            raise InputError(
                f'mask: is {wish!r}, where "automatic", "none", a radius, a radius and a centre, or a volume is needed'
            )
        return (None if wish == AUTOMATIC else np.ones((size,) * 3, np.float32)), None
    # a radius with a centre is no array
    if not isinstance(wish, tuple) and np.ndim(wish) == 3:
        values = np.asarray(wish, dtype=np.float32)
        if values.shape != (size,) * 3:
            raise InputError(f"mask: has the shape {values.shape}, where that of the volumes, {(size,) * 3}, is needed")
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1 and values.max() > 0.5):
            raise InputError(f"mask: reaches from {values.min():g} to {values.max():g}, where 0 to 1 is needed")
        return values, float((3.0 * np.count_nonzero(values > 0.5) / (4.0 * np.pi)) ** (1 / 3))
    try:
        radius, centre = wish if isinstance(wish, tuple) else (wish, (0.0, 0.0, 0.0))
        radius, centre = float(radius), tuple(map(float, centre))
        fits = 1.0 <= radius <= size / 2 and len(centre) == 3 and max(map(abs, centre)) < size / 2
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise InputError(
            f"mask: is {wish!r}, where a radius of 1 to {size // 2} voxels is needed, alone or as (radius, (x, y, z)) "
            "with a centre within the box"
        )
    return soft_sphere(size, radius, _GIVEN_EDGE, centre), radius
