"""Call somebody else's aligner for pairs of one data set."""

from gradalign.aligners.calling import Caller
from gradalign.aligners.declared import Condition
from gradalign.aligners.lines import called_answers, result_lines, seconds_line
from gradalign.io.csv_lines import write_records
from gradalign.io.provenance import read_provenance
from gradalign.io.star import read_particles
from gradalign.run.jobs import job, progress
from gradalign.simulation.dataset import Specimen
from gradalign.study.columns.aligners import ALIGNER_SECONDS, ALIGNERS

wildcards, params = snakemake.wildcards, snakemake.params
with job(snakemake.log.job) as say:
    condition = Condition(wildcards.dataset, float(wildcards.tilt), float(wildcards.snr))
    specimen = Specimen.read(
        condition.object, snakemake.input.density, params.seed, params.microscope, params.subtomograms
    )
    data_set = specimen.data_set(condition.tilt, condition.snr)
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
    write_records(snakemake.output.lines, ALIGNERS, lines)
    seconds = (seconds_line(wildcards.aligner, condition, *each) for each in enumerate(answers))
    write_records(snakemake.output.seconds, ALIGNER_SECONDS, seconds)
    say(f"{sum(not answer.missing for answer in answers)} of {params.pairs} {what}")
