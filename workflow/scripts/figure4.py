"""Draw Figure 4: the steps that the stochastic search saves."""

from gradalign.report.csv_tables import read_csv
from gradalign.report.figures.figure4 import figure4, figure4_caption
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    rows = read_csv(snakemake.input.cells)
    figure4(rows, list(snakemake.output), figure4_caption(rows))
