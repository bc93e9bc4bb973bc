"""How time and memory grow with the box, the band, the number of pairs and the number of processes."""

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd

from gradalign.benchmarks.machine import load_average
from gradalign.benchmarks.timing import exponent, interleaved, peak_memory_mb
from gradalign.benchmarks.workload import LOW_PASSES, TILT
from gradalign.fourier.band import band_limit
from gradalign.fourier.spectrum import prepare
from gradalign.geometry.rotations import random_rotations
from gradalign.search.pair import align_pair
from gradalign.search.registry import score_names
from gradalign.search.sets import align_all_pairs
from gradalign.simulation.phantom import phantom

BOXES = (24, 32, 48, 64, 96)
"""Edges of the boxes in voxels; resolution limit and voxel size stay, so that the band grows with the box."""
BANDS = (8.0, 6.4, 5.3, 4.0, 3.2, 2.5)
"""Resolution limits in nm, in a box of 32 voxels of 1 nm."""
SETS = (2, 4, 8, 16)
"""Numbers of volumes, all of whose pairs are aligned."""
PROCESSES = (1, 2)
_LOW_PASS = LOW_PASSES[0]
_NOISE = np.sqrt(10.0)
# enough for three alignments, whose numbers of steps differ
_VOLUMES = 3
_TURNS = 5


def noisy_phantoms(box, count, seed):
    """Return phantoms of the box's size, in random poses and white noise of ten times their variance.

    Parameters
    ----------
    box, count, seed : int

    Returns
    -------
    list of numpy.ndarray of shape (box, box, box)
    """
    rng = np.random.default_rng([seed, box])
    volumes = []
    for rotation in random_rotations(rng, count):
        density = phantom(box, rotation=rotation, translation=rng.uniform(-0.05, 0.05, 3) * box)
        noise = rng.standard_normal(density.shape, dtype=np.float32)
        volumes.append(density + np.float32(_NOISE * density.std()) * noise)
    return volumes


def ending_at(settings, low_pass):
    """Return settings with a band limit for every score.

    Parameters
    ----------
    settings : gradalign.search.settings.Settings
    low_pass : float
        In nm; the rounds of the coarse-to-fine search end there, and none has a finer one.

    Returns
    -------
    gradalign.search.settings.Settings
    """
    *before, last = settings.rounds
    before = [one._replace(low_pass=max(one.low_pass, low_pass)) for one in before]
    return replace(settings, low_pass=low_pass, rounds=(*before, last._replace(low_pass=low_pass)))


def _stored_mb(spectra):
    own = ("lattice", "values", "grid")
    return sum(getattr(spectrum, name).nbytes for spectrum in spectra for name in own) / 1e6


def _align_set(volumes, settings, score):
    align_all_pairs(volumes, tilts=TILT, score=score, settings=settings)
    return peak_memory_mb()


def _fresh_process_peak(volumes, settings, score):
    """Return the peak memory of a new process that aligns all pairs of a set."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_align_set, volumes, settings, score).result()


def _lines(along, cases, repeats):
    """Time the sets of each case by each score, in turns; a case is its size, volumes and settings."""
    cases = [(*case, score) for score in score_names() for case in cases]
    calls = [lambda case=case: align_all_pairs(case[1], tilts=TILT, score=case[3], settings=case[2]) for case in cases]
    seconds = np.median(interleaved(calls, repeats), axis=0)
    for (size, volumes, settings, score), second in zip(cases, seconds, strict=True):
        spectra = [prepare(volume, TILT, settings.low_pass, 1.0, settings.wedge_guard) for volume in volumes]
        alignments = len(volumes) * (len(volumes) - 1) // 2
        yield {
            "along": along,
            "score": score,
            "size": size,
            "coefficients": len(spectra[0].lattice),
            "alignments": alignments,
            "time_ms": 1e3 * second,
            "ms_per_alignment": 1e3 * second / alignments,
            "spectra_mb": _stored_mb(spectra),
            "process_mb": _fresh_process_peak(volumes, settings, score),
        }


def measure_growth(workload, repeats):
    """Time alignments of growing boxes, bands and sets; look at the memory of the same in processes of their own.

    Parameters
    ----------
    workload : gradalign.benchmarks.workload.Workload
        For its settings and seed.
    repeats : int

    Returns
    -------
    pandas.DataFrame
        A line for each score and size along ``box`` (voxels), ``band`` (cycles per box) and ``pairs``: time of all
        alignments with the preparation of the volumes, memory of the prepared spectra, and peak memory of a whole
        process.
    """
    seed, settings = workload.config["seed"], ending_at(workload.settings, _LOW_PASS)
    volumes = noisy_phantoms(32, max(SETS), seed)
    boxes = [(box, noisy_phantoms(box, _VOLUMES, seed), settings) for box in BOXES]
    bands = [(band_limit(32, low_pass, 1.0), volumes[:_VOLUMES], ending_at(settings, low_pass)) for low_pass in BANDS]
    sets = [(count * (count - 1) // 2, volumes[:count], settings) for count in SETS]
    rows = [
        line
        for along, cases in (("box", boxes), ("band", bands), ("pairs", sets))
        for line in _lines(along, cases, repeats)
    ]
    return pd.DataFrame(rows)


def _align_pairs(pairs, settings, times):
    for _ in range(times):
        for f, g in pairs:
            align_pair(f, g, tilt_f=TILT, tilt_g=TILT, seed=1, settings=settings)
    return peak_memory_mb()


def _busy(pool, count, arguments):
    """Let `count` processes of a pool work at once; return seconds and the sum of their peak memories."""
    start = time.perf_counter()
    peaks = [task.result() for task in [pool.submit(_align_pairs, *arguments) for _ in range(count)]]
    return time.perf_counter() - start, sum(peaks)


def measure_processes(workload, pairs, times):
    """Compare the throughput of one process with that of two, in turns.

    Parameters
    ----------
    workload : gradalign.benchmarks.workload.Workload
    pairs : list of (numpy.ndarray, numpy.ndarray)
    times : int
        How often each process aligns all pairs in a turn.

    Returns
    -------
    pandas.DataFrame
        A line for each number of processes: time of one alignment as seen from outside, the throughput over that of
        one process (median of five turns), peak memory of all, and the load averages before and after.
    """
    settings = replace(workload.settings, low_pass=_LOW_PASS)
    seconds, memory = np.empty((_TURNS, len(PROCESSES))), np.empty(len(PROCESSES))
    before = load_average()
    with ProcessPoolExecutor(max(PROCESSES), multiprocessing.get_context("spawn")) as pool:
        # both start, import and load the kernels
        _busy(pool, max(PROCESSES), (pairs, settings, 1))
        for turn in range(_TURNS):
            for side, count in enumerate(PROCESSES):
                seconds[turn, side], memory[side] = _busy(pool, count, (pairs, settings, times))
    throughput = np.array(PROCESSES) / seconds
    alignments = len(pairs) * times
    return pd.DataFrame(
        {
            "processes": count,
            "ms_per_alignment": 1e3 * float(np.median(seconds[:, side])) / (count * alignments),
            "speedup": float(np.median(throughput[:, side] / throughput[:, 0])),
            "processes_mb": memory[side],
            "load_before": before[0],
            "load_after": load_average()[0],
        }
        for side, count in enumerate(PROCESSES)
    )


def growth_exponents(growth):
    """Fit amount ∝ size^p along each way of growing.

    Parameters
    ----------
    growth : pandas.DataFrame
        From `measure_growth`.

    Returns
    -------
    pandas.DataFrame
        Columns ``along``, ``score``, ``quantity`` and ``exponent``.
    """
    return pd.DataFrame(
        {"along": along, "score": score, "quantity": quantity, "exponent": exponent(rows["size"], rows[quantity])}
        for (along, score), rows in growth.groupby(["along", "score"], sort=False)
        for quantity in ("time_ms", "spectra_mb")
    )
