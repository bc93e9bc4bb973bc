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

params, output = snakemake.params, snakemake.output
with job(snakemake.log[0]) as say:
    name = snakemake.wildcards.averaged
    first, last = map(int, snakemake.wildcards.chunk.split("-"))
    density, scales = snakemake.input.density, snakemake.input.scales
    specimen = Specimen.read(name, density, params.seed, params.microscope, params.subtomograms, scales)
    data_set = specimen.data_set(params.section["tilt"], params.section["snr"])
    point_group = read_provenance(snakemake.input.about)["point_group"]
    template, _ = read_volume(snakemake.input.template, params.subtomograms["box"])
    settings = alignment_settings(params.alignment)
    count = last + 1 - first
    for kind, alignments, sums in zip(params.kinds, output.alignments, output.sums, strict=True):
        section = params.section | {"object": name, "score": params.scores[kind]}
        averages = empty_averages(template, section["score"])
        aligner = TemplateAligner(template, point_group, section, data_set.voxel_size, settings, params.seed)
        lines = align_to_template(aligner, data_set, kind, range(first, last + 1), averages)
        what = f"volumes of {name}, {kind}, aligned to the template"
        write_records(alignments, AVERAGES, chain.from_iterable(progress(lines, count, what, say)))
        save_averages(sums, averages)
    say(f"{len(params.kinds) * count} volumes of {name}, {', '.join(params.kinds)}, aligned to the template")
