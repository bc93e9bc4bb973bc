import numpy as np
import pytest

from gradalign.errors import InputError
from gradalign.geometry.wedge import measured
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
    assert np.allclose(found, wedge, atol=60 / size)


def test_an_axis_along_x_is_found_up_to_the_turn_that_changes_nothing():
    low, high, axis = fit_wedge(ctf_volume(32, (-60, 50, 0)), "ctf")
    # an axis the other way round has the range the other way round
    turned = axis if axis < 90 else axis - 180
    low, high = (low, high) if axis < 90 else (-high, -low)
    assert abs(turned) < 1.5
    assert np.allclose((low, high), (-60, 50), atol=2.5)


def test_a_complete_series_has_no_missing_wedge():
    assert fit_wedge(np.ones((32, 32, 32)), "ctf")[:2] == (-90, 90)


@pytest.mark.parametrize(
    ("volume", "words"),
    [
        (ctf_volume(32, (-60, 60, 90)) * ctf_volume(32, (-60, 60, 0)), "no single wedge"),
        (np.moveaxis(ctf_volume(32, (-60, 60, 90)), 0, 2), "no single wedge"),
        (np.zeros((32, 32, 32)), "zero everywhere"),
        (np.ones((32, 32, 20)), "N³ or N x N x"),
        (np.full((32, 32, 32), np.nan), "finite"),
        (np.ones((32, 32)), "three dimensions"),
    ],
)
def test_what_is_no_wedge_is_refused_in_one_sentence(volume, words):
    with pytest.raises(InputError, match=f"ctf.mrc: .*{words}"):
        fit_wedge(volume, "ctf.mrc")
