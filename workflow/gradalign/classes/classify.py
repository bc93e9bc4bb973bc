"""The public face: particles to classes, and particles to the maps of classes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gradalign.base.randomness import generator
from gradalign.classes.candidates import all_pairs_of, grouped_poses
from gradalign.classes.finding import find_classes
from gradalign.classes.maps import ClassMap, prepare_map, prepare_particle
from gradalign.classes.plan import FINEST_SHARE, standardised
from gradalign.classes.rounds import empty_sums, finish_round, renumbered, sort_round, with_found
from gradalign.classes.sorting import sort_particle
from gradalign.classes.standing import Standing
from gradalign.classes.state import SETTLED, SORTING, State
from gradalign.errors import InputError
from gradalign.geometry.wedge import TiltRange, check_wedge
from gradalign.io.mrc import check_volume
from gradalign.particles.filters import shell_power
from gradalign.scores.likelihood import estimate_model
from gradalign.search.settings import Settings

FEWEST = 16
"""Particles from which classes can be looked for: two half sets of two groups of four."""
SAMPLE, ROUNDS, LEAST = 200, 12, 4
# particles from which signal, noise and the particle's radius are estimated
MODEL_SAMPLE = 40


@dataclass(frozen=True)
class Classification:
    """Particles in classes, with the classes' maps."""

    labels: np.ndarray
    """Class of each particle from 1, the largest class first; 0 for none, int (n,)."""
    probabilities: np.ndarray
    """Of the class that explains each best, (n,)."""
    rotations: np.ndarray
    """P, (n, 3, 3): volume(x) ≈ average(P⁻¹(x − p)) for the average of the best class."""
    translations: np.ndarray
    """p in voxels, (n, 3)."""
    amplitudes: np.ndarray
    """By how much that average must be multiplied to fit each particle best: about 1 for a member, 0 for noise."""
    averages: np.ndarray
    """Of the classes, float32 (K, N, N, N)."""
    halves: np.ndarray
    """Half maps, float32 (K, 2, N, N, N)."""
    correlations: np.ndarray
    """Fourier shell correlation of the half maps under the mask, at 1, 2, ... cycles per box, (K, shells)."""
    reason: str
    """Why no class was found; empty if there are some."""


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


def first_state(volumes, wedges, voxel_size, low_pass=0.0, mask_radius=0.0):
    """Return the state before any class is found.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)
        Some particles, on mean 0 and variance 1.
    wedges : sequence of (float, float, float)
    voxel_size, low_pass, mask_radius : float
        In nm; 0 for the last two leaves them to the data.

    Returns
    -------
    gradalign.classes.state.State
    """
    box = len(volumes[0])
    low_pass = low_pass or FINEST_SHARE * box * voxel_size
    model = estimate_model(volumes, wedges, mask_radius / voxel_size or None)
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


def found_in_sample(volumes, wedges, numbers, pairs, state, settings, seed, count=None):
    """Return the state with the classes that a sample of either half set has.

    Parameters
    ----------
    volumes, wedges
        By particle, on mean 0 and variance 1.
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
    found = find_classes(volumes, wedges, numbers, proposed, state.plan(settings), seed, count)
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


def _each(value, count, what):
    values = value if isinstance(value, list) else [value] * count
    if len(values) != count:
        raise InputError(f"{len(values)} {what} were given for {count} volumes: give one, or one for each")
    return values


def _checked(volumes, tilts):
    """Return volumes on mean 0 and variance 1, and their tilt ranges."""
    wedges = [check_wedge(tilt) for tilt in _each(tilts, len(volumes), "tilt ranges")]
    size, ready = None, []
    for number, volume in enumerate(volumes):
        name = f"volume {number}"
        volume = check_volume(volume, name, size)
        size = len(volume)
        if not np.ptp(volume) > 0:
            raise InputError(f"{name}: is constant, where a density that varies is needed")
        ready.append(standardised(volume))
    return ready, wedges


def check_particles(volumes, count, classes):
    """Say so if no classes can be looked for.

    Parameters
    ----------
    volumes : sequence of numpy.ndarray
        Some of the particles.
    count : int
        Number of particles.
    classes : int or None
        How many classes are asked for.

    Raises
    ------
    InputError
    """
    if count < FEWEST:
        raise InputError(f"{count} particles are too few for classes: at least {FEWEST} are needed")
    if classes and not 1 <= classes <= count // (2 * LEAST):
        raise InputError(
            f"classes: is {classes}, where {count} particles allow 1 to {count // (2 * LEAST)}, with {LEAST} particles "
            "of a class in either half set"
        )
    if all(np.array_equal(volumes[0], volume) for volume in volumes[1:]):
        raise InputError("the particles are all the same, where different ones are needed; the list may name one file")


def classify(
    volumes: Sequence[ArrayLike],
    *,
    tilts: TiltRange | list[TiltRange] = 60.0,
    voxel_size: float = 1.0,
    classes: int | None = None,
    mask_radius: float | None = None,
    low_pass: float | None = None,
    sample: int = SAMPLE,
    rounds: int = ROUNDS,
    seed: int = 0,
    settings: Settings | None = None,
    say: Callable[[str], object] | None = None,
) -> Classification:
    """Sort subtomograms into classes and average each, without a reference.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)
        Subtomograms [z, y, x], density bright, at least 16.
    tilts : float, tuple or list of them
        Tilt range of all, or a list with one for each: a half range, (min, max) or (min, max, axis) in degrees.
    voxel_size : float
        In nm.
    classes : int, optional
        How many classes there are; the particles tell if left out.
    mask_radius : float, optional
        Of the sphere within which particles are compared, in nm; where the particles end if left out.
    low_pass : float, optional
        Band limit in nm; if left out an eighth of the box's edge, later as far as half maps agree.
    sample : int
        Particles of which all pairs are aligned, at most.
    rounds : int
        Rounds of sorting all particles, at most.
    seed : int
        The same seed gives the same answer.
    settings : gradalign.Settings, optional
    say : callable, optional
        Takes a line of text after each step.

    Returns
    -------
    Classification
        Without classes, and with a ``reason``, where the half sets have nothing in common.

    Raises
    ------
    InputError
        If there are too few volumes, one is unusable, or the number of classes is impossible.

    Examples
    --------
    Two sizes of the phantom in random orientations:

    >>> import numpy as np
    >>> from gradalign import classify
    >>> from gradalign.geometry.rotations import random_rotations
    >>> from gradalign.simulation.phantom import phantom
    >>> rng = np.random.default_rng(1)
    >>> volumes = [phantom(8 + 4 * (n % 2), 24, rotation) for n, rotation in enumerate(random_rotations(rng, 24))]
    >>> noisy = [volume + 0.05 * rng.standard_normal(volume.shape) for volume in volumes]
    >>> found = classify(noisy, tilts=90)
    >>> len(found.averages)
    2
    >>> len(set(found.labels[0::2])), len(set(found.labels[1::2]))
    (1, 1)
    """
    say, settings = say or (lambda text: None), settings or Settings()
    check_particles(volumes, len(volumes), classes)
    ready, wedges = _checked(volumes, tilts)
    halves = half_sets(len(ready), seed)
    numbers = samples(dict(enumerate(halves.tolist())), sample, seed)
    spread = np.unique(np.linspace(0, len(ready) - 1, MODEL_SAMPLE).round().astype(int)).tolist()
    state = first_state(
        [ready[number] for number in spread],
        [wedges[number] for number in spread],
        voxel_size,
        low_pass or 0.0,
        mask_radius or 0.0,
    )
    plan = state.plan(settings)
    pairs = [all_pairs_of(ready, wedges, chosen, plan) for chosen in numbers]
    say(f"{sum(map(len, pairs))} pairs of {sum(map(len, numbers))} particles aligned")
    state = found_in_sample(ready, wedges, numbers, pairs, state, settings, seed, classes)
    say(f"{state.classes} classes in the sample")
    section = {"classes": classes or 0, "least": LEAST, "low_pass": low_pass or 0.0}
    standings = [Standing(number, int(half)) for number, half in enumerate(halves)]
    while state.classes and state.stage != SETTLED and len(state.history) < rounds:
        sums, before = empty_sums(state.labels, state.box), standings
        standings = sorted(sort_round(before, ready, wedges, state, settings, sums))
        state = finish_round(standings, before, ready, wedges, state, sums, settings, section, seed)
        standings = renumbered(standings, state.names)
        say(f"round {len(state.history)}: {state.classes} classes, {state.history[-1][4]:.1%} of the particles changed")
    return _classification(standings, state)


def _classification(standings, state):
    order = np.argsort(-state.counts.sum(axis=1), kind="stable")
    names = {int(label) + 1: number for number, label in enumerate(order, start=1)}
    standings = renumbered(standings, list(names.items()))
    poses = [standing.pose for standing in standings]
    return Classification(
        labels=np.array([standing.label for standing in standings]),
        probabilities=np.array([standing.probability for standing in standings]),
        rotations=np.array([rotation for rotation, _ in poses]),
        translations=np.array([translation for _, translation in poses]),
        amplitudes=np.array([standing.amplitude for standing in standings]),
        averages=state.maps[order, 0],
        halves=state.maps[order, 1:],
        correlations=state.correlations[order],
        reason=no_classes(state, len(standings)),
    )


@dataclass(frozen=True)
class ReferenceAlignment:
    """A subtomogram against several references."""

    best: int
    """Which reference explains it best, from 0."""
    rotation: np.ndarray
    """R, (3, 3): volume(x) ≈ reference(R⁻¹(x − a)) for the best."""
    translation: np.ndarray
    """a in voxels, (3,)."""
    probabilities: np.ndarray
    """Of each reference, (K,); they add up to 1."""
    amplitude: float
    """By how much the best must be multiplied to fit: about 1 if it is in the volume, 0 for noise."""
    residual: float
    """Mean square of what is left, in units of the noise: about 1 if nothing else is in the volume."""


# a reference is as good as the average of so many particles
_FREE_OF_NOISE = 1e6


def _prepared_template(template, plan):
    """Return a reference ready to be compared with, on the scale of the particles' signal."""
    shells = len(plan.noise)
    places = np.arange(shells) ** 2
    power = shell_power(template * plan.model.mask)[:shells] / plan.model.mask_power
    scale = np.sqrt((places * plan.model.signal).sum() / max((places * power).sum(), np.finfo(float).tiny))
    found = ClassMap((scale * template).astype(np.float32), np.full(shells, _FREE_OF_NOISE), 1)
    return prepare_map(found, plan)


def align_to_references(
    volumes: Sequence[ArrayLike],
    references: Sequence[ArrayLike],
    *,
    tilts: TiltRange | list[TiltRange] = 60.0,
    voxel_size: float = 1.0,
    mask_radius: float | None = None,
    low_pass: float | None = None,
    settings: Settings | None = None,
) -> list[ReferenceAlignment]:
    """Find which of several references each subtomogram shows, and where.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)
        Subtomograms [z, y, x], density bright.
    references : sequence of array_like of shape (N, N, N)
        Maps without noise, on any one scale.
    tilts : float, tuple or list of them
        Tilt range of all subtomograms, or a list with one for each.
    voxel_size : float
        In nm.
    mask_radius, low_pass : float, optional
        As of `classify`.
    settings : gradalign.Settings, optional

    Returns
    -------
    list of ReferenceAlignment

    Raises
    ------
    InputError
        If a volume, a reference or a tilt range is unusable, or there is none.

    Examples
    --------
    >>> from gradalign import align_to_references
    >>> from gradalign.simulation.phantom import phantom
    >>> small, large = phantom(8, 24), phantom(12, 24)
    >>> found = align_to_references([large, small], [small, large], tilts=90)
    >>> [one.best for one in found]
    [1, 0]
    """
    if not len(volumes) or not len(references):
        raise InputError(f"{len(volumes)} volumes and {len(references)} references: at least one of each is needed")
    ready, wedges = _checked(volumes, tilts)
    templates, _ = _checked(references, 90.0)
    state = first_state(ready[:MODEL_SAMPLE], wedges[:MODEL_SAMPLE], voxel_size, low_pass or 0.0, mask_radius or 0.0)
    plan = state.plan(settings or Settings())
    prepared = {label: _prepared_template(template, plan) for label, template in enumerate(templates, start=1)}
    found = []
    for number, (volume, wedge) in enumerate(zip(ready, wedges, strict=True)):
        item = sort_particle(prepare_particle(volume, wedge, plan, f"volume {number}"), prepared, plan)
        values = np.array([item.values[label] for label in sorted(item.values)])
        probabilities = np.exp(values - values.max())
        found.append(
            ReferenceAlignment(
                item.best - 1,
                item.match.rotation,
                item.match.translation,
                probabilities / probabilities.sum(),
                item.match.amplitude,
                item.match.residual,
            )
        )
    return found
