import numpy as np
import pytest

from gradalign import align_pair
from gradalign.geometry.rotations import random_rotations, rotation_angle
from gradalign.geometry.wedge import measured
from gradalign.scores.beside import masks_of_set
from gradalign.scores.gold import without_gold
from gradalign.scores.masks import NONE, distances, given_mask, lone_radius, soft_sphere
from gradalign.scores.signal_model import estimate_models
from gradalign.simulation.phantom import phantom

WEDGE = (-60.0, 60.0, 90.0)
SPACE, BOX = 64, 32


def ball(centre, radius):
    return np.exp(-((distances(SPACE, centre) / radius) ** 2))


def observed(density, noise, seed=0):
    """Return the box in the middle of what ±60° show of a density in a wider space, with noise that is cut likewise."""
    rng = np.random.default_rng(seed)
    axis = np.fft.fftfreq(SPACE)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij")[::-1], axis=-1)
    noisy = density + noise * rng.normal(size=density.shape)
    cut = np.fft.ifftn(np.fft.fftn(noisy) * measured(points, WEDGE)).real
    return cut[16:48, 16:48, 16:48]


def particle(rotation, size=16):
    wide = np.zeros((SPACE,) * 3)
    wide[16:48, 16:48, 16:48] = phantom(size, BOX, rotation)
    return wide / wide.std() * 0.1


POSES = random_rotations(np.random.default_rng(3), 2)
BEADS = ((9.3, -5.2, 4.1), (-6.4, 8.8, -5.7))


def test_a_gold_bead_is_taken_out_to_within_the_noise():
    density, noise = particle(POSES[0]), 0.1
    plain, dense = (observed(density + part * ball(BEADS[0], 2.5), noise) for part in (0.0, 20.0))
    clean, centres = without_gold(dense, WEDGE)
    assert len(centres) == 1
    assert np.abs(centres[0] - BEADS[0]).max() < 0.2
    assert (clean - plain).std() < 0.2 * (dense - plain).std()
    assert (clean - plain).std() < 0.4 * plain.std()


def test_a_volume_without_gold_stays_as_it_is():
    volume = observed(particle(POSES[0]), 0.1)
    clean, centres = without_gold(volume, WEDGE)
    assert clean is volume
    assert centres == []


def test_a_pair_with_gold_is_aligned_as_without():
    volumes = [
        observed(particle(pose, 24) + 20.0 * ball(place, 2.5), 0.02, 1)
        for pose, place in zip(POSES, BEADS, strict=True)
    ]
    found = align_pair(*volumes, score="likelihood")
    assert rotation_angle(found.rotation.T @ POSES[0] @ POSES[1].T) < 5.0


def test_what_stands_beside_the_particle_is_told_from_noise():
    alone = [observed(particle(pose), 0.2, 2) for pose in POSES]
    beside = [observed(particle(pose) + 2.0 * ball((0.0, 13.0, 0.0), 4.0), 0.2, 2) for pose in POSES]
    free, crowded = (estimate_models(volumes, [60, 60])[0] for volumes in (alone, beside))
    assert not free.crowded
    assert crowded.crowded
    assert crowded.mask.sum() < 0.5 * free.mask.sum()
    # it is not taken for noise
    assert np.allclose(np.log(crowded.noise[4:10] * crowded.unit**2 / (free.noise[4:10] * free.unit**2)), 0.0, atol=0.5)


def test_the_particles_end_is_told_in_spite_of_a_neighbour():
    lone = observed(particle(POSES[0]), 0.05, 2)
    beside = observed(particle(POSES[0]) + 2.0 * ball((0.0, 13.0, 0.0), 4.0), 0.05, 2)
    assert lone_radius([beside]) == pytest.approx(lone_radius([lone]), abs=1.0)


def test_a_users_mask_is_what_he_asks_for():
    assert np.array_equal(given_mask((7.0, (1.0, -2.0, 3.0)), BOX)[0], soft_sphere(BOX, 7.0, 4.0, (1.0, -2.0, 3.0)))
    own = soft_sphere(BOX, 6.0, 3.0)
    assert np.array_equal(given_mask(own, BOX)[0], own)
    volumes = [observed(particle(pose), 0.05, 2) for pose in POSES]
    assert masks_of_set(NONE, volumes, [90.0, 90.0]).mask.values.min() == 1.0
    assert np.array_equal(estimate_models(volumes, [60, 60], own)[1].mask, own)


@pytest.mark.parametrize("score", ["rcs", "fcs", "likelihood"])
def test_each_score_looks_under_the_mask_alone(score):
    volumes = [observed(particle(pose, 24), 0.02, 3) for pose in POSES]
    outside = distances(BOX) > 16.5
    other = volumes[0] + 0.0
    right = align_pair(*volumes, score=score, mask=12.0)
    other[outside] += 0.05 * np.random.default_rng(1).normal(size=outside.sum())
    assert rotation_angle(align_pair(other, volumes[1], score=score, mask=12.0).rotation.T @ right.rotation) < 2.0


def test_what_stands_beside_one_volume_of_a_set_changes_nothing_of_the_others():
    poses = random_rotations(np.random.default_rng(4), 3)
    alone = [observed(particle(pose), 0.2, seed) for seed, pose in enumerate(poses)]
    beside = observed(particle(POSES[1]) + 2.0 * ball((0.0, 13.0, 0.0), 4.0), 0.2, 2)
    *others, crowded = estimate_models([*alone, beside], [60] * 4)
    assert [model.beside for model in (*others, crowded)] == [False, False, False, True]
    assert crowded.alone is None
    for model, free in zip(others, estimate_models(alone, [60] * 3), strict=True):
        assert np.array_equal(model.alone.mask, free.mask)
        assert np.array_equal(model.alone.signal, free.signal)
        assert np.array_equal(model.alone.noise, free.noise)
        # and to be compared with the crowded one all are under one mask
        assert np.array_equal(model.mask, crowded.mask)
