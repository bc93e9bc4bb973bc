"""Write the alignments of all pairs of the classified subtomograms as one file."""

from gradalign.classification import COLUMNS
from gradalign.jobs import job
from gradalign.records import join_records

with job(snakemake.log[0]):
    join_records(snakemake.input.parts, snakemake.output[0], COLUMNS, snakemake.params.total)
