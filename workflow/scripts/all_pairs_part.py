"""Align some of all pairs of the subtomograms that are classified."""

from itertools import chain

from gradalign.io.csv_lines import write_records
from gradalign.io.stacks import read_pairs
from gradalign.run.jobs import job, progress
from gradalign.search.settings import alignment_settings
from gradalign.study.classification import align_pairs_of_all
from gradalign.study.columns.classification import PAIRS_OF_ALL
from gradalign.study.partition import all_pairs

params = snakemake.params
with job(snakemake.log[0]) as say:
    volumes, particles = read_pairs(snakemake.input.volumes, snakemake.input.poses)
    first, last = map(int, snakemake.wildcards.chunk.split("-"))
    pairs = all_pairs(len(volumes))[first : last + 1]
    settings = alignment_settings(params.alignment)
    lines = align_pairs_of_all(volumes, pairs, params.section, settings, particles.voxel_size, params.seed)
    what = "pairs of the classified subtomograms"
    write_records(snakemake.output[0], PAIRS_OF_ALL, chain.from_iterable(progress(lines, len(pairs), what, say)))
    say(f"{len(pairs)} {what}")
