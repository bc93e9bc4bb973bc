"""Check a user's particles and reference, and share the particles out to jobs."""

from gradalign.particles.entries import write_entries
from gradalign.particles.opening import open_particles
from gradalign.particles.state import save_state
from gradalign.run.jobs import job
from gradalign.study.kernels import compile_score

with job(snakemake.log[0]) as say:
    params = snakemake.params
    entries, state = open_particles(params.section, params.alignment, params.seed, say)
    for chunk, path in zip(params.chunks, snakemake.output.entries, strict=True):
        first, last = map(int, chunk.split("-"))
        write_entries(path, entries[first : last + 1])
    # once here, so that the jobs that follow do not each make their own
    compile_score(params.section["score"], params.alignment)
    save_state(snakemake.output.state, state)
