"""Every compiled kernel of a study once, so that the jobs that follow find them in the cache."""

import numpy as np

from gradalign.base.jit import cache_folder
from gradalign.fourier.spectrum import prepare
from gradalign.scores.least_squares import SCORES
from gradalign.search.pair import align_pair
from gradalign.search.settings import alignment_settings
from gradalign.simulation.phantom import phantom
from gradalign.study.seed_by_seed import compare_searches

_BOX = 16


def compile_kernels(alignment, seed):
    """Align a small phantom to itself with every score, and refine all seeds once.

    Parameters
    ----------
    alignment : dict
        Section ``alignment`` of the configuration.
    seed : int
        Of the search.

    Returns
    -------
    str
        Name of the folder with the compiled kernels, a digest of their sources.
    """
    settings = alignment_settings(alignment)
    # as many nanometres as the study's box, so that the band limits leave something
    voxel_size = 32.0 / _BOX
    volume = phantom(_BOX)
    for score in SCORES:
        align_pair(volume, volume, score=score, interval=90, voxel_size=voxel_size, settings=settings)
    spectrum = prepare(volume, 60.0, settings.low_pass, voxel_size)
    compare_searches(spectrum, spectrum, "rcs", 90, settings, voxel_size, np.random.default_rng(seed))
    return cache_folder().name
