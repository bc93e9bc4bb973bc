import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradalign.errors import InputError
from gradalign.simulation.microscope import Microscope, ctf, mtf

PAPER = Microscope(voltage=300, defocus=-4, spherical_aberration=2, tilt_step=1)


@pytest.mark.parametrize(("voltage", "picometres"), [(100, 3.7014), (200, 2.5079), (300, 1.9687)])
def test_wavelength_is_that_of_the_tables(voltage, picometres):
    microscope = Microscope(voltage=voltage, defocus=-4, spherical_aberration=2, tilt_step=1)
    assert np.isclose(microscope.wavelength, picometres / 1e3, rtol=1e-4)


def test_first_zero_of_the_paper_is_at_2_8_nm():
    k = np.linspace(0, 0.5, 100001)
    first = k[1:][ctf(k, PAPER)[1:] == 0][0]
    assert np.isclose(1 / first, 2.8, atol=0.02)


@given(voltage=st.floats(80, 400), defocus=st.floats(-15, -0.2), aberration=st.floats(0, 4), k=st.floats(0, 5))
def test_ctf_is_the_sine_up_to_its_first_zero_and_zero_beyond(voltage, defocus, aberration, k):
    microscope = Microscope(voltage, defocus, aberration, 1)
    wavelength = microscope.wavelength
    phase = np.pi * wavelength * -defocus * 1e3 * k**2 + np.pi / 2 * aberration * 1e6 * wavelength**3 * k**4
    assert np.isclose(ctf(k, microscope), np.sin(phase) if phase < np.pi else 0, atol=1e-9)


def test_ctf_is_positive_at_low_frequency_and_never_negative():
    values = ctf(np.linspace(0, 3, 10001), PAPER)
    assert values[0] == 0
    assert values[1] > 0
    assert values.min() == 0


@given(k=st.floats(0, 1))
def test_beyond_the_first_zero_stands_what_the_phases_say(k):
    cut, unflipped, flipped = (
        float(ctf(k, Microscope(300, -9.0, 2.0, 1, phases))) for phases in ("cut", "unflipped", "flipped")
    )
    assert flipped == abs(unflipped)
    assert cut in (0.0, unflipped)
    # first zeros at 4.2 and 3.0 nm
    assert k > 1 / 4.1 or cut == unflipped
    assert not 1 / 4.1 < k < 1 / 3.1 or unflipped < 0


def test_unknown_phases_are_refused():
    with pytest.raises(InputError, match="phases: is 'turned'"):
        Microscope(300, -4, 2, 1, "turned")


def test_mtf_falls_from_one_to_two_over_pi_at_nyquist():
    assert mtf(0, 1.0) == 1
    assert np.isclose(mtf(0.5, 1.0), 2 / np.pi)
    assert np.isclose(mtf(0.25, 2.0), 2 / np.pi)
    assert np.isclose(mtf(0.25, 1.0), np.sin(np.pi / 4) / (np.pi / 4))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("voltage", 0),
        ("voltage", float("nan")),
        ("defocus", 4),
        ("defocus", float("-inf")),
        ("spherical_aberration", -1),
        ("tilt_step", 0),
    ],
)
def test_impossible_setting_is_named(name, value):
    settings = {"voltage": 300, "defocus": -4, "spherical_aberration": 2, "tilt_step": 1, name: value}
    with pytest.raises(InputError, match=name):
        Microscope(**settings)
