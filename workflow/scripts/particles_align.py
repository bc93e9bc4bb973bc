"""Align some of a user's particles and add them up; nothing to do once they stay where they are."""

import shutil
from pathlib import Path

from gradalign.io.states import has_converged
from gradalign.run.jobs import job, progress


def align(say):
    """Align the particles of the job."""
    # a job that only copies does not wait for compiled kernels
    from gradalign.averaging.wedge_average import save_averages
    from gradalign.particles.entries import read_entries, write_entries
    from gradalign.particles.rounds import align_chunk, empty_sums
    from gradalign.particles.state import load_state

    params, output = snakemake.params, snakemake.output
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


with job(snakemake.log[0]) as say:
    if has_converged(snakemake.input.state):
        shutil.copyfile(snakemake.input.entries, snakemake.output.entries)
        # nobody adds it up
        Path(snakemake.output.sums).touch()
    else:
        align(say)
