"""Align some of the pairs of a sample of a user's particles."""

from gradalign.classes.jobs import align_chunk, save_pairs
from gradalign.classes.state import load_state
from gradalign.particles.entries import read_entries
from gradalign.run.jobs import job, progress
from gradalign.search.settings import alignment_settings

with job(snakemake.log[0]) as say:
    params, half = snakemake.params, int(snakemake.wildcards.half)
    chunk = tuple(map(int, snakemake.wildcards.some.split("-")))
    entries, state = read_entries(snakemake.input.sample), load_state(snakemake.input.state)
    settings = alignment_settings(params.alignment)
    count, pairs = align_chunk(entries, half, chunk, state, params.section, settings)
    what = f"pairs of half set {half}'s sample"
    save_pairs(snakemake.output[0], list(progress(pairs, count, what, say)))
    say(f"{count} {what}")
