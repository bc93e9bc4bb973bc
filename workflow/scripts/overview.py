"""Draw the study at a glance."""

from gradalign.report.csv_tables import read_csv
from gradalign.report.figures.overview import overview, overview_caption
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    rows = read_csv(snakemake.input.table)
    overview(rows, list(snakemake.output), overview_caption(rows))
