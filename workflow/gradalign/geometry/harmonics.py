"""Real spherical harmonics: their values, and the matrices by which a rotation and its generators act on them.

Of degree l there are 2l + 1 functions Y_lm, m = −l … l, orthonormal on the sphere; those with m < 0 go with sin |m|φ.
The matrices take the coefficients c of a function f = Σ c_m Y_lm to those of the rotated function f(R⁻¹x).
"""

from functools import lru_cache

import numpy as np


def harmonics_up_to(degree, directions):
    """Return the real spherical harmonics of all degrees up to one.

    Parameters
    ----------
    degree : int
        Largest l.
    directions : array_like of shape (n, 3)
        Unit vectors (x, y, z).

    Returns
    -------
    numpy.ndarray of shape (n, (degree + 1)²)
        Y_lm, one degree after the other, m = −l … l in each.
    """
    x, y, z = np.asarray(directions, dtype=float).T
    # columns lie together while they are worked out
    values = np.empty(((degree + 1) ** 2, len(x)))
    # for each m: (sin θ)^m e^{imφ}, and P_lm/(sin θ)^m from the two degrees before, normalised (DLMF 14.10.3)
    wave, start = np.ones(len(x), complex), np.full(len(x), np.sqrt(0.25 / np.pi))
    for order in range(degree + 1):
        before, polar = np.zeros(len(x)), start
        for level in range(order, degree + 1):
            middle = level * (level + 1)
            values[middle + order] = polar * wave.real
            if order > 0:
                values[middle - order] = polar * wave.imag
            up, here = (level + 1) ** 2 - order**2, level**2 - order**2
            grown = np.sqrt((4 * (level + 1) ** 2 - 1) / up)
            shrunk = np.sqrt((2 * level + 3) * here / ((2 * level - 1) * up)) if here else 0.0
            before, polar = polar, grown * z * polar - shrunk * before
        # √2 for the two of each m > 0
        start = start * np.sqrt((2 * order + 3) / (2 * order + 2)) * (np.sqrt(2.0) if order == 0 else 1.0)
        wave = wave * (x + 1j * y)
    return values.T


@lru_cache(maxsize=64)
def generators(degree):
    """Return the generators of rotations: for a small rotation vector ω the matrix is 1 + Σ_j ω_j L_j.

    Parameters
    ----------
    degree : int

    Returns
    -------
    numpy.ndarray of shape (3, 2 l + 1, 2 l + 1)
        About x, y and z; antisymmetric.
    """
    orders = np.arange(-degree, degree + 1)
    raising = np.diag(np.sqrt(degree * (degree + 1.0) - orders[:-1] * (orders[:-1] + 1.0)), -1)
    momenta = np.stack([(raising + raising.T) / 2, (raising - raising.T) / 2j, np.diag(orders).astype(complex)])
    # columns: the real harmonics among the complex ones
    basis = np.zeros((2 * degree + 1, 2 * degree + 1), complex)
    basis[degree, degree] = 1.0
    for order in range(1, degree + 1):
        sign, half = (-1) ** order, np.sqrt(0.5)
        basis[degree + order, degree + order], basis[degree - order, degree + order] = sign * half, half
        basis[degree + order, degree - order], basis[degree - order, degree - order] = -1j * sign * half, 1j * half
    return np.real(basis.conj().T @ (-1j * momenta) @ basis)


@lru_cache(maxsize=32)
def all_generators(degrees):
    """Return the generators for functions of several degrees, about x, y and z one below the other.

    Parameters
    ----------
    degrees : tuple of (int, int)
        (l, number of functions of that degree), one after the other.

    Returns
    -------
    scipy.sparse.csr_array of shape (3 r, r)
        r = Σ (2 l + 1) times their number.
    """
    from scipy.sparse import block_diag, csr_array, vstack

    # a block of size zero, since there may be no degree at all
    blocks = [
        [np.empty((0, 0)), *(generators(degree)[axis] for degree, count in degrees for _ in range(count))]
        for axis in range(3)
    ]
    return csr_array(vstack([block_diag(each) for each in blocks]))


@lru_cache(maxsize=8)
def _axis_exchanges(largest):
    """Return the matrices of the rotation about x that takes z to y, m = 0 of all degrees in the middle."""
    from scipy.linalg import expm

    exchanges = np.zeros((largest + 1, 2 * largest + 1, 2 * largest + 1))
    for degree, exchange in enumerate(exchanges):
        part = _orders(degree, largest)
        exchange[part, part] = expm(-0.5 * np.pi * generators(degree)[0])
    return exchanges


def _orders(degree, largest):
    """Return where m = −l … l are among those of the largest degree."""
    return slice(largest - degree, largest + degree + 1)


def _turned_about_z(matrices, angle):
    """Return Z A for each degree, with the matrix Z of a rotation about z: it mixes the harmonics m and −m."""
    largest = len(matrices) - 1
    turns = np.arange(-largest, largest + 1)[:, None] * angle
    return np.cos(turns) * matrices - np.sin(turns) * matrices[:, ::-1]


def rotation_matrices(largest, euler):
    """Return the matrices of a rotation.

    Parameters
    ----------
    largest : int
        Up to which l.
    euler : (float, float, float)
        (φ, θ, ψ) in degrees with R = Rz(φ) Ry(θ) Rz(ψ).

    Returns
    -------
    list of numpy.ndarray of shape (2 l + 1, 2 l + 1)
        For each l from 0 on. Orthogonal.
    """
    exchanges = _axis_exchanges(largest)
    phi, theta, psi = np.radians(euler)
    # X Zᵀ is the transpose of Z Xᵀ
    turned = _turned_about_z(exchanges, -psi).transpose(0, 2, 1)
    matrices = _turned_about_z(exchanges @ _turned_about_z(turned, theta), phi)
    parts = [_orders(degree, largest) for degree in range(largest + 1)]
    return [matrix[part, part] for matrix, part in zip(matrices, parts, strict=True)]
