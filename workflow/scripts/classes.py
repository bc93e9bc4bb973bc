"""Find the classes of the mixture and average them."""

import pandas as pd

from gradalign.io.csv_lines import write_records
from gradalign.io.mrc import write_volume
from gradalign.io.stacks import read_pairs
from gradalign.report.csv_tables import read_frame
from gradalign.run.jobs import job
from gradalign.study.class_averages import average_classes, classify, single_subtomogram
from gradalign.study.columns.classification import OBJECT_COLUMN

params, given, output = snakemake.params, snakemake.input, snakemake.output
with job(snakemake.log[0]):
    section = params.section
    alignments = read_frame(given.alignments)
    volumes, particles = read_pairs(given.volumes, given.poses)
    objects = list(particles.columns[OBJECT_COLUMN])
    classes = pd.DataFrame(classify(alignments, objects, section["score"]))
    write_records(output.members, list(classes.columns), classes.to_dict("records"))
    averages = average_classes(classes, alignments, volumes, particles, section["tilt"])
    kinds = [(name, score) for name in params.objects for score in section["score"]]
    for path, kind in zip(output.averages, kinds, strict=True):
        write_volume(path, averages[kind], particles.voxel_size)
    for path, name in zip(output.singles, params.objects, strict=True):
        first = objects.index(name)
        pose = particles.rotations[first], particles.translations[first]
        write_volume(path, single_subtomogram(volumes[first], *pose, section["tilt"]), particles.voxel_size)
