"""Align the volumes of all rungs of one object, condition, task and tilt range with all aligners that are there."""

from gradalign.io.csv_lines import write_records
from gradalign.io.provenance import read_provenance
from gradalign.ladder.climb import bounds, climb, open_site
from gradalign.ladder.contestants import contestants
from gradalign.ladder.rungs import Rung, conditions
from gradalign.run.jobs import job, progress
from gradalign.study.columns.ladder import LADDER_BOUNDS, LADDER_LINES

wildcards, params = snakemake.wildcards, snakemake.params
with job(snakemake.log[0]) as say:
    symmetry = read_provenance(snakemake.input.about)["point_group"]
    condition = conditions({wildcards.under: params.condition})[wildcards.under]
    known = {each.name: each for each in contestants(snakemake.input.relion).values() if wildcards.task in each.tasks}
    asked = dict.fromkeys(name for counts in params.counts.values() for name in counts)
    reasons = {name: known[name].missing() if name in known else f"not made for {wildcards.task}" for name in asked}
    for name, reason in reasons.items():
        if reason:
            say(f"{name} does not take part: {reason}")
    rungs = {
        Rung(wildcards.object, condition.name, wildcards.task, float(wildcards.tilt), float(snr)): counts
        for snr, counts in params.counts.items()
    }
    maps = {(wildcards.object, condition.fine): snakemake.input.density}
    site = open_site(next(iter(rungs)), condition, maps, params.config)
    limits = []

    def lines():
        """Yield the lines of all rungs, and keep their bounds."""
        for rung, counts in rungs.items():
            observed = site.observe(rung.task, rung.snr, max(counts.values()))
            limits.append(bounds(site, rung, observed, params.config["seed"], symmetry, counts))
            for name, count in counts.items():
                if not reasons[name]:
                    yield from climb(observed.first(count), known[name], rung, params.config["seed"], symmetry)

    whole = sum(count for counts in rungs.values() for name, count in counts.items() if not reasons[name])
    what = f"alignments of {wildcards.object}, {wildcards.under}, {wildcards.task}, ±{wildcards.tilt}°"
    write_records(snakemake.output.lines, LADDER_LINES, progress(lines(), whole, what, say))
    write_records(snakemake.output.bounds, LADDER_BOUNDS, limits)
    say(f"{whole} {what}")
