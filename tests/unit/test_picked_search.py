from dataclasses import replace

import numpy as np
import pytest
from five_points import density
from hypothesis import given, settings
from hypothesis import strategies as st
from picked_files import BOX, PLACES, particle
from scipy.spatial.transform import Rotation

from gradalign.geometry.rotations import (
    point_group,
    random_rotations,
    rotation_angle,
    rotation_from_euler,
    seed_rotations,
)
from gradalign.io.star import from_relion
from gradalign.particles.search import (
    Plan,
    align_particle,
    axis_seeds,
    local_seeds,
    prepare_particle,
    prepare_reference,
    prior_surface,
    symmetric_seeds,
)
from gradalign.search.score import load_score
from gradalign.search.seeds import SPREAD_FACTOR
from gradalign.search.settings import Settings

REFERENCE = density(BOX, PLACES)


def plan(score="rcs", search="full", **changes):
    first = Plan(BOX, 1.25, score, search, 60.0, 30.0, "C1", 5.0, 9.0, Settings(start_reach=4.0))
    return replace(first, **changes) if changes else first


def normed(volume):
    return ((volume - volume.mean()) / volume.std()).astype(np.float32)


def distances_from_seeds(seeds, symmetry, rotations):
    """Return the angle from each rotation to the nearest seed, the symmetry taken into account."""
    elements = point_group(symmetry)
    alike = np.concatenate([seeds @ element for element in elements])
    return np.array([rotation_angle(rotation.T @ alike).min() for rotation in rotations])


@pytest.mark.parametrize(
    ("symmetry", "count"), [("C1", 108), ("C2", 54), ("C7", 18), ("D2", 36), ("D7", 12), ("c4", 36)]
)
def test_a_symmetric_reference_needs_fewer_seeds(symmetry, count):
    assert len(symmetric_seeds(60.0, symmetry)) == count
    spread = symmetric_seeds(60.0, symmetry, spread=True)
    assert len(spread) == pytest.approx(SPREAD_FACTOR * 108 / len(point_group(symmetry)), rel=0.05)


@pytest.mark.parametrize("symmetry", ["C2", "C3", "C4", "C7", "D1", "D2", "D3", "D7"])
def test_the_fewer_seeds_leave_no_wider_gaps_than_all_of_them(symmetry):
    rotations = random_rotations(np.random.default_rng(4), 400)
    widest = distances_from_seeds(seed_rotations(60.0), "C1", rotations).max()
    assert distances_from_seeds(symmetric_seeds(60.0, symmetry), symmetry, rotations).max() < widest + 1
    # four times as many: gaps narrower by the cube root of that, but where the kept ones meet their likes
    spread = distances_from_seeds(symmetric_seeds(60.0, symmetry, spread=True), symmetry, rotations)
    assert spread.max() < 0.8 * widest


def test_no_two_seeds_of_a_symmetric_reference_are_the_same_view():
    for symmetry in ("C3", "D2", "D7"):
        seeds = symmetric_seeds(60.0, symmetry)
        for number, seed in enumerate(seeds):
            others = np.concatenate([np.delete(seeds, number, 0) @ element for element in point_group(symmetry)])
            assert rotation_angle(seed.T @ others).min() > 10


def test_local_seeds_lie_around_the_given_orientation():
    (given_one,) = random_rotations(np.random.default_rng(2), 1)
    seeds = local_seeds(given_one, 20.0)
    angles = rotation_angle(seeds @ given_one.T)
    assert np.allclose(angles, [0, *[12] * 6], atol=1e-6)
    assert np.allclose(np.linalg.det(seeds), 1)


@settings(max_examples=30)
@given(tilt=st.floats(0, 180), psi=st.floats(-180, 180), rot=st.floats(-180, 180))
def test_all_that_a_prior_leaves_open_is_rlnanglerot(tilt, psi, rot):
    (rotation,), _ = from_relion([[rot, tilt, psi]], np.zeros((1, 3)), 1.0)
    surface = prior_surface(tilt, psi)
    # R_n = R_f R is a turn about z, the truth among them
    turn = surface @ rotation
    assert np.allclose(turn @ [0, 0, 1], [0, 0, 1], atol=1e-9)
    assert np.allclose(turn, rotation_from_euler(-rot, 0, 0), atol=1e-9)
    for seed in axis_seeds(60.0, "C1", surface):
        assert np.allclose(surface @ seed @ [0, 0, 1], [0, 0, 1], atol=1e-9)


def test_axis_seeds_span_one_period_of_the_axis():
    assert [len(axis_seeds(60.0, name, np.eye(3))) for name in ("C1", "C2", "C7", "D2")] == [6, 3, 1, 3]


def posed(number, wedge, noise=1.0):
    rng = np.random.default_rng([number, 8])
    rotation, shift = Rotation.random(rng=rng), rng.uniform(-1.5, 1.5, 3)
    return normed(particle(rotation, shift, wedge, rng, noise)), rotation.as_matrix(), shift


def found(volume, wedge, centre, start, prior, score, search, known=None, **changes):
    here = plan(score, search, **changes)
    reference = prepare_reference(REFERENCE, here.mask(), here, known)
    fixed = prepare_particle(volume, wedge, centre, reference)
    return align_particle(fixed, reference, centre, start, prior, rng=1)


@pytest.mark.parametrize("score", ["rcs", "fcs", "likelihood"])
@pytest.mark.parametrize("search", ["full", "local", "axis"])
@pytest.mark.parametrize("wedge", [(-60, 50, 90), (-55, 60, 10)])
def test_each_score_and_search_finds_particles_whatever_their_tilt_axis(score, search, wedge):
    particles = [posed(number, wedge) for number in range(6)]
    known = load_score(score).model_of_set([volume for volume, _, _ in particles], [wedge] * 6)
    errors = []
    for volume, rotation, shift in particles:
        # the centre of the search is off by a voxel or so, and the given orientation by some degrees
        centre = np.round(shift) + [1, 0, -1]
        tilt_psi = 180 - Rotation.from_matrix(rotation).as_euler("ZYZ", degrees=True)[::-1]
        prior = (180 - tilt_psi[1], tilt_psi[2])
        start = rotation_from_euler(5, 8, 3) @ rotation
        answer = found(volume, wedge, centre, start, prior, score, search, known)
        errors.append((rotation_angle(answer.rotation.T @ rotation), np.linalg.norm(answer.translation - shift)))
    assert (np.median(errors, axis=0) < [2.0, 0.15]).all()
    assert (np.max(errors, axis=0) < [8.0, 0.6]).all()


def test_the_wrong_tilt_axis_is_worse():
    wedge, wrong = (-45, 45, 0), (-45, 45, 90)
    differences = []
    for number in range(4):
        volume, rotation, _ = posed(number, wedge, noise=0.3)
        right, left = (
            rotation_angle(found(volume, w, np.zeros(3), None, None, "rcs", "full").rotation.T @ rotation)
            for w in (wedge, wrong)
        )
        differences.append(left - right)
    assert np.mean(differences) > 0


@pytest.mark.parametrize("local_range", [3.0, 30.0])
def test_a_local_search_never_leaves_its_range(local_range):
    for number in range(4):
        volume, rotation, shift = posed(number, (-60, 60, 90))
        # 20 degrees from the truth: within one range, outside the other
        start = rotation_from_euler(0, 20, 0) @ rotation
        answer = found(volume, (-60, 60, 90), shift, start, None, "rcs", "local", local_range=local_range)
        assert rotation_angle(answer.rotation @ start.T) <= local_range + 1e-6
        assert np.isfinite(answer.dissimilarity)
        assert np.linalg.norm(answer.translation - shift) < 3


def test_a_scale_and_an_offset_of_the_particle_change_nothing_for_any_score():
    volume, _, _ = posed(1, (-60, 60, 90))
    for score in ("rcs", "fcs"):
        here = [
            found(v, (-60, 60, 90), np.zeros(3), None, None, score, "full").rotation
            for v in (volume, normed(7 * volume + 3))
        ]
        assert np.allclose(*here, atol=1e-3)
    # the Fourier-space score compares values: both sides stand on unit variance
    assert found(normed(volume), (-60, 60, 90), np.zeros(3), None, None, "fcs", "full").dissimilarity < 2


def test_a_mask_keeps_a_neighbour_out():
    volume, rotation, shift = posed(3, (-60, 60, 90), noise=0.3)
    crowded = volume.copy()
    crowded[:, :, :3] += 4 * np.abs(volume).max()
    crowded = normed(crowded)
    kept = [
        rotation_angle(
            found(crowded, (-60, 60, 90), shift, None, None, "rcs", "full", mask_radius=radius).rotation.T @ rotation
        )
        for radius in (6.0, 0.0)
    ]
    assert kept[0] < 10 < kept[1]
