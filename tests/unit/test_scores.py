import numpy as np
import oracles
import pytest

from gradalign.errors import InputError
from gradalign.fourier.spectrum import prepare
from gradalign.geometry.rotations import inverse_transform, random_rotations, relative_transform
from gradalign.scores.evaluation import dissimilarity_at, evaluate
from gradalign.scores.least_squares import score_number
from gradalign.search.step import rotation_from_vector
from gradalign.simulation.phantom import phantom

PLAIN = {"rcs": oracles.real_space_dissimilarity, "fcs": oracles.fourier_space_dissimilarity}
LOW_PASS = 5.3
both_scores = pytest.mark.parametrize("score", ["rcs", "fcs"])


def noisy_pair(seed, noise=1.0, spread=1.5, size=32):
    """Return two noisy phantoms and their poses."""
    rng = np.random.default_rng(seed)
    poses, shifts = random_rotations(rng, 2), rng.uniform(-spread, spread, (2, 3))
    volumes = [phantom(size, 32, pose, shift) for pose, shift in zip(poses, shifts, strict=True)]
    level = noise * volumes[0].std()
    return (
        [volume + level * rng.normal(size=volume.shape).astype(np.float32) for volume in volumes],
        poses,
        shifts,
    )


def scale(fixed, moving, score):
    """Return what the score is worth between unrelated volumes: 2 for RCS, the sum of both mean powers for FCS."""
    if score == "rcs":
        return 2.0
    return sum((spectrum.values.astype(float) ** 2).sum() / len(spectrum.lattice) for spectrum in (fixed, moving))


def value_and_gradient(fixed, moving, score, rotation, translation):
    _, matrices, vectors, *_ = evaluate(fixed, moving, score_number(score), rotation[None], translation[None])
    return dissimilarity_at(fixed, moving, score, rotation, translation), matrices[0], vectors[0]


@both_scores
@pytest.mark.parametrize("tilts", [(90, 90), (60, 60), ((-60, 40), 50)])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_score_is_the_papers_formula(score, tilts, seed):
    (f, g), *_ = noisy_pair(seed)
    rng = np.random.default_rng(seed)
    rotation, translation = random_rotations(rng, 1)[0], rng.uniform(-3, 3, 3)
    fixed, moving = (prepare(volume, tilt, LOW_PASS) for volume, tilt in zip((f, g), tilts, strict=True))
    expected = PLAIN[score](f, g, rotation, translation, *tilts, 32 / LOW_PASS)
    assert dissimilarity_at(fixed, moving, score, rotation, translation) == pytest.approx(expected, rel=1e-3)


@both_scores
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_gradient_is_that_of_central_differences(score, seed):
    # without a wedge: with one, coefficients enter and leave the overlap between the two sides
    (f, g), poses, shifts = noisy_pair(seed, noise=0.5)
    fixed, moving = prepare(f, 90, LOW_PASS), prepare(g, 90, LOW_PASS)
    truth, shift = relative_transform(poses[0], shifts[0], poses[1], shifts[1])
    rotation, translation = (
        rotation_from_vector(np.array([0.1, -0.15, 0.1])) @ truth,
        shift + [0.5, -0.5, 0.4],
    )
    _, _, vector = value_and_gradient(fixed, moving, score, rotation, translation)
    numerical = np.empty(6)
    for direction, width in enumerate([2e-3] * 3 + [1e-2] * 3):
        change = np.zeros(6)
        change[direction] = width
        sides = [
            dissimilarity_at(
                fixed,
                moving,
                score,
                rotation_from_vector(sign * change[:3]) @ rotation,
                translation + sign * change[3:],
            )
            for sign in (1, -1)
        ]
        numerical[direction] = (sides[0] - sides[1]) / (2 * width)
    # d falls along Jᵀ(f − g): its gradient is −2 Jᵀ(f − g)
    assert np.linalg.norm(numerical + 2 * vector) < 3e-3 * np.linalg.norm(numerical)


@both_scores
def test_the_normal_matrix_is_the_curvature_of_a_perfect_fit(score):
    # where the residual is zero the Gauss–Newton matrix is half the second derivative of d
    (f, _), *_ = noisy_pair(4, noise=0.0)
    spectrum = prepare(f, 90, LOW_PASS)
    value, matrix, vector = value_and_gradient(spectrum, spectrum, score, np.eye(3), np.zeros(3))
    rng = np.random.default_rng(0)
    for _ in range(3):
        change = rng.normal(size=6) * np.repeat([0.01, 0.1], 3)
        moved = dissimilarity_at(spectrum, spectrum, score, rotation_from_vector(change[:3]), change[3:])
        assert moved - value == pytest.approx(change @ matrix @ change - 2 * vector @ change, rel=0.05)


@both_scores
def test_the_score_stays_when_both_volumes_are_moved_together(score):
    # analytically moved phantoms, small enough that nothing leaves the box, nothing missing
    rng = np.random.default_rng(8)
    poses, shifts = random_rotations(rng, 2), rng.uniform(-1, 1, (2, 3))
    rotation, shift = relative_transform(poses[0], shifts[0], poses[1], shifts[1])
    rotation = rotation_from_vector(np.array([0.2, 0.1, -0.3])) @ rotation

    def value(turn, move):
        volumes = [
            phantom(18, 32, turn @ pose, turn @ offset + move) for pose, offset in zip(poses, shifts, strict=True)
        ]
        spectra = [prepare(volume, 90, LOW_PASS) for volume in volumes]
        together = turn @ rotation @ turn.T
        d = dissimilarity_at(*spectra, score, together, turn @ shift + move - together @ move)
        return d / scale(*spectra, score)

    before = value(np.eye(3), np.zeros(3))
    assert before > 0.01
    for turn in random_rotations(rng, 4):
        assert value(turn, rng.uniform(-2, 2, 3)) == pytest.approx(before, abs=1e-3)


@both_scores
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_swapping_the_volumes_inverts_the_transform(score, seed):
    (f, g), poses, shifts = noisy_pair(seed, noise=0.5)
    rotation, translation = relative_transform(poses[0], shifts[0], poses[1], shifts[1])
    for tilt in (90, 60):
        fixed, moving = prepare(f, tilt, LOW_PASS), prepare(g, tilt, LOW_PASS)
        there = dissimilarity_at(fixed, moving, score, rotation, translation)
        back = dissimilarity_at(moving, fixed, score, *inverse_transform(rotation, translation))
        assert there == pytest.approx(back, abs=1e-2 * scale(fixed, moving, score))


def test_rcs_does_not_see_a_contrast_difference_and_fcs_does():
    (f, g), poses, shifts = noisy_pair(5)
    truth = relative_transform(poses[0], shifts[0], poses[1], shifts[1])
    fixed = prepare(f, 60, LOW_PASS)
    values = {
        (score, scale): dissimilarity_at(fixed, prepare(scale * g + 3, 60, LOW_PASS), score, *truth)
        for score in ("rcs", "fcs")
        for scale in (1.0, 2.0)
    }
    assert values["rcs", 1.0] == pytest.approx(values["rcs", 2.0], rel=1e-4)
    assert values["fcs", 2.0] > 1.2 * values["fcs", 1.0]


def test_volumes_without_common_frequencies_are_not_compared():
    (f, g), *_ = noisy_pair(6)
    fixed, moving = prepare(f, (20, 21), 8.0), prepare(g, (60, 61), 8.0)
    # the planes of two narrow ranges meet in the tilt axis alone, which a turn takes away
    turn = rotation_from_vector(np.array([0.3, 0.0, 0.7]))
    assert dissimilarity_at(fixed, moving, "rcs", turn, np.zeros(3)) == np.inf
    assert dissimilarity_at(fixed, moving, "fcs", turn, np.zeros(3)) == np.inf


def test_an_unknown_score_is_refused():
    with pytest.raises(InputError, match="rcs, fcs"):
        score_number("ncc")
