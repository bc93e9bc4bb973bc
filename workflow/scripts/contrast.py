"""Measure what the two scores make of a difference in contrast, and how steadily they refine."""

from gradalign.cells import Cell
from gradalign.contrast import COLUMNS, FACTORS, SECONDS, measure, seconds_lines
from gradalign.jobs import job, progress
from gradalign.provenance import read_provenance
from gradalign.records import write_records
from gradalign.study import alignment_settings, read_pairs

params, output = snakemake.params, snakemake.output
with job(snakemake.log[0]) as say:
    volumes, particles = read_pairs(snakemake.input.volumes, snakemake.input.poses)
    about = read_provenance(snakemake.input.about)
    where = [params.cell[name] for name in ("tilt", "snr", "interval")]
    cells = [Cell("phantom", *where[:2], score, where[2]) for score in params.scores]
    seconds = {}
    lines = measure(
        volumes,
        particles,
        range(params.pairs),
        cells,
        about["point_group"],
        alignment_settings(params.alignment),
        params.seed,
        seconds,
    )
    count = params.pairs * len(cells) * len(FACTORS)
    write_records(output.pairs, COLUMNS, progress(lines, count, "alignments at another contrast", say))
    write_records(output.seconds, SECONDS, seconds_lines(seconds))
    say(f"{count} alignments at another contrast")
