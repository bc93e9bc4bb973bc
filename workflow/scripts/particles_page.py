"""Write the page of a user's particles."""

from pathlib import Path

from gradalign.report.page.commands import Place
from gradalign.report.page.particles import particles_page
from gradalign.report.page.writing import write_page
from gradalign.run.jobs import job

FILES = ("figure", "summary", "rounds", "shells", "scores", "left_out", "star", "filtered", "half1", "half2")

with job(snakemake.log[0]):
    files = {name: snakemake.input[name] for name in FILES} | {"reference": snakemake.params.reference}
    place = Place.here(Path(snakemake.output[0]).parent)
    write_page(snakemake.output[0], particles_page(files, snakemake.params.title, place))
