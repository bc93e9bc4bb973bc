"""Draw Figure 6, matrices and classes."""

from gradalign.csv_files import read_csv
from gradalign.jobs import job
from gradalign.plotting.figure6 import figure6, figure6_caption
from gradalign.plotting.maps import read_gallery
from gradalign.provenance import read_provenance

given = snakemake.input
with job(snakemake.log[0]):
    about = list(map(read_provenance, given.about))
    objects = dict(zip(snakemake.params.objects, about, strict=True))
    rows = read_csv(given.table)
    caption = figure6_caption(rows, objects)
    figure6(read_csv(given.alignments), rows, read_gallery(given.pictures), objects, list(snakemake.output), caption)
