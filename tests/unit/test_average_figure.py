"""The figure of one average of a user's particles: what it draws, and what its caption says of that."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from gradalign.classes.standing import Standing, of_class
from gradalign.report.figures.average import BOX, MASK, SPHERE, DrawnAverage, average_caption, average_figure
from gradalign.simulation.phantom import phantom


@pytest.fixture
def drawn():
    frequencies = np.arange(1, 9) / 16.0
    falling = np.linspace(1.0, -0.05, 8)
    fits = np.linspace(0.8, 1.2, 40)
    return DrawnAverage(
        np.tile(np.eye(3), (40, 1, 1)), "Residual", fits, np.empty(0), frequencies, {MASK: falling}, None,
        phantom(16), 1.0,
    )  # fmt: skip


def texts(drawn, folder):
    average_figure(drawn, [folder / "a.svg", folder / "a.png"])
    assert (folder / "a.png").stat().st_size > 10_000
    root = ET.parse(folder / "a.svg").getroot()
    return [" ".join("".join(element.itertext()).split()) for element in root.iter("{http://www.w3.org/2000/svg}text")]


def test_it_has_the_resolution_three_slices_a_scale_bar_orientations_and_fits(drawn, tmp_path):
    said = texts(drawn, tmp_path)
    # where the straight line from 1 to -0.05 over 1/16 to 1/2 per nm passes 0.143
    place = 1 / 16 + (1 - 0.143) / 1.05 * 7 / 16
    assert f"{10 / place:.1f} Å" in said
    for wanted in ("xy", "xz", "yz", "30 Å", "Residual", "Particles", "Particles in a cell of equal area", MASK):
        assert wanted in said
    assert "low-pass at the start" not in said
    assert "low-pass at the start" in texts(drawn._replace(initial_low_pass=6.0), tmp_path)


def test_the_caption_tells_what_lay_over_the_half_maps_and_what_fits_none(drawn):
    words = average_caption(drawn)
    assert words.startswith("40 particles after the last round")
    assert "under the mask; the dot, where it falls below 0.143" in words
    assert "hatched" not in words
    assert "hatched, 3 that are like this one and fit none" in average_caption(drawn._replace(beyond=np.full(3, 2.0)))
    both = {BOX: drawn.correlations[MASK], SPHERE: drawn.correlations[MASK]}
    words = average_caption(drawn._replace(correlations=both, measure="Dissimilarity"))
    assert "in the whole box and under the sphere; the dot, where the latter falls" in words
    assert "c: dissimilarity" in words


def test_particles_that_fit_none_stand_beside_those_of_the_class(drawn, tmp_path):
    said = texts(drawn._replace(beyond=np.array([3.0, 3.5])), tmp_path)
    assert {"in the class", "in none"} <= set(said)
    assert "in none" not in texts(drawn, tmp_path)


def test_a_class_is_drawn_with_its_own_particles_and_those_that_nearly_fit_it():
    standings = [
        Standing(1, 1, label=1, best=1, probability=1.0),
        Standing(2, 2, label=2, best=2, probability=1.0),
        Standing(3, 1, label=0, best=1),
        Standing(4, 2, label=0, best=2),
        Standing(5, 2, label=0, best=1, failure="holds NaN"),
    ]
    members, beyond = of_class(standings, 1)
    assert ([one.particle for one in members], [one.particle for one in beyond]) == ([1], [3])
