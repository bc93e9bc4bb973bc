from functools import lru_cache

import numpy as np
import pytest

from gradalign.errors import InputError
from gradalign.io.mrc import write_volume
from gradalign.simulation.dataset import DataSet, Specimen
from gradalign.simulation.microscope import Microscope
from gradalign.simulation.noise_scale import read_variances, write_variances
from gradalign.simulation.phantom import phantom
from gradalign.simulation.protocol import Protocol
from gradalign.simulation.simulator import Simulator

PAPER = Microscope(voltage=300, defocus=-4, spherical_aberration=2, tilt_step=1)
DENSITY = phantom(32, 64)


def new_data_set(tilt_range=60, snr=0.5, seed=1, name="phantom", protocol=None):
    return DataSet(name, DENSITY, 1.0, tilt_range, snr, seed, protocol or Protocol(PAPER))


# a data set fixes the scales of its noise on volumes of its own, which takes longer than most tests
data_set = lru_cache(new_data_set)


def parts(cell, index):
    """Signal and noise of one subtomogram."""
    volume, rotation, translation = cell.subtomogram(index)
    signal = cell.simulator.signal(rotation, translation)
    return signal, volume - signal


@pytest.mark.parametrize(
    ("tilt_range", "snr", "image_box"), [(90, 0.1, 32), (60, 0.5, 32), (40, 1.0, 32), ((-30, 55), 0.5, 48)]
)
def test_mean_snr_of_fresh_volumes_is_the_nominal_one(tilt_range, snr, image_box):
    cell = data_set(tilt_range, snr, protocol=Protocol(PAPER, simulation_box=image_box))
    ratios = []
    for index in range(50):
        signal, noise = parts(cell, index)
        ratios.append(signal.var() / noise.var())
    assert abs(np.mean(ratios) / snr - 1) < 0.05


def test_each_noise_gives_half_of_the_variance():
    cell = data_set()
    before, after = cell.noise_scales
    rng = np.random.default_rng(8)
    variances = {
        scales: np.mean([cell.simulator.noise(scales, rng).var() for _ in range(12)])
        for scales in ((before, 0.0), (0.0, after), (before, after))
    }
    assert abs(variances[before, 0.0] / variances[0.0, after] - 1) < 0.05
    assert abs(variances[before, after] / (2 * variances[before, 0.0]) - 1) < 0.05


def test_noise_before_the_contrast_transfer_loses_its_high_frequencies():
    simulator = data_set().simulator
    rng = np.random.default_rng(8)
    k = np.linalg.norm(np.meshgrid(*3 * [np.fft.fftfreq(32)], indexing="ij"), axis=0)
    beyond = (k > 0.4) & (k < 0.5)
    within = (k > 0.2) & (k < 0.3)

    def ratio(scales):
        power = np.abs(np.fft.fftn(simulator.noise(scales, rng))) ** 2
        return power[beyond].mean() / power[within].mean()

    assert ratio((1.0, 0.0)) < 0.1
    assert ratio((0.0, 1.0)) > 0.5


def test_infinite_snr_means_no_noise():
    cell = data_set(snr=float("inf"))
    signal, noise = parts(cell, 3)
    assert cell.noise_scales == (0.0, 0.0)
    assert not noise.any()
    assert signal.std() > 0


def test_noise_scale_follows_the_snr_alone():
    coarse, fine = np.array(data_set(snr=0.1).noise_scales), np.array(data_set(snr=1.0).noise_scales)
    assert np.allclose(coarse, fine * np.sqrt(10))


@pytest.mark.parametrize("snr", [0.1, float("inf")])
def test_a_data_set_at_another_snr_is_that_made_for_it(snr):
    other = data_set(snr=0.5).at_snr(snr)
    assert other.noise_scales == data_set(snr=snr).noise_scales
    assert np.array_equal(other.subtomogram(1)[0], data_set(snr=snr).subtomogram(1)[0])
    with pytest.raises(InputError, match="snr"):
        other.at_snr(0)


def test_subtomogram_depends_on_its_index_and_not_on_what_came_before():
    cell = data_set()
    in_order = [cell.subtomogram(index)[0] for index in range(4)]
    alone = new_data_set().subtomogram(3)[0]
    assert np.array_equal(in_order[3], alone)
    assert not np.array_equal(in_order[2], alone)


@pytest.mark.parametrize("change", [{"tilt_range": 50}, {"snr": 0.1}, {"seed": 2}, {"name": "clpp"}])
def test_poses_and_noise_differ_from_cell_to_cell(change):
    base, other = data_set(), data_set(**change)
    assert not np.allclose(base.pose(0)[0], other.pose(0)[0])
    assert not np.allclose(base.pose(0)[1], other.pose(0)[1])
    (_, noise), (_, other_noise) = parts(base, 0), parts(other, 0)
    assert abs(np.corrcoef(noise.ravel(), other_noise.ravel())[0, 1]) < 0.1


def test_half_range_and_its_two_ends_are_the_same_cell():
    assert np.array_equal(new_data_set(60).subtomogram(0)[0], new_data_set((-60, 60)).subtomogram(0)[0])


def test_noise_of_the_pair_is_independent():
    cell = data_set()
    (_, noise_f), (_, noise_g) = parts(cell, 0), parts(cell, 1)
    assert abs(np.corrcoef(noise_f.ravel(), noise_g.ravel())[0, 1]) < 0.1


def test_rotations_are_uniform_and_translations_fill_their_cube():
    cell = data_set(protocol=Protocol(PAPER, max_shift=0.1))
    poses = [cell.pose(index) for index in range(600)]
    rotations = np.array([rotation for rotation, _ in poses])
    translations = np.array([translation for _, translation in poses])
    # uniform on SO(3): matrix elements have mean 0 and mean square 1/3
    assert np.abs(rotations.mean(axis=0)).max() < 0.12
    assert np.abs((rotations**2).mean(axis=0) - 1 / 3).max() < 0.06
    assert np.allclose(np.linalg.det(rotations), 1)
    assert np.abs(translations).max() <= 3.2
    assert np.allclose(translations.std(axis=0), 3.2 / np.sqrt(3), rtol=0.1)


def test_larger_simulation_box_keeps_the_signal_in_place():
    rotation, translation = data_set().pose(0)
    small = Simulator(DENSITY, 1.0, 60, Protocol(PAPER)).signal(rotation, translation)
    large = Simulator(DENSITY, 1.0, 60, Protocol(PAPER, simulation_box=64)).signal(rotation, translation)
    assert large.shape == small.shape
    assert np.corrcoef(small.ravel(), large.ravel())[0, 1] > 0.98


@pytest.mark.parametrize("snr", [0.5, float("inf")])
def test_example_shows_the_object_in_its_own_pose(snr):
    cell = data_set(snr=snr)
    example = cell.example()
    signal = cell.simulator.signal(np.eye(3), np.zeros(3))
    if np.isinf(snr):
        assert np.array_equal(example, signal)
    else:
        noise = example - signal
        assert abs(signal.var() / noise.var() / snr - 1) < 0.5
        assert abs(np.corrcoef(noise.ravel(), parts(cell, 0)[1].ravel())[0, 1]) < 0.1


def test_particles_name_stack_pair_member_and_pose():
    cell = data_set(tilt_range=(-30, 55))
    poses = [cell.pose(index) for index in range(4)]
    particles = cell.particles(poses, "some/stack.mrcs")
    assert particles.images[3] == "000004@some/stack.mrcs"
    assert list(particles.columns["gradalignPair"]) == ["0", "0", "1", "1"]
    assert list(particles.columns["gradalignMember"]) == ["f", "g", "f", "g"]
    assert particles.columns["gradalignTiltMin"][0] == "-30"
    assert particles.columns["gradalignTiltMax"][0] == "55"
    assert particles.columns["gradalignSnr"][0] == "0.5"
    assert len(set(particles.columns["rlnTomoParticleName"])) == 4
    assert np.array_equal(particles.rotations[2], poses[2][0])
    assert np.array_equal(particles.translations[2], poses[2][1])


@pytest.mark.parametrize("snr", [0, -1, float("nan")])
def test_impossible_snr_is_refused(snr):
    with pytest.raises(InputError, match="snr"):
        data_set(snr=snr)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"box": 33}, "box"),
        ({"box": 4}, "box"),
        ({"simulation_box": 16}, "simulation_box"),
        ({"simulation_box": 41}, "simulation_box"),
        ({"max_shift": -0.1}, "max_shift"),
        ({"max_shift": float("nan")}, "max_shift"),
    ],
)
def test_impossible_protocol_is_refused(settings, name):
    with pytest.raises(InputError, match=f"^{name}"):
        Protocol(PAPER, **settings)


def test_density_with_nan_is_refused():
    density = DENSITY.copy()
    density[1, 2, 3] = np.nan
    with pytest.raises(InputError, match="density.*NaN"):
        Simulator(density, 1.0, 60, Protocol(PAPER))


def test_a_data_set_whose_variances_are_told_is_the_same_to_the_last_digit(tmp_path, monkeypatch):
    microscope = {"voltage": 300, "defocus": -4.0, "spherical_aberration": 2.0, "tilt_step": 2.0}
    subtomograms = {"box": 16, "simulation_box": 16, "voxel_size": 2.0, "max_shift": 0.05}
    write_volume(tmp_path / "map.mrc", phantom(16, 24), 2.0)
    paths = [tmp_path / f"{tilt}.json" for tilt in (60, 40)]

    def specimen(scale_paths=()):
        return Specimen.read("phantom", tmp_path / "map.mrc", 1, microscope, subtomograms, scale_paths)

    found = [specimen().data_set(tilt, 0.5) for tilt in (60.0, 40.0)]
    for path, each in zip(paths, found, strict=True):
        write_variances(path, each.tilt_range, each.variances)
    told = specimen(paths)
    # of two tilt ranges alone nothing is worked out
    counted = []
    monkeypatch.setattr(Simulator, "noise", lambda self, *_: counted.append(self))
    for each, tilt in zip(found, (60.0, 40.0), strict=True):
        assert np.array_equal(told.data_set(tilt, 0.5).subtomogram(1)[0], each.subtomogram(1)[0])
    assert not counted


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"tilt_deg": [-60, 60], "signal": 1.0, "before": 1.0}'])
def test_a_damaged_file_of_variances_is_named(tmp_path, text):
    path = tmp_path / "tilt~60.json"
    path.write_text(text)
    with pytest.raises(InputError, match="tilt~60.json: .*remove it"):
        read_variances(path)
