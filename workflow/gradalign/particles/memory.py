"""How much memory a job of picked particles takes, from its box and band: stated before it starts."""

import numpy as np

from gradalign.fourier.band import OVERSAMPLING, SAMPLER_TAPS, TAPS, band_limit

_BASE_MB = 250.0
STATED_ABOVE = 96
"""Edge in voxels above which the memory of a job is told at the start."""


def memory_mb(box, limit):
    """Return the memory of one job.

    Parameters
    ----------
    box : int
        Edge of the subtomograms in voxels.
    limit : float
        Band limit of the alignment in cycles per box.

    Returns
    -------
    float
        In MB: the reference's oversampled grids with their derivatives, one particle's oversampled transform for the
        average with the step before it, the frequencies of both, and the sums of two half sets.
    """
    reach = int(np.ceil(OVERSAMPLING * limit)) + TAPS // 2
    # two float32, and the step before the last of making them
    aligner = (reach + 2) * (2 * reach + 1) * 8 * (2 * reach + 1 + box)
    # three int64 coordinates, their grids, products and the mask of the half ball
    frequencies = (2 * limit + 1) ** 3 * 8 * 8
    wide = 2 * (int(np.ceil(OVERSAMPLING * box * 0.5)) + SAMPLER_TAPS // 2) + 1
    sampler = 8 * (wide**3 + 2 * wide**2 * box)
    points = 2.1 * ((box - 1) // 2) ** 3
    average = points * (3 * 8 + 2 * 3 * 8 + 3 * 8 * 3 + 16 * 3) + 8 * box**3 * 8
    return _BASE_MB + (max(aligner + frequencies, frequencies) + sampler + average) / 1e6


def chunk_memory_mb(state, finest=False):
    """Return the memory that a job of a round should ask for.

    Parameters
    ----------
    state : str or path
        The state it starts from.
    finest : bool
        Whether it goes on to later rounds, as fine as the voxels allow.

    Returns
    -------
    int
        In MB.

    Raises
    ------
    FileNotFoundError
        Before the state is there; Snakemake then asks again when the job is about to start.
    """
    with np.load(state, allow_pickle=False) as arrays:
        box, voxel_size, low_pass = (
            arrays["references"].shape[-1],
            float(arrays["voxel_size"]),
            float(arrays["low_pass"]),
        )
    low_pass = 2.0 * voxel_size if finest else low_pass
    return int(np.ceil(memory_mb(box, band_limit(box, low_pass, voxel_size))))
