"""Scan some pairs exhaustively, and refine the same pairs."""

from gradalign.cells import Cell
from gradalign.jobs import job, progress
from gradalign.provenance import read_provenance
from gradalign.records import write_records
from gradalign.scanning import COLUMNS, SECONDS, scan_pairs, seconds_lines
from gradalign.study import alignment_settings, read_pairs

wildcards, params = snakemake.wildcards, snakemake.params
with job(snakemake.log[0]) as say:
    tilt, snr, interval = float(wildcards.tilt), float(wildcards.snr), float(wildcards.interval)
    cells = [Cell("phantom", tilt, snr, score, params.seed_interval) for score in params.scores]
    volumes, particles = read_pairs(snakemake.input.volumes, snakemake.input.poses)
    about = read_provenance(snakemake.input.about)
    seconds = {}
    lines = scan_pairs(
        volumes,
        particles,
        range(params.pairs),
        cells,
        interval,
        about["point_group"],
        alignment_settings(params.alignment),
        params.seed,
        seconds,
    )
    count = params.pairs * len(cells)
    what = f"scans at {interval:g}°, ±{tilt:g}°, SNR {snr:g}"
    write_records(snakemake.output.pairs, COLUMNS, progress(lines, count, what, say))
    write_records(snakemake.output.seconds, SECONDS, seconds_lines(seconds, interval, params.pairs))
    say(f"{count} {what}")
