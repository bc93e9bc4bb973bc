"""Draw a table as a figure."""

from gradalign.report.csv_tables import read_csv
from gradalign.report.figures.tables import complexes_figure, table_figure
from gradalign.report.tables.bounds import NOTE
from gradalign.report.tables.complexes import complexes_caption
from gradalign.report.tables.phantom import table_caption
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    rows = read_csv(snakemake.input.table)
    if snakemake.wildcards.table == "complexes":
        complexes_figure(rows, list(snakemake.output), f"{complexes_caption(rows)} {NOTE}")
    else:
        table_figure(rows, list(snakemake.output), f"{table_caption(rows)} {NOTE}")
