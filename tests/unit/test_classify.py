import numpy as np
import pytest
from five_points import density
from picked_files import BOX, PLACES

from gradalign import InputError, align_to_references, classify
from gradalign.classes.opening import centred_volume
from gradalign.classes.standing import Standing, read_standings, write_standings
from gradalign.classes.start import half_sets, samples
from gradalign.geometry.rotations import random_rotations, rotation_angle

RNG = np.random.default_rng(11)
NOISE = [RNG.standard_normal((BOX,) * 3).astype(np.float32) for _ in range(24)]
# it has no symmetry, and is not the five points mirrored or turned
OTHER = np.array([[0, 0, 5], [0, 0, -5], [4, 0, 0], [-4, 2, 0], [0, -3, 2]], dtype=float)


def test_noise_alone_gives_no_class_and_the_reason():
    found = classify(NOISE, tilts=60.0)
    assert len(found.averages) == 0
    assert not found.labels.any()
    assert "no classes found" in found.reason
    assert "noise" in found.reason


@pytest.mark.parametrize(
    ("volumes", "options", "words"),
    [
        (NOISE[:8], {}, "^8 particles, too few for classes: at least 16"),
        ([NOISE[0]] * 20, {}, "all the same"),
        (NOISE, {"classes": 9}, "24 particles allow 1 to 3"),
        (NOISE, {"tilts": [60.0] * 23}, "23 tilt ranges were given for 24 volumes"),
        ([*NOISE[:-1], np.ones((BOX,) * 3)], {}, "volume 23: is constant"),
        ([*NOISE[:-1], np.ones((BOX + 2,) * 3)], {}, "volume 23"),
        (NOISE, {"voxel_size": 10.0, "low_pass": 4.0}, "lengths are in nm, not in Å"),
    ],
)
def test_what_cannot_be_classified_is_told_in_one_sentence(volumes, options, words):
    with pytest.raises(InputError, match=words):
        classify(volumes, **options)


def test_a_volume_is_found_on_the_right_reference_whatever_its_scale():
    rng = np.random.default_rng(4)
    references = [density(BOX, PLACES), density(BOX, OTHER)]
    rotations = random_rotations(rng, 6)
    shift = np.array([1.0, 0.0, -1.0])
    volumes = []
    for number, rotation in enumerate(rotations):
        volume = density(BOX, (PLACES, OTHER)[number % 2] @ rotation.T + shift)
        volumes.append(1e3 * (volume + volume.std() * rng.standard_normal(volume.shape)) + 5e4)
    found = align_to_references(volumes, [references[0], 1e-3 * references[1]], tilts=90.0)
    assert [one.best for one in found] == [0, 1] * 3
    for one, rotation in zip(found, rotations, strict=True):
        assert rotation_angle(one.rotation.T @ rotation) < 6.0
        assert np.abs(one.translation - shift).max() < 0.5
        assert one.probabilities.sum() == pytest.approx(1.0)
        assert one.probabilities[one.best] > 0.99


def test_the_half_sets_are_even_and_the_sample_is_drawn_from_both():
    halves = half_sets(101, seed=3)
    assert sorted(np.bincount(halves)[1:]) == [50, 51]
    first, second = samples(dict(enumerate(halves.tolist())), 40, seed=3)
    assert len(first) == len(second) == 20
    assert set(halves[first]) == {1}
    assert set(halves[second]) == {2}
    assert samples(dict(enumerate(halves.tolist())), 40, seed=3) == (first, second)
    assert samples(dict(enumerate(halves.tolist())), 40, seed=4) != (first, second)


def test_a_particle_is_moved_to_the_centre():
    shift = np.array([2.0, -1.5, 0.75])
    moved = centred_volume(density(BOX, PLACES * 0.7 + shift), shift)
    assert np.abs(moved - density(BOX, PLACES * 0.7)).max() < 0.02 * moved.max()
    still = density(BOX, PLACES)
    assert centred_volume(still, np.zeros(3)) is still


def test_standings_come_back_as_they_were_written(tmp_path):
    standings = [
        Standing(1, 2, 3, 3, 0.75, 10.0, 20.0, -30.0, 0.5, -0.25, 0.0, 1.01, 0.98, 0.125),
        Standing(2, 1, failure="particle2.mrc: is no complete MRC file"),
    ]
    write_standings(tmp_path / "standings.csv", standings)
    read = read_standings(tmp_path / "standings.csv")
    assert read[0] == standings[0]
    assert read[1].failure == standings[1].failure
    assert [standing.verdict for standing in read] == ["undecided", "unusable"]
    (tmp_path / "standings.csv").write_text("particle\n")
    with pytest.raises(InputError, match="remove it"):
        read_standings(tmp_path / "standings.csv")
