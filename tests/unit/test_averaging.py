from functools import lru_cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradalign.averaging.fsc import fourier_shell_correlation, resolution
from gradalign.averaging.wedge_average import WedgeAverage, average, merge_saved, sampler, save_averages
from gradalign.errors import InputError
from gradalign.fourier.spectrum import sample_spectrum
from gradalign.geometry.rotations import point_group, random_rotations, rotation_from_euler
from gradalign.geometry.wedge import measured
from gradalign.search.settings import Alignment
from gradalign.simulation.phantom import phantom

SIZE = 24
RNG = np.random.default_rng(5)
ROTATIONS = random_rotations(RNG, 12)
SHIFTS = RNG.uniform(-1, 1, (12, 3))


def small_phantom(rotation=None, translation=None):
    """A phantom that stays well inside its box in every pose."""
    return phantom(10, SIZE, rotation, translation)


def wedged(volume, tilt):
    """Set the frequencies that a tilt range does not measure to zero."""
    axis = np.fft.fftfreq(SIZE)
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    mask = measured(np.stack([x, y, z], axis=-1), tilt)
    return np.fft.ifftn(np.fft.fftn(volume) * mask).real.astype(np.float32)


@lru_cache
def subtomogram(index, missing):
    volume = small_phantom(ROTATIONS[index], SHIFTS[index])
    return sampler(wedged(volume, missing) if missing else volume)


def averaged(indices, tilt=90.0, symmetry="C1", missing=None):
    average = WedgeAverage(SIZE, 1.0, symmetry)
    for index in indices:
        average.add(subtomogram(index, missing), ROTATIONS[index], SHIFTS[index], tilt)
    return average


def noise(seed, size=SIZE):
    return np.random.default_rng(seed).normal(size=(size,) * 3).astype(np.float32)


def test_average_of_noise_free_copies_returns_the_object():
    truth = small_phantom()
    found = averaged(range(12)).volume()
    assert np.abs(found - truth).max() < 2e-3 * truth.max()


def test_frequencies_that_nobody_measured_stay_out_and_the_others_are_not_weakened():
    # one subtomogram, turned: its missing wedge turns with it
    rotation, shift = rotation_from_euler(30, 65, 10), np.array([0.5, -1.0, 0.25])
    average = WedgeAverage(SIZE, 1.0)
    average.add(sampler(small_phantom(rotation, shift)), rotation, shift, 60.0)
    frequencies = RNG.integers(-6, 7, (200, 3)) / SIZE
    here = sample_spectrum(average.volume(), frequencies)
    truth = sample_spectrum(small_phantom(), frequencies)
    seen = measured(frequencies @ rotation.T, 60.0)
    assert 20 < seen.sum() < 180
    assert np.abs(here[seen] - truth[seen]).max() < 5e-3 * np.abs(truth).max()
    assert np.abs(here[~seen]).max() < 1e-3 * np.abs(truth).max()


def test_each_frequency_counts_only_the_subtomograms_that_measured_it():
    # two copies of different height and different wedges: where only one measured, its height stands
    average = WedgeAverage(SIZE, 1.0)
    average.add(sampler(small_phantom()), np.eye(3), np.zeros(3), (-90.0, 20.0))
    average.add(sampler(3 * small_phantom()), np.eye(3), np.zeros(3), (-20.0, 90.0))
    frequencies = RNG.integers(-4, 5, (300, 3)) / SIZE
    truth = sample_spectrum(small_phantom(), frequencies)
    strong = (np.abs(truth) > 0.05 * np.abs(truth).max()) & (frequencies[:, 0] != 0)
    ratio = (sample_spectrum(average.volume(), frequencies)[strong] / truth[strong]).real
    first, second = (measured(frequencies[strong], tilt) for tilt in ((-90.0, 20.0), (-20.0, 90.0)))
    assert ratio == pytest.approx((first + 3.0 * second) / (first.astype(int) + second), abs=0.03)
    assert {1.0, 2.0, 3.0} == set(np.rint(ratio))


def test_averages_with_wedges_come_closer_to_the_object_the_more_subtomograms_there_are():
    truth = small_phantom()
    errors = []
    for count in (1, 3, 12):
        found = averaged(range(count), 60.0, missing=60.0).volume()
        errors.append(np.linalg.norm(found - truth) / np.linalg.norm(truth))
    assert all(later < earlier for earlier, later in pairwise(errors))
    assert errors[-1] < 0.15


@settings(max_examples=15)
@given(st.permutations(range(6)), st.integers(0, 6), st.booleans())
def test_order_and_groups_change_no_bit(order, cut, swapped):
    whole = averaged(range(6), 60.0).volume()
    parts = [averaged(order[:cut], 60.0), averaged(order[cut:], 60.0)]
    first, second = parts[::-1] if swapped else parts
    first.merge(second)
    assert first.volume().tobytes() == whole.tobytes()
    assert first.count == 6


def test_saved_sums_merge_to_the_same_bits(tmp_path):
    for name, indices in (("a", range(4)), ("b", range(4, 9))):
        save_averages(tmp_path / f"{name}.npz", {"rcs": averaged(indices, 60.0), "fcs": averaged([0])})
    merged = {"rcs": WedgeAverage(SIZE, 1.0)}
    for name in ("b", "a"):
        merge_saved(tmp_path / f"{name}.npz", merged)
    assert merged["rcs"].volume().tobytes() == averaged(range(9), 60.0).volume().tobytes()
    assert merged["rcs"].count == 9


def test_damaged_and_unfitting_sums_are_named(tmp_path):
    path = tmp_path / "sums.npz"
    with pytest.raises(InputError, match="sums.npz"):
        merge_saved(path, {"rcs": WedgeAverage(SIZE, 1.0)})
    save_averages(path, {"rcs": averaged([0])})
    with pytest.raises(InputError, match="another size, scale"):
        merge_saved(path, {"rcs": WedgeAverage(SIZE, 64.0)})
    with pytest.raises(InputError, match="no complete sums of fcs"):
        merge_saved(path, {"fcs": WedgeAverage(SIZE, 1.0)})
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match="remove it to have it made again"):
        merge_saved(path, {"rcs": WedgeAverage(SIZE, 1.0)})


def test_symmetric_average_is_unchanged_by_the_elements_of_its_group():
    found = averaged(range(2), 60.0, "D2").volume()
    frequencies = RNG.integers(-5, 6, (50, 3)) / SIZE
    here = sample_spectrum(found, frequencies)
    for element in point_group("D2"):
        turned = sample_spectrum(found, frequencies @ element)
        assert np.abs(turned - here).max() < 1e-3 * np.abs(here).max()
    # and is no constant
    assert np.abs(averaged(range(2), 60.0).volume() - found).max() > 0.05 * found.max()


def test_unusable_subtomograms_are_refused():
    average = WedgeAverage(SIZE, 1.0)
    with pytest.raises(InputError, match="at least one"):
        average.volume()
    with pytest.raises(InputError, match="16 voxels"):
        average.add(sampler(noise(1, 16)), np.eye(3), np.zeros(3), 60.0)
    with pytest.raises(InputError, match="too large for the scale"):
        average.add(sampler(1e12 * small_phantom()), np.eye(3), np.zeros(3), 60.0)
    with pytest.raises(InputError, match="positive density"):
        WedgeAverage(SIZE, 0.0)
    with pytest.raises(InputError, match="cannot be joined"):
        average.merge(WedgeAverage(SIZE + 2, 1.0))


def test_shell_correlation_of_identical_volumes_is_one_whatever_their_contrast():
    frequencies, correlations = fourier_shell_correlation(noise(1), 3.0 * noise(1))
    assert correlations == pytest.approx(np.ones(11))
    assert frequencies == pytest.approx(np.arange(1, 12) / 24)
    assert fourier_shell_correlation(noise(1), -noise(1))[1] == pytest.approx(-np.ones(11))


def test_shell_correlation_of_independent_noise_is_near_zero_and_of_signal_with_noise_as_expected():
    _, correlations = fourier_shell_correlation(noise(1, 48), noise(2, 48))
    assert np.abs(correlations[4:]).max() < 0.2
    # FSC with the truth is √(SNR/(1+SNR)), between two noisy copies SNR/(1+SNR)
    signal, amplitude = noise(3, 48), 0.7
    noisy = [signal + amplitude * noise(seed, 48) for seed in (4, 5)]
    snr = 1 / amplitude**2
    with_truth, halves = fourier_shell_correlation(noisy[0], signal)[1], fourier_shell_correlation(*noisy)[1]
    assert with_truth[8:].mean() == pytest.approx(np.sqrt(snr / (1 + snr)), abs=0.02)
    assert halves[8:].mean() == pytest.approx(snr / (1 + snr), abs=0.02)


def test_shell_correlation_is_zero_where_a_volume_holds_nothing():
    wave = np.broadcast_to(np.cos(2 * np.pi * 3 * np.arange(24) / 24), (24, 24, 24))
    _, correlations = fourier_shell_correlation(wave, wave)
    assert correlations[2] == pytest.approx(1.0)
    with pytest.raises(InputError, match="no common shells"):
        fourier_shell_correlation(noise(1), noise(1, 16))


@given(st.floats(0.05, 0.9), st.floats(0.5, 4.0))
def test_resolution_is_interpolated_between_shells(threshold, voxel_size):
    frequencies = np.arange(1, 16) / 32
    # a straight line from 1 at frequency 0 to 0 at one half
    found = resolution(frequencies, 1 - 2 * frequencies, threshold, voxel_size)
    assert found == pytest.approx(voxel_size / min((1 - threshold) / 2, frequencies[-1]))


def test_resolution_looks_past_weak_first_shells_and_stops_at_the_first_fall():
    frequencies = np.arange(1, 7) / 12
    assert resolution(frequencies, [0.6, 0.2, 0.9, 0.3, 0.8, 0.1], 0.5, 1.0) == pytest.approx(12 / (3 + 4 / 6))
    assert np.isnan(resolution(frequencies, [0.1] * 6, 0.5, 1.0))
    assert resolution(frequencies, [0.9] * 6, 0.5, 2.0) == pytest.approx(4.0)


def test_a_volume_without_an_alignment_is_left_out_of_the_average():
    rotations = rotation_from_euler([10, 80, 150, 20], [20, 60, 100, 140], 30)
    volumes = [phantom(24, 32, rotation) for rotation in rotations]
    found = [Alignment(rotation, np.zeros(3), 0.0, 0, np.empty(0), np.empty((0, 12))) for rotation in rotations]
    holed = average([*volumes[:2], np.zeros((32, 32, 32)), *volumes[2:]], [*found[:2], None, *found[2:]], tilts=90)
    assert np.array_equal(holed.volume, average(volumes, found, tilts=90).volume)
    with pytest.raises(InputError, match="1 of 2 subtomograms have an alignment"):
        average(volumes[:2], [found[0], None], tilts=90)
