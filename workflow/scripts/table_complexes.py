"""Write the errors of the complexes, and their bounds."""

from gradalign.io.provenance import read_provenance
from gradalign.report.csv_tables import write_csv
from gradalign.report.statistics import read_alignments, summarise_complexes
from gradalign.report.tables.aligners import with_others
from gradalign.report.tables.bounds import NOTE, complexes_bounds_markdown, complexes_with_bounds, read_bounds
from gradalign.report.tables.complexes import complexes_caption, write_complexes_markdown
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    names = snakemake.params.complexes
    alignments = [
        with_others(read_alignments(path), snakemake.input.aligners, name)
        for name, path in zip(names, snakemake.input.alignments, strict=True)
    ]
    about = map(read_provenance, snakemake.input.about)
    rows = summarise_complexes(dict(zip(names, alignments, strict=True)), dict(zip(names, about, strict=True)))
    bounds = map(read_bounds, snakemake.input.bounds)
    rows = complexes_with_bounds(rows, dict(zip(names, bounds, strict=True)))
    write_csv(rows, snakemake.output.csv)
    caption = f"{complexes_caption(rows)} {NOTE}"
    write_complexes_markdown(rows, snakemake.output.markdown, caption, complexes_bounds_markdown(rows))
