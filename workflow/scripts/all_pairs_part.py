"""Align some of all pairs of the subtomograms that are classified."""

from itertools import chain

from gradalign.classification import COLUMNS, align_pairs_of_all, all_pairs
from gradalign.jobs import job, progress
from gradalign.records import write_records
from gradalign.study import alignment_settings, read_pairs

params = snakemake.params
with job(snakemake.log[0]) as say:
    volumes, particles = read_pairs(snakemake.input.volumes, snakemake.input.poses)
    first, last = map(int, snakemake.wildcards.chunk.split("-"))
    pairs = all_pairs(len(volumes))[first : last + 1]
    settings = alignment_settings(params.alignment)
    lines = align_pairs_of_all(volumes, pairs, params.section, settings, particles.voxel_size, params.seed)
    what = "pairs of the classified subtomograms"
    write_records(snakemake.output[0], COLUMNS, chain.from_iterable(progress(lines, len(pairs), what, say)))
    say(f"{len(pairs)} {what}")
