"""acryo as an aligner of the study's pairs: its zero-normalised cross-correlation over a grid of rotations, then finer.

acryo aligns subvolumes to a template without a wedge of its own: f is the subvolume, g the template, and the wedge of g
is not accounted for. It is an optional extra, ``gradalign[acryo]``.
"""

from typing import NamedTuple

import numpy as np
from acryo.alignment import ZNCCAlignment
from acryo.tilt import no_wedge, single_axis
from scipy.spatial.transform import Rotation

from gradalign.geometry.rotations import seed_rotations
from gradalign.geometry.wedge import check_tilt_range

# vectors (x, y, z) here, (z, y, x) there
_REVERSED = np.eye(3)[::-1]
# rotations whose rotated templates are held in memory at a time, 0.4 MB each in a box of 32
_BLOCK = 512


class Found(NamedTuple):
    """The best transform of acryo's."""

    rotation: np.ndarray
    """R, 3×3, acting on vectors (x, y, z)."""
    translation: np.ndarray
    """a = (x, y, z) in voxels."""
    correlation: float
    """acryo's score, larger is better."""


def align_pair(
    f, g, *, tilt_f=60.0, tilt_g=60.0, voxel_size=1.0, seed=0, low_pass=5.3, interval=30.0, finest=2.0, reach=6.0
):
    """Align two subtomograms with acryo, called as `gradalign.align_pair` is.

    Parameters
    ----------
    f, g : array_like of shape (N, N, N)
        Densities [z, y, x], of one box size.
    tilt_f : float or (float, float)
        Half range or (min, max) of f's tilt series in degrees.
    tilt_g : float or (float, float)
        Not used: a template has no wedge in acryo.
    voxel_size : float
        In nm.
    seed : int
        Not used: nothing is drawn.
    low_pass : float
        Resolution up to which the volumes are compared, in nm.
    interval : float
        Of the grid over all rotations in degrees; divides 180.
    finest : float
        About the best rotation so far smaller grids follow, each of half the interval, until it is this small.
    reach : float
        Largest translation along each axis in nm.

    Returns
    -------
    Found
    """
    f, g = (np.asarray(volume, dtype=np.float32) for volume in (f, g))
    low, high = check_tilt_range(tilt_f)
    options = {
        # of acryo's unit, cycles a voxel
        "cutoff": voxel_size / low_pass,
        "tilt": no_wedge() if high - low >= 180 else single_axis((low, high), "y"),
    }
    shifts = (reach / voxel_size,) * 3
    best = _best(f, g, seed_rotations(interval), shifts, options)
    while interval > finest:
        interval /= 2
        best = _best(f, g, _around(best.rotation, interval), shifts, options)
    return best


def _around(rotation, step):
    """Return the rotations within one step of another along each axis, 27 of them."""
    vectors = np.stack(np.meshgrid(*3 * [[-step, 0.0, step]]), axis=-1).reshape(-1, 3)
    return Rotation.from_rotvec(vectors, degrees=True).as_matrix() @ rotation


def _best(f, g, rotations, shifts, options):
    """Return the best of some rotations, each at its best translation."""
    found = []
    for first in range(0, len(rotations), _BLOCK):
        block = rotations[first : first + _BLOCK]
        model = ZNCCAlignment(g, rotations=Rotation.from_matrix(_REVERSED @ block @ _REVERSED), **options)
        found.append(_in_our_convention(model.align(f, shifts)))
    return max(found, key=lambda each: each.correlation)


def _in_our_convention(result):
    """Return an answer about voxel N // 2, where acryo's is about (N − 1) / 2."""
    rotation = _REVERSED @ Rotation.from_quat(result.quat).as_matrix() @ _REVERSED
    translation = np.asarray(result.shift, dtype=float)[::-1]
    off_centre = np.full(3, 0.5)
    return Found(rotation, translation + rotation @ off_centre - off_centre, float(result.score))
