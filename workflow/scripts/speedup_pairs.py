"""Refine all seeds of some pairs independently, and search the same pairs stochastically."""

from gradalign.io.csv_lines import write_records
from gradalign.run.jobs import job, progress
from gradalign.search.score import load_score
from gradalign.search.settings import alignment_settings
from gradalign.simulation.dataset import Specimen
from gradalign.study.columns.speedup import SPEEDUP, SPEEDUP_SECONDS
from gradalign.study.conditions import Cell
from gradalign.study.data_sets import simulated_pairs
from gradalign.study.seed_by_seed import compare_pairs, seconds_lines

wildcards, params = snakemake.wildcards, snakemake.params
with job(snakemake.log[0]) as say:
    tilt, snr = float(wildcards.tilt), float(wildcards.snr)
    scores = [score for score in params.scores if load_score(score).refines_seeds]
    cells = [Cell("phantom", tilt, snr, score, interval) for interval in params.intervals for score in scores]
    first, last = map(int, wildcards.chunk.split("-"))
    pairs = range(first, last + 1)
    specimen = Specimen.read("phantom", snakemake.input.density, params.seed, params.microscope, params.subtomograms)
    volumes, particles = simulated_pairs(specimen.data_set(tilt, snr), params.pairs)
    seconds = {}
    settings = alignment_settings(params.alignment)
    lines = compare_pairs(volumes, particles, pairs, cells, settings, params.seed, seconds)
    count = len(pairs) * len(cells)
    what = f"comparisons of searches, ±{tilt:g}°, SNR {snr:g}"
    write_records(snakemake.output.pairs, SPEEDUP, progress(lines, count, what, say))
    write_records(snakemake.output.seconds, SPEEDUP_SECONDS, seconds_lines(seconds, len(pairs)))
    say(f"{count} {what}")
