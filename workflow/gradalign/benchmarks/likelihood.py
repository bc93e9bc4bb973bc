"""How long the likelihood takes from volumes in memory to the answer, and how much memory, its model included."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import numpy as np
import pandas as pd

from gradalign.benchmarks.growth import ending_at, noisy_phantoms
from gradalign.benchmarks.timing import interleaved, peak_memory_mb
from gradalign.benchmarks.workload import TILT
from gradalign.search.pair import align_pair
from gradalign.search.sets import align_to_reference


class Case(NamedTuple):
    """A box that is measured."""

    box: int
    """In voxels."""
    voxel_size: float
    """In nm."""
    low_pass: float
    """Band limit at which the search ends, in nm."""


CASES = (Case(32, 1.0, 4.0), Case(48, 0.7, 2.1), Case(64, 0.5, 1.5), Case(96, 1.0, 2.0))
"""Boxes and band limits."""
SET = 12
"""Subtomograms of a set with a tilt range for each."""
_PAIRS = 3
_CALLS = 12


def _tilt_ranges(count):
    return [(-60.0 + number / count, 60.0 - number / count) for number in range(count)]


def _align(pairs, case, settings, tilts):
    for (f, g), tilt in zip(pairs, tilts, strict=True):
        align_pair(f, g, tilt_f=tilt, tilt_g=tilt, score="likelihood", voxel_size=case.voxel_size, settings=settings)


def _peaks(pairs, case, settings):
    """Return the peak memory before, after one call, and after more calls with a tilt range each."""
    small = noisy_phantoms(16, 2, 1)
    # what Python, its libraries and the compiled kernels take
    align_pair(*small, tilt_f=TILT, tilt_g=TILT, score="likelihood", voxel_size=2.0)
    peaks = [peak_memory_mb()]
    _align(pairs[:1], case, settings, [TILT])
    peaks.append(peak_memory_mb())
    for tilt in _tilt_ranges(_CALLS):
        _align(pairs[:1], case, settings, [tilt])
    return [*peaks, peak_memory_mb()]


def _memory(pairs, case, settings):
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        before, once, often = pool.submit(_peaks, pairs, case, settings).result()
    return {"memory_mb": often - before, "grown_mb": often - once}


def measure_likelihood(workload, pairs, repeats):
    """Time the likelihood on pairs that it has not met, box by box, and on a set with a tilt range for each particle.

    Parameters
    ----------
    workload : gradalign.benchmarks.workload.Workload
    pairs : list of (numpy.ndarray, numpy.ndarray)
        The study's own, for the box of 32 voxels.
    repeats : int

    Returns
    -------
    pandas.DataFrame
        A line for each box, and one for the set: median ms of an alignment with the estimate of its model, and of
        whole sets the ms a particle; peak memory above that of a process that has loaded its kernels, and by how much
        it grew in twelve more calls with a tilt range each.
    """
    rows = []
    for case in CASES:
        if case.box == len(pairs[0][0]):
            volumes = pairs[:_PAIRS]
        else:
            single = noisy_phantoms(case.box, 2 * _PAIRS, workload.config["seed"])
            volumes = list(zip(single[::2], single[1::2], strict=True))
        settings = ending_at(workload.settings, case.low_pass)
        # each call estimates a model that the call before did not have
        calls = [lambda pair=pair, case=case, given=settings: _align([pair], case, given, [TILT]) for pair in volumes]
        seconds = interleaved(calls, repeats if case.box <= 48 else 1)
        rows.append(_line("pair", case, seconds, 1) | _memory(volumes, case, settings))
    case, settings = CASES[0], ending_at(workload.settings, CASES[0].low_pass)
    particles = [volume for pair in pairs for volume in pair][: SET + 1]

    def align_set():
        align_to_reference(
            particles[1:],
            particles[0],
            tilts=_tilt_ranges(len(particles) - 1),
            reference_tilt=TILT,
            score="likelihood",
            voxel_size=case.voxel_size,
            settings=settings,
        )

    seconds = interleaved([align_set], max(repeats // 3, 1))
    rows.append(_line("set", case, seconds, len(particles) - 1) | {"memory_mb": np.nan, "grown_mb": np.nan})
    return pd.DataFrame(rows)


def _line(kind, case, seconds, count):
    return {"kind": kind, **case._asdict(), "alignment_ms": 1e3 * float(np.median(seconds)) / count}
