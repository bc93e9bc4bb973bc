"""Simulate some subtomograms of one object, align them to its template and add them up."""

from itertools import chain

from gradalign.averaging.wedge_average import save_averages
from gradalign.io.csv_lines import write_records
from gradalign.io.mrc import read_volume
from gradalign.io.provenance import read_provenance
from gradalign.run.jobs import job, progress
from gradalign.search.settings import alignment_settings
from gradalign.simulation.dataset import Specimen
from gradalign.study.average_shells import empty_averages
from gradalign.study.columns.averages import AVERAGES
from gradalign.study.templates import TemplateAligner, align_to_template

wildcards, params = snakemake.wildcards, snakemake.params
with job(snakemake.log[0]) as say:
    name = wildcards.averaged
    section = params.section | {"object": name, "score": params.scores[wildcards.kind]}
    first, last = map(int, wildcards.chunk.split("-"))
    specimen = Specimen.read(name, snakemake.input.density, params.seed, params.microscope, params.subtomograms)
    data_set = specimen.data_set(section["tilt"], section["snr"])
    about = read_provenance(snakemake.input.about)
    template, _ = read_volume(snakemake.input.template, params.subtomograms["box"])
    averages = empty_averages(template, section["score"])
    settings = alignment_settings(params.alignment)
    aligner = TemplateAligner(template, about["point_group"], section, data_set.voxel_size, settings, params.seed)
    lines = align_to_template(aligner, data_set, wildcards.kind, range(first, last + 1), averages)
    count = last + 1 - first
    what = f"volumes of {name}, {wildcards.kind}, aligned to the template"
    write_records(snakemake.output.alignments, AVERAGES, chain.from_iterable(progress(lines, count, what, say)))
    save_averages(snakemake.output.sums, averages)
    say(f"{count} {what}")
