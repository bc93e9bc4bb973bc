"""Write the poses of all subtomograms of one data set as one STAR file."""

from gradalign.io.star import join_particles, read_particles, write_particles
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    parts = [read_particles(path) for path in snakemake.input.parts]
    write_particles(snakemake.output[0], join_particles(parts))
