import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from gradalign.errors import InputError
from gradalign.fourier.spectrum import Sampler
from gradalign.geometry.rotations import random_rotations
from gradalign.simulation.dataset import DataSet
from gradalign.simulation.microscope import Microscope
from gradalign.simulation.phantom import phantom
from gradalign.simulation.protocol import NoiseColour, Protocol, SecondVolume
from gradalign.simulation.simulator import Simulator
from gradalign.simulation.surroundings import (
    GoldBead,
    MembranePatch,
    Neighbourhood,
    Surroundings,
    contact_distance,
    surface_points,
)

PAPER = Microscope(voltage=300, defocus=-4, spherical_aberration=2, tilt_step=1)
# a small phantom, so that its neighbours fit into small images
DENSITY = phantom(12, 24)


def data_set(snr=np.inf, tilt=60, **protocol):
    return DataSet("phantom", DENSITY, 1.0, tilt, snr, 5, Protocol(PAPER, **protocol))


def neighbourhood(**surroundings):
    return Neighbourhood(DENSITY, Sampler(DENSITY), 1.0, Surroundings(**surroundings))


def drawn_surfaces(around, rng):
    """Surfaces of the object and of what was drawn, as points, the object's own first."""
    points, turn = surface_points(DENSITY), random_rotations(rng, 1)[0]
    placed = around.draw(turn, np.zeros(3), rng)
    return [points @ turn.T, *(points @ each.rotation.T + each.translation for each in placed)]


@pytest.mark.parametrize(("count", "gap"), [(1, 0.0), (2, 0.0), (4, 0.0), (2, 3.0)])
def test_neighbours_stand_at_the_gap_and_overlap_neither_the_object_nor_each_other(count, gap):
    around, rng = neighbourhood(neighbours=count, gap=gap), np.random.default_rng(3)
    for _ in range(5):
        own, *others = drawn_surfaces(around, rng)
        assert len(others) == count
        # points of two surfaces that touch are one voxel apart
        assert np.allclose([cdist(own, other).min() for other in others], gap + 1.0)
        for i, first in enumerate(others):
            assert all(cdist(first, second).min() >= 1.0 for second in others[:i])


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.floats(0.5, 4.0))
def test_contact_is_where_an_approach_first_comes_as_near_as_asked(seed, apart):
    rng = np.random.default_rng(seed)
    fixed, moving = rng.normal(size=(40, 3)), rng.normal(size=(30, 3))
    direction = rng.normal(size=3)
    direction /= np.linalg.norm(direction)
    stop = contact_distance(fixed, moving, direction, apart)
    if np.isinf(stop):
        nearest = [cdist(fixed, moving + step * direction).min() for step in np.linspace(-10, 10, 201)]
        assert min(nearest) >= apart - 1e-9
        return
    assert cdist(fixed, moving + stop * direction).min() == pytest.approx(apart)
    farther = [cdist(fixed, moving + (stop + step) * direction).min() for step in np.linspace(0.01, 10, 50)]
    assert min(farther) > apart


def test_a_membrane_lies_on_the_object_and_is_as_dense_as_it():
    around, rng = neighbourhood(membrane=True), np.random.default_rng(4)
    own = surface_points(DENSITY)
    for _ in range(5):
        (membrane,) = around.draw(np.eye(3), np.zeros(3), rng)
        normal = membrane.rotation[:, 2]
        assert np.allclose(np.cross(membrane.translation, normal), 0, atol=1e-9)
        # from the object's outermost voxel to the near leaflet's half height
        leaflet = np.linalg.norm(membrane.translation) - 2.0 - np.sqrt(2 * np.log(2))
        assert leaflet - (own @ normal).max() == pytest.approx(0.5)


def test_membrane_and_bead_have_the_transforms_of_their_shapes():
    axis = np.arange(64) - 32.0
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    leaflets = sum(np.exp(-((z - side * 2.0) ** 2) / 2) for side in (-1, 1))
    patch = 0.7 * leaflets * np.exp(-(x**2 + y**2) / 200)
    k = np.array([[0.0, 0, 0], [0.02, -0.01, 0.1], [0.03, 0.0, 0.0], [0, 0, 0.21]])
    waves = np.exp(-2j * np.pi * np.einsum("nd,dzyx->nzyx", k, np.stack([x, y, z])))
    found = np.einsum("nzyx,zyx->n", waves, patch)
    assert np.allclose(MembranePatch(0.7, 1.0).sample(k), found, rtol=0.01, atol=0.01 * abs(found[0]))
    # finer voxels for the ball's edge
    bead = GoldBead(2.0, 0.25)
    radius = np.sqrt(x**2 + y**2 + z**2)
    ball = 2.0 * (radius <= 10)
    blurred = np.einsum("nzyx,zyx->n", waves, ball).real * np.exp(-2 * (np.pi * 2.0 * np.linalg.norm(k, axis=1)) ** 2)
    assert np.allclose(bead.sample(k), blurred, rtol=0.02, atol=0.005 * blurred[0])


def test_what_stands_beside_is_added_to_the_object_and_differs_from_volume_to_volume():
    alone, crowded = data_set(simulation_box=48), data_set(simulation_box=48, surroundings=Surroundings(neighbours=2))
    assert crowded.pose(0)[0].tolist() == alone.pose(0)[0].tolist()
    extra = []
    for index in (0, 1):
        volume, rotation, translation = crowded.subtomogram(index)
        own = crowded.simulator.signal(rotation, translation)
        assert np.array_equal(own, alone.subtomogram(index)[0])
        extra.append(volume - own)
        assert np.array_equal(volume, data_set(simulation_box=48, surroundings=Surroundings(2)).subtomogram(index)[0])
    assert min(part.std() for part in extra) > 0
    assert abs(np.corrcoef(extra[0].ravel(), extra[1].ravel())[0, 1]) < 0.5


def test_the_signal_to_noise_ratio_counts_the_object_alone():
    noisy = data_set(0.5, simulation_box=48, surroundings=Surroundings(neighbours=1, membrane=True, bead=15.0))
    assert noisy.noise_scales == data_set(0.5, simulation_box=48).noise_scales


def test_a_bead_stands_where_it_is_asked_for():
    (bead,) = neighbourhood(bead=12.0).draw(np.eye(3), np.array([1.0, 2.0, 3.0]), np.random.default_rng(0))
    assert np.linalg.norm(bead.translation - [1.0, 2.0, 3.0]) == pytest.approx(12.0)
    with_bead = data_set(simulation_box=48, surroundings=Surroundings(bead=12.0)).subtomogram(0)[0]
    assert with_bead.max() > 3 * data_set(simulation_box=48).subtomogram(0)[0].max()


def test_images_too_small_for_the_surroundings_are_refused():
    with pytest.raises(InputError, match="simulation_box: is 32"):
        Simulator(DENSITY, 1.0, 60, Protocol(PAPER, surroundings=Surroundings(bead=14.0)))


def test_more_neighbours_than_fit_are_refused():
    with pytest.raises(InputError, match="do not fit"):
        neighbourhood(neighbours=60).draw(np.eye(3), np.zeros(3), np.random.default_rng(0))


@pytest.mark.parametrize("wrong", [{"neighbours": -1}, {"neighbours": 1.5}, {"gap": -1.0}, {"bead": float("nan")}])
def test_impossible_surroundings_are_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        Surroundings(**wrong)


def shell_powers(volumes):
    axis = np.fft.fftfreq(32) * 32
    lengths = np.linalg.norm(np.meshgrid(axis, axis, axis, indexing="ij"), axis=0)
    # away from the tilt axis, where back-projection leaves little
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    inside = (np.abs(z) < 0.5 * np.abs(x)) & (lengths < 15.5)
    shells = np.rint(lengths[inside]).astype(int)
    power = np.mean([np.abs(np.fft.fftn(volume)) ** 2 for volume in volumes], axis=0)[inside]
    return np.bincount(shells, power)[3:14] / np.bincount(shells)[3:14]


@pytest.mark.parametrize("colour", [{"exponent": 1.0}, {"exponent": 2.0}, {"low_pass": 8.0}])
def test_coloured_noise_has_its_spectrum(colour):
    coloured, white = data_set(0.5, noise=NoiseColour(**colour)), data_set(0.5)
    powers = [
        shell_powers([each.simulator.noise((1.0, 1.0), np.random.default_rng(i)) for i in range(30)])
        for each in (coloured, white)
    ]
    k = np.arange(3, 14) / 32
    expected = (k * 32) ** -colour.get("exponent", 0.0) * np.exp(-((k * colour.get("low_pass", 0.0)) ** 2))
    # the box smears a steep spectrum over neighbouring shells
    count = 8 if "exponent" in colour else 3
    assert np.allclose(np.log(powers[0] / powers[1])[:count], np.log(expected)[:count], atol=0.25)


@pytest.mark.parametrize("colour", [NoiseColour(exponent=2.0), NoiseColour(low_pass=10.0)])
def test_coloured_noise_has_the_signal_to_noise_ratio_asked_for(colour):
    cell = data_set(0.5, noise=colour)
    signals, noises = [], []
    for index in range(60):
        volume, *pose = cell.subtomogram(index)
        signal = cell.simulator.signal(*pose)
        signals.append(signal.var())
        noises.append((volume - signal).var())
    # few coefficients hold all of this noise, so that its variance scatters
    assert np.mean(signals) / np.mean(noises) == pytest.approx(0.5, rel=0.15)


def test_gain_and_offset_of_the_second_volume_are_exact():
    plain, scaled = data_set(0.5), data_set(0.5, second=SecondVolume(gain=5.0, offset=-3.0))
    assert np.array_equal(plain.subtomogram(2)[0], scaled.subtomogram(2)[0])
    g, found = plain.subtomogram(3)[0].astype(float), scaled.subtomogram(3)[0]
    assert np.allclose(found, 5.0 * (g - 3.0 * g.std()), rtol=1e-5, atol=1e-6 * np.abs(found).max())


def test_noise_of_the_second_volume_is_so_many_times_that_of_the_first():
    cell, plain = data_set(0.5, second=SecondVolume(noise=3.0)), data_set(0.5)
    for index, times in ((4, 1.0), (5, 3.0)):
        parts = []
        for each in (cell, plain):
            volume, *pose = each.subtomogram(index)
            parts.append(volume - each.simulator.signal(*pose))
        assert np.allclose(parts[0], times * parts[1], atol=1e-4 * np.abs(parts[0]).max())


@pytest.mark.parametrize(
    ("wrong", "name"), [({"noise": -1}, "noise"), ({"gain": 0}, "gain"), ({"offset": float("inf")}, "offset")]
)
def test_an_impossible_second_volume_is_refused(wrong, name):
    with pytest.raises(InputError, match=name):
        SecondVolume(**wrong)


@pytest.mark.parametrize("wrong", [{"exponent": -1.0}, {"low_pass": float("nan")}])
def test_an_impossible_colour_is_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        NoiseColour(**wrong)
