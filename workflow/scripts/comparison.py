"""Write every cell of the paper beside the one computed here."""

from gradalign.report.comparison import compare_cells, comparison_caption, comparison_parts, write_comparison_markdown
from gradalign.report.csv_tables import write_csv
from gradalign.report.html import write_page
from gradalign.report.statistics import read_alignments, read_paper
from gradalign.report.tables.bounds import read_bounds, with_bounds
from gradalign.run.jobs import job

output = snakemake.output
with job(snakemake.log[0]):
    alignments, paper = read_alignments(snakemake.input.alignments), read_paper(snakemake.input.paper)
    rows = compare_cells(alignments, paper, snakemake.params.seed)
    rows = with_bounds(rows, read_bounds(snakemake.input.bounds))
    write_csv(rows, output.csv)
    write_comparison_markdown(rows, output.markdown)
    write_page(output.page, "Paper against here", comparison_caption(rows), comparison_parts(rows))
