"""Write a table as a page for the report."""

from gradalign.csv_files import read_csv
from gradalign.jobs import job
from gradalign.pages import frame_part, write_page

with job(snakemake.log[0]):
    rows = read_csv(snakemake.input.table)
    write_page(snakemake.output[0], snakemake.params.title, snakemake.params.caption, [frame_part("", rows)])
