"""Where the time of a step goes: operations and bytes of each stage, beside what the core can do at most.

The operations are counted in the sources of `gradalign.fourier.products` and `gradalign.fourier.interpolation`, a
fused multiply-add as two; the bytes are those that a stage's loads and stores touch, wherever in the caches they lie.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from gradalign.benchmarks.loops import multiply_often, sample_all
from gradalign.benchmarks.timing import interleaved
from gradalign.benchmarks.workload import INTERVAL, LOW_PASSES, TILT
from gradalign.fourier.band import TAPS
from gradalign.fourier.interpolation import DEGREE
from gradalign.fourier.overlap import VALUES, matched, work_space
from gradalign.fourier.products import COLUMNS, OUTSIDE
from gradalign.fourier.spectrum import prepare
from gradalign.search.seeds import start_rotations

_SINGLE = 4
_MATRIX = 768
_TIMES = 100


class Stage(NamedTuple):
    """Work of one stage of a step at one point."""

    operations: int
    """Floating-point operations."""
    bytes: int
    """Bytes loaded and stored."""


_NEIGHBOURS = TAPS**3
STAGES = {
    # frequency rotated and both wedge faces; weights and their derivatives; sums along y, z and x for G and ∂G/∂η
    "sample": Stage(
        15 + 11 + 3 * 2 * DEGREE * 2 * TAPS + 2 * 2 * TAPS * (2 * TAPS**2 + 3 * TAPS) + 4 * (4 * TAPS - 2),
        _SINGLE * (2 * _NEIGHBOURS + 2 * 9 + 3 + 3 * VALUES),
    ),
    # F times the phase; |G|², |F|², Re conj(G) F; −η × ∂G/∂η and its thirty products with the others
    "products": Stage(44 + 14 + 15 + 26 + 105, _SINGLE * (7 + 5 + 14)),
}
"""Work per point of the two stages of a step."""


def core_limits(stored_bytes, repeats):
    """Measure what one core does at most.

    Parameters
    ----------
    stored_bytes : int
        Size of the array that is read, such as the grid of a spectrum.
    repeats : int

    Returns
    -------
    operations : float
        Single-precision operations per second in a product of matrices.
    bandwidth : float
        Bytes per second when an array of `stored_bytes` is read again and again.
    """
    matrix = np.ones((_MATRIX, _MATRIX), np.float32)
    array = np.ones(stored_bytes // _SINGLE, np.float32)

    def read():
        for _ in range(_TIMES):
            np.dot(array, array)

    fastest = interleaved([lambda: matrix @ matrix, read], repeats).min(axis=0)
    return 2 * _MATRIX**3 / fastest[0], _TIMES * array.nbytes / fastest[1]


def _stage_times(fixed, moving, repeats):
    """Return nanoseconds per point of both stages and the mean number of points."""
    rotations = start_rotations(INTERVAL)
    work, products = work_space(fixed), np.empty((OUTSIDE + 1, COLUMNS))
    pair, nowhere = matched(fixed, moving), np.zeros(3)
    points = sample_all(pair, rotations, work)
    count = sample_all(pair, rotations[:1], work)
    calls = [
        lambda: sample_all(pair, rotations, work),
        lambda: multiply_often(pair, rotations[0], nowhere, count, work, products, _TIMES),
    ]
    seconds = np.median(interleaved(calls, repeats), axis=0)
    return 1e9 * seconds / [points, _TIMES * count], points / len(rotations)


def measure_roofline(workload, pair, repeats):
    """Time the stages of a step against the core's limits.

    Parameters
    ----------
    workload : gradalign.benchmarks.workload.Workload
    pair : (numpy.ndarray, numpy.ndarray)
    repeats : int

    Returns
    -------
    pandas.DataFrame
        A line for each resolution limit and stage; ``distance`` is how many times longer it takes than the nearer of
        both limits allows.
    """
    rows = []
    for low_pass in dict.fromkeys((*LOW_PASSES, workload.settings.low_pass)):
        fixed, moving = (
            prepare(volume, TILT, low_pass, workload.voxel_size, workload.settings.wedge_guard) for volume in pair
        )
        peak, bandwidth = core_limits(moving.grid.nbytes, repeats)
        times, points = _stage_times(fixed, moving, repeats)
        for (name, stage), nanoseconds in zip(STAGES.items(), times, strict=True):
            shares = stage.operations / nanoseconds / (peak / 1e9), stage.bytes / nanoseconds / (bandwidth / 1e9)
            rows.append(
                {
                    "low_pass_nm": low_pass,
                    "stage": name,
                    "points": points,
                    "grid_kb": moving.grid.nbytes / 1e3,
                    "operations_per_point": stage.operations,
                    "bytes_per_point": stage.bytes,
                    "ns_per_point": nanoseconds,
                    "gflops": stage.operations / nanoseconds,
                    "peak_gflops": peak / 1e9,
                    "share_of_peak": shares[0],
                    "gb_per_s": stage.bytes / nanoseconds,
                    "read_gb_per_s": bandwidth / 1e9,
                    "share_of_reading": shares[1],
                    "distance": 1.0 / max(shares),
                }
            )
    return pd.DataFrame(rows)
