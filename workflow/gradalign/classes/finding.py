"""From groups of particles to classes: sorted within each half set, judged by the other.

Whatever proposes groups (the pairs of a sample, particles that fit no class, a class that falls into parts), the same
steps tell which are classes. Within each half set the groups compete for its particles; then the particles of the other
half set say which of the groups are one and which exist there too.
"""

from typing import NamedTuple

from gradalign.base.randomness import generator
from gradalign.classes.maps import averaged, class_map
from gradalign.classes.merging import merge_classes, moved_poses, partners
from gradalign.classes.placing import Agreement, agreement
from gradalign.classes.similarity import LEAST_PARTICLES
from gradalign.classes.sorting import NO_CLASS, fits, limits_of, prepare_maps, sort_all

SURPLUS = 5.0
"""Standard deviations by which half maps must agree better than those with random phases."""
LIKENESS = 0.7
"""Smallest amplitude of either half map on the other: different objects of a kind agree beyond chance too."""
ROUNDS = 2
"""Rounds in which groups compete within a half set."""


class Found(NamedTuple):
    """A class that both half sets have."""

    maps: tuple
    """Its map from either half set, the second in the frame of the first."""
    poses: tuple
    """For either half set the poses of its particles on these maps."""
    agreement: Agreement
    """How the maps agree."""


def _maps(observed, poses, plan):
    return {label: class_map(averaged(observed, members, plan.box)) for label, members in poses.items()}


def compete(observed, numbers, poses, plan):
    """Let groups compete for the particles of their half set.

    Parameters
    ----------
    observed : gradalign.classes.observed.Observed
    numbers : sequence of int
        The particles of the half set that are at hand.
    poses : dict of int to dict of int to (rotation, translation)
        By group.
    plan : gradalign.classes.plan.Plan

    Returns
    -------
    dict of int to dict of int to (rotation, translation)
        The groups that are left, each with the particles that it explains best.
    """
    for _ in range(ROUNDS):
        poses = {label: members for label, members in poses.items() if len(members) >= LEAST_PARTICLES}
        if not poses:
            break
        previous = {number: label for label, members in poses.items() for number in members}
        references = prepare_maps(_maps(observed, poses, plan), plan)
        found = sort_all(observed, numbers, references, plan, previous)
        poses = {label: _fitting(found, label) for label in poses}
    return {label: members for label, members in poses.items() if len(members) >= LEAST_PARTICLES}


def _fitting(found, label):
    """Return the poses of the particles that fit a group."""
    members = {number: item.match for number, item in found.items() if item.label == label}
    limits = limits_of(list(members.values()))
    return {number: (one.rotation, one.translation) for number, one in members.items() if fits(one, limits)}


def _labels(poses):
    return {number: label for label, members in poses.items() for number in members}


def find_classes(observed, numbers, proposed, plan, seed, count=None):
    """Find the classes that two half sets have in common.

    Parameters
    ----------
    observed : gradalign.classes.observed.Observed
        The particles of both half sets.
    numbers : (sequence of int, sequence of int)
        The particles of each half set that are at hand.
    proposed : (list of dict, list of dict)
        For each half set groups of particles with their poses, as `gradalign.classes.candidates.grouped_poses` gives.
    plan : gradalign.classes.plan.Plan
    seed : int
    count : int, optional
        Number of classes, if it is known.

    Returns
    -------
    list of Found
        Those with most particles in common first.
    """
    poses = [compete(observed, numbers[half], dict(enumerate(proposed[half], start=1)), plan) for half in (0, 1)]
    if not (poses[0] and poses[1]):
        return []
    held = [
        sort_all(observed, numbers[1 - half], prepare_maps(_maps(observed, poses[half], plan), plan), plan)
        for half in (0, 1)
    ]
    names = [None, None]
    for half in (0, 1):
        poses[half], names[half] = merge_classes(observed, poses[half], held[half], plan, count)
    own = [_labels(poses[half]) for half in (0, 1)]
    judged = [{number: names[half].get(item.label, NO_CLASS) for number, item in held[half].items()} for half in (0, 1)]
    both = [(own[0].get(number, NO_CLASS), judged[1][number]) for number in numbers[0]]
    both += [(judged[0][number], own[1].get(number, NO_CLASS)) for number in numbers[1]]
    maps = [_maps(observed, poses[half], plan) for half in (0, 1)]
    classes = []
    for first, second in partners(both):
        rng = generator(seed, "agreement of half maps", first, second)
        how, moved = agreement(maps[0][first], maps[1][second], plan, rng)
        if how.surplus >= SURPLUS and how.likeness >= LIKENESS:
            there = maps[1][second]._replace(volume=moved)
            members = poses[0][first], moved_poses(poses[1][second], how)
            classes.append(Found((maps[0][first], there), members, how))
    return classes
