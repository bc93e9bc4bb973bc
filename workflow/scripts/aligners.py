"""Write the results of all other aligners as one file, and the seconds of those that were called."""

from gradalign.io.csv_lines import join_records
from gradalign.report.aligner_times import summarise_seconds
from gradalign.report.csv_tables import write_csv
from gradalign.run.jobs import job
from gradalign.study.columns.aligners import ALIGNERS

with job(snakemake.log[0]):
    join_records(snakemake.input.parts, snakemake.output.lines, ALIGNERS, snakemake.params.total)
    write_csv(summarise_seconds(snakemake.input.seconds), snakemake.output.seconds)
