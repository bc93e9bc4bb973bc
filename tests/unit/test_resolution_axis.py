import numpy as np
import pytest

from gradalign.report.figures.resolution_axis import angstrom_ticks


@pytest.mark.parametrize("voxel", [0.2, 0.435, 0.7, 1.0, 1.25, 2.0])
def test_the_axis_is_marked_near_its_fine_end_and_no_two_marks_touch(voxel):
    last = 0.5 / voxel
    places, words = angstrom_ticks(last)
    assert [10 / float(word) for word in words] == pytest.approx(places)
    assert max(places) <= last * 1.001
    assert max(places) > 0.75 * last
    assert len(places) >= 4
    assert (-np.diff(places)).min() >= last / 8


def test_voxels_of_10_angstrom_are_marked_at_20():
    assert angstrom_ticks(0.5)[1][0] == "20"
