"""Draw the ratios here/paper of all cells."""

from gradalign.report.comparison import comparison_caption
from gradalign.report.csv_tables import read_csv
from gradalign.report.figures.comparison import comparison_figure
from gradalign.report.tables.bounds import NOTE
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    rows = read_csv(snakemake.input.table)
    comparison_figure(rows, list(snakemake.output), f"{comparison_caption(rows)} {NOTE}")
