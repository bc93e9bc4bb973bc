import numpy as np
import pytest
from crowded import BOX, observed, placed

from gradalign import align_all_pairs
from gradalign.geometry.rotations import random_rotations, rotation_angle
from gradalign.scores.likelihood import Band
from gradalign.scores.masks import distances
from gradalign.search.agreement import Agreement, surrounded
from gradalign.search.likelihood import LIKELIHOOD
from gradalign.search.settings import Settings

TILTS = (60.0, 60.0)
POSES = random_rotations(np.random.default_rng(3), 4)
PLACES = np.array([[11.0, 4.0, -3.0], [-3.0, -12.0, 2.0]])
TRUTH = POSES[0] @ POSES[1].T


def pair(noise, crowded=True):
    return [
        observed(placed(POSES[n]) + crowded * placed(POSES[2 + n], PLACES[n]), noise, n).astype(np.float32)
        for n in range(2)
    ]


def prepared(volumes, mask=None, factor=1.0):
    volumes = [factor * volume for volume in volumes]
    models, settings = LIKELIHOOD.estimate(volumes, TILTS, False, mask), Settings()
    return [
        LIKELIHOOD.prepare(volume, tilt, settings, 1.0, model)
        for volume, tilt, model in zip(volumes, TILTS, models, strict=True)
    ]


def agreement(seen):
    return Agreement(
        *(one.crowded for one in seen),
        [one.model for one in seen],
        Band(4.0, 1.0, Settings().wedge_softness),
        Settings(),
    )


@pytest.fixture(scope="module")
def crowded():
    return prepared(pair(0.02))


def test_a_pair_that_stands_alone_is_not_prepared_for_agreement():
    assert [one.crowded for one in prepared(pair(0.02, crowded=False))] == [None, None]


def test_a_given_mask_is_obeyed_beside_neighbours():
    assert [one.crowded for one in prepared(pair(0.02), mask=7.0)] == [None, None]


def test_the_shared_mask_holds_the_particle_and_not_the_neighbours(crowded):
    masks = agreement(crowded).shared(TRUTH, np.zeros(3))
    for number, mask in enumerate(masks):
        # where each is dense, without noise and without a wedge
        own, other = (
            part[16:48, 16:48, 16:48] > 0.5
            for part in (placed(POSES[number]), placed(POSES[2 + number], PLACES[number]))
        )
        assert mask[own].mean() > 0.6
        assert mask[other].mean() < 0.2
        assert mask[distances(BOX) > 15].max() < 0.05


def test_agreement_is_best_at_the_truth_and_knows_no_scale(crowded):
    both = agreement(crowded)
    truth = both.value(TRUTH, np.zeros(3))
    others = [both.value(rotation, np.zeros(3)) for rotation in random_rotations(np.random.default_rng(1), 50)]
    assert truth > max(others)
    assert agreement(prepared(pair(0.02), factor=1000.0)).value(TRUTH, np.zeros(3)) == pytest.approx(truth, rel=1e-3)


def test_refinement_under_the_shared_mask_never_leaves_for_less_agreement(crowded):
    both, turn = agreement(crowded), random_rotations(np.random.default_rng(2), 1)[0]
    for rotation in (TRUTH, turn):
        value, *_ = both.refined(rotation, np.zeros(3), np.eye(6))
        assert value >= both.value(rotation, np.zeros(3))


def test_what_agrees_far_from_a_centre_counts_less(crowded):
    f, g = crowded
    band = Band(4.0, 1.0, Settings().wedge_softness)
    # the particles agree as before, but that of g stands aside
    wide = surrounded(np.roll(pair(0.02)[1], 5, axis=2), TILTS[1], g.model, band, "g")
    aside = Agreement(f.crowded, g.crowded._replace(wide=wide), (f.model, g.model), band, Settings())
    moved = -TRUTH @ np.array([5.0, 0.0, 0.0])
    assert aside.value(TRUTH, moved) < 0.7 * agreement(crowded).value(TRUTH, np.zeros(3))


def test_a_particle_that_is_not_centred_is_not_taken_for_a_neighbour():
    # noise as of a subtomogram, so that its own streaks are hidden
    volumes = [np.roll(observed(placed(POSES[n]), 0.05, n), 7, axis=n).astype(np.float32) for n in range(2)]
    seen = prepared(volumes)
    assert seen[0].crowded is not None
    found = LIKELIHOOD.search(*seen, Settings(start_reach=15.5))
    assert rotation_angle(found.rotation.T @ TRUTH) < 6.0
    assert found.verdict == "determined"
    # d under the wide sphere is as expected; what is crowded has no expectation
    assert abs(found.excess) < 15.0


def test_a_particle_is_found_beside_neighbours(crowded):
    found = LIKELIHOOD.search(*crowded, Settings())
    assert rotation_angle(found.rotation.T @ TRUTH) < 10.0
    assert np.abs(found.translation).max() < 1.0
    assert found.verdict == "determined"
    assert np.isnan(found.excess)
    assert found.trace.shape == (found.iterations,)
    assert found.path.shape == (found.iterations, 12)
    np.testing.assert_allclose(found.path[-1, :9].reshape(3, 3), found.rotation)


def test_pairs_without_neighbours_are_aligned_as_if_the_set_held_no_others():
    clean, crowded = pair(0.02, crowded=False), pair(0.02)
    found = align_all_pairs([*clean, crowded[0]], score="likelihood")
    (alone,) = align_all_pairs(clean, score="likelihood").values()
    assert found[0, 1].dissimilarity == alone.dissimilarity
    assert np.array_equal(found[0, 1].rotation, alone.rotation)
    # two volumes with the same particle: one with the neighbour, one without
    assert np.isnan(found[0, 2].excess)
    assert rotation_angle(found[0, 2].rotation) < 5.0
