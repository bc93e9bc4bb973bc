"""Sums over the overlap of two transforms, from which every score and its derivatives follow.

For the fixed volume's coefficients F(ξ) and the moved volume's F[τ_a Λ_R g](ξ) = e^{−2πi a·ξ/N} G(R⁻¹ξ), the overlap
Ω holds the ξ with M_f(ξ) and M_g(R⁻¹ξ), one of each ±ξ, without 0. Where the moved volume's wedge has a soft edge, a
frequency near it has a share in the overlap, by which its squares are weighted. All vectors are multiplied by
e^{2πi a·ξ/N}, which changes no product, so that only F carries the phase.

Eight vectors are multiplied with each other: the derivatives D of the moved transform with respect to a rotation
exp([ω]×), those with respect to a, the moved transform G itself, and F. With η = R⁻¹ξ in the frame of g

    D = −η × ∂G/∂η,   ∂/∂a = −2πi η/N · G,

so that the products with the latter are sums of |G|², Im(conj(G) D) and Im(conj(G) F) times components of η.
"""

import math

import numpy as np

from gradalign.base.jit import jit_part
from gradalign.fourier.overlap import HELD, PENALTY, PHASED, POINT, SAMPLES, SCALE, SLOPES

COLUMNS = 8
MOVED, FIXED = 6, 7
# the row below the products: what the frequencies outside the overlap cost
OUTSIDE = 8

# Taylor's series of sin πt / t and cos πt in t², exact in single precision for |t| ≤ ½
_SINE = tuple(np.float32((-1) ** k * math.pi ** (2 * k + 1) / math.factorial(2 * k + 1)) for k in range(6))
_COSINE = tuple(np.float32((-1) ** k * math.pi ** (2 * k) / math.factorial(2 * k)) for k in range(7))
_ONE, _TWO, _ZERO = np.float32(1.0), np.float32(2.0), np.float32(0.0)


@jit_part
def _fill_phased(size, translation, count, lines):
    """Fill F e^{2πi a·ξ/N}."""
    x, y, z = translation[0] / size, translation[1] / size, translation[2] / size
    for n in range(count):
        cycles = x * lines[POINT, n] + y * lines[POINT + 1, n] + z * lines[POINT + 2, n]
        part = np.float32(cycles - np.floor(cycles + 0.5))
        square = part * part
        sine = _SINE[4] + square * _SINE[5]
        sine = _SINE[1] + square * (_SINE[2] + square * (_SINE[3] + square * sine))
        sine = part * (_SINE[0] + square * sine)
        cosine = _COSINE[4] + square * (_COSINE[5] + square * _COSINE[6])
        cosine = _COSINE[1] + square * (_COSINE[2] + square * (_COSINE[3] + square * cosine))
        cosine = _ONE + square * cosine
        # of twice the angle
        sine, cosine = _TWO * sine * cosine, _ONE - _TWO * sine * sine
        real, imaginary = lines[HELD, n], lines[HELD + 1, n]
        lines[PHASED, n] = real * cosine - imaginary * sine
        lines[PHASED + 1, n] = real * sine + imaginary * cosine


@jit_part
def value_products(size, translation, count, work, products):
    """Fill those products that a score's value needs, from the lines of `gradalign.fourier.overlap.sample_values`.

    Parameters
    ----------
    size : int
        Number of voxels along each axis.
    translation : float64 (3,)
        In voxels.
    count : int
        Number of frequencies in the overlap.
    work : gradalign.fourier.overlap.WorkSpace
        Filled by `gradalign.fourier.overlap.sample_values` or `gradalign.fourier.overlap.sample_overlap`.
    products : float64 (9, 8)
        Receives |G|², |F|², Re Σ conj(G) F and the penalty of what is outside the overlap.
    """
    lines = work.lines
    _fill_phased(size, translation, count, lines)
    # near the optimum d is a small difference of these: they need double precision
    moved, held, mixed = 0.0, 0.0, 0.0
    for n in range(count):
        scale = np.float64(lines[SCALE, n])
        g, h = scale * np.float64(lines[SAMPLES, n]), scale * np.float64(lines[SAMPLES + 1, n])
        real, imaginary = np.float64(lines[PHASED, n]), np.float64(lines[PHASED + 1, n])
        moved += g * g + h * h
        held += real * real + imaginary * imaginary
        mixed += g * real + h * imaginary
    products[MOVED, MOVED], products[FIXED, FIXED] = moved, held
    products[MOVED, FIXED] = mixed
    products[FIXED, MOVED] = mixed
    products[OUTSIDE, 0] = work.outside[0]


@jit_part
def _fill_bias(count, work, products):
    """Fill how the frequencies at a soft edge change what the overlap costs, by the rotation ω."""
    lines = work.lines
    x, y, z = 0.0, 0.0, 0.0
    for n in range(count):
        left = lines[PHASED, n] - lines[SCALE, n] * lines[SAMPLES, n]
        right = lines[PHASED + 1, n] - lines[SCALE, n] * lines[SAMPLES + 1, n]
        excess = left * left + right * right - lines[PENALTY, n]
        x += lines[SLOPES, n] * excess
        y += lines[SLOPES + 1, n] * excess
        z += lines[SLOPES + 2, n] * excess
    products[OUTSIDE, 1], products[OUTSIDE, 2], products[OUTSIDE, 3] = x, y, z


@jit_part
def _derivative_products(rotation, count, unit, lines, products):
    """Fill the products of the derivatives with each other, with G and with F, in the frame of g."""
    r00, r01, r02 = np.float32(rotation[0, 0]), np.float32(rotation[0, 1]), np.float32(rotation[0, 2])
    r10, r11, r12 = np.float32(rotation[1, 0]), np.float32(rotation[1, 1]), np.float32(rotation[1, 2])
    r20, r21, r22 = np.float32(rotation[2, 0]), np.float32(rotation[2, 1]), np.float32(rotation[2, 2])
    # by rotation with by rotation
    xx, yx, yy, zx, zy, zz = _ZERO, _ZERO, _ZERO, _ZERO, _ZERO, _ZERO
    # by translation with by translation
    pp, qp, qq, rp, rq, rr = _ZERO, _ZERO, _ZERO, _ZERO, _ZERO, _ZERO
    # by translation with by rotation
    px, py, pz, qx, qy, qz, rx, ry, rz = _ZERO, _ZERO, _ZERO, _ZERO, _ZERO, _ZERO, _ZERO, _ZERO, _ZERO
    # by rotation with G and F, by translation with F
    gx, gy, gz, fx, fy, fz, fp, fq, fr = _ZERO, _ZERO, _ZERO, _ZERO, _ZERO, _ZERO, _ZERO, _ZERO, _ZERO
    for n in range(count):
        x, y, z = lines[POINT, n], lines[POINT + 1, n], lines[POINT + 2, n]
        p, q, r = r00 * x + r10 * y + r20 * z, r01 * x + r11 * y + r21 * z, r02 * x + r12 * y + r22 * z
        scale = lines[SCALE, n]
        g, h = scale * lines[SAMPLES, n], scale * lines[SAMPLES + 1, n]
        along_x, across_x = lines[SAMPLES + 2, n], lines[SAMPLES + 3, n]
        along_y, across_y = lines[SAMPLES + 4, n], lines[SAMPLES + 5, n]
        along_z, across_z = lines[SAMPLES + 6, n], lines[SAMPLES + 7, n]
        # −η × ∂G/∂η, real and imaginary part
        x, a = scale * (r * along_y - q * along_z), scale * (r * across_y - q * across_z)
        y, b = scale * (p * along_z - r * along_x), scale * (p * across_z - r * across_x)
        z, c = scale * (q * along_x - p * along_y), scale * (q * across_x - p * across_y)
        real, imaginary = lines[PHASED, n], lines[PHASED + 1, n]
        xx += x * x + a * a
        yx += y * x + b * a
        yy += y * y + b * b
        zx += z * x + c * a
        zy += z * y + c * b
        zz += z * z + c * c
        gx += g * x + h * a
        gy += g * y + h * b
        gz += g * z + h * c
        fx += real * x + imaginary * a
        fy += real * y + imaginary * b
        fz += real * z + imaginary * c
        power = g * g + h * h
        pp += p * p * power
        qp += q * p * power
        qq += q * q * power
        rp += r * p * power
        rq += r * q * power
        rr += r * r * power
        # of conj(G) times D and F
        a, b, c, held = g * a - h * x, g * b - h * y, g * c - h * z, g * imaginary - h * real
        px += p * a
        py += p * b
        pz += p * c
        qx += q * a
        qy += q * b
        qz += q * c
        rx += r * a
        ry += r * b
        rz += r * c
        fp += p * held
        fq += q * held
        fr += r * held
    square = unit * unit
    products[0, 0], products[1, 0], products[1, 1] = xx, yx, yy
    products[2, 0], products[2, 1], products[2, 2] = zx, zy, zz
    products[3, 3], products[4, 3], products[4, 4] = square * pp, square * qp, square * qq
    products[5, 3], products[5, 4], products[5, 5] = square * rp, square * rq, square * rr
    products[3, 0], products[3, 1], products[3, 2] = -unit * px, -unit * py, -unit * pz
    products[4, 0], products[4, 1], products[4, 2] = -unit * qx, -unit * qy, -unit * qz
    products[5, 0], products[5, 1], products[5, 2] = -unit * rx, -unit * ry, -unit * rz
    products[MOVED, 0], products[MOVED, 1], products[MOVED, 2] = gx, gy, gz
    # a shift leaves |G|² as it is
    products[MOVED, 3], products[MOVED, 4], products[MOVED, 5] = 0.0, 0.0, 0.0
    products[FIXED, 0], products[FIXED, 1], products[FIXED, 2] = fx, fy, fz
    products[FIXED, 3], products[FIXED, 4], products[FIXED, 5] = -unit * fp, -unit * fq, -unit * fr


@jit_part
def _rotate_products(rotation, products):
    """Take the derivatives from the frame of g to that of f, where R ← exp([ω]×) R; make the matrix symmetric."""
    for a in range(COLUMNS):
        for b in range(a):
            products[b, a] = products[a, b]
    for _ in range(2):
        for start in (0, 3):
            for b in range(COLUMNS):
                x, y, z = products[start, b], products[start + 1, b], products[start + 2, b]
                for a in range(3):
                    products[start + a, b] = rotation[a, 0] * x + rotation[a, 1] * y + rotation[a, 2] * z
        for a in range(COLUMNS):
            for b in range(a):
                products[a, b], products[b, a] = products[b, a], products[a, b]


@jit_part
def multiply(size, softness, rotation, translation, count, work, products):
    """Fill `products` for one transform (R, a) from the lines of `gradalign.fourier.overlap.sample_overlap`.

    Parameters
    ----------
    size : int
        Number of voxels along each axis.
    softness : float
        Width of the moved volume's soft edge in cycles per box.
    rotation : float64 (3, 3)
    translation : float64 (3,)
        In voxels.
    count : int
        Number of frequencies in the overlap.
    work : gradalign.fourier.overlap.WorkSpace
    products : float64 (9, 8)
        Receives the symmetric matrix of products Re Σ conj(A) B, and below it what is outside the overlap costs, and
        how that changes with the rotation at a soft edge.
    """
    value_products(size, translation, count, work, products)
    _derivative_products(rotation, count, 2.0 * np.pi / size, work.lines, products)
    _rotate_products(rotation, products)
    if softness > 0.0:
        _fill_bias(count, work, products)
    else:
        products[OUTSIDE, 1], products[OUTSIDE, 2], products[OUTSIDE, 3] = 0.0, 0.0, 0.0
