"""Write what belongs to the pairs exported for other aligners: lists, wedges, templates, a README."""

from pathlib import Path

from gradalign.aligners.declared import conditions
from gradalign.aligners.export import copy_template, write_lists
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    wedges = Path(snakemake.output.wedges)
    wedges.mkdir(parents=True, exist_ok=True)
    for source, target in zip(snakemake.input.templates, snakemake.output.templates, strict=True):
        copy_template(source, target)
    write_lists(wedges.parent, conditions(snakemake.params.config), snakemake.params.config)
