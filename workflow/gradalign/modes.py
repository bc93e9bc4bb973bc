"""An unknown object as a sum of modes, and what a tilt series shows of each.

An object of limited extent has a transform H whose neighbouring coefficients go together. With the signal's power S by
shell and a support of the data set's radius their covariance is

    ⟨H(ξ) H*(η)⟩ = √S(|ξ|) √S(|η|) μ(|ξ − η|),

μ being the transform of the support's profile, a Wendland function of compact width. It turns with the object, so that
its eigenfunctions are radial functions times spherical harmonics: H(ξ) = Σ z R_lb(|ξ|) Y_lm(ξ/|ξ|), with z real and of
unit variance, and a factor i for odd l. Modes below the noise are left out.

A subtomogram is the object's wedge of frequencies, cut out of the box: near the wedge's edge its coefficients hold a
share s(ξ) of H and a share of the noise's power. Nothing else needs to be known of the edge, and no mask, which would
smear it, is put on the volume.
"""

from functools import lru_cache
from itertools import count
from typing import NamedTuple

import numpy as np

from gradalign.harmonics import real_harmonics
from gradalign.spectrum import band_limit, half_ball, lattice_values
from gradalign.volumes import check_volume
from gradalign.wedge import check_wedge, is_complete, wedge_normals

# width of μ in cycles per box, times the particle's radius over the box
_WIDTH = 2.0
# a mode is kept if its signal is at least so many times its noise, and no more than so many of all
_LEAST_RATIO, _MOST_MODES = 1.0, 600
# a frequency is used if at least this share of the noise's power is there
_LEAST_SHARE = 0.5
# nodes of the quadratures along |ξ| and over the angle between two frequencies
_RADIAL_NODES, _ANGLE_NODES = 32, 64
# lattice on which a wedge is cut out of the box, finer than the box's by this factor
_FINER = 4


class Modes(NamedTuple):
    """What one tilt range shows of the modes, by parity of l: even, then odd."""

    lattice: np.ndarray
    """Frequencies (ξx, ξy, ξz) that are used, one of each ±ξ, in cycles per box: int32 (n, 3)."""
    degrees: tuple
    """For each parity: (l, number of radial functions) in the order of the modes; each has 2 l + 1."""
    weighted: tuple
    """For each parity (n, r): 2 s(ξ) R_lb Y_lm / N(ξ); with the data's real or imaginary part the right-hand side."""
    gram: tuple
    """For each parity (r, r): Σ 2 s² (R Y)(R Y)ᵀ / N."""


class JointVolume(NamedTuple):
    """A subtomogram for the joint refinement."""

    modes: Modes
    """Of its tilt range."""
    coefficients: np.ndarray
    """Its transform at their frequencies, complex (n,); the phase's origin is voxel N//2."""
    size: int
    """N."""
    complete: bool
    """Whether its tilt range misses nothing."""


def _support(distance):
    """Return μ, Wendland's function of smoothness 4, at a distance in units of its width."""
    inside = np.clip(distance, 0.0, 1.0)
    return (1.0 - inside) ** 6 * (35.0 * inside**2 + 18.0 * inside + 3.0) / 3.0


def _covered(z, x, tilt_range):
    """Return how much of each cell of a lattice across the tilt axis a tilt range covers."""
    u, v = wedge_normals(tilt_range)
    left, right = (normal[0] * x + normal[2] * z for normal in (u, v))
    depth = np.copysign(np.minimum(np.abs(left), np.abs(right)), -left * right)
    return np.clip(0.5 + _FINER * depth, 0.0, 1.0)


def cut_shares(frequencies, wedge, size):
    """Return what is left of a smooth transform and of white noise where a wedge is cut out of a box.

    Parameters
    ----------
    frequencies : array_like of shape (n, 3)
        In cycles per box.
    wedge : (float, float, float)
        Tilt range and axis in degrees.
    size : int
        Box size in voxels.

    Returns
    -------
    signal : numpy.ndarray of shape (n,)
        s(ξ), the transform of the wedge's kernel within the box: 1 well inside the wedge, about ½ at its edge, 0 well
        outside.
    noise : numpy.ndarray of shape (n,)
        The same for the noise's power.
    """
    # half of a small job's start would go into loading SciPy, which most jobs never need
    from scipy.ndimage import map_coordinates

    frequencies = np.asarray(frequencies, dtype=float)
    if is_complete(wedge):
        return np.ones(len(frequencies)), np.ones(len(frequencies))
    low, high, axis = wedge
    along = np.fft.fftfreq(_FINER * size, 1.0 / size)
    # nothing changes along the tilt axis, and so a plane across it is enough
    kernel = np.fft.ifft2(_covered(*np.meshgrid(along, along, indexing="ij"), (low, high))).real
    places = np.fft.fftfreq(_FINER * size, 1.0 / (_FINER * size))
    box = (places >= -(size // 2)) & (places < size - size // 2)
    lags = np.clip(1.0 - np.abs(places) / size, 0.0, None)
    axis = np.radians(axis)
    across = frequencies[:, 0] * np.sin(axis) - frequencies[:, 1] * np.cos(axis)
    at = np.stack([frequencies[:, 2], across]) * _FINER
    tables = (np.fft.fft2(kernel * np.outer(window, window)).real for window in (box, lags))
    return tuple(map_coordinates(table, at, order=1, mode="grid-wrap") for table in tables)


def _radial_modes(power, noise, width, limit, lengths):
    """Yield for each degree l the ratios of signal to noise of its radial functions, and these at `lengths`."""
    from scipy.special import eval_legendre

    nodes, steps = np.polynomial.legendre.leggauss(_RADIAL_NODES)
    nodes, steps = (nodes + 1.0) / 2.0 * limit, steps / 2.0 * limit
    cosines, parts = np.polynomial.legendre.leggauss(_ANGLE_NODES)
    shells = np.arange(len(power))

    def covariances(left):
        squares = left[:, None] ** 2 + nodes**2
        gaps = squares[..., None] - 2.0 * np.outer(left, nodes)[..., None] * cosines
        scale = np.sqrt(np.outer(np.interp(left, shells, power), np.interp(nodes, shells, power)))
        return scale[..., None] * _support(np.sqrt(np.maximum(gaps, 0.0)) / width)

    among, at = covariances(nodes), covariances(lengths)
    root = np.sqrt(steps * nodes**2 / np.interp(nodes, shells, noise))
    for degree in count():
        ring = 2.0 * np.pi * parts * eval_legendre(degree, cosines)
        ratios, vectors = np.linalg.eigh(root[:, None] * (among @ ring) * root)
        kept = ratios >= _LEAST_RATIO
        if not kept.any() and degree > 1:
            return
        functions = (at @ ring) @ (root[:, None] * vectors[:, kept]) / np.sqrt(ratios[kept])
        yield ratios[kept], functions


def _strongest(radial):
    """Return for each degree which radial functions are kept, so that there are not too many modes."""
    ratios = np.concatenate([np.repeat(part, 2 * degree + 1) for degree, (part, _) in enumerate(radial)])
    # those of one radial function are kept or left together
    least = np.sort(ratios)[-_MOST_MODES - 1] if len(ratios) > _MOST_MODES else 0.0
    return [part > least for part, _ in radial]


@lru_cache(maxsize=16)
def _modes(signal, noise, mask_power, width, wedge, size, limit):
    signal, noise = np.frombuffer(signal) * mask_power, np.frombuffer(noise) * size**3
    lattice = half_ball(limit)
    share, noise_share = cut_shares(lattice, wedge, size)
    used = noise_share >= _LEAST_SHARE
    lattice, share, noise_share = lattice[used], share[used], noise_share[used]
    squares, which = np.unique((lattice**2).sum(axis=1), return_inverse=True)
    lengths = np.sqrt(squares)
    precision = 2.0 / (np.interp(lengths, np.arange(len(noise)), noise)[which] * noise_share)
    radial = list(_radial_modes(signal, noise, width, limit, lengths))
    degrees, parts = ([], []), ([], [])
    for degree, ((_, functions), kept) in enumerate(zip(radial, _strongest(radial), strict=True)):
        if kept.any():
            shown = share[:, None] * real_harmonics(degree, lattice / lengths[which, None])
            modes = functions[which][:, kept, None] * shown[:, None, :]
            parts[degree % 2].append(modes.reshape(len(lattice), -1))
            degrees[degree % 2].append((degree, int(kept.sum())))
    shown = [np.concatenate([np.empty((len(lattice), 0)), *part], axis=1) for part in parts]
    weighted = tuple(part * precision[:, None] for part in shown)
    gram = tuple(left.T @ right for left, right in zip(weighted, shown, strict=True))
    return Modes(lattice, tuple(map(tuple, degrees)), weighted, gram)


def prepare_joint(volume, tilt_range, model, low_pass, voxel_size=1.0, name="volume"):
    """Prepare a subtomogram for the joint refinement.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
        Density [z, y, x].
    tilt_range : float, (float, float) or (float, float, float)
        Half range, (min, max) or (min, max, axis) in degrees.
    model : gradalign.likelihood.SignalModel
    low_pass : float
        In nm.
    voxel_size : float
        In nm.
    name : str
        How messages call the volume.

    Returns
    -------
    JointVolume

    Raises
    ------
    InputError
        If the volume, the tilt range or the low-pass is unusable.
    """
    size, wedge = model.mask.shape[0], check_wedge(tilt_range)
    limit = band_limit(size, low_pass, voxel_size)
    volume = check_volume(volume, name, size)
    modes = _modes(
        np.asarray(model.signal, dtype=float).tobytes(),
        np.asarray(model.noise, dtype=float).tobytes(),
        model.mask_power,
        _WIDTH * size / model.radius,
        wedge,
        size,
        limit,
    )
    real, imaginary = lattice_values(volume, modes.lattice, limit)
    return JointVolume(modes, real + 1j * imaginary, size, is_complete(wedge))
