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

wildcards, params, output = snakemake.wildcards, snakemake.params, snakemake.output
with job(snakemake.log[0]) as say:
    tilt = float(wildcards.tilt)
    scores = [score for score in params.scores if load_score(score).refines_seeds]
    first, last = map(int, wildcards.chunk.split("-"))
    pairs = range(first, last + 1)
    count = len(pairs) * len(params.intervals) * len(scores)
    of = f"comparisons of searches, ±{tilt:g}°, SNR"
    settings = alignment_settings(params.alignment)
    density, scales = snakemake.input.density, [snakemake.input.scale]
    specimen = Specimen.read("phantom", density, params.seed, params.microscope, params.subtomograms, scales)
    for level, *paths in zip(params.levels, output.pairs, output.seconds, strict=True):
        snr = float(level)
        cells = [Cell("phantom", tilt, snr, score, interval) for interval in params.intervals for score in scores]
        volumes, particles = simulated_pairs(specimen.data_set(tilt, snr), params.pairs)
        seconds = {}
        lines = compare_pairs(volumes, particles, pairs, cells, settings, params.seed, seconds)
        write_records(paths[0], SPEEDUP, progress(lines, count, f"{of} {level}", say))
        write_records(paths[1], SPEEDUP_SECONDS, seconds_lines(seconds, len(pairs)))
    say(f"{len(params.levels) * count} {of} {', '.join(params.levels)}")
