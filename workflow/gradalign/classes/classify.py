"""The public face: particles to classes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gradalign.base.spread import spread_numbers
from gradalign.base.threads import on_one_thread
from gradalign.classes.candidates import all_pairs_of
from gradalign.classes.observed import Observed
from gradalign.classes.rounds import Outcome, empty_sums, finish_round, renumbered, sort_round
from gradalign.classes.standing import Standing
from gradalign.classes.start import (
    LEAST,
    MODEL_SAMPLE,
    check_particles,
    checked_volumes,
    first_state,
    found_in_sample,
    half_sets,
    no_classes,
    samples,
)
from gradalign.classes.state import SETTLED
from gradalign.geometry.wedge import TiltRange
from gradalign.search.settings import Settings

SAMPLE, ROUNDS = 200, 12


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


@on_one_thread
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
    observed = checked_volumes(volumes, tilts)
    halves = half_sets(len(volumes), seed)
    numbers = samples(dict(enumerate(halves.tolist())), sample, seed)
    spread = spread_numbers(len(volumes), MODEL_SAMPLE).tolist()
    some = Observed(*([each[number] for number in spread] for each in observed))
    state = first_state(some, voxel_size, low_pass or 0.0, mask_radius or 0.0)
    plan = state.plan(settings)
    pairs = [all_pairs_of(observed, chosen, plan) for chosen in numbers]
    say(f"{sum(map(len, pairs))} pairs of {sum(map(len, numbers))} particles aligned")
    state = found_in_sample(observed, numbers, pairs, state, settings, seed, classes)
    say(f"classes in the sample: {state.classes}")
    section = {"classes": classes or 0, "least": LEAST, "low_pass": low_pass or 0.0}
    standings = [Standing(number, int(half)) for number, half in enumerate(halves)]
    while state.classes and state.stage != SETTLED and len(state.history) < rounds:
        sums, before = empty_sums(state.labels, state.box), standings
        standings = sorted(sort_round(before, observed, state, settings, sums))
        state = finish_round(Outcome(standings, before, sums), observed, state, settings, section, seed)
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
