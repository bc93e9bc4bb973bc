"""Draw the ratios here/paper of all cells."""

from gradalign.bound_table import NOTE
from gradalign.comparison import comparison_caption
from gradalign.csv_files import read_csv
from gradalign.jobs import job
from gradalign.plotting.comparison_figure import comparison_figure

with job(snakemake.log[0]):
    rows = read_csv(snakemake.input.table)
    comparison_figure(rows, list(snakemake.output), f"{comparison_caption(rows)} {NOTE}")
