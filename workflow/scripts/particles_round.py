"""Average a round of a user's particles and say whether another is needed."""

import shutil

from gradalign.io.states import has_converged
from gradalign.run.jobs import NOTHING_TO_DO, job

with job(snakemake.log[0]) as say:
    files = snakemake.input
    if has_converged(files.state):
        say(NOTHING_TO_DO)
        shutil.copyfile(files.state, snakemake.output.state)
    else:
        # a job that only copies does not wait for compiled kernels
        from gradalign.particles.jobs import average_round

        section = snakemake.params.section
        average_round(files.state, files.entries, files.sums, snakemake.output.state, section, say)
