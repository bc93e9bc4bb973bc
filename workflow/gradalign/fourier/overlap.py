"""The moved volume's transform, sampled over the overlap of two tilt ranges.

The overlap Ω of a fixed and a moved volume holds the frequencies ξ of the fixed volume's lattice at which R⁻¹ξ too was
measured. Where the moved volume's wedge has a soft edge, a frequency near it has a share in the overlap, from 0 to 1.

What is known of the overlap stands in lines, one number of each frequency in each, so that sums over it are taken many
frequencies at a time.
"""

from typing import NamedTuple

import numpy as np

from gradalign.base.jit import jit, jit_part
from gradalign.fourier.band import OVERSAMPLING, TAPS
from gradalign.fourier.interpolation import gather, gather_values, transpose

# lines: G and ∂G/∂η, real and imaginary parts alternating
SAMPLES, VALUES = 0, 8
# ξ
POINT = 8
# F, and F e^{2πi a·ξ/N}: both times the square root of the share
HELD, PHASED = 11, 13
# weight of G, times the square root of the share
SCALE = 15
# of a soft edge: derivatives of the share by ω over the share, and the share's part of the penalty
SLOPES, PENALTY = 16, 19
_LINES = 20
_BLOCK = 8


class Matched(NamedTuple):
    """What the kernels need of a volume that is held fixed and one that is moved; each array costs compilation."""

    points: np.ndarray
    """Of the fixed volume, as those that follow; see `gradalign.fourier.spectrum.Spectrum`."""
    values: np.ndarray
    weights: np.ndarray
    penalties: np.ndarray
    size: int
    grid: np.ndarray
    """Of the moved volume, as those that follow."""
    normals: np.ndarray
    softness: float
    reach: int
    fewest: float
    """Number of frequencies below which an overlap counts as none."""


def matched(fixed, moving):
    """Return what the kernels need of two volumes.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum

    Returns
    -------
    Matched
    """
    return Matched(
        fixed.points,
        fixed.values,
        fixed.weights,
        fixed.penalties,
        fixed.size,
        moving.grid,
        moving.normals,
        float(moving.softness),
        moving.reach,
        float(moving.least_overlap) * min(fixed.points.shape[1], moving.points.shape[1]),
    )


class WorkSpace(NamedTuple):
    """The scratch arrays of one search."""

    lines: np.ndarray
    """float32 (20, capacity)"""
    samples: np.ndarray
    """The sampled values, point by point: float32, flat."""
    rotation: np.ndarray
    """From ξ to the grid: float32 (4, 8), see `gradalign.fourier.interpolation.gather`."""
    outside: np.ndarray
    """The penalty of what is outside the overlap: float64 (1,)."""
    products: np.ndarray
    """float64 (9, 8), see `gradalign.fourier.products.multiply`."""
    system: np.ndarray
    """Of a step: the matrix of its equations, their right side, their solution and Δβ, float64 (9, 6)."""
    trial: np.ndarray
    """Of a step: R and a that are tried, and the rotation that led there, float64 (7, 3)."""


def work_space(fixed):
    """Return the scratch arrays of one search.

    Parameters
    ----------
    fixed : gradalign.fourier.spectrum.Spectrum

    Returns
    -------
    WorkSpace
    """
    capacity = (fixed.lattice.shape[0] // _BLOCK + 1) * _BLOCK
    return WorkSpace(
        np.empty((_LINES, capacity), np.float32),
        np.empty(VALUES * capacity, np.float32),
        np.zeros((4, 2 * TAPS), np.float32),
        np.zeros(1),
        np.zeros((9, 8)),
        np.zeros((9, 6)),
        np.zeros((7, 3)),
    )


@jit_part
def _rotated(rotation, vector):
    """Return R v; for three numbers the library's product costs more than the numbers."""
    x = rotation[0, 0] * vector[0] + rotation[0, 1] * vector[1] + rotation[0, 2] * vector[2]
    y = rotation[1, 0] * vector[0] + rotation[1, 1] * vector[1] + rotation[1, 2] * vector[2]
    z = rotation[2, 0] * vector[0] + rotation[2, 1] * vector[1] + rotation[2, 2] * vector[2]
    return np.float32(x), np.float32(y), np.float32(z)


@jit_part
def share(left, right, softness):
    """Return how far a frequency is inside a tilt range: 0 where it was missed, 1 further in than `softness`.

    Parameters
    ----------
    left, right : float32
        Its products with the normals of the wedge's faces.
    softness : float32
        Width of the ramp in cycles per box; 0 for a sharp edge.

    Returns
    -------
    float32
    """
    if left * right > np.float32(0.0):
        return np.float32(0.0)
    depth = min(abs(left), abs(right))
    if depth >= softness:
        return np.float32(1.0)
    depth /= softness
    return depth * depth * (np.float32(3.0) - np.float32(2.0) * depth)


@jit
def own_shares(spectrum):
    """Return how far each point of a volume's lattice is inside the volume's own tilt range.

    Parameters
    ----------
    spectrum : gradalign.fourier.spectrum.Spectrum

    Returns
    -------
    float32 (n,)
    """
    lattice, softness = spectrum.lattice, np.float32(spectrum.softness)
    shares = np.empty(lattice.shape[0], np.float32)
    for n in range(lattice.shape[0]):
        left, right = 0.0, 0.0
        for axis in range(3):
            left += spectrum.normals[0, axis] * lattice[n, axis]
            right += spectrum.normals[1, axis] * lattice[n, axis]
        shares[n] = share(np.float32(left), np.float32(right), softness)
    return shares


@jit_part
def _fill_slope(u, v, left, right, softness, x, y, z, part, lines, place):
    """Store the derivative of a share by the rotation ω over the share: along the nearer face's normal."""
    normal, product = (u, left) if abs(left) < abs(right) else (v, right)
    depth = abs(product) / softness
    slope = np.float32(0.0)
    if depth < np.float32(1.0):
        slope = np.float32(6.0) * depth * (np.float32(1.0) - depth) / (softness * part)
    if product < np.float32(0.0):
        slope = -slope
    lines[SLOPES, place] = slope * (normal[1] * z - normal[2] * y)
    lines[SLOPES + 1, place] = slope * (normal[2] * x - normal[0] * z)
    lines[SLOPES + 2, place] = slope * (normal[0] * y - normal[1] * x)


@jit_part
def _select_sharp(pair, u, v, lines):
    """Fill the lines for a wedge with a sharp edge; return the overlap's size and the penalty of what is outside."""
    points, values, weights, penalties = pair.points, pair.values, pair.weights, pair.penalties
    count, outside = 0, 0.0
    for number in range(points.shape[1]):
        x, y, z = points[0, number], points[1, number], points[2, number]
        inside = (u[0] * x + u[1] * y + u[2] * z) * (v[0] * x + v[1] * y + v[2] * z) <= np.float32(0.0)
        lines[POINT, count], lines[POINT + 1, count], lines[POINT + 2, count] = x, y, z
        lines[HELD, count], lines[HELD + 1, count] = values[0, number], values[1, number]
        lines[SCALE, count] = weights[number]
        # what is outside is written over
        count += 1 if inside else 0
        outside += np.float32(0.0) if inside else penalties[number]
    return count, outside


@jit_part
def _select_soft(pair, u, v, softness, lines):
    """Fill the lines for a wedge with a soft edge, those of its slope too; return the same."""
    points, values = pair.points, pair.values
    count, outside = 0, 0.0
    for number in range(points.shape[1]):
        x, y, z = points[0, number], points[1, number], points[2, number]
        left, right = u[0] * x + u[1] * y + u[2] * z, v[0] * x + v[1] * y + v[2] * z
        part, penalty = share(left, right, softness), pair.penalties[number]
        outside += (np.float32(1.0) - part) * penalty
        if part == np.float32(0.0):
            continue
        root = np.sqrt(part)
        lines[POINT, count], lines[POINT + 1, count], lines[POINT + 2, count] = x, y, z
        lines[HELD, count], lines[HELD + 1, count] = root * values[0, number], root * values[1, number]
        lines[SCALE, count] = root * pair.weights[number]
        lines[PENALTY, count] = part * penalty
        _fill_slope(u, v, left, right, softness, x, y, z, part, lines, count)
        count += 1
    return count, outside


@jit_part
def _select(pair, rotation, work):
    """Fill the lines with what is known before sampling; return the overlap's size, 0 where it is too small."""
    u, v = _rotated(rotation, pair.normals[0]), _rotated(rotation, pair.normals[1])
    softness = np.float32(pair.softness)
    if softness > np.float32(0.0):
        count, work.outside[0] = _select_soft(pair, u, v, softness, work.lines)
    else:
        count, work.outside[0] = _select_sharp(pair, u, v, work.lines)
    return count if count >= pair.fewest else 0


@jit_part
def _prepare_rotation(reach, rotation, count, work):
    """Fill what takes ξ to the grid; return the distances of its rows and planes."""
    for point in range(0, 2 * TAPS, TAPS):
        for i in range(3):
            for j in range(3):
                work.rotation[i, point + j] = OVERSAMPLING * rotation[i, j]
        work.rotation[3, point] = work.rotation[3, point + 1] = reach - 1
    # points are sampled in pairs
    if count > 0:
        for axis in range(3):
            work.lines[POINT + axis, count] = work.lines[POINT + axis, count - 1]
    row = 2 * (2 * reach + 1)
    return row, row * (2 * reach + 1)


@jit_part
def sample_overlap(pair, rotation, work):
    """Sample the moved volume's transform and gradient over the overlap for one rotation.

    Parameters
    ----------
    pair : Matched
    rotation : float64 (3, 3)
    work : WorkSpace
        Receives the lines of the overlap: G and ∂G/∂η in the frame of g, ξ, F and the weights.

    Returns
    -------
    int
        Number of frequencies in the overlap.
    """
    count = _select(pair, rotation, work)
    row, plane = _prepare_rotation(pair.reach, rotation, count, work)
    lines, stride = work.lines, work.lines.shape[1]
    for n in range(0, count, 2):
        gather(pair.grid, lines, POINT * stride + n, stride, work.rotation, row, plane, work.samples, VALUES * n)
    for n in range(0, count, _BLOCK):
        transpose(work.samples, VALUES * n, lines, n, stride)
    return count


@jit_part
def sample_values(pair, rotation, work):
    """Sample the moved volume's transform alone, as `sample_overlap` does with its gradient.

    Parameters
    ----------
    pair : Matched
    rotation : float64 (3, 3)
    work : WorkSpace
        Receives the lines of the overlap, those of the gradient excepted.

    Returns
    -------
    int
        Number of frequencies in the overlap.
    """
    count = _select(pair, rotation, work)
    row, plane = _prepare_rotation(pair.reach, rotation, count, work)
    lines, stride = work.lines, work.lines.shape[1]
    for n in range(0, count, 2):
        gather_values(pair.grid, lines, POINT * stride + n, stride, work.rotation, row, plane, work.samples, 2 * n)
    for n in range(count):
        lines[SAMPLES, n], lines[SAMPLES + 1, n] = work.samples[2 * n], work.samples[2 * n + 1]
    return count


@jit
def sample_once(pair, rotation, work):
    """Sample as `sample_values` does, called from Python.

    Parameters
    ----------
    pair : Matched
    rotation : float64 (3, 3)
    work : WorkSpace

    Returns
    -------
    int
    """
    return sample_values(pair, rotation, work)
