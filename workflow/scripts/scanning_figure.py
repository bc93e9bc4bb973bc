"""Draw the exhaustive scans beside the refinement of the same pairs."""

from gradalign.report.csv_tables import read_csv
from gradalign.report.figures.scans import scanning_figure, scanning_figure_caption
from gradalign.report.tables.scans import scanning_caption
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    rows = read_csv(snakemake.input.table)
    scanning_figure(rows, list(snakemake.output), scanning_figure_caption(rows, scanning_caption(rows)))
