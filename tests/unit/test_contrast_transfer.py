"""Contrast transfer in the scores and in averages: volumes made here by NumPy's transforms alone."""

from functools import lru_cache

import numpy as np
import pytest

from gradalign import align_all_pairs, align_pair, align_to_reference, average
from gradalign.errors import InputError
from gradalign.fourier.transfer import read_transfer
from gradalign.geometry.rotations import random_rotations, rotation_angle
from gradalign.geometry.wedge import measured
from gradalign.scores.evaluation import evaluate
from gradalign.scores.least_squares import score_number
from gradalign.search.score import load_score
from gradalign.search.settings import Settings
from gradalign.search.step import rotation_from_vector
from gradalign.simulation.phantom import phantom

SIZE = 24
SCORES = ("rcs", "fcs", "likelihood")


def points(half=True):
    axis = np.fft.fftfreq(SIZE, 1 / SIZE)
    last = np.arange(SIZE // 2 + 1) if half else axis
    z, y, x = np.meshgrid(axis, axis, last, indexing="ij")
    return np.stack([x, y, z], axis=-1)


def ctf_volume(first_zero=5.0, tilt=None):
    """A CTF of 0.1 amplitude contrast whose first zero is so many cycles per box from the centre, half layout."""
    k = np.linalg.norm(points(), axis=-1)
    heights = np.sin(np.pi * (k / first_zero) ** 2 * (1 - 0.03) + 0.03 * np.pi)
    return heights if tilt is None else heights * measured(points(), tilt)


def times(volume, factor):
    return np.fft.irfftn(np.fft.rfftn(volume) * factor, (SIZE,) * 3, axes=(0, 1, 2))


def as_cube(half):
    """The same as a cube with frequency 0 at voxel N//2."""
    x, y, z = np.moveaxis(points(half=False).astype(int), -1, 0)
    sign = np.where((x < 0) & (x > -SIZE // 2), -1, 1)
    return np.fft.fftshift(half[sign * z, sign * y, np.abs(x)])


@lru_cache
def pair(noise=0.3, seed=3):
    """A particle with contrast transfer and noise, the object free of both, and the truth."""
    rng = np.random.default_rng(seed)
    rotation, shift = random_rotations(rng, 1)[0], rng.uniform(-1, 1, 3)
    clean = times(phantom(10, SIZE, rotation, shift), ctf_volume())
    particle = clean + noise * clean.std() * rng.normal(size=clean.shape)
    return particle, phantom(10, SIZE), rotation, shift


def aligned(score, f, g, **ctf):
    return align_pair(f, g, tilt_f=90, tilt_g=90, score=score, voxel_size=1.3, **ctf)


@pytest.mark.parametrize("score", SCORES)
def test_a_particle_is_found_by_a_reference_without_contrast_transfer(score):
    particle, reference, rotation, shift = pair()
    found = aligned(score, particle, reference, ctf_f=ctf_volume())
    assert rotation_angle(found.rotation.T @ rotation) < 4
    assert np.linalg.norm(found.translation - shift) < 0.3


@pytest.mark.parametrize("score", SCORES)
def test_a_ctf_of_ones_changes_nothing(score):
    particle, reference, *_ = pair()
    plain = aligned(score, particle, reference)
    for ones in (np.ones((SIZE, SIZE, SIZE // 2 + 1)), np.full((SIZE,) * 3, 250.0)):
        same = aligned(score, particle, reference, ctf_f=ones, ctf_g=ones)
        assert rotation_angle(same.rotation.T @ plain.rotation) < 0.05
        assert same.dissimilarity == pytest.approx(plain.dissimilarity, rel=1e-2)


@pytest.mark.parametrize("score", SCORES)
def test_neither_sign_nor_scale_of_ctf_and_data_matters(score):
    particle, reference, *_ = pair()
    ctf = ctf_volume()
    plain = aligned(score, particle, reference, ctf_f=ctf)
    for data, heights in ((-particle, -ctf), (particle, as_cube(ctf)), (7.0 * particle + 3.0, 1e3 * ctf)):
        same = aligned(score, data, reference, ctf_f=heights)
        assert rotation_angle(same.rotation.T @ plain.rotation) < 0.02
        assert same.dissimilarity == pytest.approx(plain.dissimilarity, rel=2e-3)


@pytest.mark.parametrize("score", SCORES)
def test_flipped_and_premultiplied_volumes_are_aligned_as_the_unflipped_one_is(score):
    particle, reference, *_ = pair()
    ctf = ctf_volume()
    plain = aligned(score, particle, reference, ctf_f=ctf)
    forms = {"flipped": np.sign(ctf), "premultiplied": ctf}
    for data, factor in forms.items():
        same = aligned(score, times(particle, factor), reference, ctf_f=ctf, ctf_data=data)
        assert rotation_angle(same.rotation.T @ plain.rotation) < 0.1
        assert np.linalg.norm(same.translation - plain.translation) < 0.02


def test_pseudo_subtomograms_are_taken_for_sums_of_premultiplied_images():
    particle, reference, *_ = pair()
    ctf, counts = ctf_volume(), 3.0 + np.cos(points()[..., 0])
    stored = np.concatenate([counts * ctf**2, counts]).astype(np.float32)
    summed = times(particle, counts * ctf)
    plain = aligned("likelihood", particle, reference, ctf_f=ctf)
    same = aligned("likelihood", summed, reference, ctf_f=stored)
    assert rotation_angle(same.rotation.T @ plain.rotation) < 0.5
    weighted, weights = read_transfer(stored).summed(summed)
    # but for the scale: data and weights as they came
    assert np.corrcoef(weighted.ravel(), summed.ravel())[0, 1] > 0.9999
    assert np.corrcoef(weights.ravel(), (counts * ctf**2).ravel())[0, 1] > 0.999


@pytest.mark.parametrize("score", SCORES)
def test_the_derivative_of_a_score_with_contrast_transfer_is_that_of_its_value(score):
    particle, reference, rotation, shift = pair()
    score, settings = load_score(score), Settings(low_pass=3.0)
    transfers = [read_transfer(ctf_volume()), None]
    models = score.estimate([transfers[0].applied(particle), reference], [90, 90], False, None, transfers)
    fixed = score.prepare(transfers[0].applied(particle), 90, settings, 1.3, models[0])
    held, moved = score.at_finest(fixed, score.prepare(reference, 90, settings, 1.3, models[1]))
    steps = np.array([1e-3] * 3 + [1e-2] * 3)
    changes = np.concatenate([np.zeros((1, 6)), np.diag(steps), -np.diag(steps)])
    rotations = np.array([rotation_from_vector(change[:3]) @ rotation for change in changes])
    values, _, vectors, *_ = evaluate(held, moved, score_number(score.name), rotations, shift + changes[:, 3:])
    slopes = (values[1:7] - values[7:]) / (2 * steps)
    assert -2 * vectors[0] == pytest.approx(slopes, abs=0.01 * np.abs(slopes).max())


def test_sets_are_aligned_with_a_ctf_for_each():
    particle, reference, rotation, shift = pair()
    ctf = ctf_volume()
    found = align_to_reference([particle, reference], reference, tilts=90, voxel_size=1.3, ctfs=[ctf, None])
    alone = aligned("rcs", particle, reference, ctf_f=ctf)
    assert rotation_angle(found[0].rotation.T @ alone.rotation) < 0.5
    assert np.allclose(found[1].rotation, np.eye(3), atol=1e-2)
    pairs = align_all_pairs([particle, reference], tilts=90, voxel_size=1.3, ctfs=[ctf, None])
    assert rotation_angle(pairs[0, 1].rotation.T @ rotation) < 5
    with pytest.raises(InputError, match="1 CTF volumes were given for 2"):
        align_all_pairs([particle, reference], ctfs=[ctf])


def test_a_ctf_volume_that_cannot_be_used_costs_its_own_volume_alone():
    particle, reference, *_ = pair()
    ctf = ctf_volume()
    volumes, settings = [particle, reference, particle], {"tilts": 90, "voxel_size": 1.3}
    for wrong in (np.zeros_like(ctf), ctf[:-2], np.full_like(ctf, np.nan)):
        with pytest.warns(UserWarning, match="ctf of volume 1: .*; volume 1 is left out") as said:
            found = align_to_reference(volumes, reference, ctfs=[ctf, wrong, ctf], **settings)
        assert found[1] is None and said[0].filename == __file__
        assert np.array_equal(
            found[0].rotation, align_to_reference([particle], reference, ctfs=[ctf], **settings)[0].rotation
        )
    with pytest.warns(UserWarning, match="ctf of volume 1"):
        assert set(align_all_pairs(volumes, ctfs=[ctf, wrong, None], **settings)) == {(0, 2)}
    with pytest.raises(InputError, match="at least one usable volume is needed: ctf of volume 0"), pytest.warns():
        align_to_reference([particle], reference, ctfs=[wrong], **settings)
    with pytest.raises(InputError, match="^ctf of volume 0: "):
        align_to_reference(volumes, reference, ctfs=wrong, **settings)
    with pytest.raises(InputError, match="ctf_data: is 'squared'"):
        align_to_reference(volumes, reference, ctfs=[ctf] * 3, ctf_data="squared", **settings)


@lru_cache
def copies(count, noise=0.0, tilt=60.0):
    """Copies of the phantom, each with a CTF and a wedge of its own: volumes, CTF volumes, alignments."""
    rng = np.random.default_rng(8)
    rotations, shifts = random_rotations(rng, count), rng.uniform(-1, 1, (count, 3))
    ctfs = [ctf_volume(first_zero, tilt) for first_zero in rng.uniform(4.0, 7.0, count)]
    volumes = [times(phantom(10, SIZE, *pose), ctf) for *pose, ctf in zip(rotations, shifts, ctfs, strict=True)]
    spread = noise * np.std(volumes[0])
    inside = measured(points(), tilt)
    volumes = [volume + times(spread * rng.normal(size=volume.shape), inside) for volume in volumes]
    return volumes, ctfs, [_Placed(*pose) for pose in zip(rotations, shifts, strict=True)]


class _Placed:
    def __init__(self, rotation, translation):
        self.rotation, self.translation = rotation, translation


def shells(volume, other):
    """Correlation and ratio of two volumes by shell, those in which CTF² is more than next to nothing."""
    shell = np.rint(np.linalg.norm(points(), axis=-1)).astype(int).ravel()
    one, two = (np.fft.rfftn(each).ravel() for each in (volume, other))
    cross, own, others = (
        np.bincount(shell, values) for values in ((one * two.conj()).real, abs(one) ** 2, abs(two) ** 2)
    )
    return (cross / np.sqrt(own * others))[2:8], (cross / others)[2:8]


@pytest.mark.parametrize("data", ["unflipped", "flipped", "premultiplied"])
def test_the_average_of_noise_free_copies_with_ctfs_is_the_object(data):
    volumes, ctfs, placed = copies(16)
    factors = {"unflipped": np.ones_like, "flipped": np.sign, "premultiplied": lambda ctf: ctf}
    volumes = [times(volume, factors[data](ctf)) for volume, ctf in zip(volumes, ctfs, strict=True)]
    found = average(volumes, placed, tilts=60, ctfs=ctfs, ctf_data=data)
    correlation, ratio = shells(found.volume, phantom(10, SIZE))
    assert correlation.min() > 0.96
    assert ratio / ratio.mean() == pytest.approx(1.0, abs=0.15)
    # which the plain average is not
    _, ratio = shells(average(volumes, placed, tilts=60).volume, phantom(10, SIZE))
    assert np.ptp(ratio) > 0.5 * np.abs(ratio).mean()


def test_the_average_is_the_ctf_weighted_least_squares_solution():
    volumes, ctfs, _ = copies(6, noise=2.0)
    still = [_Placed(np.eye(3), np.zeros(3))] * 6
    found = np.fft.rfftn(average(volumes, still, tilts=60, ctfs=ctfs).volume)
    heights = np.array(ctfs) / [[[[np.percentile(abs(ctf[ctf != 0]), 99)]]] for ctf in ctfs]
    data = np.array([np.fft.rfftn(volume) for volume in volumes])
    weights = (heights**2).sum(axis=0)
    expected = (heights * data).sum(axis=0) / np.maximum(weights, 0.05 * 6)
    k = np.linalg.norm(points(), axis=-1)
    inside = (k > 1) & (k < 10) & measured(points(), 57.0)
    difference = np.abs(found - expected)[inside]
    assert np.sqrt((difference**2).mean() / (np.abs(expected[inside]) ** 2).mean()) < 0.02


@pytest.mark.parametrize(
    ("ctf", "data", "words"),
    [
        (ctf_volume()[:, :, :5], None, "has the shape"),
        (np.ones((16, 16, 16)), None, "16 voxels, where the volume has 24"),
        (np.zeros((SIZE,) * 3), None, "zero everywhere"),
        (ctf_volume(), "corrected", "one of unflipped, flipped, premultiplied"),
        (np.ones((2 * SIZE, SIZE, SIZE // 2 + 1)), "flipped", "premultiplied data"),
        (-np.ones((2 * SIZE, SIZE, SIZE // 2 + 1)), None, "negative"),
    ],
)
def test_an_unusable_ctf_is_a_sentence(ctf, data, words):
    particle, reference, *_ = pair()
    with pytest.raises(InputError, match=words):
        aligned("rcs", particle, reference, ctf_f=ctf, ctf_data=data)
