"""Draw Figure 6, matrices and classes."""

from gradalign.io.provenance import read_provenance
from gradalign.report.csv_tables import read_csv
from gradalign.report.figures.figure6 import figure6, figure6_caption
from gradalign.report.figures.maps import read_gallery
from gradalign.run.jobs import job

given = snakemake.input
with job(snakemake.log[0]):
    about = list(map(read_provenance, given.about))
    objects = dict(zip(snakemake.params.objects, about, strict=True))
    rows = read_csv(given.table)
    caption = figure6_caption(rows, objects)
    figure6(read_csv(given.alignments), rows, read_gallery(given.pictures), objects, list(snakemake.output), caption)
