import numpy as np
import pytest

from gradalign.aligners.calling import flaw
from gradalign.geometry.rotations import rotation_angle, rotation_from_euler
from gradalign.simulation.phantom import phantom

pytest.importorskip("acryo", reason="an optional extra")


def test_acryo_finds_a_turned_and_shifted_phantom_in_our_convention():
    from gradalign.aligners.acryo import align_pair

    # off the grid, and far from the identity; a slip of axes or of the centre would show
    rotation, shift = rotation_from_euler(50.0, 40.0, 100.0), np.array([2.0, -1.0, 0.5])
    f, g = phantom(32, rotation=rotation, translation=shift), phantom(32)
    found = align_pair(f, g, tilt_f=90, tilt_g=90, interval=90.0, finest=6.0)
    assert flaw(found.rotation, found.translation) == ""
    assert rotation_angle(found.rotation.T @ rotation) < 12
    assert np.allclose(found.translation, shift, atol=0.4)
