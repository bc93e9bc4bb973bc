"""Write run times and peak memory of all rules, and what searches and steps took."""

from pathlib import Path

from gradalign.report.csv_tables import read_csv, write_csv
from gradalign.report.html import frame_part, write_page
from gradalign.report.run_times import run_times, run_times_part
from gradalign.run.jobs import job

CAPTION = (
    "Times of this run on this machine, from Snakemake's benchmark files; jobs run side by side, so that the seconds "
    "of all jobs add up to more than the whole run took. Short jobs are not measured exactly."
)
SECONDS = {
    "searches": "Searches: processor seconds of a pair (seeding, all seeds refined, stochastic search)",
    "scans": "Scans: processor seconds of a pair, and of all pairs by extrapolation",
    "steps": "One refinement step: µs here, ms the paper's way",
    "aligners": "Other aligners: seconds of an alignment, median",
}

params, output = snakemake.params, snakemake.output
with job(snakemake.log[0]):
    table = run_times(Path(output.csv).parent, params.patterns)
    write_csv(table, output.csv)
    parts = [run_times_part(table)]
    given = ((title, snakemake.input.get(name)) for name, title in SECONDS.items())
    parts += [frame_part(title, read_csv(path)) for title, path in given if path]
    write_page(output.page, "Run times and memory", CAPTION, parts)
