"""Write the results of all other aligners as one file, and the seconds of those that were called."""

from gradalign.aligner_results import COLUMNS, summarise_seconds
from gradalign.csv_files import write_csv
from gradalign.jobs import job
from gradalign.records import join_records

with job(snakemake.log[0]):
    join_records(snakemake.input.parts, snakemake.output.lines, COLUMNS, snakemake.params.total)
    write_csv(summarise_seconds(snakemake.input.seconds), snakemake.output.seconds)
