"""What is known of a set of particles and of their reference, without any search."""

import numpy as np
import pytest
from crowded import observed, placed
from five_points import density
from picked_files import BOX, PLACES, particle, section
from scipy.spatial.transform import Rotation
from test_membrane import NORMALS, membrane

from gradalign.geometry.rotations import random_rotations, rotation_angle
from gradalign.particles.filters import reference_agreement
from gradalign.particles.state import State
from gradalign.scores.set_model import model_of_particle, model_of_reference, model_of_set
from gradalign.scores.signal_model import REFERENCE_RATIO, estimate_models
from gradalign.search.likelihood import LIKELIHOOD
from gradalign.search.settings import Settings

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


def test_half_maps_divide_the_power_that_the_reference_has(known):
    agreement = np.linspace(0.999, 0.2, BOX // 2 + 1)
    model = model_of_reference(REFERENCE, known, agreement)[0].alone
    (own,) = estimate_models([REFERENCE], [90.0], model.mask)
    assert np.allclose(model.signal + model.noise, own.signal + own.noise)


def test_a_given_map_has_a_model_error_alone_and_a_half_map_what_the_shells_do_not_agree_on(known):
    given = model_of_reference(REFERENCE, known)[0].alone
    assert np.allclose(given.noise[1:6], given.signal[1:6] / REFERENCE_RATIO)
    agreement = np.linspace(1.0, 0.0, BOX)
    half, shared = model_of_reference(REFERENCE, known, agreement)
    assert half.common is shared.guarded.common
    half = half.alone
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


POSES = random_rotations(np.random.default_rng(3), 5)
BESIDE = {
    "nothing": 0.0,
    "neighbour": placed(POSES[4], (11.0, 4.0, -3.0)),
    "membrane": membrane(NORMALS[0], 11.0),
}
# what a perfect average would be
MAP = placed(np.eye(3))[16:48, 16:48, 16:48]


def crowd(*kinds):
    """Return particles, each with something of these kinds beside it."""
    poses = POSES[: len(kinds)]
    return [
        observed(placed(pose) + BESIDE[kind], 0.05, n) for n, (pose, kind) in enumerate(zip(poses, kinds, strict=True))
    ]


@pytest.fixture(scope="module")
def mixed():
    volumes = crowd("nothing", "neighbour", "nothing", "membrane")
    return volumes, model_of_reference(MAP, model_of_set(volumes, [60.0] * 4))


def test_each_particle_of_a_set_is_judged_by_itself(mixed):
    volumes, (_, known) = mixed
    assert not known.crowded
    assert known.guarded.crowded
    models = [model_of_particle(volume, 60.0, known) for volume in volumes]
    assert [model.beside for model in models] == [False, True, False, False]
    assert models[1].alone is None
    # the membrane is taken off, and nothing else
    assert [model.gold is not None for model in models] == [False, False, False, True]
    assert all(not model.alone.crowded for model in (models[0], *models[2:]))


def test_particles_beside_something_and_alone_are_found_by_one_reference(mixed):
    volumes, (of_map, known) = mixed
    settings = Settings()
    moving = LIKELIHOOD.prepare(MAP, 90.0, settings, 1.0, of_map)
    for number, volume in enumerate(volumes):
        model = model_of_particle(volume, 60.0, known)
        fixed = LIKELIHOOD.prepare(volume, 60.0, settings, 1.0, model, movable=False)
        found = LIKELIHOOD.search(fixed, moving, settings)
        assert rotation_angle(found.rotation.T @ POSES[number]) < 5.0
        # d says nothing beside a neighbour, and that all is well beside a membrane
        assert np.isnan(found.excess) == (number == 1)


def test_a_set_without_neighbours_is_prepared_for_one_that_comes_later():
    volumes = crowd("nothing", "nothing", "nothing")
    _, known = model_of_reference(MAP, model_of_set(volumes, [60.0] * 3))
    assert model_of_particle(volumes[0], 60.0, known).alone is None
    late = model_of_particle(observed(placed(POSES[3]) + BESIDE["neighbour"], 0.05, 9), 60.0, known)
    assert late.beside
    assert np.array_equal(late.mask, known.guarded.mask)


def test_a_users_mask_is_that_of_every_particle():
    volumes = crowd("nothing", "neighbour")
    _, known = model_of_reference(MAP, model_of_set(volumes, [60.0] * 2, 8.0))
    assert known.guarded is None
    for volume in volumes:
        model = model_of_particle(volume, 60.0, known)
        assert np.array_equal(model.mask, known.mask)
        assert model.alone is None


def test_what_is_known_of_a_set_comes_through_the_rounds(mixed, tmp_path):
    _, (_, known) = mixed
    state = State.first(MAP.astype(np.float32), 1.0, 5.0, "full", section(tmp_path))
    assert state.known is None
    again = state.knowing(known).known
    for one, other in ((known, again), (known.guarded, again.guarded)):
        for name in ("signal", "noise", "mask", "radius", "crowded", "lone", "some_beside"):
            assert np.array_equal(getattr(one, name), getattr(other, name))
    assert again.guarded.guarded is None
