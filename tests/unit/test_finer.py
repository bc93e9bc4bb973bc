import numpy as np
import pytest
from scipy import ndimage

from gradalign.report.finer import finer


@pytest.mark.parametrize(("edge", "size"), [(2, 5), (7, 20), (16, 40), (32, 94)])
def test_a_finer_map_is_the_cubic_spline_through_the_values(edge, size):
    volume = np.random.default_rng(3).standard_normal((edge,) * 3)
    assert np.allclose(finer(volume, size), ndimage.zoom(volume, size / edge, order=3), rtol=0, atol=1e-12)


def test_axes_keep_their_order_and_the_corners_their_values():
    volume = np.arange(4**3, dtype=float).reshape(4, 4, 4) ** 1.5
    fine = finer(volume, 10)
    assert np.allclose(fine[::9, ::9, ::9], volume[::3, ::3, ::3])
