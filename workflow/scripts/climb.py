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
    taking_part = []
    for name in params.aligners:
        each = contestants()[name]
        if each.missing():
            say(f"{name} does not take part: {each.missing()}")
        elif wildcards.task in each.tasks:
            taking_part.append(each)
    rungs = [
        Rung(wildcards.object, condition.name, wildcards.task, float(wildcards.tilt), float(snr)) for snr in params.snr
    ]
    site = open_site(rungs[0], condition, {(wildcards.object, condition.fine): snakemake.input.density}, params.config)
    limits = []

    def lines():
        """Yield the lines of all rungs, and keep their bounds."""
        for rung in rungs:
            observed = site.observe(rung.task, rung.snr, params.pairs)
            limits.append(bounds(site, rung, observed, params.config["seed"], symmetry))
            for each in taking_part:
                yield from climb(observed, each, rung, params.config["seed"], symmetry)

    count = len(rungs) * len(taking_part) * params.pairs
    what = f"alignments of {wildcards.object}, {wildcards.under}, {wildcards.task}, ±{wildcards.tilt}°"
    write_records(snakemake.output.lines, LADDER_LINES, progress(lines(), count, what, say))
    write_records(snakemake.output.bounds, LADDER_BOUNDS, limits)
    say(f"{count} {what}")
