"""Align some pairs in all cells of one tilt range and signal-to-noise ratio, and write a line for each."""

from gradalign.io.csv_lines import write_records
from gradalign.io.provenance import read_provenance
from gradalign.io.stacks import read_pairs
from gradalign.run.jobs import job, progress
from gradalign.search.settings import alignment_settings
from gradalign.study.columns.alignments import ALIGNMENTS
from gradalign.study.conditions import Cell
from gradalign.study.pairs import Subtomograms, align_pairs

wildcards, params = snakemake.wildcards, snakemake.params
with job(snakemake.log[0]) as say:
    tilt, snr = float(wildcards.tilt), float(wildcards.snr)
    cells = [
        Cell(wildcards.dataset, tilt, snr, score, interval) for score in params.scores for interval in params.intervals
    ]
    about = read_provenance(snakemake.input.about)
    pairs = read_pairs(snakemake.input.volumes, snakemake.input.poses)
    subtomograms = Subtomograms(*pairs, about["point_group"])
    first, last = map(int, wildcards.chunk.split("-"))
    lines = align_pairs(
        subtomograms,
        range(first, last + 1),
        cells,
        params.searches,
        alignment_settings(params.alignment),
        params.seed,
    )
    count = (last + 1 - first) * len(cells) * len(params.searches)
    what = f"alignments of {wildcards.dataset}, ±{tilt:g}°, SNR {snr:g}"
    write_records(snakemake.output[0], ALIGNMENTS, progress(lines, count, what, say))
    say(f"{count} {what}")
