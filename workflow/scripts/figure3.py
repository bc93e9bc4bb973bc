"""Draw Figure 3: how the search converges."""

from gradalign.csv_files import read_csv
from gradalign.jobs import job
from gradalign.plotting.figure3 import figure3, figure3_caption

with job(snakemake.log[0]):
    rows = read_csv(snakemake.input.convergence)
    figure3(rows, list(snakemake.output), figure3_caption(rows, **snakemake.params.cell))
