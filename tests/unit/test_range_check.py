"""Tilt ranges that are given wrongly show in the power of the subtomograms."""

import re

import numpy as np
import pytest
from five_points import density
from picked_files import BOX, PLACES, make_particles, section, write_mrc

from gradalign.particles.opening import list_particles
from gradalign.particles.range_check import range_difference, range_sentences
from gradalign.particles.star import read_picked
from gradalign.particles.state import State


def said(folder, **changes):
    settings = section(folder, **changes)
    entries, _, voxel_size = list_particles(read_picked(settings["star"]), settings, 5)
    state = State.first(density(BOX, PLACES), voxel_size, 5.0, "full", settings)
    return range_sentences(entries, state, settings)


@pytest.mark.parametrize(
    ("wedge", "changes"),
    [
        ((-60.0, 60.0, 90.0), {}),
        ((-60.0, 60.0, 90.0), {"tilt": [-54, 62], "tilt_axis": "95"}),
        ((-40.0, 60.0, 0.0), {"tilt": [-40, 60], "tilt_axis": "x"}),
        ((-40.0, 60.0, 0.0), {"tilt": [-60, 40], "tilt_axis": "180"}),
    ],
)
def test_a_range_that_the_power_bears_out_is_taken_in_silence(tmp_path, wedge, changes):
    make_particles(tmp_path, 6, wedge=wedge)
    assert said(tmp_path, **changes) == []


@pytest.mark.parametrize(
    ("wedge", "changes", "words"),
    [
        (
            (-60.0, 60.0, 0.0),
            {},
            r"from -(59|60)° to (59|60)° about -?[01]° .* as from -60° to 60° about 90°",
        ),
        ((-60.0, 60.0, 90.0), {"tilt": [-40, 40]}, "as from -40° to 40° about 90°"),
        ((-40.0, 40.0, 90.0), {"tilt": [-90, 90]}, "as from -90° to 90°"),
        ((-40.0, 60.0, 90.0), {"tilt": [-60, 40]}, "as from -60° to 40° about 90°"),
    ],
    ids=["other axis", "too narrow", "complete", "other sign"],
)
def test_a_range_that_the_power_contradicts_is_told(tmp_path, wedge, changes, words):
    make_particles(tmp_path, 6, wedge=wedge)
    (sentence,) = said(tmp_path, **changes)
    assert re.search(f"The power of 6 subtomograms reaches .*{words}", sentence)


def test_noise_that_fills_the_missing_wedge_tells_nothing(tmp_path):
    make_particles(tmp_path, 6, wedge=(-40.0, 40.0, 0.0))
    rng = np.random.default_rng(2)
    for number in range(6):
        volume = density(BOX, PLACES) + rng.normal(size=(BOX,) * 3)
        write_mrc(tmp_path / f"particle{number + 1}.mrc", volume)
    assert said(tmp_path) == []


def test_ranges_differ_by_the_directions_that_one_of_them_measures():
    assert range_difference((-60.0, 60.0, 90.0), (-60.0, 60.0, 270.0)) == 0.0
    # a plane's share of all directions is its share of half a turn
    assert range_difference((-60.0, 60.0, 90.0), (-42.0, 60.0, 90.0)) == pytest.approx(0.1, abs=0.01)
    assert range_difference((-40.0, 60.0, 90.0), (-60.0, 40.0, 270.0)) == 0.0
