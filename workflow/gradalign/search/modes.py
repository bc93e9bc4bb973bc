"""What a tilt series shows of an unknown object's modes.

A subtomogram is the object's wedge of frequencies, cut out of the box. What this makes of each mode
(`gradalign.search.radial_modes`) and of the noise is worked out (`gradalign.search.wedge_cut`); no mask, which would
smear the wedge's edge, is put on the volume.

With the cut's covariance K for noise of unit power, the model error added, the noise of a plane across the tilt axis
has the covariance D K D, D being the root of the noise's power at each frequency. Frequencies are taken in the order of
their length in the plane: a plane further out holds the first of them, and one triangular factor of K serves all.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gradalign.fourier.band import band_limit
from gradalign.fourier.spectrum import lattice_values
from gradalign.geometry.harmonics import harmonics_up_to
from gradalign.geometry.wedge import check_wedge, is_complete, measured
from gradalign.io.mrc import check_numbers
from gradalign.search.radial_modes import radial_modes
from gradalign.search.wedge_cut import cut_out, cut_within, disc

# a frequency is used if at least this share of the noise's power is there
_LEAST_SHARE = 0.1
# variance by which a coefficient is off from what the cut should show, relative to the noise's
MODEL_ERROR = 0.3
# power beyond the wedge's faces, over what is expected there, between which a wedge was cut out of a wider space: from
# 0.06 (without noise) to 1.1 in simulated tilt series, 2 to 6 if nothing was taken out, least at wide ranges, and 0 if
# the wedge was taken out of the box's own transform, its axis along x or y
_CUT_OUT = (0.02, 2.0)


def modes_degrees(degrees):
    """Return the degree l of each mode of one parity.

    Parameters
    ----------
    degrees : tuple of (int, int)
        As of `Modes`.

    Returns
    -------
    numpy.ndarray of int, shape (r,)
    """
    every = [(degree, count * (2 * degree + 1)) for degree, count in degrees]
    return np.repeat(*np.array(every, int).reshape(-1, 2).T)


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
    """Weights of the data's power over the expected one, 0 where the wedge measures (n,): the sum is about 1 if it was
    cut like this."""
    factors: tuple
    """Of each plane the lower triangular factor of K with the model error: float32 (points, points)."""
    levels: np.ndarray
    """Power of the noise before the cut (n,)."""
    shares: np.ndarray
    """Of this power that the cut leaves (n,)."""
    explained: np.ndarray
    """About what part of two volumes' coefficients the modes take up (n,)."""

    def covariance_times(self, values):
        """Return C times complex values (n,) by frequency."""
        root = np.sqrt(self.levels)
        parts = np.stack([values.real, values.imag], axis=1) * root[:, None]
        back = self.whitened_back(parts.astype(np.float32))
        return root * (np.concatenate([f @ part for f, part in self._by_plane(back)]) @ [1.0, 1.0j])

    def whitened_back(self, values):
        """Return the transposed factors times values by frequency: float32 (n, k)."""
        return np.concatenate([factor.T @ part for factor, part in self._by_plane(values)])

    def with_powers(self, powers):
        """Return the modes of an object whose degrees are not all as strong as S says.

        Parameters
        ----------
        powers : array_like of shape (degrees,)
            From `gradalign.search.joint.JointRefinement.powers`.

        Returns
        -------
        Modes
        """
        roots = [np.sqrt(np.asarray(powers)[modes_degrees(degrees)]) for degrees in self.degrees]
        weighted = (part * root.astype(np.float32) for part, root in zip(self.weighted, roots, strict=True))
        gram = (root[:, None] * part * root for part, root in zip(self.gram, roots, strict=True))
        return self._replace(weighted=tuple(weighted), gram=tuple(gram))

    def _by_plane(self, values):
        return zip(self.factors, np.split(values, np.cumsum([len(f) for f in self.factors])[:-1]), strict=True)


class JointVolume(NamedTuple):
    """A subtomogram for the joint refinement."""

    modes: Modes
    """Of its tilt range."""
    coefficients: np.ndarray
    """Its transform at their frequencies, on the scale of the set's signal and over `noise`, complex (n,); the phase's
    origin is voxel N//2."""
    size: int
    """N."""
    complete: bool
    """Whether its tilt range misses nothing."""
    noise: float = 1.0
    """Its noise in units of that for which the modes' matrices stand."""
    alike: bool = True
    """Whether its scale is known to be that of the other volumes."""


class _Plane(NamedTuple):
    """Frequencies of one height along the tilt axis."""

    height: int
    """In cycles per box."""
    response: np.ndarray
    """What those that are used get of the object's: float32 (points, sources)."""
    factor: np.ndarray
    """Lower triangular factor of K: float32 (points, points)."""


class _Planes(NamedTuple):
    """What is seen of a wedge, plane by plane across its axis; frequencies are along the axis, across it, along z."""

    planes: tuple
    points: np.ndarray
    """Those that are used, of all planes: whole numbers (n, 3)."""
    sources: np.ndarray
    """Those of the object, of all planes: whole numbers (k, 3)."""
    shares: np.ndarray
    """Of the noise's power that is there (n,)."""


@lru_cache(maxsize=4)
def _planes(tilt_range, size, limit, wider):
    """Return the planes of a wedge that was cut out of a wider space, or out of the box's own transform."""
    reach = limit + wider
    cut = cut_out(tilt_range, size, reach) if wider else cut_within(tilt_range, limit)
    squares, shares = (cut.points**2).sum(axis=1), np.diagonal(cut.covariance)
    used = np.flatnonzero(shares >= _LEAST_SHARE)
    across, z = cut.points[used].T
    # one of each ±ξ
    halves = {0: used[(across > 0) | ((across == 0) & (z > 0))]}
    kinds, planes, points = {}, [], []
    for height in range(int(limit) + 1):
        rows = halves.get(height, used)
        if min(height, 1) not in kinds:
            covariance = cut.covariance[np.ix_(rows, rows)] + MODEL_ERROR * np.eye(len(rows))
            kinds[min(height, 1)] = (
                cut.response[rows].astype(np.float32),
                np.linalg.cholesky(covariance).astype(np.float32),
            )
        rows = rows[squares[rows] + height**2 <= limit**2]
        count = np.count_nonzero(squares + height**2 <= reach**2)
        # views, since copies for each plane would be ten times the whole at 64 voxels
        response, factor = kinds[min(height, 1)]
        planes.append(_Plane(height, response[: len(rows), :count], factor[: len(rows), : len(rows)]))
        points.append(np.insert(cut.points[rows], 0, height, axis=1))
    places = np.concatenate([halves.get(plane.height, used)[: len(plane.factor)] for plane in planes])
    return _Planes(tuple(planes), np.concatenate(points), _sources(limit, reach), shares[places])


def _along_the_axis(points, axis):
    """Return (ξx, ξy, ξz) of frequencies along the tilt axis, across it and along z."""
    cosine, sine = np.cos(np.radians(axis)), np.sin(np.radians(axis))
    along, across, z = points.T
    return np.stack([along * cosine + across * sine, along * sine - across * cosine, z], axis=1)


def _mode_values(radial, parity, squares, harmonics):
    """Return the modes of one parity at frequencies, from their squared lengths and harmonics: float32 (k, r)."""
    parts = [np.empty((len(squares), 0), np.float32)]
    for degree in range(parity, len(radial.counts), 2):
        functions = radial.functions[degree][squares]
        values = harmonics[:, degree**2 : (degree + 1) ** 2]
        parts.append((functions[:, :, None] * values[:, None, :]).reshape(len(squares), -1))
    return np.concatenate(parts, axis=1)


def _sources(limit, reach):
    """Return the object's frequencies that go into planes up to a limit, along the tilt axis, across it and along z."""
    points = disc(reach)
    squares = (points**2).sum(axis=1)
    planes = [points[squares + height**2 <= reach**2] for height in range(int(limit) + 1)]
    return np.concatenate([np.insert(plane, 0, height, axis=1) for height, plane in enumerate(planes)])


@lru_cache(maxsize=1)
def _harmonics(limit, reach, axis, degree):
    """Return the harmonics up to a degree at the sources of all planes: float32, see `harmonics_up_to`."""
    directions = _along_the_axis(_sources(limit, reach), axis)
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    directions = np.where(lengths > 0.0, directions / np.maximum(lengths, 1.0), [0.0, 0.0, 1.0])
    return harmonics_up_to(degree, directions).astype(np.float32)


# few, since one takes 30 MB at 64 voxels: unlike pairs share none, and a set needs those of one tilt range
@lru_cache(maxsize=2)
def _modes(radial_key, noise, wedge, size, limit, wider):
    radial = radial_modes(*radial_key)
    planes = _planes(wedge[:2], size, radial.limit, wider)
    frequencies = _along_the_axis(planes.points, wedge[2])
    root = np.sqrt(_at(frequencies, noise))
    harmonics = _harmonics(radial.limit, radial.limit + wider, wedge[2], len(radial.counts) - 1)
    weighted, gram = zip(*(_seen(planes, radial, parity, harmonics, root) for parity in (0, 1)), strict=True)
    kept = [(degree, count) for degree, count in enumerate(radial.counts) if count]
    degrees = tuple(tuple(part for part in kept if part[0] % 2 == parity) for parity in (0, 1))
    beyond = ~measured(frequencies, wedge) / planes.shares
    beyond /= max(np.count_nonzero(beyond), 1)
    factors = tuple(plane.factor for plane in planes.planes)
    explained = _explained(np.linalg.norm(frequencies, axis=1), *radial_key)
    return Modes(frequencies, degrees, weighted, gram, beyond, factors, root**2, planes.shares, explained)


def _explained(lengths, signal, noise, radius, size, limit):
    """Return about what part of the coefficients of two volumes the modes of one object take up.

    A shell of frequencies holds as many independent numbers of an object as its volume times that of the support, in
    units of the box; of each the modes take S/(S + N) (Wiener).
    """
    shells = np.rint(lengths).astype(int)
    count = np.bincount(shells)
    numbers = 4.0 * np.pi * np.arange(len(count)) ** 2 * (4.0 / 3.0 * np.pi * (radius / size) ** 3)
    signal, noise = (np.asarray(power)[: len(count)] for power in (signal, noise))
    # a coefficient is two numbers, and there are two volumes
    parts = numbers * signal / (signal + noise) / np.maximum(4.0 * count, 1.0)
    return np.minimum(parts, 0.9)[shells]


def _seen(planes, radial, parity, harmonics, root):
    """Return 2 C⁻¹ A and 2 Aᵀ C⁻¹ A for the modes of one parity."""
    from scipy.linalg import solve_triangular

    weighted, gram, row, column = [], 0.0, 0, 0
    squares = (planes.sources**2).sum(axis=1)
    for plane in planes.planes:
        points, sources = plane.response.shape
        rows, columns = slice(row, row := row + points), slice(column, column := column + sources)
        values = plane.response @ _mode_values(radial, parity, squares[columns], harmonics[columns])
        scale = np.float32(np.sqrt(2.0)) / root[rows, None].astype(np.float32)
        white = solve_triangular(plane.factor, scale * values, lower=True, overwrite_b=True, check_finite=False)
        gram = gram + white.T @ white
        back = solve_triangular(plane.factor, white, lower=True, trans="T", check_finite=False)
        weighted.append(scale * back)
    return np.concatenate(weighted), np.asarray(gram, dtype=float)


def _at(frequencies, power):
    """Return a power by shell at frequencies."""
    return np.interp(np.linalg.norm(frequencies, axis=1), np.arange(len(power)), power)


def _transform(volume, frequencies, limit):
    """Return the transform of a volume at frequencies with whole ξz, the phase's origin at voxel N//2."""
    whole = np.rint(frequencies)
    if np.abs(frequencies - whole).max(initial=0.0) < 1e-9:
        sign = np.where(whole[:, :1] < 0.0, -1.0, 1.0)
        real, imaginary = lattice_values(volume, (sign * whole).astype(np.int32), limit)
        return real + 1j * sign[:, 0] * imaginary
    size = len(volume)
    waves = -2j * np.pi / size * (np.arange(size) - size // 2)
    heights, height = np.unique(whole[:, 2], return_inverse=True)
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
    model : gradalign.scores.signal_model.SignalModel
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
    volume = model.standardised(check_numbers(volume, name, size))
    common = model.common or (model.signal, model.noise)
    signal, noise = (np.asarray(part, dtype=float) for part in common)
    # the volume as if it showed the set's signal
    shown, rest = model.coherent
    scale = np.sqrt(signal / shown)
    own, factor = rest * scale**2, 1.0
    if model.common:
        factor = float(np.exp(np.log(own / noise).mean()))
        # volumes whose noise has one shape share their matrices
        own = (own / factor).astype(np.float32).astype(float)
    signal, noise, own = signal * model.mask_power, noise * size**3, own * size**3
    known = (tuple(signal), tuple(noise), float(model.radius), size, limit), tuple(own), wedge, size, limit
    complete = is_complete(wedge)
    for wider in (False,) if complete else (True, False):
        modes = _modes(*known, wider)
        data = _transform(volume, modes.frequencies, limit) * _at(modes.frequencies, scale)
        expected = _at(modes.frequencies, signal) + factor * _at(modes.frequencies, own)
        if wider and _CUT_OUT[0] < modes.beyond @ (np.abs(data) ** 2 / expected) < _CUT_OUT[1]:
            break
    return JointVolume(modes, data / factor, size, complete, factor, model.common is None)
