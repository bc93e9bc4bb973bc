"""Draw Figure 5, the averages."""

import pandas as pd

from gradalign.report.csv_tables import read_csv
from gradalign.report.figures.figure5 import figure5, figure5_caption
from gradalign.report.figures.maps import read_gallery
from gradalign.run.jobs import job

given = snakemake.input
with job(snakemake.log[0]):
    rows = read_csv(given.table)
    shells = pd.concat(map(read_csv, given.shells), ignore_index=True)
    figure5(read_gallery(given.pictures), shells, rows, list(snakemake.output), figure5_caption(rows))
