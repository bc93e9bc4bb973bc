"""What the two scores make of a difference in contrast, how steadily they refine, and what a step of each takes.

Three measurements on the same pairs. Contrast: g is multiplied by a factor and the search repeated with the same random
numbers. Steadiness: of the trials of a refinement, those that did not lower d, from seeds refined as
`gradalign.study.seed_by_seed` does. Cost: how often a step of the paper's own scheme, with its finite differences, has
to move g (`gradalign.study.paper_step`).
"""

import time

import numpy as np

from gradalign.fourier.band import band_limit
from gradalign.fourier.overlap import work_space
from gradalign.geometry.rotations import alignment_error, rotation_angle
from gradalign.io.csv_lines import line
from gradalign.scores.least_squares import score_number
from gradalign.search.score import load_score
from gradalign.search.seeds import free_directions, seeds_at_best_translation, start_rotations
from gradalign.search.step import step
from gradalign.search.stochastic import place_candidates
from gradalign.study.columns.contrast import CONTRAST, CONTRAST_SECONDS, FACTORS
from gradalign.study.columns.seeds import FALL, MOST_STEPS
from gradalign.study.pairs import prepared_pairs, search_pair
from gradalign.study.paper_step import SlowPair

SEEDS_REFINED = 6
"""Seeds of each pair, those with the smallest d, that are refined to count refused trials."""


class _CountingPair(SlowPair):
    """Two subtomograms that count how often g is moved."""

    moves = 0

    def _moved(self, rotation, translation):
        self.moves += 1
        return super()._moved(rotation, translation)


def refused_trials(pair, score, interval, settings, voxel_size):
    """Refine a pair's best seeds and count the trials that did not lower d.

    Parameters
    ----------
    pair : gradalign.study.pairs.Pair
    score : str
    interval : float
        Of the seed angles, in degrees.
    settings : gradalign.search.settings.Settings
    voxel_size : float
        In nm.

    Returns
    -------
    trials, refused : int
        Over `SEEDS_REFINED` seeds, each until an accepted trial lowers d by less than `FALL`.
    seconds : float
        Processor time of all trials.
    """
    fixed, moving = pair.of(score)
    number, free, work = score_number(score), free_directions(), work_space(fixed)
    seeds = seeds_at_best_translation(fixed, moving, score, start_rotations(interval), settings, voxel_size)
    best = np.argsort(seeds.dissimilarities, kind="stable")[:SEEDS_REFINED]
    candidates = place_candidates(
        fixed, moving, number, seeds.rotations[best], seeds.translations[best], settings.damping
    )
    trials, refused, start = 0, 0, time.process_time()
    for seed in range(len(best)):
        for _ in range(MOST_STEPS):
            before = candidates.dissimilarities[seed]
            kept = step(fixed, moving, number, free, settings.damping, candidates, seed, work)
            trials += 1
            refused += not kept
            if kept and before - candidates.dissimilarities[seed] < FALL * before:
                break
    return trials, refused, time.process_time() - start


def moves_of_g(f, g, pair, tilt, score, settings, voxel_size):
    """Take one step of the paper's scheme and count how often it rotates and shifts g.

    Parameters
    ----------
    f, g : numpy.ndarray of shape (N, N, N)
    pair : gradalign.study.pairs.Pair
        The same two, prepared.
    tilt : float
        Half range in degrees.
    score : str
    settings : gradalign.search.settings.Settings
    voxel_size : float
        In nm.

    Returns
    -------
    moves : int
    seconds : float
        Processor time of the step.
    """
    slow = _CountingPair(f, g, tilt, tilt, band_limit(len(f), settings.low_pass, voxel_size), score)
    (rotation,), start = start_rotations(60.0)[:1], time.process_time()
    slow.step(rotation, np.zeros(3), settings.damping.start)
    return slow.moves, time.process_time() - start


def measure(subtomograms, pairs, cells, settings, seed, seconds):
    """Measure pairs of subtomograms with each score.

    Parameters
    ----------
    subtomograms : gradalign.study.pairs.Subtomograms
        All of one tilt range and signal-to-noise ratio.
    pairs : iterable of int
        Which pairs.
    cells : list of gradalign.study.conditions.Cell
        One for each score.
    settings : gradalign.search.settings.Settings
    seed : int
        The study's seed.
    seconds : dict
        Receives for each cell the pairs, the trials of the refinement with their processor time, and the processor
        time of the paper's steps.

    Yields
    ------
    dict
        A text for each of `CONTRAST`.
    """
    seconds |= {cell: np.zeros(4) for cell in cells}
    volumes, particles, symmetry = subtomograms
    for pair in prepared_pairs(volumes, particles, pairs, cells, settings):
        f, g = volumes[2 * pair.number], volumes[2 * pair.number + 1]
        for cell in cells:
            where = (cell.score, cell.interval, settings, particles.voxel_size)
            # the kernels are loaded, and perhaps compiled, at their first call
            for _ in range(1 if seconds[cell].any() else 2):
                trials, refused, refinement_s = refused_trials(pair, *where)
            moves, step_s = moves_of_g(f, g, pair, cell.tilt, cell.score, settings, particles.voxel_size)
            seconds[cell] += (1, trials, refinement_s, step_s)
            unscaled = None
            for factor in FACTORS:
                scaled = _scaled(pair, g, factor, cell, settings, particles.voxel_size)
                found = search_pair(scaled, cell, "full", settings, particles.voxel_size, seed)
                unscaled = unscaled or found
                numbers = [
                    *alignment_error(found.rotation, found.translation, *pair.poses, symmetry)[:2],
                    float(rotation_angle(found.rotation.T @ unscaled.rotation)),
                    float(np.linalg.norm(found.translation - unscaled.translation)),
                ]
                counted = (trials, refused, moves) if factor == FACTORS[0] else (None, None, None)
                condition = (pair.number, cell.tilt, cell.snr, cell.interval, cell.score, f"{factor:g}")
                yield line(CONTRAST, [*condition, *numbers, *counted])


def _scaled(pair, g, factor, cell, settings, voxel_size):
    """Return a pair whose g is multiplied by a factor, for one score."""
    score = load_score(cell.score)
    called = f"{factor:g} times g"
    moving = score.prepare(np.float32(factor) * g, cell.tilt, settings, voxel_size, name=called)
    fixed, _ = pair.of(cell.score)
    return pair._replace(prepared={score.shared_preparation: (fixed, moving)})


def seconds_lines(seconds):
    """Yield the processor times of `measure` as lines of a file.

    Parameters
    ----------
    seconds : dict
        From `measure`.

    Yields
    ------
    dict
        A text for each of `CONTRAST_SECONDS`.
    """
    for cell, (pairs, trials, refinement_s, step_s) in seconds.items():
        times = f"{1e6 * refinement_s / trials:.2f}", f"{1e3 * step_s / pairs:.1f}"
        yield line(CONTRAST_SECONDS, [cell.score, int(pairs), *times])
