import numpy as np
import pytest
from five_points import POINTS, FivePoints, density
from scipy import fft

from gradalign.fourier.spectrum import Sampler
from gradalign.geometry.rotations import random_rotations, rotation_from_euler
from gradalign.geometry.wedge import measured
from gradalign.simulation.angles import tilt_angles
from gradalign.simulation.phantom import phantom
from gradalign.simulation.reconstruction import BackProjection
from gradalign.simulation.tilt_series import Projector


def frequencies(box):
    k = fft.fftfreq(box)
    z, y, x = np.meshgrid(k, k, k, indexing="ij")
    return np.stack([x, y, z], axis=-1)


def low_pass(volume, limit):
    """Keep what is coarser than `limit` voxels."""
    spectrum = fft.fftn(volume.astype(float))
    spectrum[np.linalg.norm(frequencies(len(volume)), axis=-1) > 1 / limit] = 0
    return fft.ifftn(spectrum).real


def reconstruct(sampler, rotation, translation, tilt_range, image_box=32, box=32, step=1):
    angles = tilt_angles(tilt_range, step)
    spectra = Projector(angles, np.ones((image_box, image_box // 2 + 1)))(sampler, rotation, translation)
    return BackProjection(image_box, box, angles, step)(fft.irfft2(spectra))


@pytest.mark.parametrize("image_box", [32, 48])
def test_full_series_gives_back_the_density_within_4_nm(image_box):
    rng = np.random.default_rng(5)
    sampler = Sampler(phantom(32, 64))
    for rotation in random_rotations(rng, 3):
        translation = rng.uniform(-1.6, 1.6, 3)
        volume = low_pass(reconstruct(sampler, rotation, translation, 90, image_box), 4)
        expected = low_pass(phantom(32, 32, rotation, translation), 4)
        assert np.corrcoef(volume.ravel(), expected.ravel())[0, 1] >= 0.99


def test_images_larger_than_the_box_give_the_density_at_its_own_scale():
    rotation, translation = rotation_from_euler(40, 70, -110), np.array([1.5, -0.7, 1.2])
    volume = reconstruct(Sampler(phantom(32, 64)), rotation, translation, 90, image_box=48)
    expected = phantom(32, 32, rotation, translation)
    assert np.linalg.norm(volume - expected) < 1e-3 * np.linalg.norm(expected)


def test_chiral_object_stands_where_its_pose_puts_it():
    rotation, translation = rotation_from_euler(-25, 65, 140), np.array([1.0, 2.0, -1.5])
    volume = reconstruct(FivePoints(), rotation, translation, 90, image_box=48)
    expected = density(32, POINTS @ rotation.T + translation)
    assert np.linalg.norm(volume - expected) < 2e-2 * np.linalg.norm(expected)


@pytest.mark.parametrize("tilt_range", [60, 40, (-20, 65)])
def test_spectrum_matches_inside_the_measured_region_and_is_empty_outside(tilt_range):
    rotation = rotation_from_euler(40, 70, -110)
    box = 64
    volume = reconstruct(Sampler(phantom(24, 64)), rotation, np.zeros(3), tilt_range, box, box)
    expected = fft.fftn(phantom(24, box, rotation).astype(float))
    spectrum = fft.fftn(volume.astype(float))
    k = frequencies(box)
    length = np.linalg.norm(k, axis=-1)
    # away from the wedge's edge, blurred by the finite box, by 2 of its frequencies
    from_axis = np.hypot(k[..., 0], k[..., 2]) * box
    margin = np.degrees(2 / np.maximum(from_axis, 2))
    tilt = np.degrees(np.arctan2(k[..., 2], k[..., 0]))
    tilt = np.mod(tilt + 90, 180) - 90
    low, high = tilt_range if isinstance(tilt_range, tuple) else (-tilt_range, tilt_range)
    band = (length < 0.25) & (from_axis > 3)
    inside = band & (tilt > low + margin) & (tilt < high - margin)
    outside = band & ~measured(k, tilt_range) & ((tilt < low - margin) | (tilt > high + margin))
    assert inside.sum() > 1000
    assert outside.sum() > 1000
    power = np.abs(expected) ** 2
    error = np.abs(spectrum - expected) ** 2
    assert error[inside].sum() < 0.01 * power[inside].sum()
    assert (np.abs(spectrum) ** 2)[outside].sum() < 0.01 * power[outside].sum()


def test_nothing_wraps_around():
    # a bright column at the edge of the images: its mirror place must stay dark
    images = np.zeros((1, 32, 32), dtype=np.float32)
    images[0, 0, 16] = 1
    volume = BackProjection(32, 32, [0.0], 1)(images)
    row = volume[16, 16]
    assert row[0] > 0
    assert np.abs(row[-4:]).max() < 1e-3 * row[0]


def test_reconstruction_is_linear_and_crops_the_middle():
    images = np.random.default_rng(3).standard_normal((121, 48, 48), dtype=np.float32)
    angles = tilt_angles(60, 1)
    large = BackProjection(48, 48, angles, 1)(images)
    small = BackProjection(48, 32, angles, 1)(images)
    assert np.allclose(large[8:40, 8:40, 8:40], small, atol=1e-5 * np.abs(small).max())
    assert np.allclose(BackProjection(48, 32, angles, 1)(2 * images), 2 * small)
