"""Align some pairs in all cells of one tilt range and some noise levels, and write a line for each."""

from gradalign.io.csv_lines import write_records
from gradalign.io.provenance import read_provenance
from gradalign.io.stacks import read_pairs
from gradalign.run.jobs import job, progress
from gradalign.search.settings import alignment_settings
from gradalign.study.columns.alignments import ALIGNMENTS
from gradalign.study.conditions import Cell
from gradalign.study.pairs import Subtomograms, align_pairs

wildcards, params, given = snakemake.wildcards, snakemake.params, snakemake.input
with job(snakemake.log[0]) as say:
    name, tilt = wildcards.dataset, float(wildcards.tilt)
    point_group = read_provenance(given.about)["point_group"]
    first, last = map(int, wildcards.chunk.split("-"))
    count = (last + 1 - first) * len(params.scores) * len(params.intervals) * len(params.searches)
    of = f"alignments of {name}, ±{tilt:g}°, SNR"
    settings = alignment_settings(params.alignment)
    for level, volumes, poses, output in zip(params.levels, given.volumes, given.poses, snakemake.output, strict=True):
        cells = [
            Cell(name, tilt, float(level), score, interval) for score in params.scores for interval in params.intervals
        ]
        subtomograms = Subtomograms(*read_pairs(volumes, poses), point_group)
        lines = align_pairs(subtomograms, range(first, last + 1), cells, params.searches, settings, params.seed)
        write_records(output, ALIGNMENTS, progress(lines, count, f"{of} {level}", say))
    say(f"{len(params.levels) * count} {of} {', '.join(params.levels)}")
