import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradalign.geometry.harmonics import generators, harmonics_up_to, rotation_matrices
from gradalign.geometry.rotations import random_rotations, rotation_from_euler
from gradalign.search.step import rotation_from_vector

ANGLES = st.tuples(st.floats(-180, 180), st.floats(0, 180), st.floats(-180, 180))


def directions(count, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(count, 3))
    return vectors / np.linalg.norm(vectors, axis=1)[:, None]


def of_degree(degree, points):
    return harmonics_up_to(degree, points)[:, degree**2 :]


def test_the_harmonics_are_orthonormal():
    cosines, weights = np.polynomial.legendre.leggauss(12)
    azimuths = np.arange(24) * 2 * np.pi / 24
    sines = np.sqrt(1 - cosines**2)
    points = [np.outer(sines, np.cos(azimuths)), np.outer(sines, np.sin(azimuths)), np.outer(cosines, np.ones(24))]
    points = np.stack(points, axis=-1).reshape(-1, 3)
    area = np.repeat(weights * 2 * np.pi / 24, 24)
    values = harmonics_up_to(5, points)
    np.testing.assert_allclose(values.T @ (area[:, None] * values), np.eye(36), atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 12), ANGLES)
def test_a_turned_function_has_the_turned_coefficients(degree, euler):
    rotation, points = rotation_from_euler(*euler), directions(30)
    turned = of_degree(degree, points @ rotation)
    np.testing.assert_allclose(turned, of_degree(degree, points) @ rotation_matrices(degree, euler)[degree], atol=1e-9)


@pytest.mark.parametrize("degree", [0, 1, 4, 9])
def test_one_rotation_after_another_is_the_product_of_their_matrices(degree):
    first, second = (np.array(angles) for angles in ((10.0, 50.0, 100.0), (-70.0, 120.0, 5.0)))
    # about z alone the angles add
    both = rotation_matrices(degree, (30.0, 0.0, 0.0))[degree] @ rotation_matrices(degree, first)[degree]
    np.testing.assert_allclose(both, rotation_matrices(degree, first + [30.0, 0.0, 0.0])[degree], atol=1e-12)
    matrix = rotation_matrices(degree, second)[degree]
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(2 * degree + 1), atol=1e-12)


def test_the_matrix_of_a_degree_does_not_depend_on_how_many_there_are():
    for degree, matrix in enumerate(rotation_matrices(7, (20.0, 95.0, -140.0))):
        alone = rotation_matrices(degree, (20.0, 95.0, -140.0))[degree]
        np.testing.assert_allclose(matrix, alone, atol=1e-13)


@pytest.mark.parametrize("degree", [0, 1, 3, 8])
def test_the_generators_are_the_derivatives_of_a_rotation(degree):
    points, vector = directions(30), np.array([0.3, -0.5, 0.8])
    step = 1e-5
    ahead, behind = (of_degree(degree, points @ rotation_from_vector(s * step * vector)) for s in (1, -1))
    slope = of_degree(degree, points) @ np.tensordot(vector, generators(degree), 1)
    np.testing.assert_allclose((ahead - behind) / (2 * step), slope, atol=1e-6)
    np.testing.assert_array_equal(generators(degree), -generators(degree).transpose(0, 2, 1))


def test_a_degrees_power_does_not_turn():
    rng = np.random.default_rng(3)
    values = rng.normal(size=11)
    points = directions(400, seed=4)
    for rotation in random_rotations(rng, 3):
        found, *_ = np.linalg.lstsq(of_degree(5, points), of_degree(5, points @ rotation) @ values, rcond=None)
        assert np.linalg.norm(found) == pytest.approx(np.linalg.norm(values))
