"""Draw the shell correlation of the half maps, the orientations and the average of a user's particles."""

import numpy as np

from gradalign.particles.entries import read_entries
from gradalign.particles.results import filtered_average
from gradalign.particles.state import load_state
from gradalign.report.figures.average import BOX, SPHERE, DrawnAverage, average_figure
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    entries = [entry for path in snakemake.input.entries for entry in read_entries(path)]
    aligned = [entry for entry in entries if not entry.failure]
    state = load_state(snakemake.input.state)
    frequencies, plain, masked = state.shells
    drawn = DrawnAverage(
        rotations=np.array([entry.pose[0] for entry in aligned]),
        measure="Dissimilarity",
        fits=np.array([entry.dissimilarity for entry in aligned]),
        beyond=np.empty(0),
        frequencies=frequencies / state.voxel_size,
        correlations={BOX: plain, SPHERE: masked},
        initial_low_pass=state.initial_low_pass,
        volume=filtered_average(state),
        voxel_size=state.voxel_size,
    )
    average_figure(drawn, snakemake.output)
