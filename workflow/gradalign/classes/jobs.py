"""What the workflow's jobs hand on: the sample, its pairs, and sums over the particles of a round."""

from itertools import combinations, islice
from typing import NamedTuple

import numpy as np

from gradalign.averaging.wedge_average import merge_saved
from gradalign.base.files import complete_file
from gradalign.classes.candidates import align_pairs, prepare_for_pairs
from gradalign.classes.opening import observed_entries
from gradalign.classes.rounds import empty_sums
from gradalign.errors import InputError


class Pair(NamedTuple):
    """The alignment of two particles of the sample."""

    rotation: np.ndarray
    """R, (3, 3): first(x) ≈ second(R⁻¹(x − a))."""
    translation: np.ndarray
    """a in voxels, (3,)."""
    dissimilarity: float


def align_chunk(entries, half, chunk, state, section, settings):
    """Align some of the pairs of a half set's sample.

    Parameters
    ----------
    entries : list of gradalign.particles.entries.Entry
        The sample.
    half : int
    chunk : (int, int)
        First and last of the half set's pairs, in the order of `itertools.combinations`.
    state : gradalign.classes.state.State
    section : dict
    settings : gradalign.Settings

    Returns
    -------
    count : int
        How many pairs there are.
    pairs : iterator of ((int, int), Alignment)
    """
    own = [entry for entry in entries if entry.half == half]
    numbers = sorted(entry.particle for entry in own)
    first, last = chunk
    pairs = list(islice(combinations(numbers, 2), first, last + 1))
    plan = state.plan(settings)
    observed = observed_entries(own, state.box, section, state.voxel_size)
    prepared = {
        number: prepare_for_pairs(observed.volumes[number], observed.wedges[number], plan)
        for number in sorted({number for pair in pairs for number in pair})
    }
    return len(pairs), align_pairs(prepared, pairs, plan)


def save_pairs(path, pairs):
    """Write the alignments of pairs.

    Parameters
    ----------
    path : str or path
        A ``.npz`` file.
    pairs : sequence of ((int, int), Alignment)

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    numbers = [pair for pair, _ in pairs]
    with complete_file(path) as partial, open(partial, "wb") as file:
        np.savez(
            file,
            numbers=np.reshape(numbers, (len(pairs), 2)).astype(int),
            rotations=np.reshape([found.rotation for _, found in pairs], (len(pairs), 3, 3)),
            translations=np.reshape([found.translation for _, found in pairs], (len(pairs), 3)),
            dissimilarities=np.array([found.dissimilarity for _, found in pairs], dtype=float),
        )


def load_pairs(paths):
    """Read the alignments of pairs.

    Parameters
    ----------
    paths : sequence of str or path
        From `save_pairs`.

    Returns
    -------
    dict of (int, int) to Pair

    Raises
    ------
    InputError
        If a file is missing or damaged.
    """
    pairs = {}
    for path in paths:
        try:
            with np.load(path, allow_pickle=False) as arrays:
                columns = [arrays[name] for name in ("numbers", "rotations", "translations", "dissimilarities")]
        except Exception as error:
            # zipfile and NumPy raise many kinds for a damaged file
            raise InputError(f"{path}: holds no complete pairs; remove it to have them aligned again") from error
        for numbers, rotation, translation, value in zip(*columns, strict=True):
            pairs[tuple(numbers.tolist())] = Pair(rotation, translation, float(value))
    return pairs


def merged_sums(paths, state):
    """Add up the averages of all jobs of a round.

    Parameters
    ----------
    paths : sequence of str or path
        From `gradalign.averaging.wedge_average.save_averages`.
    state : gradalign.classes.state.State
        The one that the particles were sorted by.

    Returns
    -------
    dict of str to gradalign.averaging.wedge_average.WedgeAverage

    Raises
    ------
    InputError
        If a file is missing or damaged.
    """
    sums = empty_sums(state.labels, state.box)
    for path in paths:
        merge_saved(path, sums)
    return sums
