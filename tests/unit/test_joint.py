import numpy as np
import pytest

from gradalign.errors import InputError
from gradalign.geometry.harmonics import rotation_matrices
from gradalign.geometry.rotations import (
    alignment_error,
    euler_from_rotation,
    inverse_transform,
    random_rotations,
    relative_transform,
    rotation_angle,
    rotation_from_euler,
)
from gradalign.geometry.wedge import measured
from gradalign.scores.masks import soft_sphere
from gradalign.scores.signal_model import SignalModel, estimate_model, estimate_models
from gradalign.search.joint import JointRefinement
from gradalign.search.joint_covariance import noise_left
from gradalign.search.joint_descent import JointDescent, JointEnd
from gradalign.search.joint_ends import joint_descent
from gradalign.search.likelihood import align_bands
from gradalign.search.likelihood_volume import LikelihoodVolume, finest_pair, prepare_bands
from gradalign.search.modes import MODEL_ERROR, modes_degrees, prepare_joint
from gradalign.search.radial_modes import support
from gradalign.search.score import Start
from gradalign.search.step import rotation_from_vector
from gradalign.simulation.phantom import phantom

RADIUS = 10.0
WIDTH = 2.0 * 32 / RADIUS


def invented_model(ratio=30.0, size=32, radius=RADIUS):
    """Return a model with a signal that falls off with the frequency."""
    signal = ratio * np.exp(-(((np.arange(size // 2) - 2.0) / 3.0) ** 2))
    return SignalModel(signal, np.ones(size // 2), soft_sphere(size, radius), radius)


def cut(volume, tilt):
    points = np.stack(np.meshgrid(*3 * [np.fft.fftfreq(len(volume))], indexing="ij")[::-1], axis=-1)
    return np.fft.ifftn(np.fft.fftn(volume) * measured(points, tilt)).real.astype(np.float32)


def wedged_pairs(count, noise, tilt, seed, space=32):
    """Return noisy subtomograms of a phantom without their missing wedge, with poses and shifts.

    The wedge is taken out of a space of so many voxels a side, and the box out of that.
    """
    rng = np.random.default_rng(seed)
    poses, shifts = random_rotations(rng, count), rng.uniform(-1, 1, (count, 3))
    clean = [phantom(24, 32, pose, shift) for pose, shift in zip(poses, shifts, strict=True)]
    level, margin = noise * clean[0].std(), (space - 32) // 2
    box = (slice(margin, margin + 32),) * 3
    wide = [np.pad(volume, margin) + level * rng.normal(size=(space,) * 3) for volume in clean]
    return [cut(volume, tilt)[box] for volume in wide], poses, shifts


def prepared(tilts, seed=0, model=None):
    rng = np.random.default_rng(seed)
    model = model or invented_model()
    volumes = [rng.normal(size=(32, 32, 32)) for _ in tilts]
    return [prepare_joint(volume, tilt, model, 4.0) for volume, tilt in zip(volumes, tilts, strict=True)]


def test_the_modes_have_the_covariance_of_the_signal():
    model = invented_model(ratio=3e4)
    (joint,) = prepared([90], model=model)
    modes = joint.modes
    lengths = np.linalg.norm(modes.frequencies, axis=1)
    near = np.flatnonzero(lengths < 4.0)
    power = (model.mask.astype(float) ** 2).sum() * np.interp(lengths[near], np.arange(16), model.signal)
    # where nothing is missing the weighted rows are those of the modes, over the noise and the model error
    observed = [weighted[near] * 32**3 * (1 + MODEL_ERROR) / 2 for weighted in modes.weighted]
    gaps = [modes.frequencies[near][:, None] - sign * modes.frequencies[near] for sign in (1, -1)]
    same, opposite = (support(np.linalg.norm(gap, axis=-1) / WIDTH) for gap in gaps)
    scale = np.sqrt(np.outer(power, power))
    # ⟨Re H Re H'⟩ and ⟨Im H Im H'⟩ of a real object
    np.testing.assert_allclose(observed[0] @ observed[0].T, scale * (same + opposite) / 2, atol=6e-3 * power.max())
    np.testing.assert_allclose(observed[1] @ observed[1].T, scale * (same - opposite) / 2, atol=6e-3 * power.max())


def test_stronger_signals_have_more_modes_up_to_a_limit():
    counts = []
    for ratio in (1e-3, 1.0, 30.0, 1e6):
        (joint,) = prepared([60], model=invented_model(ratio))
        counts.append(sum(len(gram) for gram in joint.modes.gram))
    assert counts[0] < counts[1] < counts[2] < counts[3] <= 600


@pytest.mark.parametrize("tilts", [(90, 90), (60, 60), (50, (-40, 60, 20))])
def test_the_derivatives_are_those_of_the_value(tilts):
    pair = JointRefinement(*prepared(tilts))
    rotation, translation, centre = (
        rotation_from_euler(30, 80, -50),
        np.array([1.0, -0.5, 0.7]),
        np.array([0.5, -0.3, 0.2]),
    )
    _, gradient, hessian, _ = pair.evaluate(rotation, translation, centre, 0.3)
    step, numeric, slopes = 1e-4, [], []
    for change in step * np.eye(10):
        ahead, behind = (
            pair.evaluate(
                rotation_from_vector(sign * change[:3]) @ rotation,
                translation + sign * change[3:6],
                centre + sign * change[6:9],
                0.3 + sign * change[9],
            )
            for sign in (1, -1)
        )
        numeric.append((ahead[0] - behind[0]) / (2 * step))
        slopes.append((ahead[1] - behind[1]) / (2 * step))
    np.testing.assert_allclose(gradient, numeric, rtol=1e-5, atol=1e-4)
    # rotations do not commute: the difference of gradients has an antisymmetric part
    numeric = (np.array(slopes) + np.array(slopes).T) / 2
    np.testing.assert_allclose(hessian, numeric, rtol=1e-4, atol=1e-5 * np.abs(numeric).max())


@pytest.mark.parametrize("tilts", [(60, 60), (50, (-40, 60, 20))])
def test_the_influence_of_a_coefficient_is_how_it_changes_the_gradient(tilts):
    volumes = [volume._replace(noise=noise) for volume, noise in zip(prepared(tilts), (1.0, 2.5), strict=True)]
    place = rotation_from_euler(30, 80, -50), np.array([1.0, -0.5, 0.7]), np.array([0.5, -0.3, 0.2])
    expansion, influences = JointRefinement(*volumes).influences(*place)
    plain = JointRefinement(*volumes).evaluate(*place)
    np.testing.assert_allclose(expansion.hessian, plain.hessian, rtol=1e-9, atol=1e-9 * abs(plain.hessian).max())
    shifts = place[2], -(place[0].T @ (place[1] - place[2]))
    for number, (volume, shift, seen) in enumerate(zip(volumes, shifts, influences, strict=True)):
        for which, unit in ((0, 1.0), (1, 1.0j)):
            for at in (3, 100, len(volume.coefficients) - 1):
                changed = volume.coefficients.copy()
                # of the coefficient of the moved data
                changed[at] += unit * np.exp(-1j * (2 * np.pi / 32 * volume.modes.frequencies[at] @ shift))
                pair = [*volumes]
                pair[number] = volume._replace(coefficients=changed)
                slope = JointRefinement(*pair).evaluate(*place).gradient - plain.gradient
                # the gradient is of the second degree in the data
                back = [*volumes]
                back[number] = volume._replace(coefficients=2 * volume.coefficients - changed)
                slope = 0.5 * (slope + plain.gradient - JointRefinement(*back).evaluate(*place).gradient)
                np.testing.assert_allclose(seen.rows[which, at], slope, rtol=2e-3, atol=2e-4 * abs(seen.rows).max())


def shown(volume, powers, rng):
    """Return a volume without noise of an object whose modes have these powers by degree."""
    seen = []
    for weighted, degrees in zip(volume.modes.weighted, volume.modes.degrees, strict=True):
        of = modes_degrees(degrees)
        seen.append(weighted @ (np.sqrt(powers[of]) * rng.choice([-1.0, 1.0], len(of))))
    return volume._replace(coefficients=0.5 * volume.modes.covariance_times(seen[0] + 1j * seen[1]))


def test_two_volumes_tell_how_strong_the_modes_of_each_degree_are():
    f, g = prepared((60, 60), model=invented_model(3000.0))
    powers = np.tile([8.0, 0.05, 1.0], 10)
    f, g = (shown(each, powers, np.random.default_rng(3)) for each in (f, g))
    told = JointRefinement(f, g).powers(np.eye(3), np.zeros(3), np.zeros(3))
    # the highest degrees have few modes, and these hardly above the noise
    assert len(told) > 8
    np.testing.assert_allclose(told[:6], powers[:6], rtol=0.2, atol=0.05)


def test_modes_of_other_powers_are_the_same_sum_in_other_units():
    f, g = prepared((60, 50))
    powers = np.linspace(0.2, 3.0, 30)
    place = rotation_from_euler(30, 80, -50), np.array([1.0, -0.5, 0.7]), np.zeros(3)
    own, other = f.modes, f.modes.with_powers(powers)
    for weighted, scaled, degrees in zip(own.weighted, other.weighted, own.degrees, strict=True):
        modes = np.random.default_rng(1).normal(size=weighted.shape[1])
        np.testing.assert_allclose(
            scaled @ modes, weighted @ (np.sqrt(powers[modes_degrees(degrees)]) * modes), rtol=1e-3, atol=1e-4
        )
    # modes without power explain nothing of the data
    nothing = [each._replace(modes=each.modes.with_powers(np.zeros(30))) for each in (f, g)]
    assert JointRefinement(*nothing).evaluate(*place).value == 0.0


def test_what_the_modes_leave_tells_the_noise_of_each_shell():
    rng, model = np.random.default_rng(4), invented_model()
    strengths = []
    for _ in range(8):
        volumes = [cut(np.sqrt(0.4) * rng.normal(size=(32, 32, 32)), 60) for _ in range(2)]
        pair = [prepare_joint(volume, 60, model, 4.0) for volume in volumes]
        _, influences = JointRefinement(*pair).influences(np.eye(3), np.zeros(3), np.zeros(3))
        strengths.append(noise_left(pair, influences))
    assert np.allclose(np.mean(strengths, axis=0)[2:], 0.4, atol=0.1)


def test_exchanging_the_volumes_inverts_the_transform():
    f, g = prepared((60, 50))
    rotation, translation = rotation_from_euler(30, 80, -50), np.array([1.0, -0.5, 0.7])
    centre = np.array([0.4, 0.2, -0.6])
    inverse, back = inverse_transform(rotation, translation)
    there, *_ = JointRefinement(f, g).evaluate(rotation, translation, centre)
    # the support stays where it is in the object
    here, *_ = JointRefinement(g, f).evaluate(inverse, back, inverse @ (centre - translation))
    assert here == pytest.approx(there, rel=1e-9)


def test_turning_one_volume_turns_the_transform():
    f, g = phantom(24, 32), phantom(24, 32, rotation_from_euler(20, 30, 40))
    # a quarter turn about z takes voxels to voxels: (x, y) to (−y, x)
    turned = np.roll(g[:, ::-1, :], 1, axis=1).transpose(0, 2, 1)
    turn = rotation_from_euler(90, 0, 0)
    model, rotation, shift = invented_model(), rotation_from_euler(-30, 25, 10), np.array([0.5, 0.0, -1.0])
    before, after = (
        JointRefinement(*(prepare_joint(volume, 90, model, 4.0) for volume in pair)) for pair in ((f, g), (f, turned))
    )
    value, *_ = before.evaluate(rotation, shift, np.zeros(3))
    same, *_ = after.evaluate(rotation @ turn.T, shift, np.zeros(3))
    assert same == pytest.approx(value, rel=1e-6)


def test_the_value_does_not_depend_on_where_both_volumes_stand():
    clean = [phantom(16, 32, rotation_from_euler(*angles)) for angles in ((0, 0, 0), (20, 30, 40))]
    moved = [np.roll(volume, (1, -2, 1), axis=(0, 1, 2)) for volume in clean]
    model, rotation, way = invented_model(), rotation_from_euler(-30, 25, 10), np.array([1.0, -2.0, 1.0])
    here, there = (
        JointRefinement(*(prepare_joint(volume, 60, model, 4.0) for volume in pair)) for pair in (clean, moved)
    )
    centre = np.array([0.5, 0.2, 0.0])
    value, *_ = here.evaluate(rotation, np.zeros(3), centre)
    same, *_ = there.evaluate(rotation, way - rotation @ way, centre + way)
    assert same == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("space", [32, 64])
def test_the_refinement_goes_nearer_to_the_truth_than_the_search(space):
    volumes, poses, shifts = wedged_pairs(24, 1.0, 60, 6, space)
    model = estimate_model(volumes, [60] * 24)
    errors = {True: [], False: []}
    for i in range(0, 24, 2):
        f, g = (prepare_bands(volume, 60, model) for volume in volumes[i : i + 2])
        for joint, found in errors.items():
            answer = align_bands(f if joint else f._replace(joint=None), g)
            truth = poses[i], shifts[i], poses[i + 1], shifts[i + 1]
            found.append(alignment_error(answer.rotation, answer.translation, *truth)[:2])
    with_it, without = (np.median(errors[joint], axis=0) for joint in (True, False))
    assert (with_it < 0.9 * without).all()


@pytest.mark.parametrize(("space", "wider"), [(32, False), (48, True), (64, True)])
def test_the_data_say_out_of_what_the_wedge_was_cut(space, wider):
    volumes, *_ = wedged_pairs(6, 1.0, 60, 4, space)
    model = estimate_model(volumes, [60] * 6)
    frequencies = [prepare_joint(volume, 60, model, 4.0).modes.frequencies for volume in volumes]
    # out of the box itself nothing is left beyond the wedge
    assert [not measured(points, 60).all() for points in frequencies] == [wider] * 6


def test_a_wedge_that_was_never_cut_is_taken_at_its_word():
    volumes, *_ = wedged_pairs(6, 1.0, 90, 4, 64)
    model = estimate_model(volumes, [60] * 6)
    for volume in volumes:
        assert measured(prepare_joint(volume, 60, model, 4.0).modes.frequencies, 60).all()


def test_the_tilt_axis_turns_the_data_and_not_the_value():
    f, g = wedged_pairs(2, 0.5, 60, 3, 48)[0]
    model, turn = invented_model(), rotation_from_euler(90, 0, 0)
    # a quarter turn about z takes voxels to voxels: (x, y) to (−y, x), and with them the tilt axis
    around = [np.roll(volume[:, ::-1, :], 1, axis=1).transpose(0, 2, 1) for volume in (f, g)]
    rotation, shift, centre = rotation_from_euler(-30, 25, 10), np.array([0.5, 0.0, -1.0]), np.array([0.2, 0.3, -0.1])
    here = JointRefinement(*(prepare_joint(volume, 60, model, 4.0) for volume in (f, g)))
    there = JointRefinement(*(prepare_joint(volume, (-60, 60, 180), model, 4.0) for volume in around))
    value, *_ = here.evaluate(rotation, shift, centre)
    same, *_ = there.evaluate(turn @ rotation @ turn.T, turn @ shift, turn @ centre)
    assert same == pytest.approx(value, rel=1e-5)


def test_a_search_about_one_axis_stays_about_it():
    volumes, poses, shifts = wedged_pairs(2, 0.5, 60, seed=8)
    model = estimate_model(volumes, [60] * 2)
    f, g = (prepare_bands(volume, 60, model) for volume in volumes)
    surface_f = rotation_from_euler(0, -35, 0) @ poses[0].T
    surface_g = rotation_from_euler(0, -35, 0) @ poses[1].T
    answer = align_bands(f, g, start=Start(surface_f=surface_f, surface_g=surface_g))
    turn = surface_f @ answer.rotation @ surface_g.T
    np.testing.assert_allclose(turn[2], [0, 0, 1], atol=1e-9)
    truth, _ = relative_transform(poses[0], shifts[0], poses[1], shifts[1])
    assert rotation_angle(answer.rotation.T @ truth) < 2


def test_each_evaluation_is_a_step_and_the_path_keeps_the_best():
    f, g = prepared((60, 60))
    rotation, translation = rotation_from_euler(30, 80, -50), np.array([1.0, -0.5, 0.7])
    pair, about = JointRefinement(f, g), np.diag([1e3] * 3 + [10.0] * 3)
    found = JointDescent(pair, (rotation, translation), about, np.eye(6)).advance().end
    assert len(found.trace) == len(found.path) and (np.diff(found.trace) <= 0).all()
    np.testing.assert_array_equal(found.path[0], [*rotation.ravel(), *translation])
    np.testing.assert_allclose(found.path[-1], [*found.rotation.ravel(), *found.translation], atol=1e-12)
    # from its end it goes on where it was
    again = JointDescent(pair, found, about, np.eye(6)).advance().end
    np.testing.assert_allclose(again.trace[0], found.trace[-1], rtol=1e-12)
    assert again.value <= found.value + 1e-9


@pytest.mark.parametrize("gain", [0.0, 0.3])
def test_the_likelihoods_of_one_object_and_of_two_are_those_of_the_whole_covariance(gain):
    f, g = prepared((60, 60))
    pair, rotation = JointRefinement(f, g), rotation_from_euler(30, 80, -50)
    end = JointEnd(rotation, np.array([1.0, -0.5, 0.7]), np.array([0.3, 0.1, -0.2]), gain, 0.0, None, None)
    place = -(rotation.T @ (end.translation - end.centre))
    found = pair.evaluate(rotation, end.translation, end.centre, gain)
    one, two, expected = found.value + found.penalty, 0.0, 0.0
    for parity in (0, 1):
        half = np.exp(gain / 2.0)
        left, right = f.modes.gram[parity] / (f.noise * half**2), g.modes.gram[parity] / g.noise * half**2
        turn = np.zeros_like(right)
        start = 0
        for degree, count in g.modes.degrees[parity]:
            for _ in range(count):
                part = slice(start, start := start + 2 * degree + 1)
                turn[part, part] = rotation_matrices(degree, euler_from_rotation(rotation))[degree]
        first = pair._right_sides(f, end.centre)[parity][:, 0] / half
        second = pair._right_sides(g, place)[parity][:, 0] * half
        eye = np.eye(len(left))
        both, data = eye + left + turn @ right @ turn.T, first + turn @ second
        expected += 0.5 * np.linalg.slogdet(both)[1] - 0.5 * data @ np.linalg.solve(both, data)
        for matrix, side in ((eye + left, first), (eye + right, second)):
            two += 0.5 * np.linalg.slogdet(matrix)[1] - 0.5 * side @ np.linalg.solve(matrix, side)
    assert one == pytest.approx(expected, rel=1e-6)
    assert pair.unrelated(end) == pytest.approx(two, rel=1e-6)


def test_a_search_that_ends_jointly_is_at_least_as_likely_as_what_one_without_leads_to():
    volumes, *_ = wedged_pairs(2, 0.5, 60, seed=9)
    model = estimate_model(volumes, [60] * 2)
    f, g = (prepare_bands(volume, 60, model) for volume in volumes)
    searched = align_bands(LikelihoodVolume(f.bands, model), LikelihoodVolume(g.bands, model))
    whole, values = align_bands(f, g), []
    for found in (whole, searched):
        start = found.rotation, found.translation
        values.append(
            joint_descent(JointRefinement(f.joint, g.joint), finest_pair(f, g), start, np.eye(6)).advance().end.value
        )
    assert values[0] < values[1] + 1e-3
    assert searched.iterations < whole.iterations


def test_a_descent_that_has_lost_its_way_ends_where_it_was():
    volumes, *_ = wedged_pairs(2, 0.5, 40, seed=9)
    models = estimate_models(volumes, [40] * 2)
    f, g = (prepare_bands(volume, 40, model) for volume, model in zip(volumes, models, strict=True))
    pair = JointRefinement(f.joint, g.joint)
    # nothing curves, so that Newton's first step leads far out of the box
    start = np.eye(3), np.array([9.0, -9.0, 9.0]), np.zeros(3), 1.9
    end = JointDescent(pair, start, np.zeros((6, 6)), np.eye(6)).advance().end
    assert np.isfinite(end.value) and np.abs(end.translation).max() < 32 and abs(end.gain) <= 2.0


def test_complete_tilt_series_need_no_joint_refinement():
    volumes, *_ = wedged_pairs(2, 0.5, 90, seed=9)
    for tilts, refined in (((90, 90), False), ((90, 60), True), ((60, 90), True)):
        model = estimate_model(volumes, tilts)
        f, g = (prepare_bands(volume, tilt, model) for volume, tilt in zip(volumes, tilts, strict=True))
        searched = align_bands(f._replace(joint=None), g)
        assert (align_bands(f, g).iterations > searched.iterations) == refined


def test_data_without_a_signal_are_left_where_they_are():
    f, g = prepared((60, 60), model=invented_model(ratio=0.0))
    rotation, translation = rotation_from_euler(30, 80, -50), np.array([1.0, -0.5, 0.7])
    found = JointDescent(JointRefinement(f, g), (rotation, translation), np.zeros((6, 6)), np.eye(6)).advance().end
    np.testing.assert_allclose(found.rotation, rotation, atol=1e-12)
    np.testing.assert_allclose(found.translation, translation, atol=1e-12)


def test_an_unusable_volume_is_refused_by_name():
    with pytest.raises(InputError, match="volume g"):
        prepare_joint(np.full((32, 32, 32), np.nan), 60, invented_model(), 4.0, name="volume g")
