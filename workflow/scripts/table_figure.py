"""Draw a table as a figure."""

from gradalign.bound_table import NOTE
from gradalign.complexes_table import complexes_caption
from gradalign.csv_files import read_csv
from gradalign.jobs import job
from gradalign.plotting.table_figures import complexes_figure, table_figure
from gradalign.tables import table_caption

with job(snakemake.log[0]):
    rows = read_csv(snakemake.input.table)
    if snakemake.wildcards.table == "complexes":
        complexes_figure(rows, list(snakemake.output), f"{complexes_caption(rows)} {NOTE}")
    else:
        table_figure(rows, list(snakemake.output), f"{table_caption(rows)} {NOTE}")
