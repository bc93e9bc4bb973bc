"""The paper's search with a smallest overlap, an alternative that `snakemake calibration` tries.

Two tilt ranges may overlap so little that the few coefficients left are more alike by chance than the many at the
truth. Here a candidate is refused where the overlap holds less than a given share of the coefficients measured of f: a
seed before the search begins, any other where a search ends. While the best candidate is refused the search goes on
among those that are left. The truth of a pair is not known to it.
"""

import numpy as np

from gradalign.fourier.overlap import own_shares
from gradalign.geometry.rotations import alignment_error
from gradalign.scores.least_squares import score_number
from gradalign.search.score import load_score
from gradalign.search.seeds import free_directions, seeds_at_best_translation, start_rotations
from gradalign.search.step import chosen
from gradalign.search.stochastic import stochastic_refinement
from gradalign.study.pairs import prepared_pairs, search_generator


def overlap_shares(fixed, moving, rotations):
    """Return the share of f's measured coefficients at which g, rotated, was measured too.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
        f and g; masks with a sharp edge.
    rotations : array_like of shape (m, 3, 3)

    Returns
    -------
    numpy.ndarray of shape (m,)
    """
    shares = np.empty(len(rotations))
    for number, rotation in enumerate(rotations):
        turned = np.ascontiguousarray(moving.normals @ np.asarray(rotation, dtype=float).T)
        shares[number] = own_shares(moving._replace(lattice=fixed.lattice, normals=turned)).mean()
    return shares


def search_with_overlap(fixed, moving, cell, settings, voxel_size, least, rng):
    """Align two prepared subtomograms; candidates of a small overlap are refused.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
        f and g.
    cell : gradalign.study.conditions.Cell
        Of which the score and the interval are taken.
    settings : gradalign.search.settings.Settings
    voxel_size : float
        In nm.
    least : float
        Smallest share of f's coefficients, from 0 to 1.
    rng : numpy.random.Generator

    Returns
    -------
    rotation : numpy.ndarray of shape (3, 3)
    translation : numpy.ndarray of shape (3,)
        In voxels.
    steps : int
        Of all searches together.

    Raises
    ------
    InputError
        If the volumes or the interval are unusable.
    """
    kernel, free, rule = score_number(cell.score), free_directions(), settings.rule
    rotations = start_rotations(cell.interval)
    candidates = seeds_at_best_translation(fixed, moving, cell.score, rotations, settings, voxel_size)
    best, taken = 0, 0
    while True:
        kept = overlap_shares(fixed, moving, candidates.rotations) >= least
        # where none is left the last best is the answer
        if (taken and kept[best]) or not kept.any():
            return candidates.rotations[best], candidates.translations[best], taken
        candidates = chosen(candidates, kept)
        uniforms = rng.random(rule.max_steps)
        best, trace, _ = stochastic_refinement(
            fixed, moving, kernel, free, settings.damping, rule, candidates, uniforms
        )
        taken += len(trace)


def align_with_overlap(subtomograms, pairs, cells, settings, seed, least):
    """Align pairs as `gradalign.study.pairs.align_pairs` does; candidates of a small overlap are refused.

    Parameters
    ----------
    subtomograms : gradalign.study.pairs.Subtomograms
    pairs : iterable of int
        Which pairs.
    cells : list of gradalign.study.conditions.Cell
        Of one data set, tilt range and signal-to-noise ratio, and of the paper's scores.
    settings : gradalign.search.settings.Settings
    seed : int
    least : float
        Smallest share of f's coefficients, from 0 to 1.

    Yields
    ------
    dict
        ``score``, ``interval_deg``, the errors and ``steps`` of one alignment.

    Raises
    ------
    InputError
        If there is no such pair, or a volume or setting is unusable.
    """
    volumes, particles, symmetry = subtomograms
    for pair in prepared_pairs(volumes, particles, pairs, cells, settings):
        for cell in cells:
            spectra = load_score(cell.score).at_finest(*pair.of(cell.score))
            rng = search_generator(seed, cell, "full", pair.number)
            *found, steps = search_with_overlap(*spectra, cell, settings, particles.voxel_size, least, rng)
            rotation_error, translation_error, axis_error = alignment_error(*found, *pair.poses, symmetry)
            yield {
                "score": cell.score,
                "interval_deg": cell.interval,
                "rotation_error_deg": rotation_error,
                "axis_error_deg": axis_error,
                "translation_error_voxel": translation_error,
                "steps": steps,
            }
