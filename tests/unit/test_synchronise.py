from types import SimpleNamespace

import numpy as np
import pytest

from gradalign import InputError, synchronise
from gradalign.geometry.rotations import point_group, random_rotations, relative_transform, rotation_angle
from gradalign.search.step import rotation_from_vector

COUNT = 14


def true_poses(seed=5):
    rng = np.random.default_rng(seed)
    return random_rotations(rng, COUNT), rng.uniform(-2, 2, (COUNT, 3))


def pairs_of(poses, degrees=0.0, voxels=0.0, lost=0.0, symmetry="C1", seed=1):
    """Return all pairs of poses, blurred, some of them replaced by chance."""
    rng = np.random.default_rng(seed)
    rotations, shifts = poses
    elements = point_group(symmetry)
    pairs = {}
    for i in range(len(rotations)):
        for j in range(i + 1, len(rotations)):
            element = elements[rng.integers(len(elements))]
            rotation, shift = relative_transform(rotations[i], shifts[i], rotations[j], shifts[j], element)
            blur = rotation_from_vector(np.radians(degrees) * rng.standard_normal(3))
            wrong, aside = random_rotations(rng, 1)[0], rng.uniform(-4, 4, 3)
            if rng.random() < lost:
                rotation, shift = wrong, aside
            pairs[i, j] = SimpleNamespace(rotation=blur @ rotation, translation=shift + voxels * rng.standard_normal(3))
    return pairs


def errors(found, poses, symmetry="C1"):
    """Return how far poses are from the truth in degrees and voxels, the frame being free."""
    rotations, shifts = poses
    elements = point_group(symmetry)
    best = None
    for root in range(len(rotations)):
        frame = found.rotations[root].T @ rotations[root]
        turned = found.rotations @ frame
        turns = np.min(
            [rotation_angle(np.swapaxes(turned, 1, 2) @ rotations @ element) for element in elements], axis=0
        )
        if best is None or np.median(turns) < np.median(best):
            best = turns
    # the object's centre is free too: a shift c of the object moves each by P c
    aside = np.einsum("iab,ia->ib", found.rotations, shifts - found.translations)
    return best, np.linalg.norm(aside - aside.mean(axis=0), axis=1)


def test_exact_pairs_give_the_poses_back():
    poses = true_poses()
    turns, shifts = errors(synchronise(pairs_of(poses)), poses)
    assert turns.max() < 1e-3
    assert shifts.max() < 1e-3


def test_the_poses_of_many_pairs_are_better_than_a_pair():
    poses = true_poses()
    turns, shifts = errors(synchronise(pairs_of(poses, degrees=4.0, voxels=0.5)), poses)
    # a pair is off by 6.4 degrees and 0.8 voxels on average
    assert np.median(turns) < 3.0
    assert np.median(shifts) < 0.4


def test_a_third_of_wrong_pairs_does_no_harm():
    poses = true_poses()
    turns, shifts = errors(synchronise(pairs_of(poses, degrees=3.0, voxels=0.3, lost=0.33)), poses)
    assert turns.max() < 6.0
    assert shifts.max() < 0.8


def test_pairs_that_go_to_any_symmetric_place_give_poses_that_are_alike():
    poses = true_poses()[0], np.zeros((COUNT, 3))
    turns, _ = errors(synchronise(pairs_of(poses, degrees=2.0, symmetry="D4")), poses, "D4")
    assert turns.max() < 5.0


def test_a_particle_without_any_right_pair_has_no_support():
    poses = true_poses()
    pairs = pairs_of(poses, degrees=2.0)
    rng = np.random.default_rng(8)
    for i, j in list(pairs):
        if j == COUNT - 1:
            pairs[i, j] = SimpleNamespace(rotation=random_rotations(rng, 1)[0], translation=rng.uniform(-4, 4, 3))
    support = synchronise(pairs).support
    assert support[-1] < 0.5 * support[:-1].min()


def test_pairs_may_be_missing():
    poses = true_poses()
    chain = {pair: found for pair, found in pairs_of(poses).items() if pair[1] - pair[0] <= 2}
    turns, shifts = errors(synchronise(chain), poses)
    assert turns.max() < 1e-3
    assert shifts.max() < 0.05


def test_a_pair_counts_by_its_covariance():
    poses = true_poses()
    sure, unsure = pairs_of(poses, degrees=1.0), pairs_of(poses, degrees=12.0, seed=2)
    mixed = {}
    for number, pair in enumerate(sure):
        good = number % 3 == 0
        found = (sure if good else unsure)[pair]
        found.covariance = np.eye(6) * np.radians(1.0 if good else 12.0) ** 2
        mixed[pair] = found
    plain = {
        pair: SimpleNamespace(rotation=found.rotation, translation=found.translation) for pair, found in mixed.items()
    }
    assert np.median(errors(synchronise(mixed), poses)[0]) < np.median(errors(synchronise(plain), poses)[0])


def test_the_order_of_particles_changes_nothing():
    poses = true_poses()
    pairs = pairs_of(poses, degrees=3.0, voxels=0.3, lost=0.2)
    order = np.random.default_rng(0).permutation(COUNT)
    place = {int(old): new for new, old in enumerate(order)}
    there = synchronise({(place[i], place[j]): found for (i, j), found in pairs.items()})
    here = synchronise(pairs)
    relative = np.einsum("iab,jcb->ijac", here.rotations, here.rotations)
    again = np.einsum("iab,jcb->ijac", there.rotations, there.rotations)[np.ix_(np.argsort(order), np.argsort(order))]
    turns = rotation_angle(np.einsum("ijba,ijbc->ijac", relative, again).reshape(-1, 3, 3))
    assert np.median(turns) < 0.5


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ({}, "at least one pair"),
        ({(0, 0): SimpleNamespace(rotation=np.eye(3), translation=np.zeros(3))}, r"pair \(0, 0\)"),
        (
            {pair: SimpleNamespace(rotation=np.eye(3), translation=np.zeros(3)) for pair in [(0, 1), (2, 3)]},
            "2 groups of particles unconnected",
        ),
    ],
)
def test_impossible_pairs_are_refused(pairs, words):
    with pytest.raises(InputError, match=words):
        synchronise(pairs)
