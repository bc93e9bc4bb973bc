"""Align all of a user's particles and average them, where one job holds them all."""

import shutil
from pathlib import Path

from gradalign.io.states import has_converged
from gradalign.run.jobs import NOTHING_TO_DO, job

with job(snakemake.log[0]) as say:
    files, output, params = snakemake.input, snakemake.output, snakemake.params
    if has_converged(files.state):
        say(NOTHING_TO_DO)
        shutil.copyfile(files.entries, output.entries)
        shutil.copyfile(files.state, output.state)
        Path(output.sums).touch()
    else:
        # a job that only copies does not wait for compiled kernels
        from gradalign.particles.jobs import align_particles, average_round

        align_particles(files, output, params, say)
        average_round(files.state, [output.entries], [output.sums], output.state, params.section, say)
