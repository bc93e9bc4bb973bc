"""Write what each class holds and how well the classes agree with the truth."""

from gradalign.io.mrc import read_volume
from gradalign.io.provenance import read_provenance
from gradalign.report.csv_tables import read_csv, write_csv
from gradalign.report.tables.classes import summarise_classes, write_classes_markdown
from gradalign.run.jobs import job

params, given = snakemake.params, snakemake.input
with job(snakemake.log[0]):
    kinds = [(name, score) for name in params.objects for score in params.section["score"]]
    averages = {kind: read_volume(path)[0] for kind, path in zip(kinds, given.averages, strict=True)}
    truths = {name: read_volume(path)[0] for name, path in zip(params.objects, given.truths, strict=True)}
    _, voxel_size = read_volume(given.truths[0])
    rows = summarise_classes(read_csv(given.classes), averages, truths, voxel_size, params.section)
    about = list(map(read_provenance, given.about))
    write_csv(rows, snakemake.output.csv)
    write_classes_markdown(rows, snakemake.output.markdown, dict(zip(params.objects, about, strict=True)))
