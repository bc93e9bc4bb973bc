"""Check a user's particles, draw the sample whose pairs are aligned, and share the particles out to jobs."""

from gradalign.classes.opening import open_for_classes
from gradalign.classes.standing import write_standings
from gradalign.classes.state import save_state
from gradalign.particles.entries import write_entries
from gradalign.run.jobs import job
from gradalign.study.kernels import compile_kernels

with job(snakemake.log[0]) as say:
    params, output = snakemake.params, snakemake.output
    entries, standings, numbers, state = open_for_classes(params.section, params.seed, say)
    for chunk, path, other in zip(params.chunks, output.entries, output.standings, strict=True):
        first, last = map(int, chunk.split("-"))
        write_entries(path, entries[first : last + 1])
        write_standings(other, standings[first : last + 1])
    chosen = set(numbers[0]) | set(numbers[1])
    write_entries(output.sample, [entry for entry in entries if entry.particle in chosen])
    # once here, so that the jobs that follow do not each make their own
    compile_kernels(params.alignment)
    save_state(output.state, state)
