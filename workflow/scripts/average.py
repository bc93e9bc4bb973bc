"""Write the averages of one object and their shell correlations."""

import numpy as np

from gradalign.io.csv_lines import write_records
from gradalign.io.mrc import read_volume, write_volume
from gradalign.run.jobs import job
from gradalign.study.average_shells import finish_averages
from gradalign.study.columns.averages import KINDS

with job(snakemake.log[0]):
    section, name = snakemake.params.section, snakemake.wildcards.averaged
    template, voxel_size = read_volume(snakemake.input.template)
    shells = []
    for kind in KINDS:
        sums = [path for path in snakemake.input.sums if f"/{kind}~" in path]
        scores = snakemake.params.scores[kind]
        volumes, rows = finish_averages(
            sums, template, scores, section["particles"], voxel_size, object=name, kind=kind
        )
        shells += rows
        for path, volume in zip(snakemake.output.get(kind), volumes, strict=True):
            write_volume(path, volume, voxel_size)
    rows = [
        row | {name: float(np.round(row[name], 6)) for name in ("frequency_per_nm", "correlation")} for row in shells
    ]
    write_records(snakemake.output.shells, list(rows[0]), rows)
