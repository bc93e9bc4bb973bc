import numpy as np
import pytest
from test_scores import noisy_pair

from gradalign import align_all_pairs, align_pair, align_to_reference
from gradalign.errors import InputError
from gradalign.geometry.rotations import (
    alignment_error,
    euler_from_rotation,
    random_rotations,
    rotation_angle,
    rotation_from_euler,
)
from gradalign.simulation.phantom import phantom


def test_a_noisy_pair_is_aligned():
    for seed in (1, 2):
        (f, g), poses, shifts = noisy_pair(seed, noise=1.0)
        found = align_pair(f, g, tilt_f=90, tilt_g=90, seed=3)
        errors = alignment_error(found.rotation, found.translation, poses[0], shifts[0], poses[1], shifts[1])
        assert errors[0] < 5
        assert errors[1] < 0.5
        assert found.iterations == len(found.trace) == len(found.path)
        assert np.allclose(found.euler_zyz, euler_from_rotation(found.rotation))


def test_the_same_seed_gives_the_same_answer_and_another_draws_differently():
    (f, g), *_ = noisy_pair(2)
    first, again, other = (align_pair(f, g, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.path, again.path)
    assert not np.array_equal(first.path[: len(other.path)], other.path[: len(first.path)])


def test_voxel_size_scales_the_low_pass():
    (f, g), *_ = noisy_pair(2)
    coarse = align_pair(f, g, low_pass=5.0, voxel_size=1.0)
    fine = align_pair(f, g, low_pass=10.0, voxel_size=2.0, settings=None)
    # the same frequencies count; only the start translations, in nm, are other places of the grid
    assert fine.dissimilarity == pytest.approx(coarse.dissimilarity, rel=0.2)


def test_many_to_one_reference_gives_what_single_pairs_give():
    (f, g), poses, shifts = noisy_pair(4)
    results = align_to_reference([f, g], g, tilts=60, reference_tilt=90, seed=5)
    assert len(results) == 2
    # a volume on itself stands where it is
    assert (
        alignment_error(results[1].rotation, results[1].translation, np.eye(3), np.zeros(3), np.eye(3), np.zeros(3))[0]
        < 0.5
    )
    from gradalign.base.randomness import generator

    alone = align_pair(f, g, tilt_f=60, tilt_g=90, seed=generator(5, "reference alignment", 0))
    assert np.array_equal(alone.path, results[0].path)


def test_all_pairs_are_those_of_a_set():
    (f, g), *_ = noisy_pair(4)
    results = align_all_pairs([f, g, f], tilts=[60, 60, (-60, 50)], seed=5)
    assert sorted(results) == [(0, 1), (0, 2), (1, 2)]
    assert results[0, 2].dissimilarity < results[0, 1].dissimilarity


def test_volumes_may_come_from_a_generator_and_tilt_ranges_as_an_array():
    (f, g), *_ = noisy_pair(2)
    plain = align_to_reference([f, f], g, tilts=[(-60, 60), (-60, 50)])
    found = align_to_reference((volume for volume in (f, f)), g, tilts=np.array([[-60, 60], [-60, 50]]))
    assert [each.dissimilarity for each in found] == [each.dissimilarity for each in plain]
    with pytest.raises(InputError, match="volumes: is None, where a sequence of volumes is needed"):
        align_to_reference(None, g)


def test_with_surface_normals_one_angle_is_searched():
    (f, g), poses, shifts = noisy_pair(3, noise=1.0)
    rng = np.random.default_rng(1)
    turns = rotation_from_euler(rng.uniform(0, 360, 2), 0, 0)
    normal_to_z = random_rotations(rng, 1)[0]
    surface_f, surface_g = (turn @ normal_to_z @ pose.T for turn, pose in zip(turns, poses, strict=True))
    found = align_pair(f, g, surface_f=surface_f, surface_g=surface_g)
    errors = alignment_error(found.rotation, found.translation, poses[0], shifts[0], poses[1], shifts[1])
    assert errors[0] < 3
    with pytest.raises(InputError, match="surface_g"):
        align_pair(f, g, surface_f=surface_f)


@pytest.mark.parametrize(
    "change, word",
    [
        (dict(tilt_f=0), "tilt range"),
        (dict(tilt_g=95), "tilt range"),
        (dict(interval=50), "interval"),
        (dict(score="ncc"), "score"),
        (dict(low_pass=-1), "low_pass"),
        (dict(g=np.zeros((16, 16, 16)) + np.arange(16)), "boxes of one size"),
        (dict(g=np.full((32, 32, 32), np.nan)), "^g: "),
        (dict(f=np.zeros((32, 32))), "^f: "),
        (dict(tilts=[60, 60]), "tilt ranges"),
    ],
)
def test_what_cannot_be_aligned_is_refused_in_one_sentence(change, word):
    (f, g), *_ = noisy_pair(1)
    with pytest.raises(InputError, match=word) as caught:
        if "tilts" in change:
            align_to_reference([f], g, **change)
        else:
            align_pair(**{"f": f, "g": g, **change})
    assert "\n" not in str(caught.value)


def test_the_likelihood_aligns_sets_as_it_aligns_pairs():
    f, g = (phantom(32, translation=shift) for shift in ([1.0, 0.0, 0.0], [0.0, -1.0, 0.5]))
    noise = np.random.default_rng(3).normal(0.0, 0.05, (2, 32, 32, 32))
    pairs = align_all_pairs([f + noise[0], g + noise[1]], tilts=90, score="likelihood")
    assert np.allclose(pairs[0, 1].translation, [1.0, 1.0, -0.5], atol=0.2)
    (found,) = align_to_reference([f + noise[0]], g + noise[1], tilts=90, score="likelihood")
    assert np.allclose(found.translation, [1.0, 1.0, -0.5], atol=0.2)
    assert rotation_angle(found.rotation) < 3
