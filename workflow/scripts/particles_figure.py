"""Draw the shell correlation of the half maps and the orientations of a user's particles."""

from gradalign.jobs import job
from gradalign.picked.entries import read_entries
from gradalign.picked.state import load_state
from gradalign.plotting.picked import picked_figure

with job(snakemake.log[0]):
    entries = [entry for path in snakemake.input.entries for entry in read_entries(path)]
    picked_figure(
        [entry for entry in entries if not entry.failure], load_state(snakemake.input.state), snakemake.output
    )
