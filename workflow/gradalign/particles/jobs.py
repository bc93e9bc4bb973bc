"""What the jobs of a round do: some particles are aligned and added up, and the sums of all become the next state."""

import numpy as np

from gradalign.averaging.wedge_average import save_averages
from gradalign.io.mrc import ANGSTROM_PER_NM
from gradalign.particles.entries import read_entries, write_entries
from gradalign.particles.results import history_table
from gradalign.particles.rounds import align_chunk, empty_sums, finish_round
from gradalign.particles.state import load_state, save_state
from gradalign.run.jobs import progress


def align_particles(inputs, outputs, params, say):
    """Align the particles of a table and add them up.

    Parameters
    ----------
    inputs : object
        ``state`` and ``entries``, the files of the round before.
    outputs : object
        ``entries`` and ``sums``, the files to be written.
    params : object
        ``section`` and ``alignment`` of the configuration, and ``seed``.
    say : callable
        Takes lines for the log.

    Raises
    ------
    InputError
        If a file is damaged or cannot be written.
    """
    entries, state = read_entries(inputs.entries), load_state(inputs.state)
    sums = empty_sums(state.references.shape[-1], params.section["symmetry"])
    what = f"particles ({entries[0].particle} to {entries[-1].particle}) of round {len(state.history) + 1}"
    # should the job die, its log names what it was about
    say(f"  {what}: {entries[0].image} to {entries[-1].image}")
    done = align_chunk(entries, state, params.section, params.alignment, params.seed, sums)
    aligned = sorted(progress(done, len(entries), what, say))
    write_entries(outputs.entries, aligned)
    save_averages(outputs.sums, sums)
    for entry in aligned:
        if entry.failure:
            say(f"particle {entry.particle} is left out: {entry.failure}")
    say(f"{len(entries)} {what}")


def average_round(state_file, entries_files, sums_files, output, section, say):
    """Average a round and say whether another is needed.

    Parameters
    ----------
    state_file : str or path
        Of the round before.
    entries_files, sums_files : sequence of str or path
        From `align_particles`, of all particles.
    output : str or path
        The state to be written.
    section : dict
        ``particles`` of the configuration.
    say : callable

    Raises
    ------
    InputError
        If a half set has no particle left, or a file is damaged.
    """
    entries = [entry for path in entries_files for entry in read_entries(path)]
    state = finish_round(entries, sums_files, load_state(state_file), section)
    save_state(output, state)
    last = history_table(state)[-1]
    moved = f"{last['median_rotation_change_deg']:.2f}°, {last['median_shift_change_voxel']:.2f} voxels"
    moved = f", median change {moved}" if last["round"] > 1 else ""
    reached = last["resolution_nm"] * ANGSTROM_PER_NM
    reached = f"resolution {reached:.1f} Å" if np.isfinite(reached) else "no common resolution"
    say(f"round {last['round']}: {last['particles']} particles, {reached}{moved}")
    if state.converged:
        say("the particles stay where they are: no further round is needed")
