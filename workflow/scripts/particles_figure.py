"""Draw the shell correlation of the half maps and the orientations of a user's particles."""

from gradalign.particles.entries import read_entries
from gradalign.particles.state import load_state
from gradalign.report.figures.particles import picked_figure
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    entries = [entry for path in snakemake.input.entries for entry in read_entries(path)]
    picked_figure(
        [entry for entry in entries if not entry.failure], load_state(snakemake.input.state), snakemake.output
    )
