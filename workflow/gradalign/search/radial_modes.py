"""An unknown object as a sum of modes.

An object of limited extent has a transform H whose neighbouring coefficients go together. With the signal's power S by
shell and a support of the data set's radius their covariance is

    ⟨H(ξ) H*(η)⟩ = √S(|ξ|) √S(|η|) μ(|ξ − η|),

μ being the transform of the support's profile, a Wendland function of compact width. It turns with the object, so that
its eigenfunctions are radial functions times spherical harmonics: H(ξ) = Σ z R_lb(|ξ|) Y_lm(ξ/|ξ|), with z real and of
unit variance, and a factor i for odd l. Modes below the noise are left out, and frequencies at which those that are
left hardly show.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

# width of μ in cycles per box, times the particle's radius over the box
_WIDTH = 2.0
# a mode is kept if its signal is at least so many times its noise, and no more than so many of all
_LEAST_RATIO, _MOST_MODES = 1.0, 600
# share of what is told of the modes beyond which frequencies are left out
_LEAST_TOLD = 1e-3
# nodes of the quadratures along |ξ| and over the angle between two frequencies
_RADIAL_NODES, _ANGLE_NODES = 32, 64
# of an object that fills a box with a band of its Nyquist frequency of 64 voxels
_MOST_DEGREES = 100


class RadialModes(NamedTuple):
    """The modes of a data set."""

    limit: float
    """Largest frequency at which they are looked at, in cycles per box."""
    counts: tuple
    """Number of radial functions by degree l."""
    functions: tuple
    """For each degree R_lb at the square roots of 0, 1, 2, …: float32 (squares, b)."""


def support(distance):
    """Return μ, Wendland's function of smoothness 4, at a distance in units of its width.

    Parameters
    ----------
    distance : array_like

    Returns
    -------
    numpy.ndarray
    """
    inside = np.clip(distance, 0.0, 1.0)
    return (1.0 - inside) ** 6 * (35.0 * inside**2 + 18.0 * inside + 3.0) / 3.0


@lru_cache(maxsize=8)
def _nodes(limit):
    nodes, steps = np.polynomial.legendre.leggauss(_RADIAL_NODES)
    return (nodes + 1.0) / 2.0 * limit, steps / 2.0 * limit


def _rings(left, right, width, degrees):
    """Return ∫ μ(|ξ − η|) P_l dΩ for |ξ|, |η| among `left` and `right`: (l, left, right)."""
    cosines, parts = np.polynomial.legendre.leggauss(_ANGLE_NODES)
    gaps = left[:, None, None] ** 2 + right[:, None] ** 2 - 2.0 * np.outer(left, right)[..., None] * cosines
    among = support(np.sqrt(np.maximum(gaps, 0.0)) / width)
    legendre = 2.0 * np.pi * parts[:, None] * np.polynomial.legendre.legvander(cosines, degrees - 1)
    return np.ascontiguousarray(np.moveaxis(among @ legendre, -1, 0))


@lru_cache(maxsize=4)
def _rings_among_nodes(width, limit):
    nodes, _ = _nodes(limit)
    return _rings(nodes, nodes, width, _MOST_DEGREES)


@lru_cache(maxsize=4)
def _rings_at_lengths(width, limit, count, degrees):
    nodes, _ = _nodes(limit)
    return _rings(np.sqrt(np.arange(count)), nodes, width, degrees)


def _eigenfunctions(power, noise, width, limit):
    """Return for each degree the ratios of signal to noise of its functions, and these by their values at the nodes."""
    nodes, steps = _nodes(limit)
    shells = np.arange(len(power))
    root = np.sqrt(steps * nodes**2 / np.interp(nodes, shells, noise))
    scale = root * np.sqrt(np.interp(nodes, shells, power))
    found = []
    for ring in _rings_among_nodes(width, limit):
        ratios, vectors = np.linalg.eigh(scale[:, None] * ring * scale)
        kept = ratios >= _LEAST_RATIO
        if not kept.any() and len(found) > 1:
            break
        found.append((ratios[kept], vectors[:, kept]))
    # those of one radial function are kept or left together
    every = np.sort(np.concatenate([np.repeat(ratios, 2 * degree + 1) for degree, (ratios, _) in enumerate(found)]))
    least = every[-_MOST_MODES - 1] if len(every) > _MOST_MODES else 0.0
    found = [(ratios[ratios > least], vectors[:, ratios > least]) for ratios, vectors in found]
    while len(found) > 1 and not found[-1][0].size:
        found.pop()
    return found


def _told_limit(found, limit):
    """Return the frequency up to which all but a small share of what is told of the modes is told."""
    nodes, _ = _nodes(limit)
    # an eigenvector's squares are the parts that each node has in telling its mode from noise
    told = sum(
        (2 * degree + 1) * (vectors**2 @ (ratios / (1 + ratios))) for degree, (ratios, vectors) in enumerate(found)
    )
    beyond = np.cumsum(told[::-1])[::-1] > _LEAST_TOLD * told.sum()
    last = np.flatnonzero(beyond)
    return min(limit, np.ceil(nodes[last[-1]])) if last.size else limit


@lru_cache(maxsize=4)
def radial_modes(signal, noise, radius, size, limit):
    """Return the modes of a data set.

    Parameters
    ----------
    signal, noise : tuple of float
        Power of a coefficient by shell.
    radius : float
        Of the support, in voxels.
    size : int
        Box size N in voxels.
    limit : float
        Band limit in cycles per box.

    Returns
    -------
    RadialModes
    """
    power, noise, width = np.array(signal), np.array(noise), _WIDTH * size / radius
    found = _eigenfunctions(power, noise, width, limit)
    told = _told_limit(found, limit)
    nodes, steps = _nodes(limit)
    shells = np.arange(len(power))
    root = np.sqrt(steps * nodes**2 / np.interp(nodes, shells, noise) * np.interp(nodes, shells, power))
    lengths = np.sqrt(np.arange(int((told + 1.0) ** 2) + 1))
    outer = np.sqrt(np.interp(lengths, shells, power))[:, None]
    # few lengths of caches: degrees come in eights
    rings = _rings_at_lengths(width, limit, len(lengths), -(-len(found) // 8) * 8)
    functions = tuple(
        (outer * (ring @ (root[:, None] * vectors / np.sqrt(ratios)))).astype(np.float32)
        for ring, (ratios, vectors) in zip(rings, found, strict=False)
    )
    return RadialModes(told, tuple(len(ratios) for ratios, _ in found), functions)
