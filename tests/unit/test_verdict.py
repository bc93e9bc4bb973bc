import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from test_joint import wedged_pairs

from gradalign import align_pair
from gradalign.errors import InputError
from gradalign.fourier.spectrum import prepare
from gradalign.geometry.rotations import relative_transform, rotation_angle, rotation_from_euler
from gradalign.scores.evaluation import evaluate
from gradalign.scores.least_squares import score_number
from gradalign.scores.masks import soft_sphere
from gradalign.scores.signal_model import estimate_model
from gradalign.search import verdict
from gradalign.search.joint import GAIN_REACH, JointRefinement
from gradalign.search.joint_covariance import followed_directions, joint_covariance_at
from gradalign.search.likelihood_volume import prepare_bands
from gradalign.search.score import load_score
from gradalign.search.seeds import free_directions
from gradalign.search.settings import Alignment, Settings
from gradalign.search.step import rotation_from_vector
from gradalign.search.verdict import Compared, covariance_at, expected_value
from gradalign.simulation.phantom import phantom

SCORES = ["rcs", "fcs", "likelihood"]
TURN, SHIFT = rotation_from_euler(30.0, 80.0, -50.0), np.array([0.8, -0.5, 0.3])


def noisy(rng, level, size=24):
    """Return a pair of phantoms, the first moved, in noise; nothing is missing."""
    clean = phantom(size, 32, TURN, SHIFT), phantom(size, 32)
    return [part + level * clean[1].std() * rng.normal(size=part.shape).astype(np.float32) for part in clean]


@pytest.mark.parametrize("name", SCORES)
def test_answers_scatter_as_their_covariances_say(name):
    rng, settings, score = np.random.default_rng(7), Settings(), load_score(name)
    squares, spreads = [], []
    for _ in range(30):
        volumes = noisy(rng, 1.5)
        models = score.estimate(volumes, [90, 90])
        f, g = (score.prepare(each, 90, settings, 1.0, model) for each, model in zip(volumes, models, strict=True))
        rotation, translation, _ = score.refine(f, g, TURN, SHIFT, settings)
        held, moved = score.at_finest(f, g)
        covariance = covariance_at(Compared(held, moved, score_number(name)), rotation, translation, np.eye(6))
        turn = Rotation.from_matrix(TURN @ rotation.T).as_rotvec()
        squares.append(np.concatenate([turn, SHIFT - translation]) ** 2)
        spreads.append(np.diagonal(covariance))
    for part in (slice(0, 3), slice(3, 6)):
        ratio = np.sum(np.array(squares)[:, part]) / np.sum(np.array(spreads)[:, part])
        # a sum of squares takes the noise that g has in common with itself for more, a mask correlates neighbours
        assert 0.2 < ratio < 3.0


def test_the_joint_curvature_is_that_of_q():
    volumes, *_ = wedged_pairs(2, 0.5, 60, seed=9)
    model = estimate_model(volumes, [60, 60])
    f, g = (prepare_bands(volume, 60, model).joint for volume in volumes)
    pair, translation = JointRefinement(f, g), np.array([0.4, -0.2, 0.1])
    hessian = pair.evaluate(TURN, translation, translation / 2).hessian
    hessian[9, 9] += GAIN_REACH**-2
    followed = followed_directions(hessian, np.eye(6), alike=False)
    curvature = followed.T @ hessian @ followed
    np.testing.assert_allclose(curvature, curvature.T, atol=1e-6 * np.abs(curvature).max())

    def value(change):
        moved = rotation_from_vector(change[:3]) @ TURN, translation + change[3:6], translation / 2 + change[6:9]
        return pair.evaluate(*moved, change[9])[0] + 0.5 * (change[9] / GAIN_REACH) ** 2

    # second differences of Q itself; the centre and the ratio of scales are taken off as for a Gaussian
    steps = np.array([4e-3] * 3 + [4e-2] * 6 + [1e-2])
    whole = np.empty((10, 10))
    for i in range(10):
        for j in range(10):
            terms = []
            for left in (1.0, -1.0):
                for right in (1.0, -1.0):
                    change = np.zeros(10)
                    change[i] += left * steps[i]
                    change[j] += right * steps[j]
                    terms.append(left * right * value(change))
            whole[i, j] = sum(terms) / (4.0 * steps[i] * steps[j])
    free = whole[:6, :6] - whole[:6, 6:] @ np.linalg.solve(whole[6:, 6:], whole[6:, :6])
    np.testing.assert_allclose(curvature, free, atol=0.05 * np.abs(free).max())


@pytest.mark.parametrize("noise", [0.5, 3.0])
def test_ends_of_joint_refinements_scatter_as_their_covariances_say(noise):
    settings, score = Settings(), load_score("likelihood")
    volumes, poses, shifts = wedged_pairs(60, noise, 60, seed=11)
    model = estimate_model(volumes, [60] * 60)
    squares = []
    for n in range(0, 60, 2):
        f, g = (score.prepare(each, 60, settings, 1.0, model) for each in volumes[n : n + 2])
        truth = relative_transform(poses[n], shifts[n], poses[n + 1], shifts[n + 1])
        rotation, translation, _ = score.refine(f, g, *truth, settings)
        covariance = joint_covariance_at(f.joint, g.joint, (rotation, translation, translation / 2.0), np.eye(6))
        error = np.concatenate([Rotation.from_matrix(truth[0] @ rotation.T).as_rotvec(), truth[1] - translation])
        squares.append([error[s] @ np.linalg.solve(covariance[s, s], error[s]) for s in (slice(0, 3), slice(3, 6))])
    # three numbers each: χ² with 90 degrees of freedom over its mean has the deviation 0.15
    assert (abs(np.mean(squares, axis=0) / 3.0 - 1.0) < 0.5).all()


def test_directions_that_were_not_free_have_no_variance():
    volumes, *_ = wedged_pairs(2, 0.5, 60, seed=9)
    model = estimate_model(volumes, [60, 60])
    f, g = (prepare_bands(volume, 60, model) for volume in volumes)
    basis = free_directions(rotation_from_euler(10.0, 40.0, 70.0))
    for covariance in (
        joint_covariance_at(f.joint, g.joint, (TURN, SHIFT, SHIFT / 2.0), basis),
        covariance_at(
            Compared(*load_score("likelihood").at_finest(f, g), score_number("likelihood")), TURN, SHIFT, basis
        ),
    ):
        assert np.linalg.matrix_rank(covariance, tol=1e-9 * np.trace(covariance)) == 4
        across = np.cross(basis[:3, 0], [1.0, 0.0, 0.0])
        assert across @ covariance[:3, :3] @ across < 1e-9


def test_what_is_expected_of_d_is_its_mean_over_pairs_that_fit():
    rng, settings = np.random.default_rng(3), Settings()
    score = load_score("likelihood")
    excesses = []
    for _ in range(12):
        volumes = noisy(rng, 1.5)
        models = score.estimate(volumes, [90, 90])
        f, g = (score.prepare(each, 90, settings, 1.0, model) for each, model in zip(volumes, models, strict=True))
        mean, deviation = expected_value(*score.at_finest(f, g), TURN)
        excesses.append((score.value(f, g, TURN, SHIFT) - mean) / deviation)
    # the particle's own shape scatters it more widely than noise does
    assert abs(np.mean(excesses)) < 4.0


@pytest.mark.parametrize("name", SCORES)
def test_a_clear_pair_is_determined(name):
    found = align_pair(*noisy(np.random.default_rng(1), 1.0), tilt_f=90, tilt_g=90, score=name)
    assert found.verdict == "determined" and found.reason == ""
    assert rotation_angle(found.rotation.T @ TURN) < 4.0 * found.rotation_sd < 20.0
    assert 0.9 < found.probability <= 1.0 and found.evidence > 20.0


@pytest.mark.parametrize("name", SCORES)
def test_pure_noise_is_undetermined(name):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        volumes = rng.normal(size=(2, 24, 24, 24)).astype(np.float32)
        assert align_pair(*volumes, score=name).verdict == "undetermined"


@pytest.mark.parametrize("name", SCORES)
def test_a_featureless_sphere_is_undetermined(name):
    rng, sphere = np.random.default_rng(2), soft_sphere(24, 5.0, 4.0)
    for level in (0.1, 1.0):
        volumes = [sphere + level * sphere.std() * rng.normal(size=sphere.shape).astype(np.float32) for _ in range(2)]
        found = align_pair(*volumes, tilt_f=90, tilt_g=90, score=name)
        assert found.verdict == "undetermined" and found.reason


@pytest.mark.parametrize("name", SCORES)
def test_the_negative_of_a_volume_is_undetermined(name):
    f, g = noisy(np.random.default_rng(4), 1.0)
    assert align_pair(f, -g, tilt_f=90, tilt_g=90, score=name).verdict == "undetermined"


def test_too_few_coefficients_are_undetermined():
    f, g = noisy(np.random.default_rng(5), 0.5)
    found = align_pair(f, g, low_pass=12.0)
    assert found.verdict == "undetermined" and "coefficients" in found.reason


def test_a_translation_beyond_the_reach_is_undetermined():
    f, g = phantom(32, 32, TURN, [7.0, 0.0, 0.0]), phantom(32, 32)
    near = align_pair(f, g, tilt_f=90, tilt_g=90, reach=8.0)
    assert near.verdict == "determined" and near.translation[0] == pytest.approx(7.0, abs=0.1)
    short = align_pair(f, g, tilt_f=90, tilt_g=90, reach=2.0)
    assert short.verdict == "undetermined"


@pytest.mark.parametrize("name", ["rcs", "likelihood"])
@pytest.mark.parametrize("reach", [16.0, 40.0, -1.0, np.nan])
def test_a_reach_that_leaves_the_box_is_refused(name, reach):
    f, g = noisy(np.random.default_rng(6), 1.0)
    with pytest.raises(InputError, match="reach: is "):
        align_pair(f, g, score=name, reach=reach)


def test_the_likelihood_obeys_a_low_pass():
    f, g = noisy(np.random.default_rng(8), 1.0)
    coarse, default = (align_pair(f, g, score="likelihood", low_pass=low_pass) for low_pass in (6.0, None))
    assert coarse.dissimilarity < 0.6 * default.dissimilarity
    assert align_pair(f, g, score="likelihood", low_pass=4.0).dissimilarity == default.dissimilarity
    with pytest.raises(InputError, match="low_pass: is 0"):
        align_pair(f, g, score="likelihood", low_pass=0.0)


def test_an_alignment_that_nobody_judged_says_so():
    found = Alignment(np.eye(3), np.zeros(3), 1.0, 0, np.empty(0), np.empty(0))
    assert found.verdict == "unjudged" and np.isnan(found.rotation_sd) and np.isnan(found.translation_sd)


@pytest.mark.parametrize("score", ["rcs", "fcs"])
def test_a_perfect_fit_has_a_finite_covariance(score, monkeypatch):
    # a few coefficients can be fitted to the last digit
    monkeypatch.setattr(verdict, "evaluate", lambda *args: (0.0 * (found := evaluate(*args))[0], *found[1:]))
    spectrum = prepare(1e9 * phantom(24, 32), 90, 5.0)
    covariance = covariance_at(Compared(spectrum, spectrum, score_number(score)), np.eye(3), np.zeros(3), np.eye(6))
    assert np.isfinite(covariance).all()
    assert 0.0 < np.trace(covariance) < 1e-3


def fourfold(rng, level, size=32):
    """Return a pair of an object with a fourfold axis in noise, the first moved; nothing is missing."""
    z, y, x = np.indices((size,) * 3) - size // 2
    points, arm = np.stack([x, y, z], axis=-1), np.array([6.0, 0.0, 1.0])
    centres = [Rotation.from_euler("z", 90.0 * turn, degrees=True).apply(arm) for turn in range(4)] + [[0.0, 0.0, -5.0]]

    def seen(rotation, shift):
        places = (rotation @ np.transpose(centres)).T + shift
        clean = sum(np.exp(-((points - place) ** 2).sum(axis=-1) / 8.0) for place in places)
        return (clean + level * clean.std() * rng.normal(size=clean.shape)).astype(np.float32)

    return seen(TURN, SHIFT), seen(np.eye(3), np.zeros(3))


@pytest.mark.parametrize("name", SCORES)
def test_equivalent_answers_of_a_symmetric_object_are_no_rivals(name):
    volumes = fourfold(np.random.default_rng(3), 1.0)
    tilts = {"tilt_f": 60, "tilt_g": 60}
    found, known = (
        align_pair(*volumes, **tilts, score=name, settings=Settings(symmetry=group)) for group in ("C1", "C4")
    )
    np.testing.assert_array_equal(found.rotation, known.rotation)
    assert known.probability > max(found.probability, 0.9)
    assert known.verdict == "determined"


def test_an_unknown_group_is_refused():
    with pytest.raises(InputError, match="symmetry 'K3' is not known"):
        align_pair(*fourfold(np.random.default_rng(3), 1.0), settings=Settings(symmetry="K3"))
