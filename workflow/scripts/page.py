"""Write the study's page."""

from gradalign.report.page.study import study_page
from gradalign.report.page.writing import write_page
from gradalign.run.jobs import job

FILES = ("figures", "tables", "maps", "about", "claims", "speedup", "seconds", "times")

with job(snakemake.log[0]):
    files = {name: snakemake.input[name] for name in FILES}
    write_page(snakemake.output[0], study_page(files, snakemake.params.config))
