"""An unknown object as a sum of modes, and what a tilt series shows of each.

An object of limited extent has a transform H whose neighbouring coefficients go together. With the signal's power S by
shell and a support of the data set's radius their covariance is

    ⟨H(ξ) H*(η)⟩ = √S(|ξ|) √S(|η|) μ(|ξ − η|),

μ being the transform of the support's profile, a Wendland function of compact width. It turns with the object, so that
its eigenfunctions are radial functions times spherical harmonics: H(ξ) = Σ z R_lb(|ξ|) Y_lm(ξ/|ξ|), with z real and of
unit variance, and a factor i for odd l. Modes below the noise are left out.

A subtomogram is the object's wedge of frequencies, cut out of the box. What this makes of each mode and of the noise is
worked out (`gradalign.search.wedge_cut`); no mask, which would smear the wedge's edge, is put on the volume.
"""

from functools import lru_cache
from itertools import count
from typing import NamedTuple

import numpy as np

from gradalign.fourier.spectrum import band_limit, half_ball
from gradalign.geometry.harmonics import real_harmonics
from gradalign.geometry.wedge import check_wedge, is_complete, measured
from gradalign.io.mrc import check_volume
from gradalign.search.wedge_cut import cut_out, cut_within

# width of μ in cycles per box, times the particle's radius over the box
_WIDTH = 2.0
# a mode is kept if its signal is at least so many times its noise, and no more than so many of all
_LEAST_RATIO, _MOST_MODES = 1.0, 600
# a frequency is used if at least this share of the noise's power is there
_LEAST_SHARE = 0.1
# variance by which a coefficient is off from what the cut should show, relative to the noise's
_DOUBT = 0.3
# power beyond the wedge's faces, over what is expected there, between which a wedge was cut out of a wider space: from
# 0.06 (without noise) to 1.1 in simulated tilt series, 2 to 6 if nothing was taken out, least at wide ranges, and 0 if
# the wedge was taken out of the box's own transform, its axis along x or y
_CUT_OUT = (0.02, 2.0)
# nodes of the quadratures along |ξ| and over the angle between two frequencies
_RADIAL_NODES, _ANGLE_NODES = 32, 64


class Modes(NamedTuple):
    """What one tilt range shows of the modes, by parity of l: even, then odd."""

    frequencies: np.ndarray
    """Those that are used, (ξx, ξy, ξz) in cycles per box, one of each ±ξ: (n, 3). Along the tilt axis, across it and
    along z they are whole numbers."""
    degrees: tuple
    """For each parity: (l, number of radial functions) in the order of the modes; each has 2 l + 1."""
    weighted: tuple
    """For each parity (n, r): 2 C⁻¹ A; with the data's real or imaginary part the right-hand side."""
    gram: tuple
    """For each parity (r, r): 2 Aᵀ C⁻¹ A."""
    beyond: np.ndarray
    """Weights of the data's power, 0 where the wedge measures (n,): their sum is about 1 if it was cut like this."""


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


class _Plane(NamedTuple):
    """Frequencies of one height along the tilt axis; three components: along the axis, across it, along z."""

    points: np.ndarray
    """Those that are used."""
    sources: np.ndarray
    """Those of the object that go into them."""
    response: np.ndarray
    """What they get of these."""
    covariance: np.ndarray
    """Of white noise."""


def _planes(cut, limit):
    """Yield what is seen of the wedge, plane by plane across its axis."""
    lattice = half_ball(limit)
    used = np.diagonal(cut.covariance) >= _LEAST_SHARE
    along, across = np.hsplit(lattice, [1])
    for height in range(int(limit) + 1):
        here = across[along[:, 0] == height]
        rows = np.flatnonzero(used & (cut.points[:, None] == here).all(axis=-1).any(axis=1))
        columns = np.flatnonzero((cut.sources**2).sum(axis=1) + height**2 <= (limit + 1.0) ** 2)
        yield _Plane(
            *(np.insert(part, 0, height, axis=1) for part in (cut.points[rows], cut.sources[columns])),
            cut.response[np.ix_(rows, columns)],
            cut.covariance[np.ix_(rows, rows)],
        )


def _along_the_axis(points, axis):
    """Return (ξx, ξy, ξz) of frequencies along the tilt axis, across it and along z."""
    cosine, sine = np.cos(np.radians(axis)), np.sin(np.radians(axis))
    along, across, z = points.T
    return np.stack([along * cosine + across * sine, along * sine - across * cosine, z], axis=1)


def _shown(planes, radial, which, directions):
    """Return by parity the degrees (l, radial functions) and what is seen of their modes."""
    degrees, parts = ([], []), ([], [])
    ends = np.cumsum([len(plane.sources) for plane in planes])[:-1]
    for degree, ((_, functions), kept) in enumerate(zip(radial, _strongest(radial), strict=True)):
        if kept.any():
            values = functions[which][:, kept, None] * real_harmonics(degree, directions)[:, None, :]
            blocks = np.split(values.reshape(len(values), -1), ends)
            seen = [plane.response @ block for plane, block in zip(planes, blocks, strict=True)]
            parts[degree % 2].append(np.concatenate(seen))
            degrees[degree % 2].append((degree, int(kept.sum())))
    rows = sum(len(plane.points) for plane in planes)
    return degrees, [np.concatenate([np.empty((rows, 0)), *part], axis=1) for part in parts]


@lru_cache(maxsize=16)
def _modes(signal, noise, mask_power, width, wedge, size, limit, wider):
    signal, noise = np.frombuffer(signal) * mask_power, np.frombuffer(noise) * size**3
    planes = list(_planes(cut_out(wedge[:2], size, limit) if wider else cut_within(wedge[:2], limit), limit))
    sources = _along_the_axis(np.concatenate([plane.sources for plane in planes]), wedge[2])
    # of multiples of ½
    squares, which = np.unique(np.rint(4.0 * (sources**2).sum(axis=1)), return_inverse=True)
    lengths = np.sqrt(squares) / 2.0
    radial = list(_radial_modes(signal, noise, width, limit, lengths))
    directions = np.where(squares[which, None] > 0, sources, [0.0, 0.0, 1.0])
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    degrees, shown = _shown(planes, radial, which, directions)
    frequencies = _along_the_axis(np.concatenate([plane.points for plane in planes]), wedge[2])
    signal, noise = (
        np.interp(np.linalg.norm(frequencies, axis=1), np.arange(len(power)), power) for power in (signal, noise)
    )
    weighted, start = [np.empty_like(part) for part in shown], 0
    for plane in planes:
        part = slice(start, start := start + len(plane.points))
        covariance = plane.covariance + _DOUBT * np.eye(len(plane.points))
        covariance *= np.sqrt(np.outer(noise[part], noise[part]))
        for result, rows in zip(weighted, shown, strict=True):
            result[part] = 2.0 * np.linalg.solve(covariance, rows[part])
    gram = tuple(left.T @ right for left, right in zip(weighted, shown, strict=True))
    shares = np.concatenate([np.diagonal(plane.covariance) for plane in planes])
    beyond = ~measured(frequencies, wedge) / (shares * (signal + noise))
    beyond /= max(np.count_nonzero(beyond), 1)
    return Modes(frequencies, tuple(map(tuple, degrees)), tuple(weighted), gram, beyond)


def _transform(volume, frequencies):
    """Return the transform of a volume at frequencies with whole ξz, the phase's origin at voxel N//2."""
    size = len(volume)
    waves = -2j * np.pi / size * (np.arange(size) - size // 2)
    heights, height = np.unique(np.rint(frequencies[:, 2]), return_inverse=True)
    columns, column = np.unique(frequencies[:, :2].round(9), axis=0, return_inverse=True)
    along_x, along_y = np.exp(columns.T[:, None] * waves[:, None]).astype(np.complex64)
    layers = np.exp(np.outer(heights, waves)).astype(np.complex64) @ volume.reshape(size, -1)
    values = ((layers.reshape(-1, size) @ along_x).reshape(len(heights), size, -1) * along_y).sum(axis=1)
    return values[height, column]


def prepare_joint(volume, tilt_range, model, low_pass, voxel_size=1.0, name="volume"):
    """Prepare a subtomogram for the joint refinement.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
        Density [z, y, x].
    tilt_range : float, (float, float) or (float, float, float)
        Half range, (min, max) or (min, max, axis) in degrees.
    model : gradalign.scores.likelihood.SignalModel
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
    known = (
        np.asarray(model.signal, dtype=float).tobytes(),
        np.asarray(model.noise, dtype=float).tobytes(),
        model.mask_power,
        _WIDTH * size / model.radius,
        wedge,
        size,
        limit,
    )
    complete = is_complete(wedge)
    wider = not complete
    if wider:
        modes = _modes(*known, True)
        coefficients = _transform(volume, modes.frequencies)
        wider = _CUT_OUT[0] < modes.beyond @ np.abs(coefficients) ** 2 < _CUT_OUT[1]
    if not wider:
        modes = _modes(*known, False)
        coefficients = _transform(volume, modes.frequencies)
    return JointVolume(modes, coefficients, size, complete)
