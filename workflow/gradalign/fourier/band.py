"""How far and how finely transforms are known: what also those ask that run no kernel."""

import numpy as np

from gradalign.errors import InputError

OVERSAMPLING = 2
"""Ratio of the size of a transform's grid to that of the volume."""
TAPS = 4
SAMPLER_TAPS = 6
"""Points of the grid along each axis from which a value comes: in an alignment, and of `spectrum.Sampler`."""


def band_limit(size, low_pass, voxel_size):
    """Return the largest frequency that a low-pass leaves, in cycles per box.

    Parameters
    ----------
    size : int
        Box size N in voxels.
    low_pass : float
        Resolution limit in nm; 0 for none.
    voxel_size : float
        In nm.

    Returns
    -------
    float
        At most the last whole frequency below Nyquist's.

    Raises
    ------
    InputError
        If less than one frequency is left, or the limit is beyond Nyquist's.
    """
    below_nyquist = (size - 1) // 2
    if low_pass == 0:
        return float(below_nyquist)
    if not (np.isfinite(low_pass) and low_pass > 0 and np.isfinite(voxel_size) and voxel_size > 0):
        raise InputError(f"low_pass {low_pass} nm and voxel_size {voxel_size} nm must be positive numbers")
    limit = size * voxel_size / low_pass
    # of rounded lengths
    if limit > 0.5 * size * (1.0 + 1e-6):
        raise InputError(
            f"low_pass {low_pass:g} nm is beyond Nyquist's limit of {2 * voxel_size:g} nm: give at least that, and "
            "voxel_size in nm, not in Å"
        )
    if limit < 1.0:
        raise InputError(
            f"low_pass {low_pass:g} nm leaves nothing of a box of {size * voxel_size:g} nm: give a smaller value"
        )
    return min(limit, float(below_nyquist))
