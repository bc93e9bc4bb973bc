"""Write the configuration with which the study ran."""

from gradalign.jobs import job
from gradalign.reference import write_config

with job(snakemake.log[0]):
    write_config(snakemake.params.config, snakemake.output[0])
