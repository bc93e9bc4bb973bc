"""Steps of the independent refinement of all seeds against those of the study's own search (Figure 4).

With the paper's scores both start from the same seeds at their best translations. Independent: every seed by itself,
until d falls by less than `FALL` of its value in an accepted step, or `MOST_STEPS`. The study's own search is the
stochastic one, with the random numbers of the study's alignments, and for the likelihood the one from coarse to fine,
from seeds of its own; there too the independent refinement is that of the grid's seeds, at the finest band limit. The
optimum is the best end of the independent refinement, refined on to convergence in the way in which the search ends:
for the likelihood without the logarithm's terms, and then jointly.
"""

import time
from typing import NamedTuple

import numpy as np

from gradalign.geometry.rotations import alignment_error
from gradalign.io.csv_lines import line
from gradalign.search.score import Start, load_score
from gradalign.study.columns.optimum import is_same_optimum
from gradalign.study.columns.seeds import FALL, MOST_STEPS
from gradalign.study.columns.speedup import SPEEDUP, SPEEDUP_SECONDS
from gradalign.study.pairs import differences, prepared_pairs, search_generator

# interval of as few seeds as there can be, in degrees
_FEW_SEEDS = 180.0


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
    fixed, moving : object
        f and g, as the score prepares them.
    score : str
    interval : float
        Of the seed angles, in degrees.
    settings : gradalign.search.settings.Settings
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
        Processor time of the seeds' best translations, of the independent refinement, and of the other search with
        seeds of its own.
    """
    score = load_score(score)
    alone = score.refine_all_seeds(fixed, moving, interval, settings, voxel_size, FALL, MOST_STEPS)
    clock = time.process_time()
    found = score.search(fixed, moving, settings, voxel_size, Start(interval), rng)
    seconds = np.append(alone.seconds, time.process_time() - clock)
    best = int(np.argmin(alone.candidates.dissimilarities))
    ends = (
        score.refine(fixed, moving, alone.candidates.rotations[best], alone.candidates.translations[best], settings),
        score.refine(fixed, moving, found.rotation, found.translation, settings, found=True),
    )
    rotations, translations, values = (np.stack(parts) for parts in zip(*ends, strict=True))
    path, steps = found.path, alone.steps
    optimum = rotations[0], translations[0]
    angles, shifts = differences(path[:, :9].reshape(-1, 3, 3), path[:, 9:], *optimum)
    hits = np.flatnonzero(is_same_optimum(angles, shifts))
    angle, shift = differences(rotations[1:], translations[1:], *optimum)
    comparison = Comparison(
        seeds=len(steps),
        independent_steps=int(steps.sum()),
        stochastic_steps=len(path),
        steps_to_optimum=int(hits[0]) + 1 if len(hits) else None,
        rotation_difference=float(angle[0]),
        translation_difference=float(shift[0]),
        independent_dissimilarity=float(values[0]),
        stochastic_dissimilarity=float(values[1]),
    )
    return comparison, (rotations, translations), seconds


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
    settings : gradalign.search.settings.Settings
    seed : int
        The study's seed.
    seconds : dict
        Receives for each cell the processor times of `compare_searches`, summed over the pairs.

    Yields
    ------
    dict
        A text for each of `SPEEDUP`; the cells of a pair follow each other.
    """
    seconds |= {cell: np.zeros(3) for cell in cells}
    known = set()
    for pair in prepared_pairs(volumes, particles, pairs, cells, settings):
        for cell in cells:
            # kernels are loaded, and perhaps compiled, at their first call, for which a few seeds do
            for interval in [cell.interval] if cell.score in known else [_FEW_SEEDS, cell.interval]:
                rng = search_generator(seed, cell, "full", pair.number)
                found, ends, spent = compare_searches(
                    *pair.of(cell.score), cell.score, interval, settings, particles.voxel_size, rng
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
