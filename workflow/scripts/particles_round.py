"""Average a round of a user's particles and say whether another is needed."""

import shutil

from gradalign.io.states import has_converged
from gradalign.run.jobs import job


def average(say):
    """Average the particles of the round."""
    # a job that only copies does not wait for compiled kernels
    from gradalign.particles.entries import read_entries
    from gradalign.particles.results import history_table
    from gradalign.particles.rounds import finish_round
    from gradalign.particles.state import load_state, save_state

    entries = [entry for path in snakemake.input.entries for entry in read_entries(path)]
    state = load_state(snakemake.input.state)
    state = finish_round(entries, snakemake.input.sums, state, snakemake.params.section)
    save_state(snakemake.output[0], state)
    last = history_table(state)[-1]
    moved = f"{last['median_rotation_change_deg']:.2f}°, {last['median_shift_change_voxel']:.2f} voxels"
    moved = f", median change {moved}" if last["round"] > 1 else ""
    say(f"round {last['round']}: {last['particles']} particles, resolution {last['resolution_nm']:.2f} nm{moved}")
    if state.converged:
        say("the particles stay where they are: no further round is needed")


with job(snakemake.log[0]) as say:
    if has_converged(snakemake.input.state):
        shutil.copyfile(snakemake.input.state, snakemake.output[0])
    else:
        average(say)
