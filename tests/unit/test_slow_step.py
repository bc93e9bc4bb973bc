import numpy as np
import pytest
from test_scores import value_and_gradient

from gradalign.fourier.band import band_limit
from gradalign.fourier.overlap import work_space
from gradalign.fourier.spectrum import prepare
from gradalign.geometry.rotations import random_rotations, relative_transform
from gradalign.scores.least_squares import score_number
from gradalign.search.settings import Damping
from gradalign.search.step import rotation_from_vector, step
from gradalign.search.stochastic import place_candidates
from gradalign.simulation.phantom import phantom
from gradalign.study.paper_step import SlowPair

LOW_PASS = 5.3
TILTS = (60, (-50, 65))


def relative(value, expected):
    return np.linalg.norm(value - expected) / np.linalg.norm(expected)


def compact_pair(seed):
    """Return two phantoms that stay inside their boxes when turned, and a transform near the true one."""
    rng = np.random.default_rng(seed)
    poses, shifts = random_rotations(rng, 2), rng.uniform(-1.5, 1.5, (2, 3))
    volumes = [phantom(26, 32, pose, shift) for pose, shift in zip(poses, shifts, strict=True)]
    rotation, translation = relative_transform(poses[0], shifts[0], poses[1], shifts[1])
    return volumes, rotation_from_vector(np.array([0.1, -0.15, 0.1])) @ rotation, translation + [0.6, -0.5, 0.4]


def fast_step(volumes, rotation, translation, score):
    """Return the kernel's d and normal equations before one step, and its candidate after it."""
    fixed, moving = (prepare(volume, tilt, LOW_PASS) for volume, tilt in zip(volumes, TILTS, strict=True))
    before = value_and_gradient(fixed, moving, score, rotation, translation)
    after = place_candidates(fixed, moving, score_number(score), rotation[None], translation[None], Damping())
    assert step(fixed, moving, score_number(score), np.eye(6), Damping(), after, 0, work_space(fixed))
    return before, after


@pytest.mark.parametrize("score", ["rcs", "fcs"])
@pytest.mark.parametrize("order, tolerance", [(1, 0.15), (3, 0.01)])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_papers_step_in_numpy_is_the_kernels_up_to_its_interpolation(score, order, tolerance, seed):
    volumes, rotation, translation = compact_pair(seed)
    (value, matrix, vector), after = fast_step(volumes, rotation, translation, score)
    slow = SlowPair(*volumes, *TILTS, band_limit(32, LOW_PASS, 1.0), score, order).step(
        rotation, translation, Damping().start
    )
    assert relative(slow.dissimilarity, value) < tolerance
    assert relative(slow.matrix, matrix) < tolerance
    assert relative(slow.vector, vector) < tolerance
    assert relative(slow.translation - translation, after.translations[0] - translation) < tolerance
    assert relative(slow.rotation @ rotation.T - np.eye(3), after.rotations[0] @ rotation.T - np.eye(3)) < tolerance


@pytest.mark.parametrize("score", ["rcs", "fcs"])
def test_a_step_towards_the_truth_lowers_the_score(score):
    volumes, rotation, translation = compact_pair(3)
    slow = SlowPair(*volumes, 90, 90, 6.0, score).step(rotation, translation, 0.01)
    assert slow.trial_dissimilarity < 0.2 * slow.dissimilarity
