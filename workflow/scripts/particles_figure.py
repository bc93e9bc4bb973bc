"""Draw the shell correlation of the half maps the orientations and the average of a user's particles."""

from gradalign.particles.entries import read_entries
from gradalign.particles.results import filtered_average
from gradalign.particles.state import load_state
from gradalign.report.figures.particles import picked_figure
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    entries = [entry for path in snakemake.input.entries for entry in read_entries(path)]
    aligned = [entry for entry in entries if not entry.failure]
    state = load_state(snakemake.input.state)
    picked_figure(aligned, state, filtered_average(state), snakemake.output)
