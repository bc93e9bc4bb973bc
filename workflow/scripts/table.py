"""Write one of the paper's tables, the printed values and the bounds beside those of this study."""

from gradalign.report.csv_tables import write_csv
from gradalign.report.statistics import read_alignments, read_paper, summarise
from gradalign.report.tables.aligners import with_others
from gradalign.report.tables.bounds import NOTE, bounds_markdown, read_bounds, with_bounds
from gradalign.report.tables.phantom import table_caption, write_markdown
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    alignments = with_others(read_alignments(snakemake.input.alignments), snakemake.input.aligners, "phantom")
    rows = summarise(alignments, read_paper(snakemake.input.paper))
    rows = with_bounds(rows[rows.table == int(snakemake.wildcards.number)], read_bounds(snakemake.input.bounds))
    write_csv(rows, snakemake.output.csv)
    write_markdown(rows, snakemake.output.markdown, f"{table_caption(rows)} {NOTE}", bounds_markdown(rows))
