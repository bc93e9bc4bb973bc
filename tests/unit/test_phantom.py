import numpy as np
from scipy.ndimage import center_of_mass, map_coordinates

from gradalign.geometry.rotations import rotation_from_euler
from gradalign.simulation.phantom import gaussians, phantom


def test_centre_of_mass_is_the_centre_voxel():
    assert np.allclose(center_of_mass(phantom(32, 96).astype(float)), 48, atol=1e-4)


def test_gaussians_stand_where_the_design_puts_them():
    centres, shapes = gaussians(32)
    apart = centres - centres.mean(axis=0)
    expected = 8 * np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [np.sqrt(0.5), np.sqrt(0.5), 0]])
    assert np.allclose(apart, expected - expected.mean(axis=0))
    for axis, shape in zip(expected / 8, shapes, strict=True):
        assert np.isclose(axis @ shape @ axis, 1 / (32 * 1.2))
        assert np.allclose(np.linalg.eigvalsh(shape), np.array([1 / 1.2, 1 / 0.4, 1 / 0.4]) / 32)


def test_density_is_the_formula_at_a_voxel():
    point = np.array([3.0, -2, 5])
    centres, shapes = gaussians(32)
    value = sum(np.exp(-(point - c) @ a @ (point - c)) for c, a in zip(centres, shapes, strict=True))
    assert np.isclose(phantom(32, 48)[24 + 5, 24 - 2, 24 + 3], value)


def test_x_and_y_mirror_each_other():
    density = phantom(32)
    assert np.allclose(density, density.transpose(0, 2, 1), atol=1e-6)
    assert not np.allclose(density, density.transpose(2, 1, 0), atol=0.1)


def test_larger_box_holds_the_same_density():
    assert np.array_equal(phantom(32, 64)[16:48, 16:48, 16:48], phantom(32))


def test_moved_phantom_is_the_phantom_at_turned_back_positions():
    rotation, translation = rotation_from_euler(40, 70, -110), np.array([1.5, -0.7, 2.2])
    moved = phantom(32, 32, rotation, translation)
    z, y, x = np.meshgrid(*3 * [np.arange(32) - 16], indexing="ij")
    positions = np.stack([x, y, z], axis=-1) - translation
    back = positions @ rotation  # R^-1 (x - a)
    still = phantom(32, 96).astype(float)
    expected = map_coordinates(still, 48 + np.moveaxis(back[..., ::-1], -1, 0), order=5)
    assert np.abs(moved - expected).max() < 2e-3
