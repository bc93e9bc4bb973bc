import numpy as np
import pytest
from test_scores import LOW_PASS, noisy_pair

from gradalign.fourier.spectrum import prepare
from gradalign.geometry.rotations import (
    alignment_error,
    random_rotations,
    relative_transform,
    rotation_angle,
    transform_distance,
)
from gradalign.scores.evaluation import dissimilarity_at
from gradalign.scores.least_squares import score_number
from gradalign.search.seeds import free_directions, seeds_at_best_translation, start_rotations
from gradalign.search.settings import Damping, Settings, StochasticRule
from gradalign.search.step import rotation_from_vector
from gradalign.search.stochastic import (
    _draw,
    _drop_duplicates,
    _slope,
    independent_refinement,
    place_candidates,
    stochastic_refinement,
)
from gradalign.simulation.phantom import phantom

both_scores = pytest.mark.parametrize("score", ["rcs", "fcs"])


def refined(fixed, moving, score, rotation, translation):
    number = score_number(score)
    candidates = place_candidates(fixed, moving, number, rotation[None], translation[None], Damping())
    independent_refinement(fixed, moving, number, np.eye(6), Damping(), 0.0, 60, candidates)
    return candidates.rotations[0], candidates.translations[0]


@both_scores
@pytest.mark.parametrize("seed", [1, 2])
def test_a_moved_density_is_found_again_to_a_tenth_of_a_degree(score, seed):
    rng = np.random.default_rng(seed)
    poses, shifts = random_rotations(rng, 2), rng.uniform(-1, 1, (2, 3))
    volumes = [phantom(24, 32, pose, shift) for pose, shift in zip(poses, shifts, strict=True)]
    fixed, moving = (prepare(volume, 90, LOW_PASS) for volume in volumes)
    truth, shift = relative_transform(poses[0], shifts[0], poses[1], shifts[1])
    start = rotation_from_vector(np.array([0.15, -0.2, 0.1])) @ truth
    rotation, translation = refined(fixed, moving, score, start, shift + [0.8, -0.5, 0.6])
    errors = alignment_error(rotation, translation, poses[0], shifts[0], poses[1], shifts[1])
    assert errors[0] < 0.1
    assert errors[1] < 0.01


@both_scores
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_refinement_of_the_swapped_pair_ends_at_the_inverse(score, seed):
    (f, g), poses, shifts = noisy_pair(seed, noise=0.0, size=20)
    fixed, moving = prepare(f, 90, LOW_PASS), prepare(g, 90, LOW_PASS)
    truth, shift = relative_transform(poses[0], shifts[0], poses[1], shifts[1])
    start, shift = rotation_from_vector(np.array([0.1, 0.05, -0.1])) @ truth, shift + [0.4, -0.3, 0.2]
    there, a = refined(fixed, moving, score, start, shift)
    back, b = refined(moving, fixed, score, start.T, -start.T @ shift)
    assert rotation_angle(there @ back) < 0.1
    assert np.linalg.norm(there @ b + a) < 0.02


def test_a_step_never_raises_the_dissimilarity():
    (f, g), *_ = noisy_pair(7, noise=2.0)
    fixed, moving = prepare(f, 60, LOW_PASS), prepare(g, 60, LOW_PASS)
    candidates = seeds_at_best_translation(fixed, moving, "rcs", start_rotations(60.0), Settings())
    before = candidates.dissimilarities.copy()
    steps = independent_refinement(fixed, moving, 0, np.eye(6), Damping(), 1e-4, 60, candidates)
    assert (candidates.dissimilarities <= before).all()
    assert candidates.dissimilarities.mean() < 0.9 * before.mean()
    assert ((1 <= steps) & (steps <= 60)).all()


def test_seeds_start_at_the_best_translation_of_the_grid():
    (f, g), *_ = noisy_pair(9, noise=0.5)
    fixed, moving = prepare(f, 60, LOW_PASS), prepare(g, 60, LOW_PASS)
    settings = Settings(start_reach=3.0, start_spacing=1.0)
    rotations = start_rotations(60.0)[[5, 50]]
    candidates = seeds_at_best_translation(fixed, moving, "fcs", rotations, settings)
    axis = np.arange(-3, 4)
    for number, rotation in enumerate(rotations):
        # FCS falls where the correlation rises: its other terms do not depend on the translation
        tried = seeds_at_best_translation(
            fixed, moving, "fcs", rotation[None], Settings(start_reach=0.0, start_spacing=1.0)
        )
        at_zero = tried.dissimilarities[0]
        assert candidates.dissimilarities[number] <= at_zero
        everywhere = [
            dissimilarity_at(fixed, moving, "fcs", rotation, np.array([x, y, z], float))
            for x in axis for y in axis for z in axis
        ]  # fmt: skip
        assert candidates.dissimilarities[number] == pytest.approx(min(everywhere), rel=1e-5)


def test_candidates_are_drawn_with_the_papers_probabilities():
    values = np.array([0.9, 0.2, 0.5, 0.4])
    order = np.argsort(values)
    threshold = 1.0
    factor = 10 ** (threshold / 3)
    # the paper's order: largest d first
    d = np.sort(values)[::-1]
    p = [1.0]
    for j in range(1, 4):
        p.append(p[-1] * max(factor, d[j - 1] / d[j]))
    expected = np.array(p[::-1]) / sum(p)
    chances = np.empty(4)
    uniforms = (np.arange(20000) + 0.5) / 20000
    drawn = np.bincount([_draw(values, order, 4, factor, u, chances) for u in uniforms], minlength=4) / 20000
    assert np.allclose(drawn, expected, atol=1e-3)
    # at least 10^t between the best and the worst
    assert expected[0] / expected[-1] >= 10**threshold


def test_draws_stay_sane_for_zero_and_infinite_dissimilarities():
    values = np.array([0.0, 0.0, 1.0, np.inf, np.inf])
    chances = np.empty(5)
    for uniform in (0.0, 0.3, 0.999999):
        assert _draw(values, np.arange(5), 5, 2.0, uniform, chances) in (0, 1)
    assert np.isfinite(chances).all()


def test_of_two_near_candidates_the_worse_is_dropped():
    rng = np.random.default_rng(0)
    rotations = random_rotations(rng, 4)
    rotations[2] = rotation_from_vector(np.array([0.01, 0, 0])) @ rotations[0]
    translations = np.zeros((4, 3))
    entries = np.array(
        [
            (r.T @ (np.eye(3) - np.repeat(a[:, None], 3, axis=1))).ravel()
            for r, a in zip(rotations, translations, strict=True)
        ]
    )
    assert transform_distance(rotations[0], translations[0], rotations[2], translations[2]) < 0.3
    for place in range(4):
        order = np.array([3, 0, 1, 2])
        kept = _drop_duplicates(entries, order, 4, place, 0.3)
        if place in (1, 3):
            assert kept == 3
            assert order[:3].tolist() == [3, 0, 1]
        else:
            assert kept == 4


def test_the_slope_is_that_of_a_regression_line():
    values = np.random.default_rng(1).normal(size=30)
    expected = np.polyfit(np.arange(12), values[8:20], 1)[0]
    assert _slope(values, 19, 12) == pytest.approx(expected)


def run(seed=1, rule=None, tilt=60, noise=0.5, score="rcs"):
    (f, g), *_ = noisy_pair(seed, noise)
    fixed, moving = prepare(f, tilt, LOW_PASS), prepare(g, tilt, LOW_PASS)
    candidates = seeds_at_best_translation(fixed, moving, score, start_rotations(60.0), Settings())
    rule = rule or StochasticRule()
    uniforms = np.random.default_rng(0).random(rule.max_steps)
    best, trace, path = stochastic_refinement(
        fixed, moving, score_number(score), np.eye(6), Damping(), rule, candidates, uniforms
    )
    return candidates, best, trace, path


def test_the_trace_falls_and_ends_at_the_answer():
    candidates, best, trace, path = run()
    assert (np.diff(trace) <= 0).all()
    assert trace[-1] == candidates.dissimilarities[best]
    assert np.allclose(path[-1, :9], candidates.rotations[best].ravel())
    assert np.allclose(path[-1, 9:], candidates.translations[best])


def test_the_search_stops_at_the_largest_number_of_steps():
    _, _, trace, _ = run(rule=StochasticRule(max_steps=37))
    assert len(trace) == 37


def test_the_search_stops_where_the_regression_line_is_flat():
    rule = StochasticRule(window=40, tolerance=1e-3)
    _, _, trace, _ = run(rule=rule)
    assert 40 <= len(trace) < rule.max_steps
    ratios = trace / trace[0]
    assert abs(_slope(ratios, len(trace) - 1, 40)) * 40 <= 1.5e-3
    stricter = run(rule=StochasticRule(window=40, tolerance=1e-7))[2]
    assert len(stricter) > len(trace)


def test_an_axis_search_moves_about_the_axis_alone():
    rng = np.random.default_rng(2)
    surface_f, surface_g = random_rotations(rng, 2)
    (f, g), *_ = noisy_pair(2, 0.5)
    fixed, moving = prepare(f, 60, LOW_PASS), prepare(g, 60, LOW_PASS)
    rotations = start_rotations(60.0, surface_f, surface_g)
    assert len(rotations) == 6
    candidates = seeds_at_best_translation(fixed, moving, "rcs", rotations, Settings())
    independent_refinement(fixed, moving, 0, free_directions(surface_f), Damping(), 1e-4, 60, candidates)
    # R_n = R_f R R_g⁻¹ keeps z
    about = surface_f @ candidates.rotations @ surface_g.T
    assert np.allclose(about[:, 2], [0, 0, 1], atol=1e-9)
    assert not np.allclose(candidates.rotations, rotations, atol=1e-3)
