"""Align some of a user's particles and add them up; nothing to do once they stay where they are."""

import shutil

from gradalign.averaging.wedge_average import save_averages
from gradalign.particles.entries import read_entries, write_entries
from gradalign.particles.rounds import align_chunk, empty_sums
from gradalign.particles.state import has_converged, load_state
from gradalign.run.jobs import job, progress

with job(snakemake.log[0]) as say:
    params, output = snakemake.params, snakemake.output
    if has_converged(snakemake.input.state):
        shutil.copyfile(snakemake.input.entries, output.entries)
        save_averages(output.sums, {})
    else:
        entries, state = read_entries(snakemake.input.entries), load_state(snakemake.input.state)
        sums = empty_sums(state.references.shape[-1], params.section["symmetry"])
        what = f"particles ({entries[0].particle} to {entries[-1].particle}) of round {len(state.history) + 1}"
        # should the job die, its log names what it was about
        say(f"{what}: {entries[0].image} to {entries[-1].image}")
        done = align_chunk(entries, state, params.section, params.alignment, params.seed, sums)
        aligned = sorted(progress(done, len(entries), what, say))
        write_entries(output.entries, aligned)
        save_averages(output.sums, sums)
        for entry in aligned:
            if entry.failure:
                say(f"particle {entry.particle} is left out: {entry.failure}")
        say(f"{len(entries)} {what}")
