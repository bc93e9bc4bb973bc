"""Write a table as a page for the report."""

from gradalign.report.csv_tables import read_csv
from gradalign.report.html import frame_part, write_page
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    rows = read_csv(snakemake.input.table)
    write_page(snakemake.output[0], snakemake.params.title, snakemake.params.caption, [frame_part("", rows)])
