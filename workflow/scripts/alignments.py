"""Write the alignments of one data set as one file."""

from gradalign.io.csv_lines import join_records
from gradalign.run.jobs import job
from gradalign.study.columns.alignments import ALIGNMENTS

with job(snakemake.log[0]):
    join_records(snakemake.input.parts, snakemake.output[0], ALIGNMENTS, snakemake.params.total)
