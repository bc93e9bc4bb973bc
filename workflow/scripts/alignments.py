"""Write the alignments of one data set as one file."""

from gradalign.jobs import job
from gradalign.records import join_records
from gradalign.study import COLUMNS

with job(snakemake.log[0]):
    join_records(snakemake.input.parts, snakemake.output[0], COLUMNS, snakemake.params.total)
