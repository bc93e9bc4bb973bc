"""A search from coarse to fine: many seeds at a low band limit, the best of them at higher ones.

Each round refines the candidates that the one before left, by a few Levenberg–Marquardt steps each, at its own band
limit. At low frequencies the dissimilarity has few minima and each is wide, so that the seeds near the truth come to
the front; the high frequencies, which make the answer precise, are left to the few that remain. Their first steps there
are few, since the order changes once more. The best of these takes the last steps without the expected gain of the
overlap, see `gradalign.scores.likelihood`.
"""

import numpy as np

from gradalign.base.jit import jit
from gradalign.fourier.overlap import work_space
from gradalign.search.settings import LAST_STEPS, ROUNDS
from gradalign.search.step import copy_transform, step
from gradalign.search.stochastic import distance_matrices, near, place_candidates, place_seeds


@jit
def _best_distinct(candidates, keep, distance):
    """Return the numbers of the best candidates, none nearer than `distance` (Eq. 12) to a better one."""
    order = np.argsort(candidates.dissimilarities)
    entries = distance_matrices(candidates)
    kept = np.empty(min(keep, len(order)), np.int64)
    count = 0
    for number in order:
        if count == len(kept):
            break
        distinct = True
        for other in kept[:count]:
            if near(entries, number, other, distance):
                distinct = False
                break
        if distinct:
            kept[count] = number
            count += 1
    return kept[:count]


@jit
def _refine_all(fixed, moving, score, basis, damping, steps, candidates, trace, path, taken):
    """Let each candidate take its steps; record the smallest d and its transform after each."""
    work = work_space(fixed)
    best = np.argmin(candidates.dissimilarities)
    for number in range(len(candidates.damping)):
        for _ in range(steps):
            step(fixed, moving, score, basis, damping, candidates, number, work)
            if candidates.dissimilarities[number] < candidates.dissimilarities[best]:
                best = number
            trace[taken] = candidates.dissimilarities[best]
            rotation, translation = candidates.rotations[best], candidates.translations[best]
            copy_transform(rotation, translation, path[taken, :9].reshape(3, 3), path[taken, 9:])
            taken += 1
    return taken


def without_gain(spectrum):
    """Return a fixed volume whose overlap is not rewarded for its size.

    Parameters
    ----------
    spectrum : gradalign.fourier.spectrum.Spectrum

    Returns
    -------
    gradalign.fourier.spectrum.Spectrum
    """
    return spectrum._replace(prices=spectrum.prices - spectrum.gains)


def march(spectra, score, rotations, basis, damping, reach, spacing, distance, rounds=ROUNDS, last_steps=LAST_STEPS):
    """Search from coarse to fine.

    Parameters
    ----------
    spectra : dict of float to (gradalign.fourier.spectrum.Spectrum, gradalign.fourier.spectrum.Spectrum)
        The fixed and the moving volume, prepared for each band limit of the rounds.
    score : int
    rotations : float64 (m, 3, 3)
        Seeds.
    basis : float64 (6, k)
        The free directions, see `gradalign.search.step.step`.
    damping : gradalign.search.settings.Damping
    reach, spacing : float
        Of the grid of start translations, in voxels.
    distance : float
        Of two candidates nearer than this (Eq. 12) the worse is dropped between rounds.
    rounds : sequence of Round
    last_steps : int
        Steps of the best candidate without the expected gain.

    Returns
    -------
    rotation : float64 (3, 3)
    translation : float64 (3,)
    dissimilarity : float
        At the last round's band limit.
    trace : float64 (steps,)
        Smallest d of the round after each step; each band limit, and the last steps, have a scale of their own.
    path : float64 (steps, 12)
        Transform with that d: R row by row, then a.
    """
    band = rounds[0].low_pass
    candidates = place_seeds(*spectra[band], score, rotations, reach, spacing, damping)
    limit = sum(min(turn.keep, len(rotations)) * turn.steps for turn in rounds) + last_steps
    trace, path, taken = np.empty(limit), np.empty((limit, 12)), 0
    for turn in rounds:
        kept = _best_distinct(candidates, turn.keep, distance)
        candidates = type(candidates)(*(values[kept] for values in candidates))
        if turn.low_pass != band:
            band = turn.low_pass
            candidates = place_candidates(*spectra[band], score, candidates.rotations, candidates.translations, damping)
        taken = _refine_all(*spectra[band], score, basis, damping, turn.steps, candidates, trace, path, taken)
    best = np.argmin(candidates.dissimilarities)
    end = candidates.rotations[best : best + 1], candidates.translations[best : best + 1]
    fixed, moving = spectra[band]
    last = place_candidates(without_gain(fixed), moving, score, *end, damping)
    taken = _refine_all(without_gain(fixed), moving, score, basis, damping, last_steps, last, trace, path, taken)
    (value,) = place_candidates(fixed, moving, score, last.rotations, last.translations, damping).dissimilarities
    return last.rotations[0], last.translations[0], float(value), trace[:taken], path[:taken]
