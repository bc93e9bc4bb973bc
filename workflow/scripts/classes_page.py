"""Write the page of a user's classes."""

from gradalign.report.page.classes import classes_page
from gradalign.report.page.writing import write_page
from gradalign.run.jobs import job

FILES = ("figure", "summary", "classes", "rounds", "particles", "maps")

with job(snakemake.log[0]):
    files = {name: snakemake.input[name] for name in FILES}
    write_page(snakemake.output[0], classes_page(files, snakemake.params.title, snakemake.params.star))
