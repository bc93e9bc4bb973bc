"""Draw the ladder."""

from gradalign.report.csv_tables import read_csv
from gradalign.report.figures.ladder import ladder_figure
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    ladder_figure(read_csv(snakemake.input.table), list(snakemake.output))
