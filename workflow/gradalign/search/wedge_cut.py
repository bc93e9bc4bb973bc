"""What a wedge of frequencies that is cut out of a box shows of an object, and of white noise.

A tilt series measures the wedge of a transform that is as finely resolved as space is wide; the box holds a part of
space. With the tilt axis along y coefficients of one ξy alone are mixed. In the plane across the axis

    F(ξ) = Σ_η b(ξ − η) W(η) H(η),

b being the transform of the box, W the wedge and H the transform of the object. An object that stands in the box is
told by η in half cycles per box. White noise that is cut in the same way has the covariance
Σ_η b(ξ − η) W(η) b(η − ξ'). A tilt axis elsewhere in the plane is treated as if the box were turned along with it.

Where the wedge was taken out of the box's own transform nothing is mixed.
"""

from typing import NamedTuple

import numpy as np

from gradalign.geometry.wedge import measured, wedge_normals

# lattice on which the wedge is drawn, finer than the box's by this factor
_FINER = 4
# of the lattice of the object's frequencies: the object and the box reach over two boxes together
_HALVES = 2


class Cut(NamedTuple):
    """The cut in the plane across the tilt axis; points are (across the axis, along z) in cycles per box."""

    points: np.ndarray
    """Where F is looked at: whole numbers (m, 2)."""
    sources: np.ndarray
    """Where H is: multiples of ½ (k, 2)."""
    response: np.ndarray
    """b(ξ − η) W(η): (m, k)."""
    covariance: np.ndarray
    """Of the noise at the points, 1 on the diagonal where all is measured: (m, m)."""


def _drawn_wedge(tilt_range, size):
    """Return W with soft edges on the fine lattice, [z, across], in the order of a discrete transform."""
    along = np.fft.fftfreq(_FINER * size, 1.0 / size)
    z, x = np.meshgrid(along, along, indexing="ij")
    u, v = wedge_normals(tilt_range)
    left, right = (normal[0] * x + normal[2] * z for normal in (u, v))
    depth = np.copysign(np.minimum(np.abs(left), np.abs(right)), -left * right)
    return np.clip(0.5 + _FINER * depth, 0.0, 1.0)


def _wedge_in_halves(tilt_range, size):
    """Return W at half cycles per box, of its kernel only what lies within two boxes."""
    count = _HALVES * size
    kernel = np.fft.ifft2(_drawn_wedge(tilt_range, size)).real
    lags = np.fft.fftfreq(count, 1.0 / count).astype(int)
    return np.fft.fft2(kernel[np.ix_(lags, lags)]).real


def _square(reach, step):
    axis = np.arange(-round(reach / step), round(reach / step) + 1) * step
    across, z = np.meshgrid(axis, axis)
    return np.stack([across.ravel(), z.ravel()], axis=1)


def cut_within(tilt_range, limit):
    """Return the cut of a wedge out of the box's own transform: it leaves what is measured, and all of that.

    Parameters
    ----------
    tilt_range : (float, float)
        In degrees.
    limit : float
        Largest frequency that is looked at, in cycles per box.

    Returns
    -------
    Cut
    """
    points = _square(int(limit), 1.0)
    inside = np.diag(measured(np.insert(points, 1, 0.0, axis=1), tilt_range).astype(float))
    return Cut(points, points, inside, inside)


def cut_out(tilt_range, size, limit):
    """Return the cut of a wedge out of a wider space.

    Parameters
    ----------
    tilt_range : (float, float)
        In degrees.
    size : int
        Box size N in voxels.
    limit : float
        Largest frequency that is looked at, in cycles per box.

    Returns
    -------
    Cut
        With sources up to one cycle beyond the limit.
    """
    reach, count = int(limit), _HALVES * size
    halves = _wedge_in_halves(tilt_range, size)
    # symmetric about voxel N//2: the outermost voxels count half on either side
    places = np.arange(-(size // 2), size // 2 + 1)
    inside = np.where(np.abs(places) < size / 2, 1.0, 0.5)
    points, sources = _square(reach, 1.0), _square(reach + 1, 1.0 / _HALVES)

    steps = np.arange(-2 * _HALVES * (reach + 1), 2 * _HALVES * (reach + 1) + 1)
    table = np.cos(np.outer(2.0 * np.pi / size * (steps / _HALVES), places)) @ inside / count
    gaps = np.rint(_HALVES * (points[:, None] - sources)).astype(int) - steps[0]
    at = np.rint(_HALVES * sources).astype(int)
    response = table[gaps[..., 0]] * table[gaps[..., 1]] * halves[at[:, 1], at[:, 0]]

    waves = inside * np.exp(2j * np.pi / size * np.outer(np.arange(-reach, reach + 1), places))
    power = (inside**2).sum()
    covariance = np.empty((len(points), len(points)))
    for row, (across, z) in enumerate(points.astype(int) + reach):
        wave = np.zeros((count, count), complex)
        wave[np.ix_(places, places)] = np.outer(waves[z], waves[across])
        seen = np.fft.ifft2(halves * np.fft.fft2(wave))[np.ix_(places, places)]
        covariance[row] = (waves.conj() @ seen @ waves.conj().T).real.ravel() / power**2
    return Cut(points, sources, response, covariance)
