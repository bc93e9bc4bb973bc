import numpy as np
import pytest

from gradalign.alignment import LikelihoodVolume, Settings, align_bands, prepare_bands
from gradalign.errors import InputError
from gradalign.geometry import (
    alignment_error,
    inverse_transform,
    random_rotations,
    relative_transform,
    rotation_angle,
    rotation_from_euler,
)
from gradalign.joint import JointRefinement, refine_jointly
from gradalign.likelihood import SignalModel, estimate_model, soft_sphere
from gradalign.modes import _support, cut_shares, prepare_joint
from gradalign.refinement import rotation_from_vector
from gradalign.simulation.phantom import phantom
from gradalign.wedge import measured

RADIUS = 10.0
WIDTH = 2.0 * 32 / RADIUS
FULL = (-90.0, 90.0, 90.0)


def invented_model(ratio=30.0, size=32, radius=RADIUS):
    """Return a model with a signal that falls off with the frequency."""
    signal = ratio * np.exp(-(((np.arange(size // 2) - 2.0) / 3.0) ** 2))
    return SignalModel(signal, np.ones(size // 2), soft_sphere(size, radius), radius)


def cut(volume, tilt):
    points = np.stack(np.meshgrid(*3 * [np.fft.fftfreq(32)], indexing="ij")[::-1], axis=-1)
    return np.fft.ifftn(np.fft.fftn(volume) * measured(points, tilt)).real.astype(np.float32)


def wedged_pairs(count, noise, tilt, seed):
    """Return noisy subtomograms of a phantom without their missing wedge, with poses and shifts."""
    rng = np.random.default_rng(seed)
    poses, shifts = random_rotations(rng, count), rng.uniform(-1, 1, (count, 3))
    clean = [phantom(24, 32, pose, shift) for pose, shift in zip(poses, shifts, strict=True)]
    level = noise * clean[0].std()
    return [cut(v + level * rng.normal(size=v.shape), tilt) for v in clean], poses, shifts


def prepared(tilts, seed=0, model=None):
    rng = np.random.default_rng(seed)
    model = model or invented_model()
    volumes = [rng.normal(size=(32, 32, 32)) for _ in tilts]
    return [prepare_joint(volume, tilt, model, 4.0) for volume, tilt in zip(volumes, tilts, strict=True)]


def test_nothing_is_cut_off_where_nothing_is_missing():
    frequencies = np.random.default_rng(0).integers(-8, 9, (50, 3)).astype(float)
    np.testing.assert_allclose(cut_shares(frequencies, FULL, 32), 1.0, atol=1e-9)


def test_a_cut_leaves_the_inside_halves_the_edge_and_takes_the_outside():
    # the wedge's faces at 45 degrees; far from its edge, on it, and far outside
    frequencies = np.array([[10.0, 2.0, 0.0], [10.0, 2.0, 10.0], [0.0, 2.0, 10.0]])
    signal, noise = cut_shares(frequencies, (-45.0, 45.0, 90.0), 32)
    np.testing.assert_allclose(signal, [1.0, 0.5, 0.0], atol=0.05)
    np.testing.assert_allclose(noise, [1.0, 0.5, 0.0], atol=0.05)


def test_the_shares_follow_the_tilt_axis():
    frequencies = np.array([[5.0, 1.0, 4.0], [3.0, -2.0, 2.0], [6.0, 0.0, -5.0]])
    turned = frequencies @ rotation_from_euler(-90.0, 0.0, 0.0).T
    about_y, about_x = (
        cut_shares(points, (-50.0, 60.0, axis), 32) for points, axis in ((frequencies, 90.0), (turned, 0.0))
    )
    np.testing.assert_allclose(about_x, about_y, atol=1e-9)


def test_the_shares_are_those_of_a_cut_volume():
    rng = np.random.default_rng(5)
    # in a box twice as large the wedge is cut off as from an object in empty space
    wide = np.zeros((64, 64, 64))
    wide[16:48, 16:48, 16:48] = phantom(20, 32)
    points = np.stack(np.meshgrid(*3 * [np.fft.fftfreq(64)], indexing="ij")[::-1], axis=-1)
    part = np.fft.ifftn(np.fft.fftn(wide) * measured(points, 60)).real[16:48, 16:48, 16:48]
    whole = phantom(20, 32)
    centred = [np.fft.fftn(np.fft.ifftshift(volume)) for volume in (part, whole)]
    chosen = rng.integers(-6, 7, (400, 3))
    shown, full = (transform[chosen[:, 2], chosen[:, 1], chosen[:, 0]] for transform in centred)
    signal, _ = cut_shares(chosen, (-60.0, 60.0, 90.0), 32)
    hard = measured(chosen, 60)
    soft_error, hard_error = (np.linalg.norm(shown - factor * full) for factor in (signal, hard))
    assert soft_error < 0.5 * hard_error


def test_the_modes_have_the_covariance_of_the_signal():
    model = invented_model(ratio=3e4)
    (joint,) = prepared([90], model=model)
    modes = joint.modes
    lengths = np.linalg.norm(modes.lattice, axis=1)
    near = np.flatnonzero(lengths < 4.0)
    power = (model.mask.astype(float) ** 2).sum() * np.interp(lengths[near], np.arange(16), model.signal)
    # the weighted rows are 2/N times s R Y
    shown = [weighted[near] * 32**3 / 2 for weighted in modes.weighted]
    gaps = [modes.lattice[near][:, None] - sign * modes.lattice[near] for sign in (1, -1)]
    same, opposite = (_support(np.linalg.norm(gap, axis=-1) / WIDTH) for gap in gaps)
    scale = np.sqrt(np.outer(power, power))
    # ⟨Re H Re H'⟩ and ⟨Im H Im H'⟩ of a real object
    np.testing.assert_allclose(shown[0] @ shown[0].T, scale * (same + opposite) / 2, atol=6e-3 * power.max())
    np.testing.assert_allclose(shown[1] @ shown[1].T, scale * (same - opposite) / 2, atol=6e-3 * power.max())


def test_stronger_signals_have_more_modes_up_to_a_limit():
    counts = []
    for ratio in (1e-3, 1.0, 30.0, 1e6):
        (joint,) = prepared([60], model=invented_model(ratio))
        counts.append(sum(len(gram) for gram in joint.modes.gram))
    assert counts[0] < counts[1] < counts[2] < counts[3] <= 600


@pytest.mark.parametrize("tilts", [(90, 90), (60, 60), (50, (-40, 60, 20))])
def test_the_gradient_is_that_of_the_value(tilts):
    pair = JointRefinement(*prepared(tilts))
    rotation, translation, centre = (
        rotation_from_euler(30, 80, -50),
        np.array([1.0, -0.5, 0.7]),
        np.array([0.5, -0.3, 0.2]),
    )
    _, gradient = pair.evaluate(rotation, translation, centre)
    step, numeric = 1e-4, []
    for change in step * np.eye(9):
        ahead, behind = (
            pair.evaluate(
                rotation_from_vector(sign * change[:3]) @ rotation,
                translation + sign * change[3:6],
                centre + sign * change[6:],
            )[0]
            for sign in (1, -1)
        )
        numeric.append((ahead - behind) / (2 * step))
    np.testing.assert_allclose(gradient, numeric, rtol=1e-5, atol=1e-4)


def test_exchanging_the_volumes_inverts_the_transform():
    f, g = prepared((60, 50))
    rotation, translation = rotation_from_euler(30, 80, -50), np.array([1.0, -0.5, 0.7])
    centre = np.array([0.4, 0.2, -0.6])
    inverse, back = inverse_transform(rotation, translation)
    there, _ = JointRefinement(f, g).evaluate(rotation, translation, centre)
    # the support stays where it is in the object
    here, _ = JointRefinement(g, f).evaluate(inverse, back, inverse @ (centre - translation))
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
    value, _ = before.evaluate(rotation, shift, np.zeros(3))
    same, _ = after.evaluate(rotation @ turn.T, shift, np.zeros(3))
    assert same == pytest.approx(value, rel=1e-6)


def test_the_value_does_not_depend_on_where_both_volumes_stand():
    clean = [phantom(16, 32, rotation_from_euler(*angles)) for angles in ((0, 0, 0), (20, 30, 40))]
    moved = [np.roll(volume, (1, -2, 1), axis=(0, 1, 2)) for volume in clean]
    model, rotation, way = invented_model(), rotation_from_euler(-30, 25, 10), np.array([1.0, -2.0, 1.0])
    here, there = (
        JointRefinement(*(prepare_joint(volume, 60, model, 4.0) for volume in pair)) for pair in (clean, moved)
    )
    centre = np.array([0.5, 0.2, 0.0])
    value, _ = here.evaluate(rotation, np.zeros(3), centre)
    same, _ = there.evaluate(rotation, way - rotation @ way, centre + way)
    assert same == pytest.approx(value, rel=1e-6)


def test_the_refinement_goes_nearer_to_the_truth_than_the_search():
    volumes, poses, shifts = wedged_pairs(24, 1.0, 60, seed=6)
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


def test_a_search_about_one_axis_stays_about_it():
    volumes, poses, shifts = wedged_pairs(2, 0.5, 60, seed=8)
    model = estimate_model(volumes, [60] * 2)
    f, g = (prepare_bands(volume, 60, model) for volume in volumes)
    surface_f = rotation_from_euler(0, -35, 0) @ poses[0].T
    surface_g = rotation_from_euler(0, -35, 0) @ poses[1].T
    answer = align_bands(f, g, surface_f=surface_f, surface_g=surface_g)
    turn = surface_f @ answer.rotation @ surface_g.T
    np.testing.assert_allclose(turn[2], [0, 0, 1], atol=1e-9)
    truth, _ = relative_transform(poses[0], shifts[0], poses[1], shifts[1])
    assert rotation_angle(answer.rotation.T @ truth) < 2


def test_each_evaluation_is_a_step_and_the_path_keeps_the_best():
    f, g = prepared((60, 60))
    rotation, translation = rotation_from_euler(30, 80, -50), np.array([1.0, -0.5, 0.7])
    found = refine_jointly(f, g, rotation, translation, np.diag([1e3] * 3 + [10.0] * 3), np.eye(6))
    turned, moved, trace, path = found
    assert len(trace) == len(path) and (np.diff(trace) <= 0).all()
    np.testing.assert_array_equal(path[0], [*rotation.ravel(), *translation])
    np.testing.assert_allclose(path[-1], [*turned.ravel(), *moved], atol=1e-12)


def test_a_search_without_it_ends_as_before():
    volumes, *_ = wedged_pairs(2, 0.5, 60, seed=9)
    model = estimate_model(volumes, [60] * 2)
    f, g = (prepare_bands(volume, 60, model) for volume in volumes)
    settings = Settings()
    searched = align_bands(LikelihoodVolume(f.bands), LikelihoodVolume(g.bands))
    whole = align_bands(f, g)
    count = sum(turn.keep * turn.steps for turn in settings.rounds) + settings.last_steps
    assert searched.iterations <= count < whole.iterations + count
    np.testing.assert_array_equal(whole.path[: searched.iterations], searched.path)


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
    found = refine_jointly(f, g, rotation, translation, np.zeros((6, 6)), np.eye(6))
    np.testing.assert_allclose(found[0], rotation, atol=1e-12)
    np.testing.assert_allclose(found[1], translation, atol=1e-12)


def test_an_unusable_volume_is_refused_by_name():
    with pytest.raises(InputError, match="volume g"):
        prepare_joint(np.full((32, 32, 32), np.nan), 60, invented_model(), 4.0, name="volume g")
