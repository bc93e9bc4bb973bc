"""What is known of a set of particles and of their reference, without any search."""

import numpy as np
import pytest
from five_points import density
from picked_files import BOX, PLACES, particle
from scipy.spatial.transform import Rotation

from gradalign.particles.filters import reference_agreement
from gradalign.scores.set_model import model_of_particle, model_of_reference, model_of_set

WEDGE = (-60.0, 60.0, 90.0)
REFERENCE = density(BOX, PLACES)


@pytest.fixture(scope="module")
def volumes():
    rng = np.random.default_rng(3)
    return [particle(Rotation.random(rng=rng), rng.uniform(-1, 1, 3), WEDGE, rng) for _ in range(8)]


@pytest.fixture(scope="module")
def known(volumes):
    return model_of_reference(REFERENCE, model_of_set(volumes, [WEDGE] * 8))[1]


def test_a_factor_and_an_offset_of_a_particle_stand_in_its_unit_and_level_alone(volumes, known):
    plain, scaled = (model_of_particle(v, WEDGE, known) for v in (volumes[0], 1e3 * volumes[0] - 50.0))
    assert scaled.unit == pytest.approx(1e3 * plain.unit, rel=1e-3)
    assert np.allclose(scaled.signal, plain.signal, rtol=1e-3)
    assert np.allclose(scaled.noise, plain.noise, rtol=1e-3)
    assert np.allclose(scaled.standardised(1e3 * volumes[0] - 50.0), plain.standardised(volumes[0]), atol=1e-3)


def test_particles_of_a_set_have_its_shapes(volumes, known):
    for volume in volumes:
        model = model_of_particle(volume, WEDGE, known)
        for own, of_set in ((model.signal, known.signal), (model.noise, known.noise)):
            ratios = own / of_set
            assert np.allclose(ratios, ratios[0])
            assert 0.5 < ratios[0] < 2.0


def test_more_noise_in_a_particle_is_seen(volumes, known):
    rng = np.random.default_rng(4)
    noisy = volumes[0] + 3.0 * volumes[0].std() * rng.normal(size=volumes[0].shape)
    plain, more = (model_of_particle(v, WEDGE, known) for v in (volumes[0], noisy))
    # in units of the surroundings the noise stays and the signal falls
    assert more.signal.sum() / more.noise.sum() < 0.5 * plain.signal.sum() / plain.noise.sum()


def test_a_given_map_is_free_of_noise_and_a_half_map_has_what_the_shells_do_not_agree_on(known):
    given, _ = model_of_reference(REFERENCE, known)
    assert (given.noise[1:6] < 0.01 * given.signal[1:6]).all()
    agreement = np.linspace(1.0, 0.0, BOX)
    half, shared = model_of_reference(REFERENCE, known, agreement)
    assert np.allclose(half.signal + half.noise, given.signal + given.noise)
    told = slice(1, len(half.signal))
    assert np.allclose(half.noise[told], half.signal[told] * (1.0 / agreement[told] - 1.0))
    # the modes of both come from one model
    assert half.common is shared.common


def test_the_average_of_both_halves_agrees_better_than_one_of_them():
    correlations, shared = np.array([0.9, 0.5, 0.2, -0.1, 0.3]), np.array([1.0, 1.0, 0.5, 0.0, 0.0, 0.0, 0.0])
    found = reference_agreement(correlations, shared)
    assert found[:2] == pytest.approx([1.0, 1.8 / 1.9])
    assert found[2] == pytest.approx((0.5 + 1.0 / 1.5) / 2.0)
    assert found[3] == pytest.approx(0.2)
    # nothing is believed beyond the first shell without correlation, nor where there is none
    assert found[4:].tolist() == [0.0, 0.0, 0.0]
