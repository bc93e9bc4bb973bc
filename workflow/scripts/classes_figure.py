"""Draw the averages of a user's classes, the half maps' agreement, and the pairs of the sample."""

import numpy as np

from gradalign.classes.results import filtered_average, surface_level
from gradalign.classes.rounds import THRESHOLD
from gradalign.classes.state import load_state
from gradalign.report.figures.classes import DrawnClass, DrawnSample, classes_figure
from gradalign.run.jobs import job
from gradalign.study.partition import centred

with job(snakemake.log[0]):
    state = load_state(snakemake.input.state)
    with np.load(snakemake.input.matrices, allow_pickle=False) as arrays:
        samples = [DrawnSample(centred(arrays[f"matrix{half}"]), arrays[f"tree{half}"]) for half in (1, 2)]
    maps = [filtered_average(state, label) for label in state.labels]
    frequencies = np.arange(1, state.correlations.shape[1] + 1) / (state.box * state.voxel_size)
    counts = state.counts.sum(axis=1).tolist()
    classes = [
        DrawnClass(volume, surface_level(volume), count, row)
        for volume, count, row in zip(maps, counts, state.correlations, strict=True)
    ]
    classes_figure(classes, frequencies, samples, THRESHOLD, snakemake.output)
