"""Hold somebody's file of alignments against the truth."""

from itertools import chain

from gradalign.aligners.declared import Condition
from gradalign.aligners.lines import result_lines
from gradalign.aligners.result_file import file_answers, read_results
from gradalign.io.csv_lines import write_records
from gradalign.io.provenance import read_provenance
from gradalign.io.star import read_particles
from gradalign.run.jobs import job
from gradalign.study.columns.aligners import ALIGNERS

params, inputs = snakemake.params, snakemake.input
with job(snakemake.log[0]):
    results = read_results(inputs.star)
    poses = dict(zip(params.objects, map(read_particles, inputs.poses), strict=True))
    about = map(read_provenance, inputs.about)
    symmetry = {name: each["point_group"] for name, each in zip(params.objects, about, strict=True)}
    pairs = range(params.pairs)
    lines = (
        result_lines(
            snakemake.wildcards.aligner,
            condition,
            pairs,
            file_answers(results, condition, pairs, params.voxel_size),
            poses[condition.object],
            symmetry[condition.object],
        )
        for condition in (Condition(*each) for each in params.conditions)
    )
    write_records(snakemake.output[0], ALIGNERS, chain.from_iterable(lines))
