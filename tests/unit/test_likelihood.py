import numpy as np
import pytest
from test_scores import noisy_pair

from gradalign import align_pair
from gradalign.alignment import Settings, align_bands, dissimilarity_at, prepare_bands
from gradalign.errors import InputError
from gradalign.geometry import alignment_error, random_rotations
from gradalign.likelihood import SignalModel, estimate_model, particle_radius, prepare_weighted, soft_sphere
from gradalign.simulation.phantom import phantom
from gradalign.wedge import measured


def data_set(count, noise, seed=0, size=24):
    """Return noisy subtomograms of a phantom, nothing missing, with the level of their noise."""
    rng = np.random.default_rng(seed)
    clean = [
        phantom(size, 32, pose, shift)
        for pose, shift in zip(random_rotations(rng, count), rng.uniform(-1, 1, (count, 3)), strict=True)
    ]
    level = noise * clean[0].std()
    return [volume + level * rng.normal(size=volume.shape).astype(np.float32) for volume in clean], level


def test_the_models_noise_is_that_of_the_data_and_its_signal_the_rest():
    volumes, level = data_set(30, 2.0)
    model = estimate_model(volumes, [90] * 30, 4.0)
    # white noise of variance s² has the power s² at every coefficient, for unit mask
    assert np.allclose(model.noise[3:8], level**2, rtol=0.1)
    # most of the phantom is at low frequencies
    assert (model.signal[1:3] > 5 * model.noise[1:3]).all()
    assert model.signal[8] < 0.2 * model.noise[8]


def test_the_particles_radius_follows_its_size():
    small, large = (particle_radius(data_set(20, 1.0, size=size)[0]) for size in (14, 28))
    assert small < large
    # noise changes it little
    assert particle_radius(data_set(20, 0.1, size=14)[0]) == pytest.approx(small, abs=2)


def test_a_soft_sphere_is_one_inside_and_zero_outside():
    mask = soft_sphere(32, 10, 4)
    assert mask[16, 16, 26] == 1
    assert mask[16, 16, 28] == pytest.approx(0.5)
    assert mask[16, 16, 30] == 0


@pytest.mark.parametrize("tilt", [90, 60])
def test_the_score_is_minus_the_logarithm_of_the_likelihood_ratio(tilt):
    (f, g), *_ = noisy_pair(3, noise=2.0)
    rng = np.random.default_rng(5)
    model = SignalModel(rng.uniform(0.5, 2, 10), rng.uniform(0.5, 2, 10), soft_sphere(32, 11), 11.0)
    rotation, shift = random_rotations(rng, 1)[0], rng.uniform(-2, 2, 3)
    fixed, moving = (prepare_weighted(volume, tilt, model, 6.0) for volume in (f, g))
    value = dissimilarity_at(fixed, moving, "likelihood", rotation, shift)

    from oracles import transform

    lattice = fixed.lattice
    scale = (model.mask.astype(float) ** 2).sum()
    shells = np.linalg.norm(lattice, axis=1)
    s, n = (scale * np.interp(shells, np.arange(10), power) for power in (model.signal, model.noise))
    overlap = measured(lattice @ rotation, tilt)
    F = transform(f * model.mask, lattice)
    G = transform(g * model.mask, lattice @ rotation) * np.exp(-2j * np.pi * lattice @ shift / 32)
    joint = n * (n + 2 * s)
    ratio = (
        np.log((s + n) ** 2 / joint)
        - s**2 / ((s + n) * joint) * (abs(F) ** 2 + abs(G) ** 2)
        + 2 * s / joint * (F * G.conj()).real
    )
    # up to what all transforms have in common: the price of having no overlap at all
    everywhere = abs(F) ** 2 / (s + n) + np.log((s + n) ** 2 / joint)
    assert value == pytest.approx(everywhere.sum() - ratio[overlap].sum(), rel=1e-3)


def test_the_likelihood_aligns_where_the_papers_scores_fail():
    volumes, _ = data_set(20, 4.0, seed=4)
    rng = np.random.default_rng(4)
    poses, shifts = random_rotations(rng, 20), rng.uniform(-1, 1, (20, 3))
    model = estimate_model(volumes, [60] * 20, 4.0)
    errors = {"likelihood": [], "rcs": []}
    for i in range(0, 20, 2):
        for score, found in errors.items():
            answer = align_pair(volumes[i], volumes[i + 1], score=score, model=model, seed=i)
            truth = poses[i], shifts[i], poses[i + 1], shifts[i + 1]
            found.append(alignment_error(answer.rotation, answer.translation, *truth)[0])
    assert np.median(errors["likelihood"]) < 15
    assert np.median(errors["likelihood"]) < 0.5 * np.median(errors["rcs"])


def test_prepared_bands_give_what_the_pair_gives():
    (f, g), *_ = noisy_pair(6, noise=1.0)
    model = estimate_model([f, g], [60, 60], 4.0)
    settings = Settings()
    alone = align_pair(f, g, score="likelihood", model=model)
    bands = [prepare_bands(volume, 60, model, settings) for volume in (f, g)]
    assert np.array_equal(align_bands(*bands, settings=settings).path, alone.path)


def test_a_model_of_nothing_is_refused():
    with pytest.raises(InputError, match="at least one"):
        estimate_model([], [], 4.0)


def test_a_volume_of_another_size_than_the_model_is_refused():
    (f, g), *_ = noisy_pair(6)
    model = estimate_model([f, g], [60, 60], 4.0)
    with pytest.raises(InputError, match="32 voxels"):
        prepare_weighted(np.random.default_rng(0).normal(size=(24, 24, 24)), 60, model, 4.0, name="particle 3")
