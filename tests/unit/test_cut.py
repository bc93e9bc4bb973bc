import numpy as np
import pytest

from gradalign.geometry.wedge import measured
from gradalign.search.wedge_cut import cut_out, cut_within

SIZE, LIMIT, TILT = 32, 6.0, (-60.0, 50.0)


def plane(size):
    """Return frequencies of a plane across the tilt axis, [z, x], in cycles per voxel."""
    z, x = np.meshgrid(*2 * [np.fft.fftfreq(size)], indexing="ij")
    return np.stack([x, 0 * x, z], axis=-1)


def cut_box(image, size):
    """Take the wedge out of a plane's transform, and the box out of the plane."""
    edge = len(image)
    shown = np.fft.ifft2(np.fft.fft2(image) * measured(plane(edge), TILT)).real
    margin = (edge - size) // 2
    return shown[margin : margin + size, margin : margin + size]


def coefficients(image, points):
    """Return a plane's transform, the origin at pixel N//2, at (across, z) in cycles per box of `SIZE`."""
    places = np.arange(len(image)) - len(image) // 2
    across, z = (np.exp(-2j * np.pi / SIZE * np.outer(part, places)) for part in points.T)
    return np.einsum("nz,zx,nx->n", z, image, across)


def blobs(edge):
    """Return a smooth object that fits well into the box."""
    place = np.arange(edge) - edge // 2
    z, x = np.meshgrid(place, place, indexing="ij")
    return sum(
        height * np.exp(-((x - a) ** 2 + (z - b) ** 2) / 8) for height, a, b in ((1, 5, -3), (0.7, -6, 4), (-0.5, 1, 8))
    )


def test_the_response_takes_the_object_to_what_a_cut_box_shows():
    # coefficients of the object a cycle beyond those that are looked at
    cut = cut_out(TILT, SIZE, LIMIT + 1)
    wide = blobs(256)
    shown, whole = (coefficients(image, cut.points) for image in (cut_box(wide, SIZE), wide))
    hard = measured(np.insert(cut.points.astype(float), 1, 0, axis=1), TILT) * whole
    inner = np.linalg.norm(cut.points, axis=1) <= LIMIT - 1
    error, uncorrected = (np.linalg.norm((shown - other)[inner]) for other in (cut.response @ whole, hard))
    assert error < 0.1 * uncorrected


def test_the_covariance_is_that_of_white_noise_in_a_cut_box():
    cut, rng = cut_out(TILT, SIZE, 3.0), np.random.default_rng(0)
    drawn = np.stack([coefficients(cut_box(rng.normal(size=(64, 64)), SIZE), cut.points) for _ in range(3000)])
    # the mean over the lattice of a frequency and its negative is left out with ξ = 0
    chosen = np.linalg.norm(cut.points, axis=1) > 0.5
    found = (drawn.conj().T @ drawn).real[np.ix_(chosen, chosen)] / len(drawn) / SIZE**2
    np.testing.assert_allclose(found, cut.covariance[np.ix_(chosen, chosen)], atol=0.12)


def test_noise_is_whole_inside_halved_at_the_edge_and_gone_outside():
    cut = cut_out((-45.0, 45.0), SIZE, 8.0)
    share = {tuple(point): value for point, value in zip(cut.points, np.diagonal(cut.covariance), strict=True)}
    np.testing.assert_allclose([share[7, 0], share[5, 5], share[0, 7]], [1.0, 0.5, 0.0], atol=0.05)


@pytest.mark.parametrize("tilt", [(-40.0, 40.0), (-60.0, 50.0), (-80.0, 80.0)])
def test_a_covariance_has_no_negative_part(tilt):
    covariance = cut_out(tilt, SIZE, 8.0).covariance
    np.testing.assert_allclose(covariance, covariance.T, atol=1e-12)
    assert np.linalg.eigvalsh(covariance)[0] > -1e-2


def test_a_cut_within_the_box_mixes_nothing():
    cut = cut_within(TILT, LIMIT)
    inside = measured(np.insert(cut.points, 1, 0, axis=1), TILT)
    values = np.random.default_rng(1).normal(size=len(cut.points))
    np.testing.assert_array_equal(cut.response @ values, np.where(inside, values, 0))
    np.testing.assert_array_equal(np.diagonal(cut.covariance), inside)
