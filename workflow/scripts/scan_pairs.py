"""Scan some pairs exhaustively, and refine the same pairs."""

from gradalign.io.csv_lines import write_records
from gradalign.io.provenance import read_provenance
from gradalign.io.stacks import read_pairs
from gradalign.run.jobs import job, progress
from gradalign.search.settings import alignment_settings
from gradalign.study.columns.scans import SCAN_SECONDS, SCANS
from gradalign.study.conditions import Cell
from gradalign.study.pairs import Subtomograms
from gradalign.study.scans import scan_pairs, seconds_lines

wildcards, params = snakemake.wildcards, snakemake.params
with job(snakemake.log[0]) as say:
    tilt, snr, interval = float(wildcards.tilt), float(wildcards.snr), float(wildcards.interval)
    cells = [Cell("phantom", tilt, snr, score, params.seed_interval) for score in params.scores]
    about = read_provenance(snakemake.input.about)
    pairs = read_pairs(snakemake.input.volumes, snakemake.input.poses)
    subtomograms = Subtomograms(*pairs, about["point_group"])
    seconds = {}
    lines = scan_pairs(
        subtomograms,
        range(params.pairs),
        cells,
        interval,
        alignment_settings(params.alignment),
        params.seed,
        seconds,
    )
    count = params.pairs * len(cells)
    what = f"scans at {interval:g}°, ±{tilt:g}°, SNR {snr:g}"
    write_records(snakemake.output.pairs, SCANS, progress(lines, count, what, say))
    write_records(snakemake.output.seconds, SCAN_SECONDS, seconds_lines(seconds, interval, params.pairs))
    say(f"{count} {what}")
