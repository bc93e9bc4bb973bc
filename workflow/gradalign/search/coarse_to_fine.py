"""A search from coarse to fine: many seeds at a low band limit, the best of them at higher ones.

The seeds are placed at the first band limit, which takes no step. Each round refines the candidates that the one before
left, by a few Levenberg–Marquardt steps each, at its own band limit. At low frequencies the dissimilarity has few
minima and each is wide, so that the seeds near the truth come to the front; the high frequencies, which make the answer
precise, are left to the few that remain.

d is the negative logarithm of a likelihood, so that it tells by itself how many must remain: all whose d is within so
many units of the smallest. Where one candidate stands out few steps are taken; where noise hides it, many. The best
takes the last steps without the logarithm's terms, see `gradalign.scores.likelihood`.
"""

import numpy as np

from gradalign.base.jit import jit, jit_part
from gradalign.fourier.overlap import matched, work_space
from gradalign.search.seeds import start_grid
from gradalign.search.step import chosen, joined, record, take_step
from gradalign.search.stochastic import place_candidates, place_seeds

# part of the resolution within which two candidates are one
_SAME = 0.15
# fall of d in an accepted step that no longer matters: it is the logarithm of a likelihood
_FALL = 0.01
# a search begins where the box has about so many cycles, and goes on to limits so much finer at most
_FIRST_CYCLES, _NEXT_LIMIT = 4.5, 1.4


@jit_part
def _apart(candidates, left, right, radius):
    """Return how far a point at `radius` stands apart in two candidates, at most, in voxels."""
    trace, shift = 0.0, 0.0
    for i in range(3):
        for j in range(3):
            trace += candidates.rotations[left, i, j] * candidates.rotations[right, i, j]
        shift += (candidates.translations[left, i] - candidates.translations[right, i]) ** 2
    return radius * np.arccos(min(1.0, max(-1.0, 0.5 * (trace - 1.0)))) + np.sqrt(shift)


@jit
def _fill_distinct(candidates, order, keep, within, distance, radius, kept):
    """Fill the numbers of the best candidates, see `_best_distinct`; return how many they are."""
    limit = candidates.dissimilarities[order[0]] + within
    count = 0
    for number in order:
        if count == len(kept) or (count >= keep and candidates.dissimilarities[number] > limit):
            break
        distinct = True
        for other in kept[:count]:
            if _apart(candidates, number, other, radius) <= distance:
                distinct = False
                break
        if distinct:
            kept[count] = number
            count += 1
    return count


def _best_distinct(candidates, keep, most, within, distance, radius):
    """Return the numbers of the best candidates, none nearer than `distance` voxels to a better one.

    They are those whose d is `within` so much of the smallest, at least `keep` and at most `most`.
    """
    # in the kernel np.argsort would add a second to the compilation
    order = np.argsort(candidates.dissimilarities, kind="stable")
    kept = np.empty(min(most, len(order)), np.int64)
    return kept[: _fill_distinct(candidates, order, keep, within, distance, radius, kept)]


@jit
def _refine_all(pair, score, basis, damping, steps, candidates, best, trace, path, work):
    """Let each candidate take its steps, fewer if d no longer falls; record the smallest d and its transform.

    Return how many steps they took; `best` is the candidate that has the smallest d before.
    """
    taken = 0
    for number in range(len(candidates.damping)):
        for _ in range(steps):
            before = candidates.dissimilarities[number]
            accepted = take_step(pair, score, basis, damping, candidates, number, work)
            if candidates.dissimilarities[number] < candidates.dissimilarities[best]:
                best = number
            trace[taken] = candidates.dissimilarities[best]
            record(candidates.rotations[best], candidates.translations[best], path[taken])
            taken += 1
            if accepted and before - candidates.dissimilarities[number] < _FALL:
                break
    return taken


def rounds_to(rounds, low_pass, extent):
    """Return rounds that end at another band limit, those before in proportion.

    The seeds do not become more with a finer limit. So coarser rounds come first, until the first is as coarse as it
    was, or as the box can tell.

    Parameters
    ----------
    rounds : sequence of gradalign.search.settings.Round
        The finest last.
    low_pass : float
        In nm.
    extent : float
        Edge of the box in nm.

    Returns
    -------
    tuple of gradalign.search.settings.Round
    """
    scale = low_pass / rounds[-1].low_pass
    limits = [scale * each.low_pass for each in rounds]
    wider = min(rounds[0].low_pass, extent / _FIRST_CYCLES) / limits[0]
    more = max(0, int(np.ceil(np.log(wider) / np.log(_NEXT_LIMIT) - 1e-9)))
    limits = [limits[0] * wider ** (number / more) for number in range(more, 0, -1)] + limits
    # those between are as the second
    kinds = [*rounds[:1], *more * tuple(rounds[1:2] or rounds), *rounds[1:]]
    return tuple(kind._replace(low_pass=limit) for kind, limit in zip(kinds, limits, strict=True))


def with_log_terms(spectrum, share):
    """Return a fixed volume whose overlap is rewarded less for its size.

    Parameters
    ----------
    spectrum : gradalign.fourier.spectrum.Spectrum
    share : float
        What is left of the logarithm's terms.

    Returns
    -------
    gradalign.fourier.spectrum.Spectrum
    """
    left = np.float32(share) * spectrum.log_terms
    return spectrum._replace(penalties=spectrum.penalties - (spectrum.log_terms - left), log_terms=left)


def without_log_terms(spectrum):
    """Return a fixed volume whose overlap is not rewarded for its size.

    Parameters
    ----------
    spectrum : gradalign.fourier.spectrum.Spectrum

    Returns
    -------
    gradalign.fourier.spectrum.Spectrum
    """
    return with_log_terms(spectrum, 0.0)


def best_distinct(candidates, keep, most, within, low_pass, voxel_size, size):
    """Return the best candidates, of those that place a particle alike the better.

    Parameters
    ----------
    candidates : gradalign.search.step.Candidates
    keep : int
        How many at least.
    most : int
        How many at most, if that is more.
    within : float
        How much larger than the smallest d that of the others may be.
    low_pass, voxel_size : float
        In nm: 0.15 of the resolution is alike.
    size : int
        Of the box in voxels; a particle fills half of it.

    Returns
    -------
    gradalign.search.step.Candidates
        The best first.
    """
    # a band without a limit ends at Nyquist's frequency
    distance = _SAME * max(low_pass / voxel_size, 2.0)
    kept = _best_distinct(candidates, keep, max(keep, most), within, distance, size / 4.0)
    return chosen(candidates, kept)


def coarse_to_fine(spectra, score, rotations, basis, settings, voxel_size=1.0):
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
    settings : gradalign.search.settings.Settings
        Its rounds, damping and grid of start translations.
    voxel_size : float
        In nm.

    Returns
    -------
    candidates : gradalign.search.step.Candidates
        All that were refined at the last round's band limit, with d there.
    trace : float64 (steps,)
        Smallest d of the round after each step; each band limit has a scale of its own.
    path : float64 (steps, 12)
        Transform with that d: R row by row, then a.
    """
    damping, band = settings.damping, settings.rounds[0].low_pass
    size = spectra[band][0].size
    grid = start_grid(settings, size, voxel_size)
    candidates = place_seeds(*spectra[band], score, rotations, *grid, damping)
    parts, left = [], []
    for stage in settings.rounds:
        if stage.low_pass == band:
            # what goes no further at this limit is a rival nevertheless
            left.append(candidates)
        candidates = best_distinct(candidates, stage.keep, stage.most, stage.within, stage.low_pass, voxel_size, size)
        if stage.low_pass != band:
            band, left = stage.low_pass, []
            candidates = place_candidates(*spectra[band], score, candidates.rotations, candidates.translations, damping)
        parts.append(refine_each(*spectra[band], score, basis, damping, stage.steps, candidates))
        # out of the box: no answer
        candidates.dissimilarities[(np.abs(candidates.translations) >= size / 2).any(axis=1)] = np.inf
    ends = joined([candidates, *left])
    trace, path = (np.concatenate(values) for values in zip(*parts, strict=True))
    return ends, trace, path


def refine_each(fixed, moving, score, basis, damping, steps, candidates):
    """Refine candidates in place, each by some steps, fewer if d no longer falls.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
    score : int
    basis : float64 (6, k)
        The free directions.
    damping : gradalign.search.settings.Damping
    steps : int
        Of each candidate at most.
    candidates : gradalign.search.step.Candidates

    Returns
    -------
    trace : float64 (steps,)
        Smallest d after each step.
    path : float64 (steps, 12)
        Transform with that d: R row by row, then a.
    """
    most = steps * len(candidates.damping)
    trace, path = np.empty(most), np.empty((most, 12))
    pair, best = matched(fixed, moving), int(np.argmin(candidates.dissimilarities))
    taken = _refine_all(pair, score, basis, damping, steps, candidates, best, trace, path, work_space(fixed))
    return trace[:taken], path[:taken]
