import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradalign.errors import InputError
from gradalign.geometry.wedge import check_tilt_range, check_wedge, each_tilt_range, measured

frequencies = np.random.default_rng(0).normal(size=(20000, 3))


@given(st.floats(1, 89))
def test_a_half_range_measures_the_papers_region(theta):
    expected = np.abs(frequencies[:, 2]) <= np.abs(frequencies[:, 0]) * np.tan(np.radians(theta))
    assert (measured(frequencies, theta) == expected).all()


def test_ninety_degrees_measure_everything():
    assert measured(frequencies, 90).all()
    assert measured(frequencies, (-90, 90)).all()


@given(st.floats(-90, 89), st.floats(0.5, 180))
def test_the_measured_share_is_that_of_the_angles(low, width):
    high = min(low + width, 90.0)
    assert measured(frequencies, (low, high)).mean() == pytest.approx((high - low) / 180, abs=0.015)


@given(st.floats(-85, 85))
def test_the_plane_of_a_tilt_angle_inside_the_range_is_measured(angle):
    along = np.array([np.cos(np.radians(angle)), 0.3, np.sin(np.radians(angle))])
    assert measured(along, (angle - 5, angle + 5))
    assert not measured(along, (angle + 1, angle + 5))
    assert measured(-along, (angle - 5, angle + 5))


@pytest.mark.parametrize("tilt_range", [0, -5, 95, (30, 20), (-100, 20), (1, 2, 3), "wide", None, float("nan")])
def test_an_impossible_tilt_range_is_refused(tilt_range):
    with pytest.raises(InputError, match="tilt range"):
        check_tilt_range(tilt_range)


@given(st.floats(-89, 0), st.floats(1, 89), st.floats(-360, 360))
def test_another_tilt_axis_turns_the_wedge_about_the_beam(low, high, axis):
    angle = np.radians(axis - 90)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    turned = measured(frequencies @ turn.T, (low, high, axis))
    # rounding may flip what lies on the very face
    assert (turned == measured(frequencies, (low, high))).mean() > 0.999


def test_axis_y_is_the_one_without_a_word():
    assert (measured(frequencies, (-40, 50, 90)) == measured(frequencies, (-40, 50))).all()
    assert (measured(frequencies, (-40, 50, 270)) == measured(frequencies, (-50, 40))).mean() > 0.999


def test_a_tilt_axis_x_measures_the_plane_of_the_axis_and_never_the_beam():
    assert measured([1.0, 0.0, 0.0], (-60, 60, 0))
    assert measured([0.0, 1.0, 1.7], (-60, 60, 0))
    assert not measured([0.0, 1.0, 1.8], (-60, 60, 0))
    assert not measured([1.7, 0.0, 1.0], (-60, 60, 0))


@pytest.mark.parametrize("tilt_range", [(-60, 60, float("nan")), (-60, 60, "y"), (60, -60, 0), (1, 2, 3, 4)])
def test_an_impossible_wedge_is_refused(tilt_range):
    with pytest.raises(InputError, match="tilt"):
        check_wedge(tilt_range)


@pytest.mark.parametrize("one", [60, (-60, 50), (-60, 50, 85.0), np.array([-60, 50]), np.array([-60, 50, 85])])
def test_one_tilt_range_is_that_of_all_volumes(one):
    assert {check_wedge(tilt) for tilt in each_tilt_range(one, 4)} == {check_wedge(one)}


@pytest.mark.parametrize("kind", [list, tuple, np.array])
@pytest.mark.parametrize("ranges", [[(-60, 60)] * 3, [(-60, 60, 90), (-50, 40, 0), (-30, 30, 85.5)], [(-60, 60)] * 2])
def test_a_table_of_tilt_ranges_is_one_for_each_volume(kind, ranges):
    found = each_tilt_range(kind(ranges), len(ranges))
    assert [check_wedge(tilt) for tilt in found] == [check_wedge(tilt) for tilt in ranges]
    with pytest.raises(InputError, match=f"{len(ranges)} tilt ranges were given for 5 volumes"):
        each_tilt_range(kind(ranges), 5)
