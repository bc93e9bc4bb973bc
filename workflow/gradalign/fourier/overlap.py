"""The moved volume's transform, sampled over the overlap of two tilt ranges.

The overlap Ω of a fixed and a moved volume holds the frequencies ξ of the fixed volume's lattice at which R⁻¹ξ too was
measured. Where the moved volume's wedge has a soft edge, a frequency near it has a share in the overlap, from 0 to 1.
"""

import numpy as np

from gradalign.base.jit import jit
from gradalign.fourier.interpolation import OVERSAMPLING, TABLE_ROWS, gather, gather_pair

COLUMNS = 8


@jit
def work_space(fixed):
    """Return the scratch arrays of one search.

    Parameters
    ----------
    fixed : gradalign.fourier.spectrum.Spectrum

    Returns
    -------
    tuple
        The overlap's places in the lattice, the eight sampled values at each, the columns, the phases, the price of
        what is outside the overlap, the two values at each place where no gradient was asked for, and the square root
        of each place's share in the overlap.
    """
    count = fixed.lattice.shape[0]
    return (
        np.empty(count, np.int32),
        np.empty(8 * count, np.float32),
        np.empty((COLUMNS, 2, count), np.float32),
        np.empty((3, 2, fixed.size + 1), np.float32),
        np.zeros(5),
        np.empty(2 * count, np.float32),
        np.empty(count, np.float32),
        np.empty((3, count), np.float32),
    )


@jit
def _turn(rotation, vector):
    """Return R v; for three numbers the library's product costs more than the numbers."""
    turned = np.empty(3, np.float32)
    for i in range(3):
        turned[i] = rotation[i, 0] * vector[0] + rotation[i, 1] * vector[1] + rotation[i, 2] * vector[2]
    return turned


@jit
def _scaled_inverse(rotation):
    """Return σ R⁻¹, which takes a lattice point to grid coordinates."""
    inverse = np.empty((3, 3), np.float32)
    for i in range(3):
        for j in range(3):
            inverse[i, j] = rotation[j, i] * OVERSAMPLING
    return inverse


@jit
def _turned(inverse, x, y, z):
    p = inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2] * z
    q = inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2] * z
    r = inverse[2, 0] * x + inverse[2, 1] * y + inverse[2, 2] * z
    # the grid holds one half: G(−η) is the conjugate of G(η), and its gradient minus that
    if r < np.float32(0.0):
        return -p, -q, -r, True
    return p, q, r, False


@jit
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


@jit
def _fill_slope(u, v, left, right, softness, x, y, z, slopes, place):
    """Store the derivative of a share by the rotation ω: that of its depth along the nearer face's normal."""
    normal, product = (u, left) if abs(left) < abs(right) else (v, right)
    depth = abs(product) / softness
    if depth >= np.float32(1.0):
        slopes[0, place], slopes[1, place], slopes[2, place] = np.float32(0.0), np.float32(0.0), np.float32(0.0)
        return
    slope = np.float32(6.0) * depth * (np.float32(1.0) - depth) / softness
    if product < np.float32(0.0):
        slope = -slope
    slopes[0, place] = slope * (normal[1] * z - normal[2] * y)
    slopes[1, place] = slope * (normal[2] * x - normal[0] * z)
    slopes[2, place] = slope * (normal[0] * y - normal[1] * x)


@jit
def _cell(p, q, r, reach):
    """Return the grid cell of a point (one below the first tap), and the table's knots and fractions for it."""
    middle, rows = np.float32(reach), np.float32(TABLE_ROWS)
    p, q, r = p + middle, q + middle, r + np.float32(1.0)
    i, j, k = np.int64(p), np.int64(q), np.int64(r)
    p, q, r = (p - np.float32(i)) * rows, (q - np.float32(j)) * rows, (r - np.float32(k)) * rows
    left, near, low = np.int64(p), np.int64(q), np.int64(r)
    fractions = (p - np.float32(left), q - np.float32(near), r - np.float32(low))
    return (i - 1, j - 1, k - 1), (left, near, low), fractions


@jit
def _mirror(samples, place, values):
    """Turn the sample of −η into that of η: values are conjugated, and gradients minus that."""
    samples[place + 1] = -samples[place + 1]
    if not values:
        samples[place + 2] = -samples[place + 2]
        samples[place + 4] = -samples[place + 4]
        samples[place + 6] = -samples[place + 6]


@jit
def _sample(fixed, moving, rotation, work, alone):
    """Sample the moved volume over the overlap, its values alone or with their gradient; return the overlap's size."""
    overlap, price, shares, slopes, lattice = work[0], work[4], work[6], work[7], fixed.lattice
    samples, width = (work[5], 2) if alone else (work[1], 8)
    softness = np.float32(moving.softness)
    u, v = _turn(rotation, moving.normals[0]), _turn(rotation, moving.normals[1])
    inverse = _scaled_inverse(rotation)
    row = width * (2 * moving.reach + 1)
    plane = row * (2 * moving.reach + 1)
    count, outside = 0, 0.0
    for number in range(lattice.shape[0]):
        x, y, z = np.float32(lattice[number, 0]), np.float32(lattice[number, 1]), np.float32(lattice[number, 2])
        left, right = u[0] * x + u[1] * y + u[2] * z, v[0] * x + v[1] * y + v[2] * z
        part = share(left, right, softness)
        outside += (np.float32(1.0) - part) * fixed.prices[number]
        if part == np.float32(0.0):
            continue
        p, q, r, mirrored = _turned(inverse, x, y, z)
        (i, j, k), knots, fractions = _cell(p, q, r, moving.reach)
        base, place = k * plane + j * row + i * width, width * count
        if alone:
            gather_pair(moving.value_grid, base, row, plane, moving.table, knots, fractions, samples, place)
        else:
            gather(moving.grid, base, row, plane, moving.table, knots, fractions, samples, place)
            if softness > np.float32(0.0):
                _fill_slope(u, v, left, right, softness, x, y, z, slopes, count)
        if mirrored:
            _mirror(samples, place, alone)
        shares[count] = np.sqrt(part)
        overlap[count] = number
        count += 1
    price[0], price[1] = outside, moving.softness
    return count


@jit
def sample_overlap(fixed, moving, rotation, work):
    """Sample the moved volume's transform and gradient over the overlap for one rotation.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
    rotation : float64 (3, 3)
    work : tuple
        From `work_space`; receives the overlap's places in the lattice and the eight values at each: G and ∂G/∂η
        in the frame of g.

    Returns
    -------
    int
        Number of frequencies in the overlap.
    """
    return _sample(fixed, moving, rotation, work, False)


@jit
def sample_values(fixed, moving, rotation, work):
    """Sample the moved volume's transform alone, as `sample_overlap` does with its gradient.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
    rotation : float64 (3, 3)
    work : tuple
        From `work_space`; receives the overlap's places in the lattice and G at each.

    Returns
    -------
    int
        Number of frequencies in the overlap.
    """
    return _sample(fixed, moving, rotation, work, True)
