from dataclasses import replace

import numpy as np
import pytest
from test_scores import noisy_pair

from gradalign import align_pair
from gradalign.base.threads import on_one_thread
from gradalign.errors import InputError
from gradalign.fourier.band import band_limit
from gradalign.fourier.overlap import share
from gradalign.fourier.spectrum import narrowed
from gradalign.geometry.rotations import (
    alignment_error,
    random_rotations,
    rotation_angle,
    rotation_from_euler,
    spread_rotations,
)
from gradalign.geometry.wedge import measured
from gradalign.scores.evaluation import dissimilarity_at, evaluate
from gradalign.scores.least_squares import score_number
from gradalign.scores.likelihood import Band, prepare_masked, weighted
from gradalign.scores.masks import particle_radius, soft_sphere
from gradalign.scores.shared_spectra import shared_noise, shared_signal
from gradalign.scores.signal_model import SignalModel, estimate_model, estimate_models, tempered
from gradalign.search.coarse_to_fine import with_log_terms
from gradalign.search.likelihood import align_bands
from gradalign.search.likelihood_volume import finest_pair, prepare_bands
from gradalign.search.score import Start
from gradalign.search.seeds import start_rotations
from gradalign.search.settings import Round, Settings
from gradalign.search.step import rotation_from_vector
from gradalign.simulation.phantom import phantom


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
    model = estimate_model(volumes, [90] * 30)
    # white noise of variance s² has the power s² at every coefficient, for unit mask
    assert np.allclose(model.noise[3:8], level**2, rtol=0.2)
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
    fixed, moving = (weighted(prepare_masked(volume, tilt, model, Band(6.0)), model) for volume in (f, g))
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
    # up to what all transforms have in common: the penalty of having no overlap at all
    everywhere = abs(F) ** 2 / (s + n) + np.log((s + n) ** 2 / joint)
    assert value == pytest.approx(everywhere.sum() - ratio[overlap].sum(), rel=1e-3)


def test_the_likelihood_aligns_where_the_papers_scores_fail():
    volumes, _ = data_set(20, 3.0, seed=4)
    rng = np.random.default_rng(4)
    poses, shifts = random_rotations(rng, 20), rng.uniform(-1, 1, (20, 3))
    model = estimate_model(volumes, [60] * 20)
    errors = {"likelihood": [], "rcs": []}
    for i in range(0, 20, 2):
        for score, found in errors.items():
            answer = align_pair(volumes[i], volumes[i + 1], score=score, model=model, seed=i)
            truth = poses[i], shifts[i], poses[i + 1], shifts[i + 1]
            found.append(alignment_error(answer.rotation, answer.translation, *truth)[0])
    assert np.median(errors["likelihood"]) < 15
    assert np.median(errors["likelihood"]) < 0.5 * np.median(errors["rcs"])


def soft_pair(seed=3, softness=0.8, noise=2.0):
    """Return a noisy pair with a soft wedge of its own each, and a transform near which they might match."""
    (f, g), *_ = noisy_pair(seed, noise=noise)
    rng = np.random.default_rng(seed)
    model = SignalModel(rng.uniform(0.5, 2, 10), rng.uniform(0.5, 2, 10), soft_sphere(32, 11), 11.0)
    pair = (
        weighted(prepare_masked(v, t, model, Band(6.0, 1.0, softness)), model) for v, t in ((f, 60), (g, (-50, 55)))
    )
    return *pair, random_rotations(rng, 1)[0], rng.uniform(-2, 2, 3)


@pytest.mark.parametrize("seed", [3, 4])
def test_the_steps_direction_is_minus_half_the_gradient_at_a_soft_edge_too(seed):
    fixed, moving, rotation, shift = soft_pair(seed)
    _, _, (vector,), *_ = evaluate(fixed, moving, score_number("likelihood"), rotation[None], shift[None])

    def value(change):
        turned = rotation_from_vector(np.array(change[:3])) @ rotation
        return dissimilarity_at(fixed, moving, "likelihood", turned, shift + change[3:])

    width = 2e-3
    for place, unit in enumerate(np.eye(6) * width):
        slope = (value(unit) - value(-unit)) / (2 * width)
        assert vector[place] == pytest.approx(-slope / 2, rel=0.02, abs=0.01 * abs(vector).max())


def test_a_soft_edge_leaves_no_steps_in_the_score():
    axis = np.array([0.3, -0.5, 0.8]) / np.linalg.norm([0.3, -0.5, 0.8])
    jumps = []
    for softness in (0.0, 0.8):
        fixed, moving, rotation, shift = soft_pair(softness=softness)
        rotations = [rotation_from_vector(axis * angle) @ rotation for angle in np.arange(400) * 1e-4]
        values = [dissimilarity_at(fixed, moving, "likelihood", rotation, shift) for rotation in rotations]
        jumps.append(abs(np.diff(values, 2)).max())
    assert jumps[1] < 0.02 * jumps[0]


def test_a_share_rises_from_the_face_of_the_wedge_to_the_depth_of_its_softness():
    depths = np.linspace(0.0, 1.2, 7).astype(np.float32)
    shares = [share(depth, np.float32(-3.0), np.float32(0.8)) for depth in depths]
    assert shares[0] == 0
    assert (np.diff(shares[:5]) > 0).all()
    assert shares[4:] == [1, 1, 1]
    assert share(np.float32(0.4), np.float32(0.1), np.float32(0.8)) == 0
    assert share(np.float32(1e-6), np.float32(-0.1), np.float32(0.0)) == 1


def test_the_last_steps_remove_the_pull_towards_more_overlap():
    volumes, _ = data_set(24, 0.2, seed=6)
    rng = np.random.default_rng(6)
    poses, shifts = random_rotations(rng, 24), rng.uniform(-1, 1, (24, 3))
    points = np.stack(np.meshgrid(*3 * [np.fft.fftfreq(32)], indexing="ij")[::-1], axis=-1)
    wedged = [np.fft.ifftn(np.fft.fftn(v) * measured(points, 60)).real.astype(np.float32) for v in volumes]
    model = estimate_model(wedged, [60] * 24)
    errors = {0: [], 8: []}
    for i in range(0, 24, 2):
        # the joint refinement would end at the same place from either
        f, g = (prepare_bands(volume, 60, model)._replace(joint=None) for volume in wedged[i : i + 2])
        for steps, found in errors.items():
            answer = align_bands(f, g, settings=Settings(last_steps=steps))
            truth = poses[i], shifts[i], poses[i + 1], shifts[i + 1]
            found.append(alignment_error(answer.rotation, answer.translation, *truth)[0])
    assert np.median(errors[8]) < np.median(errors[0])


def test_a_lower_band_limit_is_that_of_a_volume_prepared_for_it():
    (f, _), *_ = noisy_pair(6, noise=1.0)
    model = estimate_model([f, f], [60, 60])
    finest, coarse = (
        weighted(prepare_masked(f, 60, model, Band(low_pass, 1.0, 0.4)), model) for low_pass in (4.0, 8.0)
    )
    part = narrowed(finest, band_limit(32, 8.0, 1.0))
    for name in ("lattice", "values", "weights", "penalties", "log_terms"):
        np.testing.assert_allclose(getattr(part, name), getattr(coarse, name), rtol=1e-4, atol=1e-4)


def test_a_tempered_model_counts_with_no_more_signal_than_told():
    model = SignalModel(np.array([5.0, 100.0]), np.array([1.0, 2.0]), soft_sphere(32, 11), 11.0)
    noise = tempered(model, 10.0).noise
    assert noise.tolist() == [1.0, 10.0]


def test_prepared_bands_give_what_the_pair_gives():
    (f, g), *_ = noisy_pair(6, noise=1.0)
    model = estimate_model([f, g], [60, 60])
    settings = Settings()
    alone = align_pair(f, g, score="likelihood", model=model)

    # more threads would round otherwise
    @on_one_thread
    def searched():
        bands = [prepare_bands(volume, 60, model, settings) for volume in (f, g)]
        return align_bands(*bands, settings=settings)

    assert np.array_equal(searched().path, alone.path)


@pytest.mark.parametrize("interval, count", [(60, 864), (45, 2048)])
def test_the_full_search_starts_from_spread_rotations(interval, count):
    (f, g), *_ = noisy_pair(6, noise=1.0)
    model = estimate_model([f, g], [60, 60])
    settings = Settings()
    bands = [prepare_bands(volume, 60, model, settings) for volume in (f, g)]
    found, spread, grid = (
        align_bands(*bands, settings, start=Start(interval, rotations=rotations)).path
        for rotations in (None, spread_rotations(count), start_rotations(interval))
    )
    assert np.array_equal(found, spread)
    assert not np.array_equal(found, grid)


def test_about_an_axis_spread_seeds_divide_the_turn_evenly():
    surfaces = rotation_from_euler([10, 50], [20, 60], [30, 70])
    seeds = start_rotations(60, *surfaces, spread=True)
    assert len(seeds) == 48
    rotations = surfaces[0] @ seeds @ surfaces[1].T
    gaps = rotation_angle(rotations.transpose(0, 2, 1) @ np.roll(rotations, -1, axis=0))
    assert gaps == pytest.approx(7.5, abs=1e-6)
    # the grid's are among them
    assert seeds[::8] == pytest.approx(start_rotations(60, *surfaces))


def test_the_search_takes_no_more_steps_than_its_rounds_allow():
    (f, g), *_ = noisy_pair(6, noise=1.0)
    model, settings = estimate_model([f, g], [60, 60]), Settings()
    # the joint refinement takes its own
    bands = [prepare_bands(volume, 60, model)._replace(joint=None) for volume in (f, g)]
    fixed = replace(settings, rounds=tuple(one._replace(most=0, within=0.0) for one in settings.rounds))
    most = sum(one.keep * one.steps for one in settings.rounds) + settings.last_steps
    assert 40 <= align_bands(*bands, settings=fixed).iterations <= most
    most = sum(one.most * one.steps for one in settings.rounds) + settings.last_steps
    assert align_bands(*bands, settings=settings).iterations <= most


@pytest.mark.parametrize(("noise", "clear"), [(1.0, True), (8.0, False)])
def test_an_answer_that_chance_may_match_is_searched_once_more_and_a_clear_one_is_not(noise, clear):
    volumes, *_ = noisy_pair(6, noise=noise)
    model = estimate_model(volumes, [60, 60])
    bands = [prepare_bands(volume, 60, model) for volume in volumes]
    once, again = (align_bands(*bands, settings=Settings(deeper=deviations)) for deviations in (np.inf, 5.0))
    assert once.excess < 5.0
    assert (once.evidence > 25.0) is clear
    # the wider search takes far more steps, the other guide some
    assert (again.iterations < 1.5 * once.iterations) is clear
    # nothing that was found is lost, as near as a refinement ends
    assert again.evidence >= once.evidence - 0.01


def test_a_model_of_nothing_is_refused():
    with pytest.raises(InputError, match="at least one"):
        estimate_model([], [])


def test_a_volume_of_another_size_than_the_model_is_refused():
    (f, g), *_ = noisy_pair(6)
    model = estimate_model([f, g], [60, 60])
    with pytest.raises(InputError, match="32 voxels"):
        prepare_masked(np.random.default_rng(0).normal(size=(24, 24, 24)), 60, model, Band(4.0), name="particle 3")


def test_rounds_that_do_not_end_at_the_finest_limit_are_refused():
    (f, g), *_ = noisy_pair(6, noise=1.0)
    settings = Settings(rounds=(Round(4.0, 8, 1), Round(8.0, 4, 1)))
    with pytest.raises(InputError, match="last round's low_pass is 8 nm and an earlier one's 4 nm"):
        align_pair(f, g, score="likelihood", settings=settings)


def unlike_models(seed=7):
    """Return models of two volumes that have neither signal nor noise in common."""
    rng = np.random.default_rng(seed)
    masks = soft_sphere(32, 11), soft_sphere(32, 9)
    return [SignalModel(*rng.uniform(0.5, 2, (2, 10)), mask, 11.0) for mask in masks]


def test_the_ratio_of_unlike_volumes_is_that_of_their_joint_distribution():
    (f, g), *_ = noisy_pair(3, noise=2.0)
    model_f, model_g = unlike_models()
    rng = np.random.default_rng(5)
    rotation, shift = random_rotations(rng, 1)[0], rng.uniform(-2, 2, 3)
    fixed = weighted(prepare_masked(f, 60, model_f, Band(6.0)), model_f, model_g)
    moving = prepare_masked(g, 60, model_g, Band(6.0))
    value = dissimilarity_at(fixed, moving, "likelihood", rotation, shift)

    from oracles import transform

    lattice = fixed.lattice
    shells = np.linalg.norm(lattice, axis=1)
    F = transform(f * model_f.mask, lattice)
    G = transform(g * model_g.mask, lattice @ rotation) * np.exp(-2j * np.pi * lattice @ shift / 32)
    overlap = measured(lattice @ rotation, 60)
    ratio, alone = 0.0, 0.0
    for point, length in enumerate(shells):
        s_f, n_f, s_g, n_g = (
            model.mask_power * np.interp(length, np.arange(10), power)
            for model in (model_f, model_g)
            for power in (model.signal, model.noise)
        )
        covariance = np.array([[s_f + n_f, np.sqrt(s_f * s_g)], [np.sqrt(s_f * s_g), s_g + n_g]])
        seen = np.array([F[point], G[point]])
        square = (seen.conj() @ np.linalg.solve(covariance, seen)).real
        apart = abs(seen) ** 2 / np.diagonal(covariance)
        logarithm = np.log(np.diagonal(covariance).prod() / np.linalg.det(covariance))
        alone += apart[0] + logarithm
        ratio += overlap[point] * (apart.sum() - square + logarithm)
    # of complex normal variables: without the factor ½
    assert value == pytest.approx(alone - ratio, rel=1e-3)


def test_a_reference_without_noise_leaves_the_particles_noise_alone():
    (f, g), *_ = noisy_pair(3, noise=2.0)
    model_f, model_g = unlike_models()
    model_g = model_g._replace(noise=np.zeros(10))
    spectrum = prepare_masked(f, 60, model_f, Band(6.0))
    held = weighted(spectrum, model_f, model_g)
    lengths = np.linalg.norm(spectrum.lattice, axis=1)
    noise, signal, there = (
        model.mask_power * np.interp(lengths, np.arange(10), power)
        for model, power in ((model_f, model_f.noise), (model_f, model_f.signal), (model_g, model_g.signal))
    )
    assert np.allclose(held.values, spectrum.values / np.sqrt(noise), rtol=1e-4, atol=1e-4)
    assert np.allclose(held.weights, np.sqrt(signal / there / noise), rtol=1e-4)


def test_exchanging_unlike_volumes_changes_the_score_by_a_constant():
    volumes, _ = data_set(2, 1.0, seed=8)
    models = unlike_models()
    rng = np.random.default_rng(9)
    constants = []
    for _ in range(3):
        rotation, shift = random_rotations(rng, 1)[0], rng.uniform(-1, 1, 3)
        there = [(0, 1, rotation, shift), (1, 0, rotation.T, -rotation.T @ shift)]
        values = [
            dissimilarity_at(
                weighted(prepare_masked(volumes[i], 90, models[i], Band(4.0)), models[i], models[j]),
                prepare_masked(volumes[j], 90, models[j], Band(4.0)),
                "likelihood",
                turn,
                move,
            )
            for i, j, turn, move in there
        ]
        constants.append(values[0] - values[1])
    # the lattice of the one lies off that of the other
    assert np.ptp(constants) < 0.02 * abs(values[0])


@pytest.mark.parametrize("score", ["likelihood", "fcs", "rcs"])
@pytest.mark.parametrize(
    "change", [lambda v: 1e-3 * v, lambda v: 1e3 * v, lambda v: v - 1000 * v.std(), lambda v: 1e20 * v]
)
def test_neither_a_factor_nor_an_offset_of_one_volume_changes_the_answer(score, change):
    (f, g), *_ = noisy_pair(6, noise=0.5)
    right, left, other = (align_pair(*pair, score=score) for pair in ((f, g), (change(f), g), (f, change(g))))
    for found in (left, other):
        assert rotation_angle(found.rotation.T @ right.rotation) < 5e-3
        assert np.abs(found.translation - right.translation).max() < 5e-3


# by the paper's rule RCS and FCS end up to a thousandth of a degree before the minimum, where rounding decides; the
# processor makes a difference
@pytest.mark.parametrize(("score", "most"), [("likelihood", 1e-5), ("fcs", 5e-3), ("rcs", 5e-3)])
def test_in_double_precision_an_offset_changes_nothing_however_large(score, most):
    (f, g), *_ = noisy_pair(6, noise=0.5)
    right = align_pair(f, g, score=score)
    raised = align_pair(f.astype(float) - 1e6 * f.std(), g.astype(float) + 1e6 * g.std(), score=score)
    assert rotation_angle(raised.rotation.T @ right.rotation) < most
    assert np.abs(raised.translation - right.translation).max() < most


def test_alike_volumes_are_given_one_shape_and_unlike_ones_keep_their_own():
    rng = np.random.default_rng(2)
    places = np.full((2, 14), 60.0)
    shape = np.exp(-np.arange(14) / 4.0)
    drawn = shape * rng.chisquare(60, (2, 14)) / 60
    noise = shared_noise(drawn * [[1.0], [5.0]], places)
    assert np.allclose(noise[1] / noise[0], np.median(noise[1] / noise[0]), rtol=0.05)
    signal = shared_signal(drawn - 0.1 * shape, drawn, places)
    assert np.allclose(signal[1] / signal[0], 1.0)
    # the one without contrast transfer is strong where the other shows nothing
    whole = np.stack([shape * np.sin(np.arange(14) / 5) ** 2, 300 * shape])
    apart = shared_signal(whole, 1.05 * whole, np.full((2, 14), 200.0))
    assert np.allclose(apart[1:, 1:], whole[1:, 1:], rtol=0.02)


def test_a_model_finds_the_background_and_the_unit_of_each_volume():
    volumes, level = data_set(2, 2.0)
    plain = estimate_models(volumes, [90, 90])
    moved = estimate_models([volumes[0], 40.0 * volumes[1] + 300.0], [90, 90])
    assert moved[1].unit == pytest.approx(40.0 * plain[1].unit, rel=1e-3)
    assert moved[1].level == pytest.approx(300.0, abs=float(0.1 * 40.0 * level))
    assert moved[0].unit == pytest.approx(float(level), rel=0.05)
    for before, after in zip(plain, moved, strict=True):
        assert np.allclose(after.signal, before.signal, rtol=1e-3)
        assert np.allclose(after.noise, before.noise, rtol=1e-3)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_logarithms_terms_count_in_part(share):
    volumes, _ = data_set(2, 2.0, seed=8)
    model = estimate_model(volumes, [50, 50])
    held, moved = finest_pair(*(prepare_bands(volume, 50, model) for volume in volumes))
    rng = np.random.default_rng(4)
    for rotation, shift in zip(random_rotations(rng, 5), rng.uniform(-2.0, 2.0, (5, 3)), strict=True):
        whole, none, part = (
            dissimilarity_at(with_log_terms(held, each), moved, "likelihood", rotation, shift)
            for each in (1.0, 0.0, share)
        )
        assert whole == pytest.approx(dissimilarity_at(held, moved, "likelihood", rotation, shift), rel=1e-6)
        assert part == pytest.approx(none + share * (whole - none), rel=1e-5)
        assert whole > none


def test_a_mask_fills_as_much_of_the_box_as_of_its_coefficients_tells_something_of_its_own():
    volumes, _ = data_set(2, 2.0, seed=8)
    model, box = estimate_model(volumes, [60, 60]), len(volumes[0])
    half = np.zeros((box,) * 3, np.float32)
    half[: box // 2] = 3.0
    assert model._replace(mask=half).filled == pytest.approx(0.5)
    # coefficients of white noise under the mask are as much alike as those of so few independent ones
    noise = np.random.default_rng(3).standard_normal((200, *half.shape)) * model.mask
    sums = (noise**2).sum(axis=(1, 2, 3))
    independent = 2.0 * sums.mean() ** 2 / sums.var()
    assert independent == pytest.approx(model.filled * model.mask.size, rel=0.35)
