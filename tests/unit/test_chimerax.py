import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradalign.io.chimerax import LEVEL, enclosed_voxels, matched_level, write_gallery
from gradalign.simulation.phantom import phantom


@given(st.floats(0.01, 10), st.floats(-3, 3), st.integers(0, 9))
def test_matched_levels_enclose_as_many_voxels_whatever_contrast_and_noise(contrast, level, seed):
    truth = phantom(12, 16)
    noise = np.random.default_rng(seed).normal(size=truth.shape)
    volume = contrast * (truth + noise) + level
    count = enclosed_voxels(truth, LEVEL * truth.max())
    assert enclosed_voxels(volume, matched_level(volume, truth)) == count > 10


def test_the_level_of_the_truth_itself_is_about_its_own():
    truth = phantom(24, 48)
    assert matched_level(truth, truth) == pytest.approx(LEVEL * truth.max(), rel=0.02)


def test_the_command_file_opens_each_map_beside_the_command_file_at_a_place_of_its_own(tmp_path):
    truth = phantom(12, 16)
    maps = {name: {"truth": truth, "rcs": 2 * truth} for name in ("phantom", "clpp")}
    files = {name: {kind: f"results/x/maps/{name}_{kind}.mrc" for kind in row} for name, row in maps.items()}
    path = tmp_path / "averages.cxc"
    write_gallery(path, files, maps, {"truth": "#b5b5b5", "rcs": "#0072b2"}, 2.0)
    text = path.read_text(encoding="utf-8")
    opened = re.findall(r"^open (\S+) id (\d+) ", text, flags=re.MULTILINE)
    assert opened == [
        ("phantom_truth.mrc", "1"),
        ("phantom_rcs.mrc", "2"),
        ("clpp_truth.mrc", "3"),
        ("clpp_rcs.mrc", "4"),
    ]
    levels = [float(level) for level in re.findall(r"level (\S+)", text)]
    assert levels[1] == pytest.approx(2 * levels[0], rel=1e-4)
    places = re.findall(r"models #\d,1,0,0,(\S+?),0,1,0,(\S+?),0,0,1,0", text)
    # a box of 16 voxels of 20 Å
    assert places == [("0", "0"), ("320", "0"), ("0", "-320"), ("320", "-320")]
