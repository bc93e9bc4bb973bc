"""A tilt range and axis out of a CTF volume, such as rlnCtfImage names.

Along a direction that the tilt series measured the CTF volume is, on average over a range of frequencies, well above
zero, its zeros notwithstanding; along one that it missed it is zero. The wedge is the one that parts the
directions best.
"""

from functools import lru_cache

import numpy as np

from gradalign.errors import InputError
from gradalign.geometry.wedge import wedge_normals

_DIRECTIONS = 4000
# of the typical mean along a measured direction, above which a direction counts as measured
_THRESHOLD = 0.35
# share of the directions that may lie on the wrong side of the fitted wedge
LARGEST_MISFIT = 0.04


@lru_cache(maxsize=1)
def _directions():
    """Return directions spread evenly over a half sphere, (n, 3)."""
    index = np.arange(_DIRECTIONS)
    z = (index + 0.5) / _DIRECTIONS
    angle = index * np.pi * (3.0 - np.sqrt(5.0))
    across = np.sqrt(1.0 - z**2)
    return np.stack([across * np.cos(angle), across * np.sin(angle), z], axis=1)


def _along_directions(volume, name):
    """Return the mean along each direction between half of Nyquist's frequency and Nyquist's."""
    from scipy.ndimage import map_coordinates

    size = volume.shape[0]
    if volume.shape == (size, size, size):
        # as a picture: frequency 0 at the centre voxel
        values, offset = np.abs(volume), np.array([size // 2] * 3)
    elif volume.shape == (size, size, size // 2 + 1):
        # a half transform: frequency 0 in the corner of z and y
        values, offset = np.abs(np.fft.fftshift(volume, axes=(0, 1))), np.array([size // 2, size // 2, 0])
    else:
        raise InputError(
            f"{name}: has the shape {volume.shape}, where a CTF volume of N³ or N x N x (N/2 + 1) is needed"
        )
    ends = _directions() * np.where(_directions()[:, :1] < 0, -1, 1)
    radii = np.arange(size / 4, (size - 1) // 2 - 0.5, 0.5)
    points = ends[None, :, ::-1] * radii[:, None, None] + offset
    return (
        map_coordinates(values, points.reshape(-1, 3).T, order=1, mode="nearest").reshape(len(radii), -1).mean(axis=0)
    )


def _best_range(angles, inside):
    """Return the range of angles that parts the directions best: the run of largest sum of ±1."""
    order = np.argsort(angles)
    sums = np.concatenate([[0], np.cumsum(np.where(inside[order], 1, -1))])
    lowest = np.minimum.accumulate(sums)
    end = int(np.argmax(sums - lowest))
    start = int(np.argmin(sums[: end + 1]))
    sorted_angles = angles[order]
    # halfway to the first direction outside; the end of the range where there is none
    low = -90.0 if start == 0 else (sorted_angles[start - 1] + sorted_angles[start]) / 2
    high = 90.0 if end == len(order) else (sorted_angles[end - 1] + sorted_angles[end]) / 2
    return float(sums[end] - sums[start]), low, high


def fit_wedge(volume, name):
    """Fit a tilt range and a tilt axis to the support of a CTF volume.

    Parameters
    ----------
    volume : array_like of shape (N, N, N) or (N, N, N//2 + 1)
        CTF [z, y, x] with frequency 0 at the centre voxel, or the half of a transform with 0 in the corner.
    name : str or path
        How messages call it.

    Returns
    -------
    (float, float, float)
        (min, max, axis) in degrees, as of `gradalign.geometry.wedge.check_wedge`.

    Raises
    ------
    InputError
        If the volume is no CTF volume, or what it measures is not a wedge about an axis in the plane of x and y.
    """
    volume = np.asarray(volume, dtype=np.float32)
    if volume.ndim != 3 or min(volume.shape) < 8 or not np.isfinite(volume).all():
        raise InputError(f"{name}: is no CTF volume, where three dimensions of finite numbers are needed")
    means = _along_directions(volume, name)
    inside = means > _THRESHOLD * np.percentile(means, 90)
    if not inside.any():
        raise InputError(f"{name}: is zero everywhere, where a CTF volume is needed")
    directions = _directions()
    if inside.all():
        return -90.0, 90.0, 90.0
    best = (-np.inf, 0.0, 0.0, 0.0)
    for step in (2.0, 0.25):
        axes = np.arange(0.0, 180.0, step) if step == 2.0 else best[3] + np.arange(-2.0, 2.01, step)
        for axis in axes:
            across = directions[:, 0] * np.sin(np.radians(axis)) - directions[:, 1] * np.cos(np.radians(axis))
            angles = np.degrees(np.arctan2(directions[:, 2], across))
            angles = np.where(angles > 90, angles - 180, angles)
            total, low, high = _best_range(angles, inside)
            if total > best[0]:
                best = (total, low, high, float(axis))
    _, low, high, axis = best
    u, v = wedge_normals((low, high, axis))
    misfit = np.mean(((directions @ u) * (directions @ v) <= 0) != inside)
    if misfit > LARGEST_MISFIT:
        raise InputError(
            f"{name}: measures no single wedge about a tilt axis in the plane of x and y ({100 * misfit:.0f} % of the "
            "directions do not fit); give the tilt range by particles.tilt and particles.tilt_axis with wedge: range"
        )
    return round(float(low), 2), round(float(high), 2), round(axis, 2)
