"""How long one complete alignment takes, from volumes in memory to the answer, and what its parts take."""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import fft

from gradalign.benchmarks.timing import interleaved, median_ratio
from gradalign.benchmarks.workload import INTERVAL, LOW_PASSES, SCORES, TILT
from gradalign.fourier.spectrum import prepare
from gradalign.search.pair import align_pair
from gradalign.search.paper_scores import align_spectra
from gradalign.search.score import Start
from gradalign.search.seeds import seeds_at_best_translation, start_rotations

TRANSFORMS = 108
"""Pairs of forward and inverse transforms that an alignment is compared with: one for each seed at 60°."""


def _transform_pairs(volume):
    for _ in range(TRANSFORMS):
        fft.irfftn(fft.rfftn(volume, workers=1), volume.shape, workers=1)


def _calls(f, g, score, settings, voxel_size):
    """Return the whole alignment and its first parts as calls."""

    def prepared():
        shared = (settings.low_pass, voxel_size, settings.wedge_guard)
        return prepare(f, TILT, *shared, movable=False), prepare(g, TILT, *shared)

    fixed, moving = prepared()
    rotations = start_rotations(INTERVAL)
    return (
        lambda: align_pair(
            f,
            g,
            tilt_f=TILT,
            tilt_g=TILT,
            score=score,
            interval=INTERVAL,
            voxel_size=voxel_size,
            seed=1,
            settings=settings,
        ),
        prepared,
        lambda: seeds_at_best_translation(fixed, moving, score, rotations, settings, voxel_size),
        lambda: align_spectra(fixed, moving, score, settings, voxel_size, 1, Start(INTERVAL)),
    )


def measure_alignments(workload, pairs, repeats):
    """Time alignments of the study's pairs against transforms of a volume.

    Parameters
    ----------
    workload : gradalign.benchmarks.workload.Workload
    pairs : list of (numpy.ndarray, numpy.ndarray)
    repeats : int
        For each pair.

    Returns
    -------
    pandas.DataFrame
        A line for each resolution limit and score: medians over pairs and repeats in ms of the whole, of its parts and
        of the transforms of the same turn, the ratio of whole and transforms, and the steps of the search. The study's
        own limit has True in the column ``study``.
    """
    rows = []
    for low_pass in dict.fromkeys((*LOW_PASSES, workload.settings.low_pass)):
        settings = replace(workload.settings, low_pass=low_pass)
        seconds = {score: [] for score in SCORES}
        steps = {score: [] for score in SCORES}
        for f, g in pairs:
            calls = [_calls(f, g, score, settings, workload.voxel_size) for score in SCORES]
            flat = [call for group in calls for call in group]
            times = interleaved([*flat, lambda volume=f: _transform_pairs(volume)], repeats)
            for number, score in enumerate(SCORES):
                seconds[score].append(np.column_stack([times[:, 4 * number : 4 * number + 4], times[:, -1]]))
                steps[score].append(calls[number][0]().iterations)
        for score in SCORES:
            line = {"low_pass_nm": low_pass, "study": low_pass == workload.settings.low_pass, "score": score}
            rows.append(line | _line(np.concatenate(seconds[score]), steps[score]))
    return pd.DataFrame(rows)


def _line(seconds, steps):
    whole, preparation, seeds, in_set, transforms = seconds.T
    search = in_set - seeds
    names = ("alignment_ms", "preparation_ms", "seeds_ms", "search_ms", "in_set_ms", "transforms_ms")
    parts = (whole, preparation, seeds, search, in_set, transforms)
    line = {name: 1e3 * float(np.median(part)) for name, part in zip(names, parts, strict=True)}
    return line | {"over_transforms": median_ratio(whole, transforms), "steps": float(np.median(steps))}
