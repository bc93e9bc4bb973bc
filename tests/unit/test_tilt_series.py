import numpy as np
import pytest
from five_points import POINTS, FivePoints, density
from scipy import fft

from gradalign.errors import InputError
from gradalign.geometry.rotations import rotation_from_euler
from gradalign.simulation.angles import tilt_angles
from gradalign.simulation.tilt_series import Projector, image_frequencies, noise_spectra

ROTATION = rotation_from_euler(40, 70, -110)
TRANSLATION = np.array([1.5, -0.7, 2.2])


def test_full_range_counts_its_two_ends_once():
    assert np.array_equal(tilt_angles(90, 1), np.arange(-90, 90))
    assert np.array_equal(tilt_angles((-90, 90), 3), np.arange(-90, 90, 3))


def test_limited_range_has_both_ends():
    assert np.array_equal(tilt_angles(60, 1), np.arange(-60, 61))
    assert np.array_equal(tilt_angles((-30, 50), 2), np.arange(-30, 51, 2))
    assert np.array_equal(tilt_angles(40.5, 1), np.arange(-40.5, 41))


@pytest.mark.parametrize(("tilt_range", "step"), [(60, 7), (95, 1), (1, 3)])
def test_impossible_range_is_refused(tilt_range, step):
    with pytest.raises(InputError, match="tilt range"):
        tilt_angles(tilt_range, step)


def no_transfer(box):
    return np.ones((box, box // 2 + 1))


@pytest.mark.parametrize("box", [32, 48])
@pytest.mark.parametrize("angle", [-90, -37, 0, 60])
def test_projection_is_the_sum_along_the_beam_of_the_tilted_object(angle, box):
    spectra = Projector([angle], no_transfer(box))(FivePoints(), ROTATION, TRANSLATION)
    image = fft.irfft2(spectra)[0]
    # tilting takes (cos, 0, sin) to x and leaves y
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    tilting = np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])
    positions = (POINTS @ ROTATION.T + TRANSLATION) @ tilting.T
    expected = density(box, positions).sum(axis=0).T  # [x, y]
    assert np.abs(image - expected).max() < 2e-3 * expected.max()


def test_transfer_multiplies_the_images():
    kx, ky = image_frequencies(32)
    transfer = np.exp(-20 * (kx**2 + ky**2))
    plain = Projector([10, 20], no_transfer(32))(FivePoints(), ROTATION, TRANSLATION)
    damped = Projector([10, 20], transfer)(FivePoints(), ROTATION, TRANSLATION)
    assert np.allclose(damped, plain * transfer, atol=1e-4)


def test_frequencies_without_transfer_are_never_sampled():
    class Watchful(FivePoints):
        def sample(self, frequencies):
            assert np.linalg.norm(frequencies, axis=1).max() < 0.2
            return super().sample(frequencies)

    kx, ky = image_frequencies(32)
    transfer = (np.hypot(kx, ky) < 0.2).astype(float)
    spectra = Projector([10, 20], transfer)(Watchful(), ROTATION, TRANSLATION)
    assert np.array_equal(spectra[0] != 0, transfer != 0)


def test_noise_images_are_white_with_unit_variance():
    images = fft.irfft2(noise_spectra(np.random.default_rng(0), 4000, no_transfer(8)))
    flat = images.reshape(4000, -1)
    covariance = flat.T @ flat / 4000
    # 4000 draws: standard error 0.022 on the diagonal, 0.016 beside it
    assert np.abs(covariance - np.eye(64)).max() < 0.1
    assert abs(np.trace(covariance) / 64 - 1) < 0.01


def test_noise_power_follows_the_amplitude_at_every_frequency():
    kx, ky = image_frequencies(8)
    amplitude = 1 + kx**2 + 3 * ky
    images = fft.irfft2(noise_spectra(np.random.default_rng(1), 4000, amplitude))
    power = (np.abs(fft.rfft2(images)) ** 2).mean(axis=0) / 64
    assert np.abs(power / amplitude**2 - 1).max() < 0.12
