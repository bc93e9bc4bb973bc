import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from gradalign.errors import InputError
from gradalign.geometry.wedge import measured
from gradalign.io.ctf_volume import from_stored
from gradalign.particles.ctf_wedge import fit_wedge


def ctf_volume(size, wedge, half=False, rings=True):
    """A CTF volume as RELION has it: centred, or the half of a transform."""
    axis = np.fft.fftfreq(size, 1 / size)
    z, y, x = np.meshgrid(axis, axis, np.arange(size // 2 + 1) if half else axis, indexing="ij")
    volume = measured(np.stack([x, y, z], axis=-1), wedge).astype(float)
    if rings:
        volume *= np.sin(80 * (x**2 + y**2 + z**2) / size**2)
    return volume if half else np.fft.fftshift(volume)


@pytest.mark.parametrize("size", [16, 33, 64])
@pytest.mark.parametrize("wedge", [(-60, 60, 90), (-50, 62, 85), (-40, 40, 33), (-66, 48, 150)])
@pytest.mark.parametrize(("half", "rings"), [(False, False), (False, True), (True, True)])
def test_tilt_range_and_axis_are_found_to_a_fraction_of_a_voxel(size, wedge, half, rings):
    found = fit_wedge(ctf_volume(size, wedge, half, rings), "ctf")
    assert np.allclose(found, wedge, atol=max(72 / size, 1.5))


def test_an_axis_along_x_is_found_up_to_the_turn_that_changes_nothing():
    low, high, axis = fit_wedge(ctf_volume(32, (-60, 50, 0)), "ctf")
    # an axis the other way round has the range the other way round
    turned = axis if axis < 90 else axis - 180
    low, high = (low, high) if axis < 90 else (-high, -low)
    assert abs(turned) < 1.5
    assert np.allclose((low, high), (-60, 50), atol=2.5)


def test_a_complete_series_has_no_missing_wedge():
    assert fit_wedge(np.ones((32, 32, 32)), "ctf")[:2] == (-90, 90)


def slices(size, pixel, tilts, weight_of_tilt=True, dose=0.0, contrast=True):
    """Return a CTF volume as programs make it, (size, size, size//2 + 1), and how many slices each frequency has.

    Slices are a voxel thick on both sides; what is stored is the mean of their weighted heights.
    """
    axis = np.fft.fftfreq(size)
    z, y, x = np.meshgrid(axis, axis, np.abs(axis[: size // 2 + 1]), indexing="ij")
    frequency = np.sqrt(x**2 + y**2 + z**2) / pixel
    wave = np.abs(np.sin(np.pi * 0.0197 * 30000 * frequency**2 + 0.07)) if contrast else np.ones_like(frequency)
    total, count = np.zeros_like(frequency), np.zeros_like(frequency)
    for order, tilt in enumerate(sorted(tilts, key=abs)):
        angle = np.radians(tilt)
        near = np.clip(1 - size * np.abs(z * np.cos(angle) - x * np.sin(angle)), 0, None)
        height = wave * np.exp(-dose * (order + 0.5) * frequency**2)
        total += near * height * (np.cos(angle) if weight_of_tilt else 1.0)
        count += near
    return (total / np.maximum(count, 1.0)).astype(np.float32), count.astype(np.float32)


@pytest.mark.parametrize(("size", "pixel"), [(24, 11.5), (32, 4.0), (64, 4.0), (128, 2.0)])
@pytest.mark.parametrize(
    "how",
    [
        {"weight_of_tilt": False, "contrast": False},
        {"weight_of_tilt": False},
        {},
        {"dose": 3.0},
        {"dose": 3.0, "weight_of_tilt": False},
    ],
)
def test_weights_of_tilt_angle_and_dose_leave_the_range_as_it_is(size, pixel, how):
    heights, _ = slices(size, pixel, range(-60, 61, 3), **how)
    assert np.allclose(fit_wedge(heights, "ctf"), (-60, 60, 90), atol=3)


@pytest.mark.parametrize("size", [32, 64])
def test_what_a_program_leaves_in_the_missing_wedge_is_told_from_what_was_measured(size):
    heights, _ = slices(size, 6.0, range(-60, 61, 3))
    heights += 0.02 * heights.max() * np.abs(np.random.default_rng(1).normal(size=heights.shape))
    assert np.allclose(fit_wedge(heights, "ctf"), (-60, 60, 90), atol=4)


def test_an_asymmetric_weighted_series_keeps_its_sides():
    heights, _ = slices(64, 3.0, range(-42, 61, 3), dose=3.0)
    assert np.allclose(fit_wedge(heights, "ctf"), (-42, 60, 90), atol=3)


def test_ctf_squared_and_multiplicity_of_pseudo_subtomograms_are_told_apart():
    heights, count = slices(32, 6.0, range(-48, 61, 3), dose=3.0)
    stored = np.concatenate([count * heights**2, count])
    assert stored.shape == (64, 32, 17)
    volume = from_stored(stored, "weights")
    assert volume.squared
    assert np.array_equal(volume.heights, count * heights**2)
    assert np.array_equal(volume.multiplicity, count)
    assert np.allclose(fit_wedge(stored, "weights"), (-48, 60, 90), atol=3)


def test_a_cube_and_a_half_transform_of_the_same_ctf_are_the_same():
    cube = from_stored(ctf_volume(24, (-50, 60, 80)), "cube")
    half = from_stored(ctf_volume(24, (-50, 60, 80), half=True), "half")
    # the plane of Nyquist's frequency stands for both its signs
    assert np.allclose(cube.heights[:, :, :-1], half.heights[:, :, :-1], atol=1e-5)
    assert not (cube.squared or half.squared)


def test_the_wedge_of_a_turned_box_is_that_of_its_tomogram():
    rotation = Rotation.from_euler("ZYZ", [35, 60, -70], degrees=True)
    axis = np.fft.fftfreq(48, 1 / 48)
    z, y, x = np.meshgrid(axis, axis, axis[: 48 // 2 + 1], indexing="ij")
    # the box measures ξ where its tomogram measures Rξ
    turned = rotation.apply(np.stack([np.abs(x), y, z], axis=-1).reshape(-1, 3)).reshape(*x.shape, 3)
    volume = measured(turned, (-50, 62, 90)).astype(float)
    assert np.allclose(fit_wedge(volume, "turned", rotation.as_matrix()), (-50, 62, 90), atol=2)
    with pytest.raises(InputError, match="no single wedge"):
        fit_wedge(volume, "turned")


@pytest.mark.parametrize(
    ("volume", "words"),
    [
        (ctf_volume(32, (-60, 60, 90)) * ctf_volume(32, (-60, 60, 0)), "no single wedge"),
        (np.moveaxis(ctf_volume(32, (-60, 60, 90)), 0, 2), "no single wedge"),
        (np.zeros((32, 32, 32)), "zero everywhere"),
        (np.ones((32, 32, 20)), "N³, N x N x"),
        (np.full((32, 32, 32), np.nan), "NaN or infinity"),
        (np.ones((32, 32)), "three dimensions"),
    ],
)
def test_what_is_no_wedge_is_refused_in_one_sentence(volume, words):
    with pytest.raises(InputError, match=f"ctf.mrc: .*{words}"):
        fit_wedge(volume, "ctf.mrc")
