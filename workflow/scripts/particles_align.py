"""Align some of a user's particles and add them up; nothing to do once they stay where they are."""

import shutil
from pathlib import Path

from gradalign.io.states import has_converged
from gradalign.run.jobs import NOTHING_TO_DO, job

with job(snakemake.log[0]) as say:
    if has_converged(snakemake.input.state):
        say(NOTHING_TO_DO)
        shutil.copyfile(snakemake.input.entries, snakemake.output.entries)
        # nobody adds it up
        Path(snakemake.output.sums).touch()
    else:
        # a job that only copies does not wait for compiled kernels
        from gradalign.particles.jobs import align_particles

        align_particles(snakemake.input, snakemake.output, snakemake.params, say)
