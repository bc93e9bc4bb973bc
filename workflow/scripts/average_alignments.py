"""Write the alignments to all templates as one file."""

from gradalign.jobs import job
from gradalign.populations import COLUMNS
from gradalign.records import join_records

with job(snakemake.log[0]):
    join_records(snakemake.input.parts, snakemake.output[0], COLUMNS, snakemake.params.total)
