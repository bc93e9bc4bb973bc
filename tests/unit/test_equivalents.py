import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from gradalign.geometry.rotations import point_group, random_rotations
from gradalign.search.equivalents import equivalent, shared_group

RNG = np.random.default_rng(6)


def mates(name, off):
    """Return the elements of a group with axes of any direction, but for the identity, each off by some degrees."""
    frame = random_rotations(RNG, 1)[0]
    elements = point_group(name)
    turned = frame @ elements[np.trace(elements, axis1=1, axis2=2) < 2.9] @ frame.T
    noise = Rotation.from_rotvec(np.radians(off) * RNG.normal(size=(len(turned), 3)) / np.sqrt(3)).as_matrix()
    return noise @ turned


@pytest.mark.parametrize("name", ["C2", "C3", "C4", "C7", "D2", "D3", "D4", "D7"])
def test_the_mates_of_a_symmetric_object_name_its_group(name):
    for _ in range(5):
        assert shared_group(mates(name, 1.0), 4.0) == name


@pytest.mark.parametrize("name", ["C7", "D7"])
def test_some_of_the_mates_do_not_name_a_larger_group(name):
    few = mates(name, 0.5)[:4]
    found = shared_group(few, 3.0)
    assert int(found[1:]) <= 7


def test_twofold_mates_name_the_group_whose_principal_axis_is_across_them():
    turns = [
        Rotation.from_rotvec(np.pi * np.array([np.cos(a), np.sin(a), 0.0])).as_matrix() for a in (0.3, 0.3 + np.pi / 7)
    ]
    assert shared_group(np.array(turns), 3.0) == "D7"


def test_rotations_without_a_group_name_none():
    named = [shared_group(random_rotations(RNG, 3), 4.0) for _ in range(200)]
    assert named.count("") >= 198


def test_a_single_rotation_is_a_half_turn_or_nothing():
    half, third = (Rotation.from_rotvec([0.0, np.radians(angle), 0.0]).as_matrix() for angle in (179.0, 120.0))
    assert shared_group(half[None], 3.0) == "C2"
    assert shared_group(third[None], 3.0) == ""


def test_neighbouring_answers_are_no_symmetry():
    near = Rotation.from_rotvec([[0.0, 0.0, np.radians(3.0)]]).as_matrix()
    assert shared_group(near, 2.0) == ""
    assert shared_group(np.empty((0, 3, 3)), 2.0) == ""


@pytest.mark.parametrize("name", ["C2", "C7", "D2", "D4", "D7"])
def test_the_elements_of_a_known_group_are_told_from_other_rotations(name):
    for _ in range(5):
        right = mates(name, 1.0)
        wrong = random_rotations(RNG, 4)
        every = np.concatenate([wrong, right])
        found = equivalent(every, np.full(len(every), 0.1), name, 4.0)
        assert found[4:].sum() >= len(right) - 1
        # one in some directions is an element by chance
        assert found[:4].sum() <= 1


def test_the_axes_are_those_whose_elements_weigh_most():
    first, second = (Rotation.from_rotvec(np.pi * np.eye(3)[axis]).as_matrix() for axis in (0, 2))
    tilted = Rotation.from_rotvec([0.4, 0.0, 0.0]).as_matrix()
    rotations = np.array([tilted @ first @ tilted.T, tilted @ second @ tilted.T])
    np.testing.assert_array_equal(equivalent(rotations, np.array([0.2, 0.9]), "C2", 4.0), [False, True])
    np.testing.assert_array_equal(equivalent(rotations, np.array([0.9, 0.2]), "C2", 4.0), [True, False])


def test_half_a_step_about_the_axis_is_another_answer():
    steps = Rotation.from_rotvec(np.radians(360.0 / 7) * np.array([[0, 0, 0.5], [0, 0, 1.0], [0, 0, 1.5]])).as_matrix()
    for name in ("C7", "D7"):
        # however uncertain the rotation is
        np.testing.assert_array_equal(equivalent(steps, np.ones(3), name, 90.0), [False, True, False])


def test_an_object_without_symmetry_has_no_equivalents():
    assert not equivalent(mates("C7", 1.0), np.ones(6), "C1", 4.0).any()
    assert equivalent(np.empty((0, 3, 3)), np.empty(0), "C7", 4.0).shape == (0,)
