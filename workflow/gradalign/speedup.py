"""Steps of the independent refinement of all seeds against those of the stochastic one (Figure 4).

Both start from the same seeds at their best translations. Independent: every seed by itself, until d falls by less than
`FALL` of its value in an accepted step, or `MOST_STEPS`. Stochastic: as `gradalign.alignment.align_spectra`, with the
random numbers of the study's own alignments. The optimum is the best end of the independent refinement, refined on to
convergence.
"""

import time
from typing import NamedTuple

import numpy as np

from gradalign.alignment import free_directions, seeds_at_best_translation, start_rotations
from gradalign.geometry import rotation_angle
from gradalign.records import line
from gradalign.refinement import Candidates
from gradalign.scores import score_number
from gradalign.search import independent_refinement, place_candidates, stochastic_refinement
from gradalign.study import prepared_pairs, search_generator

FALL = 1e-4
"""Relative fall of d in an accepted step, below which a seed's refinement has ended."""
MOST_STEPS = 60
"""Most steps of a seed."""
SAME_ROTATION_DEG = 0.5
"""Two transforms are the same optimum if their rotations differ by no more than this, in degrees ..."""
SAME_TRANSLATION_VOXEL = 0.05
"""... and their translations by no more than this, in voxels."""
# a step that lowers d is never refused here: twenty would do
_TO_CONVERGENCE = 100

COLUMNS = (
    "pair",
    "tilt_deg",
    "snr",
    "score",
    "interval_deg",
    "seeds",
    "independent_steps",
    "stochastic_steps",
    "steps_to_optimum",
    "rotation_difference_deg",
    "translation_difference_voxel",
    "independent_dissimilarity",
    "stochastic_dissimilarity",
)
"""Columns of the comparisons of single pairs."""
SECONDS = ("tilt_deg", "snr", "score", "interval_deg", "pairs", "seeding_s", "independent_s", "stochastic_s")
"""Columns of the processor times of a cell."""


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


def compare_searches(fixed, moving, score, interval, settings, voxel_size, rng):
    """Search one pair in both ways.

    Parameters
    ----------
    fixed, moving : gradalign.spectrum.Spectrum
        f and g.
    score : str
    interval : float
        Of the seed angles, in degrees.
    settings : gradalign.alignment.Settings
    voxel_size : float
        In nm.
    rng : numpy.random.Generator
        Of the stochastic search.

    Returns
    -------
    comparison : Comparison
    seconds : numpy.ndarray of shape (3,)
        Processor time of the seeds' best translations, of the independent and of the stochastic refinement.
    """
    number, free, damping = score_number(score), free_directions(), settings.damping
    clock = [time.process_time()]
    together = seeds_at_best_translation(fixed, moving, score, start_rotations(interval), settings, voxel_size)
    alone = Candidates(*(array.copy() for array in together))
    clock.append(time.process_time())
    steps = independent_refinement(fixed, moving, number, free, damping, FALL, MOST_STEPS, alone)
    clock.append(time.process_time())
    uniforms = rng.random(settings.rule.max_steps)
    found, _, path = stochastic_refinement(fixed, moving, number, free, damping, settings.rule, together, uniforms)
    clock.append(time.process_time())
    best = int(np.argmin(alone.dissimilarities))
    rotations = np.stack([alone.rotations[best], together.rotations[found]])
    translations = np.stack([alone.translations[best], together.translations[found]])
    ends = place_candidates(fixed, moving, number, rotations, translations, damping)
    independent_refinement(fixed, moving, number, free, damping, 0.0, _TO_CONVERGENCE, ends)
    optimum = ends.rotations[0], ends.translations[0]
    turns, shifts = _differences(path[:, :9].reshape(-1, 3, 3), path[:, 9:], *optimum)
    hits = np.flatnonzero(is_same_optimum(turns, shifts))
    turn, shift = _differences(ends.rotations[1:], ends.translations[1:], *optimum)
    comparison = Comparison(
        seeds=len(steps),
        independent_steps=int(steps.sum()),
        stochastic_steps=len(path),
        steps_to_optimum=int(hits[0]) + 1 if len(hits) else None,
        rotation_difference=float(turn[0]),
        translation_difference=float(shift[0]),
        independent_dissimilarity=float(ends.dissimilarities[0]),
        stochastic_dissimilarity=float(ends.dissimilarities[1]),
    )
    return comparison, np.diff(clock)


def _differences(rotations, translations, rotation, translation):
    return rotation_angle(rotation.T @ rotations), np.linalg.norm(translations - translation, axis=1)


def is_same_optimum(rotation_difference, translation_difference):
    """Return whether two transforms that differ by this much are the same optimum.

    Parameters
    ----------
    rotation_difference : float or array_like
        In degrees.
    translation_difference : float or array_like
        In voxels.

    Returns
    -------
    bool or array of bool
    """
    return (rotation_difference <= SAME_ROTATION_DEG) & (translation_difference <= SAME_TRANSLATION_VOXEL)


def compare_pairs(volumes, particles, pairs, cells, settings, seed, seconds):
    """Search pairs of subtomograms in both ways, with each score and interval.

    Parameters
    ----------
    volumes : numpy.ndarray of shape (2 n, box, box, box)
        All subtomograms of one tilt range and signal-to-noise ratio.
    particles : gradalign.particles.Particles
        Their poses.
    pairs : iterable of int
        Which pairs.
    cells : list of gradalign.cells.Cell
        The cells of this tilt range and signal-to-noise ratio.
    settings : gradalign.alignment.Settings
    seed : int
        The study's seed.
    seconds : dict
        Receives for each cell the processor times of `compare_searches`, summed over the pairs.

    Yields
    ------
    dict
        A text for each of `COLUMNS`; the cells of a pair follow each other.
    """
    first = cells[0]
    seconds |= {cell: np.zeros(3) for cell in cells}
    for pair in prepared_pairs(volumes, particles, pairs, first.data_set, first.tilt, settings):
        for cell in cells:
            arguments = (pair.fixed, pair.moving, cell.score, cell.interval, settings, particles.voxel_size)
            if not seconds[first].any():
                # the kernels are loaded, and perhaps compiled, at their first call
                compare_searches(*arguments, search_generator(seed, cell, "full", pair.number))
            found, spent = compare_searches(*arguments, search_generator(seed, cell, "full", pair.number))
            seconds[cell] += spent
            yield line(COLUMNS, [pair.number, cell.tilt, cell.snr, cell.score, cell.interval, *found])


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
        A text for each of `SECONDS`.
    """
    for cell, spent in seconds.items():
        times = (f"{time:.4f}" for time in spent)
        yield line(SECONDS, [cell.tilt, cell.snr, cell.score, cell.interval, pairs, *times])
