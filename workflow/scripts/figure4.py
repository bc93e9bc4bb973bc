"""Draw Figure 4: the steps that the stochastic search saves."""

from gradalign.csv_files import read_csv
from gradalign.jobs import job
from gradalign.plotting.figure4 import figure4, figure4_caption

with job(snakemake.log[0]):
    rows = read_csv(snakemake.input.cells)
    figure4(rows, list(snakemake.output), figure4_caption(rows))
