"""Align some pairs of one cell and write a line for each."""

import json
from pathlib import Path

from gradalign.cells import Cell
from gradalign.jobs import job, progress
from gradalign.records import write_records
from gradalign.study import COLUMNS, align_pairs, alignment_settings, read_pairs

wildcards = snakemake.wildcards
with job(snakemake.log[0]) as say:
    cell = Cell(
        wildcards.dataset,
        float(wildcards.tilt),
        float(wildcards.snr),
        wildcards.score,
        float(wildcards.interval),
    )
    first, last = map(int, wildcards.chunk.split("-"))
    volumes, particles = read_pairs(snakemake.input.volumes, snakemake.input.poses)
    about = json.loads(Path(snakemake.input.about).read_text(encoding="utf-8"))
    lines = align_pairs(
        volumes,
        particles,
        range(first, last + 1),
        cell,
        snakemake.params.searches,
        about["point_group"],
        alignment_settings(snakemake.params.alignment),
        snakemake.params.seed,
    )
    count = (last + 1 - first) * len(snakemake.params.searches)
    what = f"alignments of {cell.data_set}, ±{cell.tilt:g}°, SNR {cell.snr:g}, {cell.score}, {cell.interval:g}°"
    write_records(snakemake.output[0], COLUMNS, progress(lines, count, what, say))
    say(f"{count} {what}")
