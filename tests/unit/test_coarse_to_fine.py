import numpy as np
import pytest
from test_likelihood import data_set

from gradalign.geometry.rotations import random_rotations, rotation_angle
from gradalign.scores.signal_model import estimate_model
from gradalign.search.coarse_to_fine import _best_distinct, rounds_to
from gradalign.search.likelihood import align_bands
from gradalign.search.likelihood_volume import prepare_bands
from gradalign.search.settings import Damping, Settings
from gradalign.search.step import unevaluated


def candidates(values, seed=3, spread=2.0):
    """Return candidates with given d at random transforms."""
    rng = np.random.default_rng(seed)
    shifts = rng.uniform(-spread, spread, (len(values), 3))
    found = unevaluated(random_rotations(rng, len(values)), shifts, Damping())
    found.dissimilarities[:] = values
    return found


def chosen(found, keep, most, within, distance=0.0, radius=8.0):
    return _best_distinct(found, keep, most, within, distance, radius).tolist()


def test_all_candidates_that_are_nearly_as_likely_as_the_best_go_on():
    found = candidates([130.0, 100.0, 109.0, 140.0, 104.0])
    assert chosen(found, 1, 5, 10.0) == [1, 4, 2]
    assert chosen(found, 1, 5, 0.0) == [1]


def test_at_least_and_at_most_so_many_candidates_go_on():
    found = candidates([130.0, 100.0, 109.0, 140.0, 104.0])
    assert chosen(found, 4, 5, 1.0) == [1, 4, 2, 0]
    assert chosen(found, 1, 2, 100.0) == [1, 4]
    assert len(chosen(found, 9, 9, 100.0)) == 5


def test_of_two_candidates_that_place_a_particle_alike_the_better_goes_on():
    found = candidates([3.0, 2.0, 1.0])
    found.rotations[1] = found.rotations[0]
    found.translations[1] = found.translations[0] + [0.3, 0.0, 0.0]
    assert chosen(found, 3, 3, 10.0, distance=0.31) == [2, 1]
    assert chosen(found, 3, 3, 10.0, distance=0.29) == [2, 1, 0]


def test_how_far_two_candidates_are_apart_counts_turns_at_the_radius():
    found = candidates([2.0, 1.0])
    found.translations[:] = 0.0
    apart = 8.0 * np.radians(rotation_angle(found.rotations[0].T @ found.rotations[1]))
    assert chosen(found, 2, 2, 10.0, distance=1.001 * apart) == [1]
    assert chosen(found, 2, 2, 10.0, distance=0.999 * apart) == [1, 0]


def test_more_noise_leaves_more_candidates_to_be_refined():
    steps = []
    for noise in (1.0, 12.0):
        volumes, _ = data_set(2, noise, seed=4)
        model = estimate_model(volumes, [90, 90])
        f, g = (prepare_bands(volume, 90, model)._replace(joint=None) for volume in volumes)
        steps.append(align_bands(f, g, settings=Settings()).iterations)
    assert steps[1] > 1.5 * steps[0]


def test_the_same_volumes_give_the_same_path():
    volumes, _ = data_set(2, 2.0, seed=5)
    model = estimate_model(volumes, [60, 60])
    f, g = (prepare_bands(volume, 60, model) for volume in volumes)
    first, second = align_bands(f, g), align_bands(f, g)
    assert np.array_equal(first.path, second.path) and first.dissimilarity == second.dissimilarity


@pytest.mark.parametrize("noise", [1.0, 4.0])
def test_values_of_a_round_never_rise(noise):
    volumes, _ = data_set(2, noise, seed=6)
    model = estimate_model(volumes, [90, 90])
    f, g = (prepare_bands(volume, 90, model)._replace(joint=None) for volume in volumes)
    settings = Settings(last_steps=0, rounds=Settings().rounds[:1])
    volumes = [prepare_bands(volume, 90, model, settings)._replace(joint=None) for volume in volumes]
    found = align_bands(*volumes, settings=settings)
    assert (np.diff(found.trace) <= 0.0).all()


@pytest.mark.parametrize("low_pass", [1.5, 2.1, 3.0, 4.0, 6.0])
@pytest.mark.parametrize("extent", [12.0, 32.0, 100.0])
def test_rounds_end_at_the_limit_and_begin_as_coarse_as_the_seeds_need(low_pass, extent):
    own = Settings().rounds
    limits = np.array([one.low_pass for one in rounds_to(own, low_pass, extent)])
    scaled = np.array([one.low_pass for one in own]) * low_pass / own[-1].low_pass
    np.testing.assert_allclose(limits[-len(own) :], scaled)
    # at most what was tuned for many seeds, or what the box can tell
    assert limits[0] == pytest.approx(max(scaled[0], min(own[0].low_pass, extent / 4.5)))
    assert (np.diff(limits) <= 0).all()
    assert (limits[:-1] / limits[1:] <= 1.4 + 1e-9).all()


def test_rounds_at_their_own_limit_stay_as_they_are():
    own = Settings().rounds
    assert rounds_to(own, own[-1].low_pass, 32.0) == own


def test_a_single_round_becomes_several_where_its_limit_is_made_finer():
    one = Settings().rounds[-1]
    limits = [each.low_pass for each in rounds_to([one], one.low_pass / 2, 100.0)]
    np.testing.assert_allclose(limits, one.low_pass * 0.5 ** np.array([0, 1 / 3, 2 / 3, 1]))
