"""Align and average a user's particles, round after round, until they stay where they are."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

from gradalign.io.states import has_converged
from gradalign.particles.jobs import align_particles, average_round
from gradalign.run.jobs import job

with job(snakemake.log[0]) as say, TemporaryDirectory() as folder:
    params, output, before = snakemake.params, snakemake.output, snakemake.input
    for number in range(1, params.rounds + 1):
        if has_converged(before.state):
            break
        # through files as between jobs, so that few and many particles end in the same digits
        names = {"state": "state.npz", "entries": "particles.csv", "sums": "particles.npz"}
        after = SimpleNamespace(**{name: str(Path(folder) / f"{number}-{file}") for name, file in names.items()})
        align_particles(before, after, params, say)
        average_round(before.state, [after.entries], [after.sums], after.state, params.section, say)
        before = after
    shutil.copyfile(before.entries, output.entries)
    shutil.copyfile(before.state, output.state)
