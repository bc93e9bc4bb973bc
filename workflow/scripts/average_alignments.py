"""Write the alignments to all templates as one file."""

from gradalign.io.csv_lines import join_records
from gradalign.run.jobs import job
from gradalign.study.columns.averages import AVERAGES

with job(snakemake.log[0]):
    join_records(snakemake.input.parts, snakemake.output[0], AVERAGES, snakemake.params.total)
