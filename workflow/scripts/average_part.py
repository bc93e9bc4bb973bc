"""Simulate some subtomograms of one object, align them to its template and add them up."""

from itertools import chain

from gradalign.averaging.wedge_average import save_averages
from gradalign.io.csv_lines import write_records
from gradalign.io.mrc import read_volume
from gradalign.io.provenance import read_provenance
from gradalign.run.jobs import job, progress
from gradalign.search.settings import alignment_settings
from gradalign.study.average_shells import empty_averages
from gradalign.study.columns.averages import AVERAGES
from gradalign.study.data_sets import open_data_set
from gradalign.study.templates import align_to_template

wildcards, params = snakemake.wildcards, snakemake.params
with job(snakemake.log[0]) as say:
    name = wildcards.averaged
    section = params.section | {"object": name, "score": params.scores[wildcards.kind]}
    first, last = map(int, wildcards.chunk.split("-"))
    data_set = open_data_set(
        name,
        snakemake.input.density,
        section["tilt"],
        section["snr"],
        params.seed,
        params.microscope,
        params.subtomograms,
    )
    about = read_provenance(snakemake.input.about)
    template, _ = read_volume(snakemake.input.template, params.subtomograms["box"])
    averages = empty_averages(template, section["score"])
    lines = align_to_template(
        data_set,
        wildcards.kind,
        range(first, last + 1),
        section,
        template,
        about["point_group"],
        alignment_settings(params.alignment),
        params.seed,
        averages,
    )
    count = last + 1 - first
    what = f"volumes of {name}, {wildcards.kind}, aligned to the template"
    write_records(snakemake.output.alignments, AVERAGES, chain.from_iterable(progress(lines, count, what, say)))
    save_averages(snakemake.output.sums, averages)
    say(f"{count} {what}")
