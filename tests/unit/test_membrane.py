import numpy as np
import pytest
from crowded import BOX, SPACE, observed, placed

from gradalign import align_pair
from gradalign.geometry.rotations import random_rotations, rotation_angle
from gradalign.scores.masks import distances
from gradalign.scores.membrane import membrane_in
from gradalign.scores.signal_model import estimate_models

POSES = random_rotations(np.random.default_rng(3), 2)
NORMALS = np.array([[0.8, -0.5, 0.33], [-0.2, 0.9, 0.4]])


def membrane(normal, height):
    """Return two leaflets, four voxels apart, whose middle has a height above voxel N//2."""
    along = np.arange(SPACE) - SPACE // 2
    points = np.stack(np.meshgrid(along, along, along, indexing="ij")[::-1], axis=-1)
    normal = normal / np.linalg.norm(normal)
    heights = points @ normal - height
    aside = (points**2).sum(axis=-1) - (points @ normal) ** 2
    leaflets = sum(np.exp(-0.5 * (heights - side) ** 2) for side in (-2.0, 2.0))
    return leaflets * np.exp(-0.5 * aside / 100.0)


@pytest.mark.parametrize("normal", NORMALS)
def test_a_membrane_is_found_where_the_particle_stands_too(normal):
    alone, wall = (observed(part, 0.0) for part in (placed(POSES[0]), membrane(normal, 11.0)))
    volume = alone + wall + observed(np.zeros((SPACE,) * 3), 0.05)
    found = membrane_in(volume, 8.0)
    near = distances(BOX) < 10
    assert ((found - wall)[near] ** 2).sum() < 0.1 * (wall[near] ** 2).sum()


def test_noise_and_a_lone_particle_hold_no_membrane():
    rng = np.random.default_rng(0)
    assert membrane_in(rng.normal(size=(BOX,) * 3), 8.0) is None
    assert membrane_in(observed(placed(POSES[0]), 0.05), 8.0) is None


def test_a_membrane_keeps_its_share_whatever_the_scale():
    volume = observed(placed(POSES[0]) + membrane(NORMALS[0], 11.0), 0.05)
    np.testing.assert_allclose(membrane_in(1e4 * volume, 8.0), 1e4 * membrane_in(volume, 8.0), rtol=1e-6, atol=1e-3)


def test_a_pair_beside_membranes_is_aligned():
    volumes = [
        observed(placed(pose) + membrane(normal, 11.0), 0.05, seed)
        for seed, (pose, normal) in enumerate(zip(POSES, NORMALS, strict=True))
    ]
    found = align_pair(*volumes, score="likelihood")
    assert rotation_angle(found.rotation.T @ POSES[0] @ POSES[1].T) < 5.0


def test_a_given_mask_leaves_the_membrane_where_it_is():
    volume = observed(placed(POSES[0]) + membrane(NORMALS[0], 11.0), 0.05)
    (found,), (given,) = (estimate_models([volume], [60], mask) for mask in ("automatic", 8.0))
    assert found.gold is not None
    assert given.gold is None
