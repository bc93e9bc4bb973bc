"""Write the page of a user's classes."""

from pathlib import Path

from gradalign.report.page.classes import classes_page
from gradalign.report.page.commands import Place
from gradalign.report.page.writing import write_page
from gradalign.run.jobs import job

FILES = ("figure", "each", "summary", "classes", "rounds", "particles", "maps")

with job(snakemake.log[0]):
    files = {name: snakemake.input[name] for name in FILES}
    params, place = snakemake.params, Place.here(Path(snakemake.output[0]).parent)
    write_page(snakemake.output[0], classes_page(files, params.title, params.star, place))
