"""Every compiled kernel of a study once, so that the jobs that follow find them in the cache."""

from gradalign.base.jit import cache_folder
from gradalign.scores.least_squares import SCORES
from gradalign.search.pair import align_pair
from gradalign.search.score import load_score
from gradalign.search.settings import alignment_settings
from gradalign.simulation.phantom import phantom

_BOX = 16


def compile_kernels(alignment):
    """Align a small phantom to itself with every score, and refine all seeds once.

    Parameters
    ----------
    alignment : dict
        Section ``alignment`` of the configuration.

    Returns
    -------
    str
        Name of the folder with the compiled kernels, a digest of their sources.
    """
    settings, voxel_size, volume = _small(alignment)
    for score in SCORES:
        align_pair(volume, volume, score=score, interval=90, voxel_size=voxel_size, settings=settings)
    rcs = load_score("rcs")
    prepared = rcs.prepare(volume, 60.0, settings, voxel_size)
    ends = rcs.refine_all_seeds(prepared, prepared, 90, settings, voxel_size, fall=1e-4, most_steps=2).candidates
    rcs.refine(prepared, prepared, ends.rotations[0], ends.translations[0], settings)
    return cache_folder().name


def compile_score(name, alignment):
    """Align a small phantom to itself with one score.

    Parameters
    ----------
    name : str
    alignment : dict
        Section ``alignment`` of the configuration.
    """
    settings, voxel_size, volume = _small(alignment)
    align_pair(volume, volume, score=name, interval=90, voxel_size=voxel_size, settings=settings)


def _small(alignment):
    # as many nanometres as the study's box, so that the band limits leave something
    return alignment_settings(alignment), 32.0 / _BOX, phantom(_BOX)
