"""Steps of the independent refinement of all seeds against those of the study's own search (Figure 4).

With the paper's scores both start from the same seeds at their best translations. Independent: every seed by itself,
until d falls by less than `FALL` of its value in an accepted step, or `MOST_STEPS`. The study's own search is the
stochastic one, with the random numbers of the study's alignments, and for the likelihood the one from coarse to fine,
from seeds of its own; there too the independent refinement is that of the grid's seeds, at the finest band limit. The
optimum is the best end of the independent refinement, refined on to convergence in the way in which the search ends:
for the likelihood without the expected gain, and then jointly.
"""

import time
from typing import NamedTuple

import numpy as np

from gradalign.geometry.rotations import alignment_error, rotation_angle
from gradalign.io.csv_lines import line
from gradalign.scores.evaluation import dissimilarity_at
from gradalign.scores.least_squares import score_number
from gradalign.scores.likelihood import estimate_model
from gradalign.search.coarse_to_fine import without_gain
from gradalign.search.likelihood import LikelihoodVolume, align_bands, ends_jointly, jointly_refined
from gradalign.search.seeds import free_directions, seeds_at_best_translation, start_rotations
from gradalign.search.step import Candidates
from gradalign.search.stochastic import independent_refinement, place_candidates, stochastic_refinement
from gradalign.study.columns import FALL, MOST_STEPS, SPEEDUP, SPEEDUP_SECONDS, is_same_optimum
from gradalign.study.conditions import PRINTED_SCORES
from gradalign.study.pairs import prepared_pairs, search_generator

# interval of as few seeds as there can be, in degrees
_FEW_SEEDS = 180.0
# a step that lowers d is never refused here: twenty would do
_TO_CONVERGENCE = 100
# gradient at which a joint refinement has converged, in standard deviations of the answer
_CONVERGED = 1e-3


class Comparison(NamedTuple):
    """Both searches of one pair."""

    seeds: int
    """Number of seeds."""
    independent_steps: int
    """Steps of all seeds together."""
    stochastic_steps: int
    """Steps to the stop."""
    steps_to_optimum: int | None
    """First step after which the stochastic search's best transform is the optimum; None if it never is."""
    rotation_difference: float
    """Between the two ends, both refined on to convergence, in degrees."""
    translation_difference: float
    """The same in voxels."""
    independent_dissimilarity: float
    """d at the converged end."""
    stochastic_dissimilarity: float
    """d at the converged end."""


def _search(fixed, moving, score, interval, settings, voxel_size, rng, seeds):
    """Search as the study does; return the answer's rotation and translation, and the best transform of each step."""
    if score in PRINTED_SCORES:
        uniforms = rng.random(settings.rule.max_steps)
        common = score_number(score), free_directions(), settings.damping, settings.rule
        best, _, path = stochastic_refinement(fixed, moving, *common, seeds, uniforms)
        return seeds.rotations[best], seeds.translations[best], path
    found = align_bands(fixed, moving, interval, settings, voxel_size)
    return found.rotation, found.translation, found.path


def _at_finest(volume):
    """Return the transform in which the independent refinement moves."""
    return volume.finest if isinstance(volume, LikelihoodVolume) else volume


def _refined_on(fixed, moving, score, settings, rotations, translations):
    """Return the ends of both searches refined on to convergence, and d at each."""
    number, free, damping = score_number(score), free_directions(), settings.damping
    held, moved = without_gain(_at_finest(fixed)), _at_finest(moving)
    jointly = score not in PRINTED_SCORES and ends_jointly(fixed, moving)
    ends = place_candidates(held, moved, number, rotations, translations, damping)
    # a search that ends jointly has left the optimum of d behind
    of_d = Candidates(*(array[: 1 if jointly else 2] for array in ends))
    independent_refinement(held, moved, number, free, damping, 0.0, _TO_CONVERGENCE, of_d)
    if jointly:
        for end in range(2):
            start = ends.rotations[end], ends.translations[end]
            found = jointly_refined(fixed, moving, *start, free, _CONVERGED)
            ends.rotations[end], ends.translations[end] = found[:2]
            ends.dissimilarities[end] = dissimilarity_at(held, moved, score, *found[:2])
    return ends.rotations, ends.translations, ends.dissimilarities.tolist()


def compare_searches(fixed, moving, score, interval, settings, voxel_size, rng):
    """Search one pair in both ways.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum or gradalign.search.likelihood.LikelihoodVolume
        f and g; for the likelihood from `gradalign.search.likelihood.prepare_bands`.
    score : str
    interval : float
        Of the seed angles, in degrees.
    settings : gradalign.search.pair.Settings
    voxel_size : float
        In nm.
    rng : numpy.random.Generator
        Of the stochastic search.

    Returns
    -------
    comparison : Comparison
    ends : tuple of numpy.ndarray
        Rotations (2, 3, 3) and translations (2, 3) at which the independent and the other search end, both refined on.
    seconds : numpy.ndarray of shape (3,)
        Processor time of the seeds' best translations, of the independent refinement and of the other search, which for
        the likelihood has seeds of its own.
    """
    number, free, damping = score_number(score), free_directions(), settings.damping
    held, moved = _at_finest(fixed), _at_finest(moving)
    clock = [time.process_time()]
    together = seeds_at_best_translation(held, moved, score, start_rotations(interval), settings, voxel_size)
    alone = Candidates(*(array.copy() for array in together))
    clock.append(time.process_time())
    steps = independent_refinement(held, moved, number, free, damping, FALL, MOST_STEPS, alone)
    clock.append(time.process_time())
    rotation, translation, path = _search(fixed, moving, score, interval, settings, voxel_size, rng, together)
    clock.append(time.process_time())
    best = int(np.argmin(alone.dissimilarities))
    rotations = np.stack([alone.rotations[best], rotation])
    translations = np.stack([alone.translations[best], translation])
    rotations, translations, values = _refined_on(fixed, moving, score, settings, rotations, translations)
    optimum = rotations[0], translations[0]
    turns, shifts = _differences(path[:, :9].reshape(-1, 3, 3), path[:, 9:], *optimum)
    hits = np.flatnonzero(is_same_optimum(turns, shifts))
    turn, shift = _differences(rotations[1:], translations[1:], *optimum)
    comparison = Comparison(
        seeds=len(steps),
        independent_steps=int(steps.sum()),
        stochastic_steps=len(path),
        steps_to_optimum=int(hits[0]) + 1 if len(hits) else None,
        rotation_difference=float(turn[0]),
        translation_difference=float(shift[0]),
        independent_dissimilarity=values[0],
        stochastic_dissimilarity=values[1],
    )
    return comparison, (rotations, translations), np.diff(clock)


def _differences(rotations, translations, rotation, translation):
    return rotation_angle(rotation.T @ rotations), np.linalg.norm(translations - translation, axis=1)


def compare_pairs(volumes, particles, pairs, cells, settings, seed, seconds):
    """Search pairs of subtomograms in both ways, with each score and interval.

    Parameters
    ----------
    volumes : numpy.ndarray of shape (2 n, box, box, box)
        All subtomograms of one tilt range and signal-to-noise ratio.
    particles : gradalign.io.star.Particles
        Their poses.
    pairs : iterable of int
        Which pairs.
    cells : list of gradalign.study.conditions.Cell
        The phantom's cells of this tilt range and signal-to-noise ratio.
    settings : gradalign.search.pair.Settings
    seed : int
        The study's seed.
    seconds : dict
        Receives for each cell the processor times of `compare_searches`, summed over the pairs.

    Yields
    ------
    dict
        A text for each of `SPEEDUP`; the cells of a pair follow each other.
    """
    first = cells[0]
    seconds |= {cell: np.zeros(3) for cell in cells}
    printed = all(cell.score in PRINTED_SCORES for cell in cells)
    model = None if printed else estimate_model(volumes, [first.tilt] * len(volumes))
    known = set()
    for pair in prepared_pairs(volumes, particles, pairs, first.data_set, first.tilt, settings, model):
        for cell in cells:
            prepared = (pair.fixed, pair.moving) if cell.score in PRINTED_SCORES else pair.bands
            # kernels are loaded, and perhaps compiled, at their first call, for which a few seeds do
            for interval in [cell.interval] if cell.score in known else [_FEW_SEEDS, cell.interval]:
                rng = search_generator(seed, cell, "full", pair.number)
                found, ends, spent = compare_searches(
                    *prepared, cell.score, interval, settings, particles.voxel_size, rng
                )
            known.add(cell.score)
            seconds[cell] += spent
            errors = [alignment_error(*end, *pair.poses, "C1")[0] for end in zip(*ends, strict=True)]
            condition = [pair.number, cell.tilt, cell.snr, cell.score, cell.interval]
            yield line(SPEEDUP, [*condition, *found, *errors])


def seconds_lines(seconds, pairs):
    """Yield the processor times of `compare_pairs` as lines of a file.

    Parameters
    ----------
    seconds : dict
        From `compare_pairs`.
    pairs : int
        How many pairs they are the sum of.

    Yields
    ------
    dict
        A text for each of `SPEEDUP_SECONDS`.
    """
    for cell, spent in seconds.items():
        times = (f"{time:.4f}" for time in spent)
        yield line(SPEEDUP_SECONDS, [cell.tilt, cell.snr, cell.score, cell.interval, pairs, *times])
