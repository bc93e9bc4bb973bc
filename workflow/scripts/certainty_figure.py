"""Draw how often errors are within the intervals that the alignments give."""

from gradalign.report.figures.certainty import certainty_figure
from gradalign.report.statistics import read_alignments
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    certainty_figure(read_alignments(snakemake.input.alignments), list(snakemake.output))
