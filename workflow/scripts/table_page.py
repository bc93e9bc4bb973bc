"""Write a table as a page for the report."""

from gradalign.jobs import job
from gradalign.pages import frame_part, write_page
from gradalign.tables import read_csv

with job(snakemake.log[0]):
    rows = read_csv(snakemake.input.table)
    write_page(snakemake.output[0], snakemake.params.title, snakemake.params.caption, [frame_part("", rows)])
