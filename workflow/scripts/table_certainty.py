"""Write how well the alignments judge themselves, cell by cell."""

from gradalign.report.csv_tables import write_csv
from gradalign.report.statistics import read_alignments
from gradalign.report.tables.certainty import summarise_certainty, write_certainty_markdown
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    paths = zip(snakemake.params.objects, snakemake.input.alignments, strict=True)
    rows = summarise_certainty({name: read_alignments(path) for name, path in paths})
    write_csv(rows, snakemake.output.csv)
    write_certainty_markdown(rows, snakemake.output.markdown)
