import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from gradalign.errors import InputError
from gradalign.geometry.rotations import (
    alignment_error,
    axis_seed_angles,
    euler_from_rotation,
    inverse_transform,
    point_group,
    random_rotations,
    relative_transform,
    rotation_angle,
    rotation_from_euler,
    seed_rotations,
    spread_rotations,
    transform_distance,
)

angles = st.floats(-720, 720)
seeds = st.integers(0, 2**32 - 1)
groups = st.sampled_from(["C1", "C7", "D4", "D7"])


@given(seeds)
def test_random_rotations_are_those_of_scipy_to_the_last_digit(seed):
    expected = Rotation.random(3, rng=np.random.default_rng(seed)).as_matrix()
    assert np.array_equal(random_rotations(np.random.default_rng(seed), 3), expected)


@given(angles, angles, angles)
def test_euler_angles_of_a_rotation_give_the_rotation_back(phi, theta, psi):
    rotation = rotation_from_euler(phi, theta, psi)
    again = euler_from_rotation(rotation)
    assert np.allclose(rotation_from_euler(*again), rotation, atol=1e-9)
    assert 0 <= again[1] <= 180


def test_euler_angles_turn_about_z_then_y_then_z():
    # ψ acts first: x stays in the xy plane, then θ tips it, then φ turns it
    assert np.allclose(rotation_from_euler(0, 0, 90) @ [1, 0, 0], [0, 1, 0])
    assert np.allclose(rotation_from_euler(0, 90, 0) @ [0, 0, 1], [1, 0, 0])
    assert np.allclose(rotation_from_euler(90, 90, 0) @ [0, 0, 1], [0, 1, 0])


@pytest.mark.parametrize("interval, count", [(90, 32), (60, 108), (45, 256), (30, 864)])
def test_seeds_are_as_many_as_the_paper_says_and_all_different(interval, count):
    rotations = seed_rotations(interval)
    assert len(rotations) == count
    cosines = (np.einsum("aij,bij->ab", rotations, rotations) - 1) / 2
    np.fill_diagonal(cosines, -1)
    assert cosines.max() < np.cos(np.radians(interval / 4))


def test_spread_rotations_average_better_than_random_ones():
    rotations = spread_rotations(64)
    # over all rotations 0 and 1/3; 64 random ones miss them by 0.072 and 0.037 (one standard deviation)
    assert np.sqrt(np.mean(rotations.mean(axis=0) ** 2)) < 0.02
    assert np.sqrt(np.mean(((rotations**2).mean(axis=0) - 1 / 3) ** 2)) < 0.01


@given(st.integers(1, 600))
def test_spread_rotations_are_rotations_as_many_as_asked_for_and_always_the_same(count):
    rotations = spread_rotations(count)
    assert rotations.shape == (count, 3, 3)
    assert np.allclose(rotations @ rotations.transpose(0, 2, 1), np.eye(3))
    assert np.allclose(np.linalg.det(rotations), 1)
    assert np.array_equal(spread_rotations(count), rotations)


@given(st.integers(30, 1100), seeds)
def test_spread_rotations_leave_neither_gaps_nor_clumps(count, seed):
    rotations = spread_rotations(count)
    # count balls of this radius have the volume of all rotations: 8π² against 8π (ω − sin ω), here to first order
    share = np.degrees((6 * np.pi / count) ** (1 / 3))
    others = random_rotations(np.random.default_rng(seed), 200)
    gaps = np.arccos(np.clip(((np.einsum("aij,bij->ab", others, rotations) - 1) / 2).max(axis=1), -1, 1))
    assert np.degrees(gaps).max() < 1.7 * share
    cosines = (np.einsum("aij,bij->ab", rotations, rotations) - 1) / 2
    np.fill_diagonal(cosines, -1)
    assert np.degrees(np.arccos(cosines.max())) > 0.85 * share


def test_axis_seeds_are_six_and_eight():
    assert len(axis_seed_angles(60)) == 6
    assert len(axis_seed_angles(45)) == 8


@pytest.mark.parametrize("interval", [0, -60, 70, float("nan"), float("inf"), "sixty", None])
def test_an_interval_that_does_not_divide_180_is_refused(interval):
    with pytest.raises(InputError, match="interval"):
        seed_rotations(interval)


@pytest.mark.parametrize("name, order", [("C1", 1), ("C7", 7), ("D4", 8), ("D7", 14)])
def test_a_point_group_is_closed_and_starts_with_the_identity(name, order):
    elements = point_group(name)
    assert len(elements) == order
    assert np.allclose(elements[0], np.eye(3))
    products = np.einsum("aij,bjk->abik", elements, elements).reshape(-1, 3, 3)
    nearest = np.abs(products[:, None] - elements[None]).max(axis=(2, 3)).min(axis=1)
    assert nearest.max() < 1e-9
    if name[0] == "D":
        assert np.abs(elements - np.diag([1, -1, -1])).max(axis=(1, 2)).min() < 1e-12


@pytest.mark.parametrize("name", ["", "D", "C0", "T", "O", "D-2", "7"])
def test_an_unknown_point_group_is_refused(name):
    with pytest.raises(InputError, match="symmetry"):
        point_group(name)


@given(seeds, groups)
def test_the_true_transform_has_no_error_whatever_the_symmetry_element(seed, group):
    rng = np.random.default_rng(seed)
    poses, shifts = random_rotations(rng, 2), rng.normal(size=(2, 3))
    for element in point_group(group):
        truth = relative_transform(poses[0], shifts[0], poses[1], shifts[1], element)
        errors = alignment_error(*truth, poses[0], shifts[0], poses[1], shifts[1], group)
        assert np.allclose(errors, 0, atol=1e-5)


@given(seeds)
def test_the_true_transform_carries_the_object_from_g_to_f(seed):
    rng = np.random.default_rng(seed)
    poses, shifts, point = random_rotations(rng, 2), rng.normal(size=(2, 3)), rng.normal(size=3)
    rotation, shift = relative_transform(poses[0], shifts[0], poses[1], shifts[1])
    assert np.allclose(rotation @ (poses[1] @ point + shifts[1]) + shift, poses[0] @ point + shifts[0])


@given(seeds, st.floats(0, 179), groups)
def test_the_error_never_exceeds_the_angle_by_which_the_truth_was_turned(seed, angle, group):
    rng = np.random.default_rng(seed)
    poses, shifts = random_rotations(rng, 2), rng.normal(size=(2, 3))
    truth, shift = relative_transform(poses[0], shifts[0], poses[1], shifts[1])
    turned = truth @ rotation_from_euler(angle, 0, 0)
    error = alignment_error(turned, shift, poses[0], shifts[0], poses[1], shifts[1], group)[0]
    assert error <= angle + 1e-5
    if group == "C1":
        assert error == pytest.approx(angle, abs=1e-5)


def test_a_turn_about_the_principal_axis_leaves_the_axis_error_at_zero():
    turn = rotation_from_euler(12.0, 0, 0)
    rotation_error, _, axis_error = alignment_error(
        turn, np.zeros(3), np.eye(3), np.zeros(3), np.eye(3), np.zeros(3), "D7"
    )
    assert rotation_error == pytest.approx(12.0)
    assert axis_error == pytest.approx(0.0, abs=1e-5)


@given(seeds)
def test_a_transform_after_its_inverse_is_nothing(seed):
    rng = np.random.default_rng(seed)
    rotation, shift = random_rotations(rng, 1)[0], rng.normal(size=3)
    back, undo = inverse_transform(rotation, shift)
    assert np.allclose(back @ (rotation @ [1, 2, 3] + shift) + undo, [1, 2, 3])


@given(seeds, st.floats(0, 180))
def test_transform_distance_of_two_rotations_is_that_of_their_matrices(seed, angle):
    rng = np.random.default_rng(seed)
    rotation = random_rotations(rng, 1)[0]
    other = rotation_from_euler(angle, 0, 0) @ rotation
    nowhere = np.zeros(3)
    expected = 2 * np.sqrt(2) * np.sin(np.radians(angle) / 2)
    assert transform_distance(rotation, nowhere, other, nowhere) == pytest.approx(expected, abs=1e-9)
    # D = R⁻¹(I − [a a a]): three equal columns of a move by √3 |Δa|
    assert transform_distance(rotation, [1, 0, 0], rotation, nowhere) == pytest.approx(np.sqrt(3))


def test_random_rotations_are_uniform():
    rotations = random_rotations(np.random.default_rng(1), 20000)
    assert np.abs(rotations.mean(axis=0)).max() < 0.02
    # the angle's density is (1 − cos α)/π: its mean is π/2 + 2/π
    assert np.radians(rotation_angle(rotations)).mean() == pytest.approx(np.pi / 2 + 2 / np.pi, abs=0.02)


@given(seeds)
def test_angles_and_matrices_are_those_of_scipy(seed):
    rotations = random_rotations(np.random.default_rng(seed), 5)
    reference = Rotation.from_matrix(rotations)
    assert np.allclose(rotation_angle(rotations), np.degrees(reference.magnitude()), atol=1e-6)
    angles = euler_from_rotation(rotations)
    assert np.allclose(angles, reference.as_euler("ZYZ", degrees=True), atol=1e-6)
    assert np.allclose(rotation_from_euler(*angles.T), rotations, atol=1e-12)


@given(st.floats(-180, 180), st.sampled_from([0.0, 180.0]))
def test_without_a_tilt_the_last_angle_is_zero(phi, theta):
    rotation = rotation_from_euler(phi, theta, 0.0)
    angles = euler_from_rotation(rotation)
    assert angles[2] == 0
    assert angles[1] == pytest.approx(theta, abs=1e-6)
    assert np.allclose(rotation_from_euler(*angles), rotation, atol=1e-9)
