"""Write what the searches missed, cell by cell."""

from gradalign.report.csv_tables import write_csv
from gradalign.report.statistics import read_alignments
from gradalign.report.tables.regret import summarise_regret, write_regret_markdown
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    paths = zip(snakemake.params.objects, snakemake.input.alignments, strict=True)
    rows = summarise_regret({name: read_alignments(path) for name, path in paths})
    write_csv(rows, snakemake.output.csv)
    write_regret_markdown(rows, snakemake.output.markdown)
