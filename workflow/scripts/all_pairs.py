"""Write the alignments of all pairs of the classified subtomograms as one file."""

from gradalign.io.csv_lines import join_records
from gradalign.run.jobs import job
from gradalign.study.columns.classification import PAIRS_OF_ALL

with job(snakemake.log[0]):
    join_records(snakemake.input.parts, snakemake.output[0], PAIRS_OF_ALL, snakemake.params.total)
