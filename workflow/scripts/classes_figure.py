"""Draw the averages of a user's classes, the half maps' agreement, and the pairs of the sample."""

import numpy as np

from gradalign.classes.results import filtered_average, surface_level
from gradalign.classes.rounds import THRESHOLD
from gradalign.classes.state import load_state
from gradalign.report.figures.classes import classes_figure
from gradalign.run.jobs import job
from gradalign.study.partition import centred

with job(snakemake.log[0]):
    state = load_state(snakemake.input.state)
    with np.load(snakemake.input.matrices, allow_pickle=False) as arrays:
        matrices = [centred(arrays[f"matrix{half}"]) for half in (1, 2)]
        trees = [arrays[f"tree{half}"] for half in (1, 2)]
    maps = [filtered_average(state, label) for label in state.labels]
    frequencies = np.arange(1, state.correlations.shape[1] + 1) / (state.box * state.voxel_size)
    classes_figure(
        maps,
        [surface_level(volume) for volume in maps],
        (frequencies, state.correlations),
        state.counts.sum(axis=1).tolist(),
        matrices,
        trees,
        THRESHOLD,
        snakemake.output,
    )
