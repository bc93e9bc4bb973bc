"""A tilt range and axis out of a CTF volume, such as rlnCtfImage names.

What counts is where the volume is above zero, not how high: a program may have weighted it by the cosine of the tilt
angle and by the dose, and the CTF itself falls and rises. At each radius heights are therefore taken relative to the
highest there. Slices of a tilt series are about a voxel thick in Fourier space, so that the measured region reaches a
little beyond its end planes; the wedge and that margin are fitted together. Only radii are looked at where
neighbouring slices still overlap, whatever the box.
"""

from functools import lru_cache

import numpy as np

from gradalign.errors import InputError
from gradalign.io.ctf_volume import from_stored

_DIRECTIONS = 1500
# radii in voxels of Fourier space: slices 3° apart part at 38 voxels if each fills a voxel on both sides, at 19 if half
_RADII = np.arange(4.0, 16.5, 1.0)
# boxes with few radii have them closer
_SMALL = 32
# shares of the highest value at the same radius (95th percentile over the directions); above one of them a direction
# counts as measured: that near which fewest heights lie, for some programs leave a little in the missing wedge
_THRESHOLDS = np.geomspace(0.005, 0.3, 12)
_NEAR = 1.5
# share of the points that a missing wedge takes at least
_LEAST_MISSING = 0.02
_LEAST_HEIGHT = 1e-3
_MARGINS = np.arange(0.0, 2.01, 0.25)
# share of the points that may lie on the wrong side of the fitted wedge
LARGEST_MISFIT = 0.04


@lru_cache(maxsize=1)
def directions():
    """Return directions spread evenly over the half sphere x ≥ 0.

    Returns
    -------
    numpy.ndarray of shape (n, 3)
    """
    index = np.arange(_DIRECTIONS)
    z = 2.0 * (index + 0.5) / _DIRECTIONS - 1.0
    # the golden angle, folded onto half a turn
    angle = np.mod(index * np.pi * (3.0 - np.sqrt(5.0)), np.pi) - np.pi / 2
    across = np.sqrt(1.0 - z**2)
    return np.stack([across * np.cos(angle), across * np.sin(angle), z], axis=1)


def _measured(half, rotation):
    """Return points of Fourier space, (n, 3), in the tomogram's axes, and whether each is measured."""
    from scipy.ndimage import map_coordinates, maximum_filter1d

    size = half.shape[0]
    values = np.fft.fftshift(np.abs(half), axes=(0, 1))
    radii = _RADII[_RADII < (size - 1) // 2]
    if size < _SMALL:
        radii = np.arange(radii[0], radii[-1] + 0.5, 0.5)
    points = directions() * radii[:, None, None]
    sampled = points if rotation is None else points @ rotation
    # of each pair ±ξ the half transform has the one with x ≥ 0
    sampled = sampled * np.where(sampled[..., :1] < 0, -1.0, 1.0)
    places = sampled[..., ::-1] + np.array([size // 2, size // 2, 0])
    heights = map_coordinates(values, places.reshape(-1, 3).T, order=1, mode="nearest").reshape(len(radii), -1)
    highest = np.percentile(heights, 95, axis=1)
    kept = highest > _LEAST_HEIGHT * highest.max()
    # a zero of the CTF is narrow
    shares = maximum_filter1d(heights[kept] / highest[kept, None], 3, axis=0)
    # only where something lies below is there a missing wedge to be told from the rest
    candidates = [share for share in _THRESHOLDS if np.mean(shares < share / _NEAR) > _LEAST_MISSING]
    near = [np.count_nonzero((shares > share / _NEAR) & (shares < share * _NEAR)) for share in candidates]
    threshold = candidates[int(np.argmin(near))] if candidates else 0.0
    return points[kept].reshape(-1, 3), (shares > threshold).ravel()


def _best_end(angles, inside):
    """Return up to which angle points count as inside, and how many are then on the wrong side."""
    order = np.argsort(angles)
    angles, steps = angles[order], np.where(inside[order], -1, 1)
    wrong = np.concatenate([[0], np.cumsum(steps)]) + np.count_nonzero(inside)
    best = int(np.argmin(wrong))
    low = angles[best - 1] if best else -90.0
    high = angles[best] if best < len(angles) else 90.0
    return float(np.clip((low + high) / 2, -90.0, 90.0)), int(wrong[best])


def _fit_about(axis, points, inside, margins):
    """Return the best wedge about one axis: points on the wrong side, lower end, upper end, axis, margin."""
    across = points[:, 0] * np.sin(np.radians(axis)) - points[:, 1] * np.cos(np.radians(axis))
    depth = np.where(across < 0, -points[:, 2], points[:, 2])
    distance = np.hypot(across, depth)
    angles = np.degrees(np.arctan2(depth, np.abs(across)))
    above = angles >= 0
    fits = []
    for margin in margins:
        # a point on the margin belongs to the end plane that lies so many voxels off
        slack = np.degrees(np.arcsin(np.minimum(margin / np.maximum(distance, 1e-9), 1.0)))
        high, wrong_above = _best_end((angles - slack)[above], inside[above])
        low, wrong_below = _best_end(-(angles + slack)[~above], inside[~above])
        fits.append((wrong_above + wrong_below, -low, high, float(axis), float(margin)))
    return min(fits)


def fit_wedge(volume, name, rotation=None):
    """Fit a tilt range and a tilt axis to the support of a CTF volume.

    Parameters
    ----------
    volume : array_like
        As stored, see `gradalign.io.ctf_volume.from_stored`.
    name : str or path
        How messages call it.
    rotation : array_like of shape (3, 3), optional
        From the volume's axes to those of the tomogram, where they differ.

    Returns
    -------
    (float, float, float)
        (min, max, axis) in degrees, as of `gradalign.geometry.wedge.check_wedge`.

    Raises
    ------
    InputError
        If the volume is no CTF volume, or what it measures is not a wedge about an axis in the plane of x and y.
    """
    stored = from_stored(volume, name)
    half = stored.heights if stored.multiplicity is None else stored.multiplicity
    if not half.any():
        raise InputError(f"{name}: is zero everywhere, where a CTF volume is needed")
    points, inside = _measured(half, None if rotation is None else np.asarray(rotation))
    if inside.all():
        return -90.0, 90.0, 90.0
    best = min(_fit_about(axis, points, inside, _MARGINS[::2]) for axis in np.arange(0.0, 180.0, 6.0))
    for step in (1.5, 0.25):
        axes = best[3] + step * np.arange(-4, 5)
        best = min(_fit_about(axis, points, inside, _MARGINS) for axis in axes)
    wrong, low, high, axis, _ = best
    misfit = wrong / len(inside)
    if misfit > LARGEST_MISFIT or not low < high:
        raise InputError(
            f"{name}: measures no single wedge about a tilt axis in the plane of x and y ({100 * misfit:.0f} % of the "
            "frequencies do not fit); give the tilt range by particles.tilt and particles.tilt_axis with wedge: range"
        )
    # an axis turned by 180° has the range with its signs exchanged
    half_circles = int(np.floor(axis / 180.0))
    low, high, axis = (
        (-high, -low, axis - 180.0 * half_circles) if half_circles % 2 else (low, high, axis - 180.0 * half_circles)
    )
    return round(low, 2), round(high, 2), round(axis, 2)
