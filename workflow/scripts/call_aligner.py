"""Call somebody else's aligner for pairs of one data set."""

from gradalign.aligner_results import COLUMNS, SECONDS, called_answers, result_lines, seconds_line
from gradalign.aligners import Condition
from gradalign.calling import Caller
from gradalign.jobs import job, progress
from gradalign.particles import read_particles
from gradalign.populations import open_data_set
from gradalign.provenance import read_provenance
from gradalign.records import write_records

wildcards, params = snakemake.wildcards, snakemake.params
with job(snakemake.log.job) as say:
    condition = Condition(wildcards.dataset, float(wildcards.tilt), float(wildcards.snr))
    data_set = open_data_set(
        condition.object,
        snakemake.input.density,
        condition.tilt,
        condition.snr,
        params.seed,
        params.microscope,
        params.subtomograms,
    )
    about = read_provenance(snakemake.input.about)
    particles = read_particles(snakemake.input.poses)
    what = f"alignments of {condition.words}, by {wildcards.aligner}"
    pairs, answers = range(params.pairs), []
    aligner = params.aligner
    with Caller(
        aligner["call"], aligner["options"], params.folders, aligner["time_limit"], snakemake.log.aligner
    ) as caller:
        called = called_answers(caller, data_set, condition, pairs, wildcards.aligner, params.seed)
        for pair, answer in enumerate(progress(called, params.pairs, what, say)):
            answers.append(answer)
            if answer.missing:
                say(f"pair {pair} is missing: {answer.missing}")
    lines = result_lines(wildcards.aligner, condition, pairs, answers, particles, about["point_group"])
    write_records(snakemake.output.lines, COLUMNS, lines)
    seconds = (seconds_line(wildcards.aligner, condition, *each) for each in enumerate(answers))
    write_records(snakemake.output.seconds, SECONDS, seconds)
    say(f"{sum(not answer.missing for answer in answers)} of {params.pairs} {what}")
