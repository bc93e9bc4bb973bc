"""The exhaustive scan that the paper's search is held against: every rotation of a fine grid, the best one wins.

Each rotation of the ZYZ grid takes its best translation by correlation among whole voxels, as an FFT gives them; of all
rotations that with the smallest dissimilarity is the answer. Nothing is refined.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gradalign.base.threads import on_one_thread
from gradalign.fourier.spectrum import prepare
from gradalign.geometry.rotations import seed_rotations
from gradalign.search.seeds import seeds_at_best_translation
from gradalign.search.settings import Settings

# rotations held in memory at a time
_BLOCK = 4096


class Scan(NamedTuple):
    """The answer of a scan."""

    rotation: np.ndarray
    """R, 3×3."""
    translation: np.ndarray
    """a = (x, y, z), whole voxels."""
    dissimilarity: float
    """d at (R, a)."""
    rotations: int
    """How many rotations were tried."""


def scan(fixed, moving, score, interval, settings, voxel_size=1.0):
    """Align two prepared subtomograms by exhaustive scanning.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
        f and g.
    score : str
    interval : float
        Of the rotations' ZYZ grid in degrees; divides 180.
    settings : gradalign.search.settings.Settings
        Its start_reach limits the translations, and its least_overlap the rotations.
    voxel_size : float
        In nm.

    Returns
    -------
    Scan

    Raises
    ------
    InputError
        If the interval does not divide 180, the volumes differ in size or the score is not known.
    """
    rotations = seed_rotations(interval)
    whole_voxels = replace(settings, start_spacing=voxel_size)
    moving = moving._replace(least_overlap=settings.least_overlap)
    best = None
    for first in range(0, len(rotations), _BLOCK):
        block = rotations[first : first + _BLOCK]
        tried = seeds_at_best_translation(fixed, moving, score, block, whole_voxels, voxel_size)
        place = int(np.argmin(tried.dissimilarities))
        value = float(tried.dissimilarities[place])
        if best is None or value < best.dissimilarity:
            best = Scan(tried.rotations[place].copy(), tried.translations[place].copy(), value, len(rotations))
    return best


@on_one_thread
def scan_pair(
    f, g, *, tilt_f=60.0, tilt_g=60.0, score="rcs", interval=30.0, low_pass=None, voxel_size=1.0, seed=0, settings=None
):
    """Align two subtomograms by exhaustive scanning, called as `gradalign.align_pair` is.

    Parameters
    ----------
    f, g : array_like of shape (N, N, N)
        Densities [z, y, x], of one box size.
    tilt_f, tilt_g : float or (float, float)
        Half range or (min, max) of each tilt series in degrees.
    score : str
        ``"rcs"`` or ``"fcs"``.
    interval : float
        Of the rotations' ZYZ grid in degrees; divides 180.
    low_pass : float, optional
        Resolution limit in nm; that of `settings` if left out.
    voxel_size : float
        In nm.
    seed : int
        Not used: a scan draws nothing.
    settings : gradalign.search.settings.Settings, optional

    Returns
    -------
    Scan

    Raises
    ------
    InputError
        If a volume, tilt range, score, interval or low-pass is unusable.
    """
    settings = settings or Settings()
    shared = (settings.low_pass if low_pass is None else low_pass, voxel_size, settings.wedge_guard)
    fixed = prepare(f, tilt_f, *shared, "f", movable=False)
    return scan(fixed, prepare(g, tilt_g, *shared, "g"), score, interval, settings, voxel_size)
