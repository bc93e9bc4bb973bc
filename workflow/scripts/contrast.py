"""Measure what the two scores make of a difference in contrast, and how steadily they refine."""

from gradalign.io.csv_lines import write_records
from gradalign.io.provenance import read_provenance
from gradalign.io.stacks import read_pairs
from gradalign.run.jobs import job, progress
from gradalign.search.settings import alignment_settings
from gradalign.study.columns.contrast import CONTRAST, CONTRAST_SECONDS, FACTORS
from gradalign.study.conditions import Cell
from gradalign.study.contrast import measure, seconds_lines
from gradalign.study.pairs import Subtomograms

params, output = snakemake.params, snakemake.output
with job(snakemake.log[0]) as say:
    about = read_provenance(snakemake.input.about)
    pairs = read_pairs(snakemake.input.volumes, snakemake.input.poses)
    subtomograms = Subtomograms(*pairs, about["point_group"])
    where = [params.cell[name] for name in ("tilt", "snr", "interval")]
    cells = [Cell("phantom", *where[:2], score, where[2]) for score in params.scores]
    seconds = {}
    lines = measure(
        subtomograms,
        range(params.pairs),
        cells,
        alignment_settings(params.alignment),
        params.seed,
        seconds,
    )
    count = params.pairs * len(cells) * len(FACTORS)
    write_records(output.pairs, CONTRAST, progress(lines, count, "alignments at another contrast", say))
    write_records(output.seconds, CONTRAST_SECONDS, seconds_lines(seconds))
    say(f"{count} alignments at another contrast")
