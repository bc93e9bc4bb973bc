import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from gradalign.geometry.rotations import point_group, random_rotations
from gradalign.search.equivalents import shared_group

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
