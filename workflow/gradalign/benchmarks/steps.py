"""How much faster the kernel takes a refinement step than NumPy and SciPy do."""

from dataclasses import replace

import numpy as np
import pandas as pd

from gradalign.benchmarks.timing import interleaved, median_ratio
from gradalign.benchmarks.workload import INTERVAL, LOW_PASSES, SCORES, TILT
from gradalign.fourier.band import band_limit
from gradalign.fourier.spectrum import prepare
from gradalign.scores.least_squares import score_number
from gradalign.search.seeds import seeds_at_best_translation, start_rotations
from gradalign.search.step import Candidates
from gradalign.search.stochastic import independent_refinement
from gradalign.study.paper_step import SlowPair

_STEPS_OF_A_SEED = 20


def _fast_steps(f, g, score, settings, voxel_size):
    """Return a call that takes steps from every seed, and their number.

    A tolerance of 0 lets no seed end early; a step is one trial, kept or not.
    """
    fixed, moving = (prepare(volume, TILT, settings.low_pass, voxel_size, settings.wedge_guard) for volume in (f, g))
    seeds = seeds_at_best_translation(fixed, moving, score, start_rotations(INTERVAL), settings, voxel_size)
    number, free = score_number(score), np.eye(6)

    def call():
        candidates = Candidates(*(array.copy() for array in seeds))
        independent_refinement(fixed, moving, number, free, settings.damping, 0.0, _STEPS_OF_A_SEED, candidates)

    return call, len(seeds.damping) * _STEPS_OF_A_SEED, seeds


def measure_steps(workload, pair, repeats):
    """Time a refinement step against `gradalign.study.paper_step` in the same band.

    Parameters
    ----------
    workload : gradalign.benchmarks.workload.Workload
    pair : (numpy.ndarray, numpy.ndarray)
    repeats : int

    Returns
    -------
    pandas.DataFrame
        A line for each resolution limit and score: µs of a step, ms of the slow one, and the median of the ratios
        within each turn.
    """
    f, g = pair
    rows = []
    for low_pass in dict.fromkeys((*LOW_PASSES, workload.settings.low_pass)):
        settings = replace(workload.settings, low_pass=low_pass)
        limit = band_limit(len(f), low_pass, workload.voxel_size)
        for score in SCORES:
            fast, count, seeds = _fast_steps(f, g, score, settings, workload.voxel_size)
            slow = SlowPair(f, g, TILT, TILT, limit, score)
            start = seeds.rotations[0], seeds.translations[0], settings.damping.start
            times = interleaved([fast, lambda slow=slow, start=start: slow.step(*start)], repeats)
            times[:, 0] /= count
            step_seconds, slow_seconds = np.median(times, axis=0)
            rows.append(
                {
                    "low_pass_nm": low_pass,
                    "study": low_pass == workload.settings.low_pass,
                    "score": score,
                    "step_us": 1e6 * step_seconds,
                    "slow_step_ms": 1e3 * slow_seconds,
                    "speedup": median_ratio(times[:, 1], times[:, 0]),
                }
            )
    return pd.DataFrame(rows)
