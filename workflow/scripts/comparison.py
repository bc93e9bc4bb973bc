"""Write every cell of the paper beside the one computed here."""

from gradalign.bound_table import read_bounds, with_bounds
from gradalign.comparison import compare_cells, comparison_caption, comparison_parts, write_comparison_markdown
from gradalign.csv_files import write_csv
from gradalign.jobs import job
from gradalign.pages import write_page
from gradalign.statistics import read_alignments, read_paper

output = snakemake.output
with job(snakemake.log[0]):
    alignments, paper = read_alignments(snakemake.input.alignments), read_paper(snakemake.input.paper)
    rows = compare_cells(alignments, paper, snakemake.params.seed)
    rows = with_bounds(rows, read_bounds(snakemake.input.bounds))
    write_csv(rows, output.csv)
    write_comparison_markdown(rows, output.markdown)
    write_page(output.page, "Paper against here", comparison_caption(rows), comparison_parts(rows))
