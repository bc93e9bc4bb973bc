"""Draw the exhaustive scans beside the refinement of the same pairs."""

from gradalign.csv_files import read_csv
from gradalign.jobs import job
from gradalign.plotting.scanning_figure import scanning_figure, scanning_figure_caption
from gradalign.scanning_table import scanning_caption

with job(snakemake.log[0]):
    rows = read_csv(snakemake.input.table)
    scanning_figure(rows, list(snakemake.output), scanning_figure_caption(rows, scanning_caption(rows)))
