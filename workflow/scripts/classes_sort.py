"""Sort some of a user's particles into classes and add them up; nothing to do once they stay where they are."""

import shutil

from gradalign.averaging.wedge_average import save_averages
from gradalign.classes.opening import observed_entries
from gradalign.classes.rounds import empty_sums, renumbered, sort_round
from gradalign.classes.standing import read_standings, write_standings
from gradalign.classes.state import is_settled, load_state
from gradalign.particles.entries import read_entries
from gradalign.run.jobs import NOTHING_TO_DO, job, progress
from gradalign.search.settings import alignment_settings

with job(snakemake.log[0]) as say:
    params, output = snakemake.params, snakemake.output
    if is_settled(snakemake.input.state):
        say(NOTHING_TO_DO)
        shutil.copyfile(snakemake.input.standings, output.standings)
        save_averages(output.sums, {})
    else:
        entries, state = read_entries(snakemake.input.entries), load_state(snakemake.input.state)
        standings = renumbered(read_standings(snakemake.input.standings), state.names)
        observed = observed_entries(entries, state.box, params.section, state.voxel_size)
        sums = empty_sums(state.labels, state.box)
        what = f"particles ({entries[0].particle} to {entries[-1].particle}) of round {len(state.history) + 1}"
        # should the job die, its log names what it was about
        say(f"  {what}: {entries[0].image} to {entries[-1].image}, {state.classes} classes")
        settings = alignment_settings(params.alignment)
        done = sort_round(standings, observed, state, settings, sums)
        found = sorted(progress(done, len(entries), what, say))
        write_standings(output.standings, found)
        save_averages(output.sums, sums)
        for standing in found:
            if standing.failure:
                say(f"particle {standing.particle} is left out: {standing.failure}")
        say(f"{len(entries)} {what}")
