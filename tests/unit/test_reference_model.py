"""A particle, of which the microscope shows what it transfers, against a map that has no contrast transfer."""

import numpy as np
import pytest

from gradalign import align_pair
from gradalign.geometry.rotations import random_rotations, rotation_angle
from gradalign.geometry.wedge import measured
from gradalign.scores.shared_spectra import POSE_DEVIATION, unknown_transfer
from gradalign.scores.signal_model import REFERENCE_RATIO, estimate_models
from gradalign.simulation.phantom import phantom

SIZE = 32
PLACES = 4.0 * np.arange(14) ** 2 + 1.0
SHAPE = np.exp(-np.arange(14) / 2.0)


def observed(rotation, noise, rng, tilt=60.0):
    """Return a phantom through phase contrast below its first maximum, with white noise, less its missing wedge."""
    axis = np.fft.fftfreq(SIZE, 1.0 / SIZE)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij")[::-1], axis=-1)
    contrast = np.sin(0.5 * np.pi * np.minimum((points**2).sum(axis=-1) / 9.0**2, 1.0))
    transform = np.fft.fftn(phantom(SIZE, 32, rotation)) * contrast
    seen = np.fft.ifftn(transform).real
    whole = transform + np.fft.fftn(noise * seen.std() * rng.normal(size=seen.shape))
    return np.fft.ifftn(whole * measured(points, tilt)).real


@pytest.mark.parametrize("power", [0.0, 2.0, 4.0])
@pytest.mark.parametrize("noise", [0.01, 0.3])
def test_the_power_by_which_particles_differ_from_a_map_is_found(power, noise):
    rng = np.random.default_rng(int(10 * power))
    signal = SHAPE * np.maximum(np.arange(14), 1.0) ** power
    level = noise * signal[1:6].mean()
    found = []
    for _ in range(20):
        poses = 1.0 + 0.3 * POSE_DEVIATION * rng.normal(size=(4, 14))
        totals = (signal * poses + level) * rng.gamma(PLACES, 1.0 / PLACES, (4, 14))
        found.append(unknown_transfer(totals - level, totals, np.tile(PLACES, (4, 1)), 7.0 * SHAPE))
    assert np.mean(found) == pytest.approx(power, abs=0.25)


def test_noise_alone_tells_of_no_power():
    rng = np.random.default_rng(1)
    totals = rng.gamma(PLACES, 1.0 / PLACES, (500, 1, 14))
    found = [unknown_transfer(each - 1.0, each, PLACES[None], SHAPE) for each in totals]
    assert abs(np.median(found)) < 0.5


def test_a_reference_beside_particles_has_a_model_error_and_maps_among_themselves_have_none():
    rng = np.random.default_rng(3)
    rotation = random_rotations(rng, 1)[0]
    f, g = observed(rotation, 0.5, rng), phantom(SIZE, 32)
    reference = estimate_models([f, g], [60, 90])[1]
    assert (reference.signal <= REFERENCE_RATIO * reference.noise * (1.0 + 1e-9)).all()
    first = estimate_models([phantom(SIZE, 32, rotation), g], [90, 90])[0]
    assert (first.signal > 2 * REFERENCE_RATIO * first.noise).any()


def test_a_particle_is_found_in_a_map_without_its_contrast_transfer_and_the_verdict_says_so():
    rng = np.random.default_rng(5)
    for number, rotation in enumerate(random_rotations(rng, 4)):
        found = align_pair(
            observed(rotation, 1.0, rng), phantom(SIZE, 32), tilt_f=60, tilt_g=90, score="likelihood", seed=number
        )
        assert rotation_angle(found.rotation @ rotation.T) < 3.0
        assert found.reason == ""
