"""What the particles of classes say of their CTF volumes and tilt ranges."""

import numpy as np
import pytest
from five_points import density
from picked_files import BOX, PAPER, PLACES, make_particles, section
from test_picked_ctf import WEDGE, averaged_at_the_truth, write_particles

from gradalign.classes.checks import input_sentences
from gradalign.classes.observed import Observed
from gradalign.classes.standing import Standing
from gradalign.classes.start import first_state
from gradalign.classes.state import SETTLED
from gradalign.geometry.rotations import euler_from_rotation
from gradalign.particles.opening import list_particles
from gradalign.particles.star import read_picked


def classes_section(folder, **changes):
    return PAPER["classes"] | {"star": str(folder / "run.star")} | changes


def one_class(folder, truth, settings):
    """Return entries, standings and state of particles that are one class, all found where they are."""
    entries, found = averaged_at_the_truth(folder, truth, section(folder, ctf="none", low_pass=3.5))
    standings = []
    for entry in entries:
        rotation, shift = truth[entry.particle - 1]
        angles = euler_from_rotation(rotation.as_matrix()).tolist()
        standings.append(Standing(entry.particle, entry.half, 1, 1, 1.0, *angles, *shift, 1.0, 1.0))
    entries, _, voxel_size = list_particles(read_picked(settings["star"]), settings, 5)
    volumes = [density(BOX, PLACES) + np.random.default_rng(n).normal(size=(BOX,) * 3) for n in range(4)]
    empty = first_state(Observed(volumes, [WEDGE] * 4), voxel_size, 3.5, 10.0)
    state = empty._replace(
        maps=found.maps[None],
        measured=np.ones((1, 2, BOX)),
        counts=np.array([[8, 8]]),
        correlations=np.asarray(found.shells[1])[None],
        stage=SETTLED,
    )
    return entries, standings, state


@pytest.mark.parametrize(("data", "told"), [("none", True), ("absolute", False), ("unflipped", False)])
def test_ctf_volumes_that_the_particles_of_a_class_do_not_follow_are_told(tmp_path, data, told):
    truth = write_particles(tmp_path, data, noise=1.5, count=16)
    settings = classes_section(tmp_path)
    said = input_sentences(*one_class(tmp_path, truth, settings), settings)
    assert len(said) == told
    if told:
        assert "does not vary with the heights of their CTF volumes" in said[0]
        assert "they carry no CTF, or the CTF volumes, and with them the tilt ranges, are those of others" in said[0]


@pytest.mark.parametrize(("tilt", "told"), [([-60, 60], False), ([-40, 40], True)])
def test_tilt_ranges_that_the_power_contradicts_are_told(tmp_path, tilt, told):
    truth, _, _ = make_particles(tmp_path, 6)
    settings = classes_section(tmp_path, tilt=tilt)
    entries, _, voxel_size = list_particles(read_picked(settings["star"]), settings, 5)
    volumes = [density(BOX, PLACES) + np.random.default_rng(n).normal(size=(BOX,) * 3) for n in range(4)]
    state = first_state(Observed(volumes, [WEDGE] * 4), voxel_size)
    said = input_sentences(entries, [Standing(entry.particle, entry.half) for entry in entries], state, settings)
    assert len(said) == told
    if told:
        assert "The power of 6 subtomograms reaches" in said[0] and "see classes.tilt, tilt_axis and wedge" in said[0]
