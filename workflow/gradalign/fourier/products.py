"""Sums over the overlap of two transforms, from which every score and its derivatives follow.

For the fixed volume's coefficients F(ξ) and the moved volume's F[τ_a Λ_R g](ξ) = e^{−2πi a·ξ/N} G(R⁻¹ξ), the overlap
Ω holds the ξ with M_f(ξ) and M_g(R⁻¹ξ), one of each ±ξ, without 0. Where the moved volume's wedge has a soft edge, a
frequency near it has a share in the overlap, by which its squares are weighted. All vectors are multiplied by
e^{2πi a·ξ/N}, which changes no product, so that only F carries the phase. The eight columns are the derivatives of the
moved transform with respect to a rotation exp([ω]×) in the frame of g, the derivatives with respect to a, the moved
transform itself, and F.
"""

import numpy as np

from gradalign.base.jit import jit
from gradalign.fourier.overlap import COLUMNS, sample_overlap

MOVED, FIXED = 6, 7
# the row below the products: what the frequencies outside the overlap cost
OUTSIDE = 8


@jit
def value_products(fixed, translation, count, work, products):
    """Fill those products that a score's value needs, from the samples of `gradalign.fourier.overlap.sample_values`.

    Parameters
    ----------
    fixed : gradalign.fourier.spectrum.Spectrum
    translation : float64 (3,)
        In voxels.
    count : int
        Number of frequencies in the overlap.
    work : tuple
        From `gradalign.fourier.overlap.work_space`, filled by `gradalign.fourier.overlap.sample_values`.
    products : float64 (9, 8)
        Receives |G|², |F|², Re Σ conj(G) F and the price of what is outside the overlap.
    """
    overlap, values, phases, shares = work[0], work[5], work[3], work[6]
    reach = (fixed.size - 1) // 2
    _phases(translation, reach, fixed.size, phases)
    moved, held, mixed = 0.0, 0.0, 0.0
    for n in range(count):
        point = overlap[n]
        i, j, k = fixed.lattice[point, 0] + reach, fixed.lattice[point, 1] + reach, fixed.lattice[point, 2] + reach
        cos, sin = _phase(phases, i, j, k)
        part = shares[n]
        real, imaginary = np.float64(part * fixed.values[0, point]), np.float64(part * fixed.values[1, point])
        weight = part * fixed.weights[point]
        left, right = np.float64(weight * values[2 * n]), np.float64(weight * values[2 * n + 1])
        moved += left * left + right * right
        held += real * real + imaginary * imaginary
        mixed += left * (real * cos - imaginary * sin) + right * (real * sin + imaginary * cos)
    products[MOVED, MOVED], products[FIXED, FIXED] = moved, held
    products[MOVED, FIXED] = mixed
    products[FIXED, MOVED] = mixed
    products[OUTSIDE, 0] = work[4][0]


@jit
def _phases(translation, reach, size, phases):
    """Fill cosine and sine of 2π a ξ/N along each axis, each from the one before."""
    for axis in range(3):
        angle = 2.0 * np.pi * translation[axis] / size
        unit_cos, unit_sin = np.cos(angle), np.sin(angle)
        cos, sin = 1.0, 0.0
        for index in range(reach + 1):
            phases[axis, 0, reach + index] = cos
            phases[axis, 0, reach - index] = cos
            phases[axis, 1, reach + index] = sin
            phases[axis, 1, reach - index] = -sin
            cos, sin = cos * unit_cos - sin * unit_sin, sin * unit_cos + cos * unit_sin


@jit
def _phase(phases, i, j, k):
    """Return cosine and sine of 2π a·ξ/N."""
    cos = phases[0, 0, i] * phases[1, 0, j] - phases[0, 1, i] * phases[1, 1, j]
    sin = phases[0, 1, i] * phases[1, 0, j] + phases[0, 0, i] * phases[1, 1, j]
    return cos * phases[2, 0, k] - sin * phases[2, 1, k], sin * phases[2, 0, k] + cos * phases[2, 1, k]


@jit
def fill_columns(fixed, rotation, translation, count, work):
    """Turn the samples of `gradalign.fourier.overlap.sample_overlap` into the eight columns for one translation.

    Parameters
    ----------
    fixed : gradalign.fourier.spectrum.Spectrum
    rotation : float64 (3, 3)
    translation : float64 (3,)
        In voxels.
    count : int
        Number of frequencies in the overlap.
    work : tuple
        From `gradalign.fourier.overlap.work_space`, filled by `gradalign.fourier.overlap.sample_overlap`.
    """
    overlap, samples, columns, phases, shares = work[0], work[1], work[2], work[3], work[6]
    reach = (fixed.size - 1) // 2
    _phases(translation, reach, fixed.size, phases)
    turned = rotation.astype(np.float32)
    unit = np.float32(2.0 * np.pi / fixed.size)
    slopes, soft, pull = work[7], work[4][1] > 0.0, work[4][2:]
    for axis in range(3):
        pull[axis] = 0.0
    for n in range(count):
        point = overlap[n]
        i, j, k = fixed.lattice[point, 0], fixed.lattice[point, 1], fixed.lattice[point, 2]
        x, y, z = np.float32(i), np.float32(j), np.float32(k)
        # F e^{2πi a·ξ/N}
        i, j, k = i + reach, j + reach, k + reach
        cos = phases[0, 0, i] * phases[1, 0, j] - phases[0, 1, i] * phases[1, 1, j]
        sin = phases[0, 1, i] * phases[1, 0, j] + phases[0, 0, i] * phases[1, 1, j]
        cos, sin = (
            cos * phases[2, 0, k] - sin * phases[2, 1, k],
            sin * phases[2, 0, k] + cos * phases[2, 1, k],
        )
        real, imaginary = fixed.values[0, point], fixed.values[1, point]
        real, imaginary = real * cos - imaginary * sin, real * sin + imaginary * cos
        columns[FIXED, 0, n], columns[FIXED, 1, n] = shares[n] * real, shares[n] * imaginary
        # −η × ∂G/∂η, in the frame of g
        p = turned[0, 0] * x + turned[1, 0] * y + turned[2, 0] * z
        q = turned[0, 1] * x + turned[1, 1] * y + turned[2, 1] * z
        r = turned[0, 2] * x + turned[1, 2] * y + turned[2, 2] * z
        weight = fixed.weights[point]
        if soft:
            left, right = real - weight * samples[8 * n], imaginary - weight * samples[8 * n + 1]
            excess = left * left + right * right - fixed.prices[point]
            for axis in range(3):
                pull[axis] += slopes[axis, n] * excess
        weight *= shares[n]
        p, q, r = weight * p, weight * q, weight * r
        for part in range(2):
            place = 8 * n + part
            along_x, along_y, along_z = samples[place + 2], samples[place + 4], samples[place + 6]
            columns[0, part, n] = r * along_y - q * along_z
            columns[1, part, n] = p * along_z - r * along_x
            columns[2, part, n] = q * along_x - p * along_y
            columns[MOVED, part, n] = weight * samples[place]
        # −2πi ξ/N · G
        scale = unit * weight
        real, imaginary = scale * samples[8 * n], scale * samples[8 * n + 1]
        columns[3, 0, n], columns[3, 1, n] = x * imaginary, -x * real
        columns[4, 0, n], columns[4, 1, n] = y * imaginary, -y * real
        columns[5, 0, n], columns[5, 1, n] = z * imaginary, -z * real


@jit
def _product(left, right, count):
    total = np.float32(0.0)
    for part in range(2):
        for n in range(count):
            total += left[part, n] * right[part, n]
    return total


@jit
def _exact_product(left, right, count):
    total = 0.0
    for part in range(2):
        for n in range(count):
            total += np.float64(left[part, n]) * np.float64(right[part, n])
    return total


@jit
def multiply_columns(rotation, count, work, products):
    """Multiply all columns with each other: Re Σ conj(A) B over the overlap.

    Parameters
    ----------
    rotation : float64 (3, 3)
        Takes the rotation's derivatives from the frame of g to the frame of f, where R ← exp([ω]×) R.
    count : int
    work : tuple
        From `gradalign.fourier.overlap.work_space`, filled by `fill_columns`.
    products : float64 (9, 8)
        Receives the symmetric matrix of products.
    """
    columns = work[2]
    for a in range(COLUMNS):
        for b in range(a + 1):
            # near the optimum d is a small difference of the last three: they need double precision
            if b >= MOVED:
                total = _exact_product(columns[a], columns[b], count)
            else:
                total = np.float64(_product(columns[a], columns[b], count))
            products[a, b] = total
            products[b, a] = total
    products[OUTSIDE, 0] = work[4][0]
    for axis in range(3):
        products[OUTSIDE, 1 + axis] = work[4][2 + axis]
    for side in range(2):
        for b in range(COLUMNS):
            x, y, z = products[0, b], products[1, b], products[2, b]
            for a in range(3):
                products[a, b] = rotation[a, 0] * x + rotation[a, 1] * y + rotation[a, 2] * z
        if side == 0:
            for a in range(COLUMNS):
                for b in range(a):
                    products[a, b], products[b, a] = products[b, a], products[a, b]


@jit
def overlap_products(fixed, moving, rotation, translation, work, products):
    """Fill `products` for one transform (R, a) and return the number of frequencies in the overlap.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
    rotation : float64 (3, 3)
    translation : float64 (3,)
        In voxels.
    work : tuple
        From `gradalign.fourier.overlap.work_space`.
    products : float64 (9, 8)

    Returns
    -------
    int
    """
    count = sample_overlap(fixed, moving, rotation, work)
    fill_columns(fixed, rotation, translation, count, work)
    multiply_columns(rotation, count, work, products)
    return count
