"""Before particles are sorted: what is refused, half sets, the sample, and the classes that the sample has."""

import numpy as np

from gradalign.base.randomness import generator
from gradalign.classes.candidates import grouped_poses
from gradalign.classes.finding import find_classes
from gradalign.classes.observed import Observed
from gradalign.classes.plan import FINEST_SHARE, standardised
from gradalign.classes.rounds import with_found
from gradalign.classes.state import SETTLED, SORTING, State
from gradalign.errors import InputError
from gradalign.geometry.wedge import check_wedge, each_tilt_range
from gradalign.io.mrc import as_sequence, check_volume
from gradalign.scores.signal_model import estimate_model
from gradalign.search.settings import Settings

FEWEST = 16
"""Particles from which classes can be looked for: two half sets of two groups of four."""
LEAST = 4
"""Particles of either half set that a class needs."""
FEWEST_SAMPLED = 3
"""Particles of a half set that a sample needs."""
# particles from which signal, noise and the particle's radius are estimated
MODEL_SAMPLE = 40


def checked_volumes(volumes, tilts):
    """Return volumes on mean 0 and variance 1, and their tilt ranges.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)
    tilts : float, tuple or list of them

    Returns
    -------
    gradalign.classes.observed.Observed

    Raises
    ------
    InputError
        If one is unusable, or their sizes differ.
    """
    volumes = as_sequence(volumes)
    wedges = [check_wedge(tilt) for tilt in each_tilt_range(tilts, len(volumes))]
    size, ready = None, []
    for number, volume in enumerate(volumes):
        name = f"volume {number}"
        volume = check_volume(volume, name, size)
        size = len(volume)
        if not np.ptp(volume) > 0:
            raise InputError(f"{name}: is constant, where a density that varies is needed")
        ready.append(standardised(volume))
    return Observed(ready, wedges)


def check_count(count, classes, source=""):
    """Say so if there are too few particles for classes.

    Parameters
    ----------
    count : int
        Number of particles.
    classes : int or None
        How many classes are asked for.
    source : str, optional
        The list that holds them.

    Raises
    ------
    InputError
    """
    if count < FEWEST:
        holds = f"{source}: holds " if source else ""
        raise InputError(f"{holds}{count} particles, too few for classes: at least {FEWEST} are needed")
    if classes and not 1 <= classes <= count // (2 * LEAST):
        raise InputError(
            f"classes: is {classes}, where {count} particles allow 1 to {count // (2 * LEAST)}, with {LEAST} particles "
            "of a class in either half set"
        )


def check_particles(volumes, count, classes):
    """Say so if no classes can be looked for.

    Parameters
    ----------
    volumes : sequence of numpy.ndarray
        Some of the particles.
    count, classes : int
        As for `check_count`.

    Raises
    ------
    InputError
        As `check_count` does, or if all volumes are the same.
    """
    check_count(count, classes)
    if all(np.array_equal(volumes[0], volume) for volume in volumes[1:]):
        raise InputError("the particles are all the same, where different ones are needed; the list may name one file")


def half_sets(count, seed):
    """Share particles out to two half sets at random.

    Parameters
    ----------
    count : int
    seed : int

    Returns
    -------
    numpy.ndarray of int, shape (count,)
        1 or 2.
    """
    halves = np.empty(count, int)
    halves[generator(seed, "half sets").permutation(count)] = 1 + np.arange(count) % 2
    return halves


def samples(halves, most, seed):
    """Return the particles of either half set whose pairs are aligned.

    Parameters
    ----------
    halves : dict of int to int
        Half set of each usable particle.
    most : int
        Particles of both together.
    seed : int

    Returns
    -------
    (list of int, list of int)
    """
    chosen = []
    for half in (1, 2):
        numbers = sorted(number for number, own in halves.items() if own == half)
        if len(numbers) > most // 2:
            rng = generator(seed, "sample of particles", half)
            numbers = sorted(rng.choice(numbers, most // 2, replace=False).tolist())
        chosen.append(numbers)
    return tuple(chosen)


def first_state(observed, voxel_size, low_pass=0.0, mask_radius=0.0):
    """Return the state before any class is found.

    Parameters
    ----------
    observed : gradalign.classes.observed.Observed
        Some particles, as lists.
    voxel_size, low_pass, mask_radius : float
        In nm; 0 for the last two leaves them to the data.

    Returns
    -------
    gradalign.classes.state.State
    """
    box = len(observed.volumes[0])
    low_pass = low_pass or FINEST_SHARE * box * voxel_size
    model = estimate_model(*observed, mask_radius / voxel_size or None)
    nothing = np.empty(0, np.float32)
    state = State(
        maps=np.empty((0, 3, box, box, box), np.float32),
        measured=np.empty((0, 2, len(model.signal))),
        counts=np.empty((0, 2), int),
        limits=np.empty((0, 2)),
        correlations=np.empty((0, 0)),
        surplus=nothing.astype(float),
        members=np.empty((0, 2), int),
        names=np.empty((0, 2), int),
        model=np.stack([model.signal, model.noise]),
        radius=float(min(model.radius, box / 2 - 1)),
        voxel_size=float(voxel_size),
        low_pass=float(low_pass),
        history=np.empty((0, 7)),
        revisions=0,
        stage=SORTING,
    )
    state.plan(Settings())
    return state


def found_in_sample(observed, numbers, pairs, state, settings, seed, count=None):
    """Return the state with the classes that a sample of either half set has.

    Parameters
    ----------
    observed : gradalign.classes.observed.Observed
    numbers : (list of int, list of int)
        The sample's particles by half set.
    pairs : (dict, dict)
        For each half set the alignments of all its pairs.
    state : gradalign.classes.state.State
        From `first_state`.
    settings : gradalign.Settings
    seed : int
    count : int, optional
        Number of classes if it is known.

    Returns
    -------
    gradalign.classes.state.State
    """
    proposed = [grouped_poses(own, chosen, count)[0] for own, chosen in zip(pairs, numbers, strict=True)]
    found = find_classes(observed, numbers, proposed, state.plan(settings), seed, count)
    return with_found(state, found) if found else state._replace(stage=SETTLED)


def no_classes(state, usable):
    """Say why there are no classes.

    Parameters
    ----------
    state : gradalign.classes.state.State
    usable : int
        Number of particles.

    Returns
    -------
    str
        Empty if there are some.
    """
    if state.classes:
        return ""
    if len(state.history):
        return f"no classes found: of those that a sample had, none kept enough of the {usable} particles"
    return (
        f"no classes found: the two half sets of {usable} particles have no map in common beyond chance, as with "
        "noise, or with too few particles of each class"
    )
