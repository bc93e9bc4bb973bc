"""Write the study's page."""

from gradalign.base.files import write_text
from gradalign.report.page.study import study_page, study_result
from gradalign.report.page.writing import write_page
from gradalign.run.jobs import job

FILES = ("figures", "tables", "maps", "about", "claims", "speedup", "seconds", "times")

with job(snakemake.log[0]):
    files = {name: snakemake.input[name] for name in FILES}
    write_page(snakemake.output.page, study_page(files, snakemake.params.config))
    write_text(snakemake.output.summary, f"{study_result(files)}\n")
