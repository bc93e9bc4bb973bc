"""Follow the searches of one cell, pair by pair, and write median and quartiles after each step."""

from gradalign.io.provenance import read_provenance
from gradalign.io.stacks import read_pairs
from gradalign.report.convergence import summarise_convergence
from gradalign.report.csv_tables import write_csv
from gradalign.run.jobs import job, progress
from gradalign.search.settings import alignment_settings
from gradalign.study.conditions import Cell
from gradalign.study.convergence import follow
from gradalign.study.pairs import prepared_pairs, search_pair

params = snakemake.params
with job(snakemake.log[0]) as say:
    volumes, particles = read_pairs(snakemake.input.volumes, snakemake.input.poses)
    about = read_provenance(snakemake.input.about)
    settings = alignment_settings(params.alignment)
    tilt, snr, interval = (params.cell[name] for name in ("tilt", "snr", "interval"))
    cells = [Cell("phantom", tilt, snr, score, interval) for score in params.scores]
    curves = {score: [] for score in params.scores}
    pairs = prepared_pairs(volumes, particles, range(params.pairs), cells, settings)
    for pair in progress(pairs, params.pairs, "pairs followed", say):
        for cell in cells:
            found = search_pair(pair, cell, "full", settings, particles.voxel_size, params.seed)
            curves[cell.score].append(follow(pair, found, cell.score, about["point_group"]))
    write_csv(summarise_convergence(curves), snakemake.output[0])
    say(f"{params.pairs} pairs followed")
