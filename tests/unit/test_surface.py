import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gradalign.base.randomness import generator
from gradalign.fourier.spectrum import prepare
from gradalign.geometry.membrane import random_surfaces, surface_rotation
from gradalign.geometry.rotations import alignment_error, random_rotations, relative_transform, rotation_angle
from gradalign.search.paper_scores import align_spectra
from gradalign.search.seeds import start_rotations
from gradalign.search.settings import Settings
from gradalign.simulation.phantom import phantom
from gradalign.study.conditions import Cell
from gradalign.study.pairs import Pair, pair_surfaces, search_generator, search_pair

direction = st.lists(st.floats(-1, 1), min_size=3, max_size=3).filter(lambda v: np.linalg.norm(v) > 1e-3)


@given(direction, st.floats(-720, 720))
def test_the_normal_is_taken_to_z_by_a_proper_rotation(normal, turn):
    rotation = surface_rotation(normal, turn)
    assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    assert np.allclose(rotation @ normal / np.linalg.norm(normal), [0, 0, 1], atol=1e-9)


@given(direction, st.floats(-180, 180), st.floats(-180, 180))
def test_two_turns_differ_by_their_difference_about_z(normal, first, second):
    between = surface_rotation(normal, second) @ surface_rotation(normal, first).T
    expected = np.radians(second - first)
    assert between[0, 0] == pytest.approx(np.cos(expected), abs=1e-9)
    assert between[1, 0] == pytest.approx(np.sin(expected), abs=1e-9)


def true_turns(pairs=200):
    """Return the true φ of Eq. 22 of the study's pairs in degrees, and how much of R_n is no turn about z."""
    cell = Cell("phantom", 60.0, 0.5, "rcs", 60.0)
    angles, strays = [], []
    for number in range(pairs):
        poses = random_rotations(generator(2012, "test", number), 2)
        pair = Pair(number, (poses[0], np.zeros(3), poses[1], np.zeros(3)), {})
        surface_f, surface_g = pair_surfaces(pair, cell, 2012)
        turn = surface_f @ poses[0] @ poses[1].T @ surface_g.T
        angles.append(np.degrees(np.arctan2(turn[1, 0], turn[0, 0])) % 360.0)
        strays.append(np.abs(turn[2] - [0, 0, 1]).max())
    return np.array(angles), np.array(strays)


def test_the_true_rotation_is_among_those_about_the_normal():
    assert true_turns()[1].max() < 1e-9


@pytest.mark.parametrize("interval", [60, 45])
def test_the_true_angle_is_uniform_and_on_no_seed(interval):
    angles, _ = true_turns()
    assert stats.kstest(angles / 360.0, "uniform").pvalue > 0.01
    # nor is it drawn to the seeds: from the nearest it is as far as chance has it
    offset = np.abs((angles + interval / 2) % interval - interval / 2)
    assert offset.min() > 0
    assert stats.kstest(offset / (interval / 2), "uniform").pvalue > 0.01


def test_without_turns_of_their_own_the_surfaces_would_tell_the_angle():
    # what the test above must be able to notice: R_f = Q P_f⁻¹ and R_g = Q P_g⁻¹ with one Q for both
    poses = random_rotations(np.random.default_rng(1), 400).reshape(-1, 2, 3, 3)
    common = surface_rotation([1.0, 2.0, 3.0], 0.0)
    turns = [common @ f.T @ (f @ g.T) @ (common @ g.T).T for f, g in poses]
    assert np.abs(np.array(turns) - np.eye(3)).max() < 1e-9


def test_subtomograms_in_one_pose_have_turns_of_their_own():
    # nothing but these turns lies between the two then
    rng = np.random.default_rng(5)
    pose = random_rotations(rng, 1)[0]
    surfaces = [random_surfaces(pose, pose, rng) for _ in range(300)]
    turns = [surface_f @ surface_g.T for surface_f, surface_g in surfaces]
    angles = np.degrees([np.arctan2(turn[1, 0], turn[0, 0]) for turn in turns]) % 360.0
    assert stats.kstest(angles / 360.0, "uniform").pvalue > 0.01


def test_normals_prefer_no_side_of_the_object():
    rng = np.random.default_rng(4)
    pose = np.eye(3)
    heights = [random_surfaces(pose, pose, rng)[0][2] for _ in range(600)]
    for axis in range(3):
        assert stats.kstest([height[axis] for height in heights], stats.uniform(-1, 2).cdf).pvalue > 0.01


@pytest.fixture(scope="module")
def pair():
    rng = np.random.default_rng(6)
    rotations, shifts = random_rotations(rng, 2), rng.uniform(-1.5, 1.5, (2, 3))
    volumes = [phantom(32, rotation=r, translation=a) for r, a in zip(rotations, shifts, strict=True)]
    level = 0.5 * volumes[0].std()
    fixed, moving = (prepare(v + level * rng.normal(size=v.shape), 60, 4.8) for v in volumes)
    return Pair(3, (rotations[0], shifts[0], rotations[1], shifts[1]), {"transform": (fixed, moving)})


@pytest.mark.parametrize("score", ["rcs", "fcs"])
def test_the_search_about_the_normal_finds_the_turn_and_leaves_the_normal_in_place(pair, score):
    cell = Cell("phantom", 60.0, 0.5, score, 60.0)
    found = search_pair(pair, cell, "axis", Settings(), 1.0, 7)
    surface_f, surface_g = pair_surfaces(pair, cell, 7)
    assert np.allclose((surface_f @ found.rotation @ surface_g.T)[2], [0, 0, 1], atol=1e-9)
    rotation_error, translation_error, _ = alignment_error(found.rotation, found.translation, *pair.poses)
    assert rotation_error < 3
    assert translation_error < 0.3
    # not because a seed was there
    seeds = start_rotations(60, surface_f, surface_g)
    assert len(seeds) == 6
    truth, _ = relative_transform(*pair.poses)
    assert min(rotation_angle(seed.T @ truth) for seed in seeds) > 2 * rotation_error


def test_both_scores_and_intervals_of_a_pair_share_its_surfaces_and_pairs_have_their_own(pair):
    cell = Cell("phantom", 60.0, 0.5, "rcs", 60.0)
    first = pair_surfaces(pair, cell, 7)
    assert np.array_equal(first, pair_surfaces(pair, cell._replace(score="fcs", interval=45.0), 7))
    assert not np.allclose(first, pair_surfaces(pair._replace(number=4), cell, 7))


def test_the_full_search_of_the_study_is_that_of_the_aligner(pair):
    cell = Cell("phantom", 60.0, 0.5, "rcs", 60.0)
    found = search_pair(pair, cell, "full", Settings(), 1.0, 7)
    rng = search_generator(7, cell, "full", 3)
    assert np.array_equal(found.path, align_spectra(*pair.of("rcs"), "rcs", Settings(), 1.0, rng).path)
