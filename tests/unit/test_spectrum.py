import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from gradalign.benchmarks.loops import sample_all
from gradalign.errors import InputError
from gradalign.fourier.band import band_limit
from gradalign.fourier.overlap import POINT, SAMPLES, VALUES, matched, sample_once, work_space
from gradalign.fourier.spectrum import Sampler, prepare, sample_spectrum
from gradalign.geometry.rotations import random_rotations
from gradalign.simulation.phantom import phantom


def direct_transform(volume, frequencies, weights=None):
    """Sum f(x) w(x) e^{−2πi k·x} over all voxels, term by term along the axes."""
    position = np.arange(len(volume)) - len(volume) // 2
    waves = [np.exp(-2j * np.pi * np.outer(frequencies[:, axis], position)) for axis in range(3)]
    if weights is not None:
        waves[weights] = waves[weights] * (-2j * np.pi * position / len(volume))
    return np.einsum("kz,ky,kx,zyx->k", waves[2], waves[1], waves[0], volume, optimize=True)


def edge_level(volume):
    """Return the mean over the six faces, which preparation takes off."""
    faces = np.ones(volume.shape, bool)
    faces[1:-1, 1:-1, 1:-1] = False
    return volume[faces].mean(dtype=float)


def sampled(spectrum, rotation):
    """Return frequencies R⁻¹ξ (cycles per box) and the eight sampled values at each."""
    work = work_space(spectrum)
    count = sample_all(matched(spectrum, spectrum), rotation[None], work)
    values = work.lines[SAMPLES : SAMPLES + VALUES, :count].T.reshape(count, 4, 2)
    return work.lines[POINT : POINT + 3, :count].T @ rotation, values[..., 0] + 1j * values[..., 1]


def relative_errors(volume, low_pass):
    volume = volume - edge_level(volume)
    spectrum = prepare(volume, 90, low_pass)
    rotation = random_rotations(np.random.default_rng(3), 1)[0]
    frequencies, values = sampled(spectrum, rotation)
    # so many tell a mean; direct summation over all would take half a minute
    some = np.random.default_rng(11).permutation(len(frequencies))[:1500]
    frequencies, values = frequencies[some], values[some]
    errors = []
    for column, axis in enumerate([None, 0, 1, 2]):
        expected = direct_transform(volume.astype(float), frequencies / spectrum.size, axis)
        errors.append(np.linalg.norm(values[:, column] - expected) / np.linalg.norm(expected))
    return errors


@pytest.mark.parametrize("size", [24, 32, 33])
@pytest.mark.parametrize("low_pass", [5.3, 4.0, 0])
def test_white_noise_is_sampled_to_one_in_a_thousand_and_its_gradient_to_one_in_a_hundred(size, low_pass):
    volume = np.random.default_rng(size).normal(size=(size,) * 3).astype(np.float32)
    value, *gradient = relative_errors(volume, low_pass)
    assert value < 1e-3
    assert max(gradient) < 1e-2


@pytest.mark.parametrize("low_pass", [5.3, 4.0])
def test_a_noisy_density_is_sampled_to_one_in_a_thousand_and_its_gradient_to_one_in_a_hundred(low_pass):
    density = phantom(32, translation=[1.5, -1.0, 0.5])
    noise = np.random.default_rng(5).normal(size=density.shape)
    noisy = density + noise.astype(np.float32) * density.std() * np.sqrt(10)
    value, *gradient = relative_errors(noisy, low_pass)
    assert value < 1e-3
    assert max(gradient) < 1e-2


def test_the_gradient_is_that_of_the_sampled_values_themselves():
    spectrum = prepare(np.random.default_rng(7).normal(size=(16,) * 3).astype(np.float32), 90, 4.0)
    rotation, width = random_rotations(np.random.default_rng(4), 1)[0], 1e-3
    frequencies, values = sampled(spectrum, rotation)
    for axis in range(3):
        turn = np.cross(np.eye(3)[axis], frequencies)
        ends = []
        for sign in (1, -1):
            # R exp([ω]×) takes η to exp(−[ω]×) η
            turned = rotation @ Rotation.from_rotvec(-sign * width * np.eye(3)[axis]).as_matrix()
            ends.append(sampled(spectrum, turned)[1][:, 0])
        slope = (ends[0] - ends[1]) / (2 * width)
        expected = (values[:, 1:] * turn).sum(axis=1)
        # single precision, and the few samples that cross from one grid cell to the next
        assert np.median(np.abs(slope - expected)) < 2e-3 * np.median(np.abs(expected))


@pytest.mark.parametrize("size", [15, 16])
def test_a_sample_without_its_gradient_is_the_same(size):
    spectrum = prepare(np.random.default_rng(size).normal(size=(size,) * 3).astype(np.float32), 60, 4.0)
    rotation, work = random_rotations(np.random.default_rng(4), 1)[0], work_space(spectrum)
    count = sample_all(matched(spectrum, spectrum), rotation[None], work)
    values = work.lines[SAMPLES : SAMPLES + 2, :count].copy()
    assert sample_once(matched(spectrum, spectrum), rotation, work) == count
    assert np.allclose(work.lines[SAMPLES : SAMPLES + 2, :count], values, rtol=1e-5, atol=1e-4 * np.abs(values).max())


@pytest.mark.parametrize("size", [16, 21])
def test_lattice_values_are_the_discrete_transform(size):
    volume = np.random.default_rng(1).normal(size=(size,) * 3).astype(np.float32)
    spectrum = prepare(volume, 60, 3.0)
    expected = direct_transform(volume - edge_level(volume), spectrum.lattice / size)
    assert np.allclose(spectrum.values[0] + 1j * spectrum.values[1], expected, atol=1e-3)


def test_the_lattice_holds_one_of_each_pair_and_not_zero():
    lattice = prepare(np.random.default_rng(1).normal(size=(20, 20, 20)), 90, 0).lattice
    everything = {tuple(point) for point in lattice} | {tuple(-point) for point in lattice}
    assert len(everything) == 2 * len(lattice)
    assert (0, 0, 0) not in everything
    axis = np.arange(-9, 10)
    ball = sum((a * a + b * b + c * c) <= 81 for a in axis for b in axis for c in axis)
    assert len(everything) == ball - 1


def test_a_sampler_for_simulation_is_exact_to_one_in_ten_thousand():
    rng = np.random.default_rng(2)
    volume = rng.normal(size=(32, 32, 32)).astype(np.float32)
    frequencies = rng.uniform(-0.28, 0.28, (500, 3))
    expected = direct_transform(volume.astype(float), frequencies)
    got = sample_spectrum(volume, frequencies)
    assert np.linalg.norm(got - expected) < 1e-4 * np.linalg.norm(expected)


def test_a_sampler_gives_zero_beyond_its_largest_frequency():
    volume = np.random.default_rng(2).normal(size=(16, 16, 16))
    assert Sampler(volume, 0.2).sample([[0.21, 0, 0], [0, 0.15, 0.15]]).tolist() == [0, 0]


def test_the_band_limit_is_the_box_over_the_resolution():
    assert band_limit(32, 4.0, 1.0) == 8
    assert band_limit(32, 0, 1.0) == 15
    assert band_limit(33, 2.0, 1.0) == 16


@pytest.mark.parametrize("low_pass", [-1, 40, float("nan")])
def test_a_low_pass_that_leaves_nothing_is_refused(low_pass):
    with pytest.raises(InputError, match="low_pass"):
        band_limit(32, low_pass, 1.0)


def test_a_wedge_guard_narrows_the_measured_region():
    volume = np.random.default_rng(1).normal(size=(32, 32, 32))
    assert len(prepare(volume, 60, 4, wedge_guard=5).lattice) == len(prepare(volume, 55, 4).lattice)
    assert len(prepare(volume, 90, 4, wedge_guard=5).lattice) == len(prepare(volume, 90, 4).lattice)


@pytest.mark.parametrize(
    "broken",
    [np.zeros((8, 8)), np.ones((9, 9, 9)), np.full((8, 8, 8), np.nan), np.eye(4)[None] * np.ones((4, 1, 1))],
)
def test_an_unusable_volume_is_refused_by_name(broken):
    with pytest.raises(InputError, match="particle 7"):
        prepare(broken, name="particle 7")
