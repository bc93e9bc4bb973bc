"""What stands beside a particle: told from noise, and the masks that keep it out.

Neighbours and membranes are told from noise by the square of a volume, smoothed over a few voxels, since noise is
everywhere alike. Each volume of a set is judged by itself. What stands beside some of them would widen the sphere and
enter the noise of all; these volumes are seen under a narrow sphere, and the others as if the first were not there.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gradalign.scores.masks import (
    MARGIN,
    distances,
    given_mask,
    kept,
    lone_radius,
    radius_of_unlike,
    smoothed_square,
    soft_sphere,
)

# where something stands beside the particle: the sphere as a share of the particle, and its edge
_NARROW, _NARROW_EDGE = 0.8, 4.0
# multiple of the surroundings' median above which a smoothed square is not noise
_LOUD = 3.0
# the particle's own tails are less than this part of its power; noise that is louder than they are hides them
_TAILS, _HIDDEN_TAILS = 0.2, 0.075
# the share of the surroundings' power in such places from which on something stands beside the particle, and up to
# which noise hides the tails: a lone particle comes to 0.1 in noise of low frequencies, one with a neighbour to 0.16
_CROWDED, _HIDING = 0.15, 0.35
# the least share of the surroundings on which noise is estimated
_LEAST_QUIET = 0.3


class Mask(NamedTuple):
    """What the volumes of a set are multiplied by."""

    values: np.ndarray
    """From 0 to 1, float32 (N, N, N)."""
    radius: float
    """Of the particle's support in voxels."""
    crowded: bool
    """Whether it is for volumes with something else than noise around the particle."""
    lone: float | None = None
    """Where the particle ends whatever stands beside it, in voxels; None unless the mask was found for that."""


class Masks(NamedTuple):
    """The masks of a set, and of each volume the part of its surroundings that is noise."""

    mask: Mask
    """Under which all volumes can be compared."""
    noise: list
    """Of each volume with that mask, (N, N, N)."""
    beside: list
    """Whether something stands beside the particle in each volume."""
    alone: Mask | None = None
    """A sphere for those in which all that is no noise is the particle; None where `mask` is that."""
    around: list | None = None
    """What surrounds it in each of these, (N, N, N); None in place of the others."""


@lru_cache(maxsize=8)
def surroundings(size, radius, axis):
    """Return the mask of what surrounds a particle, within the cylinder about the tilt axis that all images show.

    Parameters
    ----------
    size : int
        Box size in voxels.
    radius : float
        Of the particle, in voxels.
    axis : float
        Of the tilt, in degrees from x towards y.

    Returns
    -------
    numpy.ndarray of shape (size, size, size)
    """
    along = np.arange(size) - size // 2
    z, y, x = np.meshgrid(along, along, along, indexing="ij")
    aside = x * np.sin(np.radians(axis)) - y * np.cos(np.radians(axis))
    outward = np.clip((np.hypot(aside, z) - size / 2 + 2.0) / 2.0, 0.0, 1.0)
    inside = (0.5 + 0.5 * np.cos(np.pi * outward)).astype(np.float32)
    return kept(inside * (1.0 - soft_sphere(size, radius, 2.0)))


def quiet_part(volume, outside):
    """Return the part of a volume's surroundings that holds nothing but noise.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
        Without its background.
    outside : numpy.ndarray of shape (N, N, N)
        From `surroundings`.

    Returns
    -------
    part : numpy.ndarray of shape (N, N, N)
        `outside` where the smoothed square is no more than three times the median.
    beside : bool
        Whether a seventh of the surroundings' power stands elsewhere, more than the particle's tails would hold.
    """
    square = smoothed_square(volume)
    quiet = square <= _LOUD * np.median(square[outside > 0.5])
    part = outside * quiet
    total = (square * outside).sum()
    loud = total - (square * part).sum()
    inside = square[distances(len(square)) < len(square) / 4].sum()
    tails = _HIDDEN_TAILS if loud < _HIDING * total else _TAILS
    beside = bool(loud > _CROWDED * total and loud > tails * inside)
    return (part if quiet[outside > 0.5].mean() > _LEAST_QUIET else outside), beside


def masks_of_set(wish, volumes, axes, guarded=False):
    """Return the masks of a set of volumes, and of each the part of its surroundings that is noise.

    Parameters
    ----------
    wish : str, float, (float, (float, float, float)) or array_like of shape (N, N, N)
        ``"automatic"``, ``"none"``, a radius or a radius and a centre (x, y, z) in voxels, or the mask itself.
    volumes : sequence of numpy.ndarray of shape (N, N, N)
        Without their background, each on a scale of its own.
    axes : sequence of float
        Of their tilts, in degrees from x towards y.
    guarded : bool
        Whether an automatic mask is to keep out what stands beside the particle even if nothing does in these volumes.

    Returns
    -------
    Masks

    Raises
    ------
    InputError
        If the wish is none of these, or does not fit the box.
    """
    size = len(volumes[0])
    values, radius = given_mask(wish, size)
    automatic = radius is None
    # neighbours would carry the mean outwards
    lone = lone_radius(volumes) if automatic else radius
    around = {axis: surroundings(size, lone + MARGIN, axis) for axis in set(axes)}
    parts = [quiet_part(volume, around[axis]) for volume, axis in zip(volumes, axes, strict=True)]
    beside = [found for _, found in parts]
    crowded = any(beside) or guarded and automatic
    if automatic and not crowded:
        mask, around = unguarded(size, radius_of_unlike(volumes) + MARGIN, axes)
        return Masks(mask if values is None else mask._replace(values=values), around, beside)
    if automatic:
        radius = _NARROW * lone
    if values is None:
        values = soft_sphere(size, radius, _NARROW_EDGE)
    # where all is noise, the smoothing would only take its highest peaks
    noise = [part for part, _ in parts] if crowded else [surroundings(size, radius, axis) for axis in axes]
    mask = Mask(values, float(radius), crowded, float(lone) if automatic else None)
    return Masks(mask, noise, beside, *(_alone(volumes, axes, beside) if automatic else ()))


def _alone(volumes, axes, beside):
    """Return `Masks.alone` and `Masks.around` of a set, something standing beside the particle in some volumes."""
    size = len(volumes[0])
    radius = radius_of_unlike(volumes) + MARGIN
    held = holds(volumes, axes, radius)
    others = [volume for volume, found in zip(volumes, beside, strict=True) if not found]
    if not all(held) and others:
        # what stands beside some would carry the sphere of the others outwards
        radius = radius_of_unlike(others) + MARGIN
        held = [inside or not found for inside, found in zip(holds(volumes, axes, radius), beside, strict=True)]
    if sum(held) < min(2, len(volumes)):
        return None, None
    mask, around = unguarded(size, radius, axes)
    return mask, [part if inside else None for part, inside in zip(around, held, strict=True)]


def holds(volumes, axes, radius):
    """Return of each volume whether a sphere holds all that is no noise: the particle, if it is not centred.

    Parameters
    ----------
    volumes : sequence of numpy.ndarray of shape (N, N, N)
        Without their background.
    axes : sequence of float
        Of their tilts, in degrees from x towards y.
    radius : float
        Of the sphere in voxels.

    Returns
    -------
    list of bool
    """
    size = len(volumes[0])
    return [
        not quiet_part(volume, surroundings(size, radius, axis))[1] for volume, axis in zip(volumes, axes, strict=True)
    ]


def unguarded(size, radius, axes):
    """Return the mask of volumes in which nothing but the particle stands, and what surrounds it in each.

    Parameters
    ----------
    size : int
        Box size in voxels.
    radius : float
        Of the particle's support in voxels.
    axes : sequence of float
        Of the tilts, in degrees from x towards y.

    Returns
    -------
    mask : Mask
    around : list of numpy.ndarray of shape (N, N, N)
    """
    return Mask(soft_sphere(size, radius), float(radius), False), [surroundings(size, radius, axis) for axis in axes]
