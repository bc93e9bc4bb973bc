"""Draw the figure of a user's particles, and write their page."""

from pathlib import Path

import numpy as np

from gradalign.particles.entries import read_entries
from gradalign.particles.results import filtered_average
from gradalign.particles.state import load_state
from gradalign.report.figures.average import BOX, SPHERE, DrawnAverage, average_figure
from gradalign.report.page.commands import Place
from gradalign.report.page.particles import particles_page
from gradalign.report.page.writing import write_page
from gradalign.run.jobs import job

FILES = ("summary", "rounds", "shells", "scores", "left_out", "star", "filtered", "half1", "half2")

given, output = snakemake.input, snakemake.output
with job(snakemake.log[0]):
    entries = [entry for path in given.entries for entry in read_entries(path)]
    aligned = [entry for entry in entries if not entry.failure]
    state = load_state(given.state)
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
    average_figure(drawn, [output.figure, output.png])
    files = {name: given[name] for name in FILES} | {"figure": output.figure, "reference": snakemake.params.reference}
    place = Place.here(Path(output.page).parent)
    write_page(output.page, particles_page(files, snakemake.params.title, place))
