"""Write the configuration with which the study ran."""

from gradalign.report.reference_run import write_config
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    write_config(snakemake.params.config, snakemake.output[0])
