"""What a wedge of frequencies that is cut out of a box shows of an object, and of white noise.

A tilt series measures the wedge of a transform that is as finely resolved as space is wide; the box holds a part of
space. With the tilt axis along y coefficients of one ξy alone are mixed. In the plane across the axis white noise that
is cut in this way has the covariance

    C(ξ, ξ') = Σ_η b(ξ − η) W(η) b(η − ξ'),

b being the transform of the box, W the wedge and η a frequency in half cycles per box. An object that stands in the box
is told by its coefficients H at whole frequencies, from which b gives those between them: what the cut shows of it is
F(ξ) = Σ_ξ' C(ξ, ξ') H(ξ') too. A tilt axis elsewhere in the plane is treated as if the box were rotated along with it.

Where the wedge was taken out of the box's own transform nothing is mixed.
"""

from typing import NamedTuple

import numpy as np

from gradalign.geometry.wedge import measured, wedge_normals

# lattice on which the wedge is drawn, finer than the box's by this factor
_FINER = 4
# of the lattice between the whole frequencies: the object and the box reach over two boxes together
_HALVES = 2


class Cut(NamedTuple):
    """The cut in the plane across the tilt axis; points are (across the axis, along z) in cycles per box."""

    points: np.ndarray
    """Whole numbers (m, 2), the smallest frequencies first."""
    covariance: np.ndarray
    """Of the noise at the points, 1 on the diagonal where all is measured: (m, m)."""
    response: np.ndarray
    """What the object's coefficients at the points show at the points: (m, m)."""


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


def disc(radius):
    """Return the whole frequencies of a plane up to a length, the smallest first.

    Parameters
    ----------
    radius : float
        In cycles per box.

    Returns
    -------
    numpy.ndarray of int, shape (m, 2)
        (across the axis, along z).
    """
    axis = np.arange(-int(radius), int(radius) + 1)
    across, z = (part.ravel() for part in np.meshgrid(axis, axis))
    squares = across**2 + z**2
    order = np.argsort(squares, kind="stable")
    return np.stack([across, z], axis=1)[order[: np.count_nonzero(squares <= radius**2)]]


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
    points = disc(limit)
    inside = np.diag(measured(np.insert(points.astype(float), 1, 0.0, axis=1), tilt_range).astype(float))
    return Cut(points, inside, inside)


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
    """
    points, reach, count = disc(limit), int(limit), _HALVES * size
    # symmetric about voxel N//2: the outermost voxels count half on either side
    places = np.arange(-(size // 2), size // 2 + 1)
    inside = np.where(np.abs(places) < size / 2, 1.0, 0.5)
    power = (inside**2).sum()
    gaps = np.arange(-reach, reach + 1)[:, None] - np.fft.fftfreq(count, _HALVES / count)
    box = (np.cos(2.0 * np.pi / size * gaps[..., None] * places) @ inside) / np.sqrt(count * power)
    # b is a product of one factor for each axis: all pairs along the one, then along the other
    pairs = (box[:, None] * box).reshape(-1, count)
    mixed = ((pairs @ _wedge_in_halves(tilt_range, size).T) @ pairs.T).reshape(4 * [len(box)])
    across, z = points.T + reach
    covariance = mixed[across[:, None], across, z[:, None], z]
    return Cut(points, covariance, covariance * (power / size) ** 2)
