"""Draw Figure 3: how the search converges."""

from gradalign.report.csv_tables import read_csv
from gradalign.report.figures.figure3 import figure3, figure3_caption
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    rows = read_csv(snakemake.input.convergence)
    figure3(rows, list(snakemake.output), figure3_caption(rows, **snakemake.params.cell))
