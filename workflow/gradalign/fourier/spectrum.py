"""The transform of one volume, prepared once, then sampled anywhere.

F(ξ) = Σ_x f(x) e^{−2πi ξ·x/N}, x counted from the centre voxel N//2, ξ in cycles per box.
"""

from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np

from gradalign.base.jit import jit
from gradalign.errors import InputError
from gradalign.fourier.band import OVERSAMPLING, SAMPLER_TAPS, TAPS, band_limit
from gradalign.fourier.interpolation import kernel, rolloff
from gradalign.geometry.wedge import check_wedge, is_complete, wedge_normals
from gradalign.io.mrc import check_numbers

SMALLEST_BOX = 8


class Spectrum(NamedTuple):
    """One volume, ready to be held fixed (its coefficients) or moved (its grid)."""

    lattice: np.ndarray
    """Measured frequencies ξ below the low-pass, one of each ±ξ, without 0: int32 (n, 3), x y z, cycles per box."""
    points: np.ndarray
    """The same, float32 (3, n)."""
    values: np.ndarray
    """F(ξ) at the lattice: float32 (2, n), real and imaginary parts."""
    weights: np.ndarray
    """Weight of the moved volume's coefficient at each lattice point, float32 (n,): 1 but for the likelihood."""
    penalties: np.ndarray
    """What a lattice point outside the overlap costs, float32 (n,): 0 but for the likelihood."""
    log_terms: np.ndarray
    """The penalty's logarithm, which is what a match is worth on average, float32 (n,): 0 but for the likelihood."""
    grid: np.ndarray
    """F on the oversampled half grid z ≥ −1: float32, flat [z, y, x, 2]."""
    normals: np.ndarray
    """Normals of the missing wedge's faces, float64 (2, 3)."""
    softness: float
    """Width of the missing wedge's soft edge in cycles per box: 0, sharp, but for the likelihood."""
    reach: int
    """Largest index of the grid along x, y and z."""
    size: int
    """Number of voxels N along each axis."""
    least_overlap: float = 0.0
    """Share of the measured frequencies, of the volume that has fewer, below which an overlap counts as none."""


@lru_cache(maxsize=4)
def half_ball(limit):
    """Return the frequencies up to a limit, one of each ±ξ, without 0.

    Parameters
    ----------
    limit : float
        In cycles per box.

    Returns
    -------
    numpy.ndarray of int32, shape (n, 3)
        (ξx, ξy, ξz) in cycles per box.
    """
    reach = int(limit)
    squares = np.arange(-reach, reach + 1) ** 2
    inside = squares[:, None, None] + squares[:, None] + squares[reach:] <= limit**2
    # of ξx = 0 the half ξy > 0, and of that line's end ξz > 0
    inside[:, :reach, 0] = False
    inside[: reach + 1, reach, 0] = False
    z, y, x = np.nonzero(inside)
    return np.stack([x, y - reach, z - reach], axis=1).astype(np.int32)


@lru_cache(maxsize=4)
def _measured_lattice(limit, tilt_range):
    u, v = wedge_normals(tilt_range)
    points = half_ball(limit)
    return points[(points @ u) * (points @ v) <= 0.0]


@lru_cache(maxsize=16)
def _transform_matrices(size, reach):
    """Return the matrices of the oversampled and of the plain transform along one axis."""
    position = np.arange(size) - size // 2
    index = np.arange(-reach, reach + 1)
    waves = np.exp(-2j * np.pi * np.outer(index, position) / (OVERSAMPLING * size)) / rolloff(size)
    plain = np.exp(-2j * np.pi * np.outer(np.arange(-(size // 2), size // 2 + 1), position) / size)
    return waves.astype(np.complex64), plain.astype(np.complex64)


def _along_z(matrix, volume):
    """Transform the z axis of a real volume; the product is taken of real numbers, half as many."""
    size = volume.shape[0]
    parts = np.concatenate([matrix.real, matrix.imag]) @ volume.reshape(size, -1)
    out = np.empty((len(matrix), size, size), np.complex64)
    out.real, out.imag = parts.reshape(2, -1, size, size)
    return out


def lattice_values(volume, lattice, limit):
    """Return the transform of a volume at frequencies of a half ball, the phase's origin at voxel N//2.

    Parameters
    ----------
    volume : numpy.ndarray of shape (N, N, N)
        Density [z, y, x].
    lattice : numpy.ndarray of int32, shape (n, 3)
        Some of `half_ball`.
    limit : float
        The ball's, in cycles per box.

    Returns
    -------
    numpy.ndarray of float32, shape (2, n)
        Real and imaginary part.
    """
    size = volume.shape[0]
    reach, middle = int(limit), size // 2
    waves = _transform_matrices(size, 0)[1][middle - reach : middle + reach + 1]
    # along x only the half that the lattice uses
    cube = waves @ (_along_z(waves, volume) @ waves[reach:].T)
    values = cube[lattice[:, 2] + reach, lattice[:, 1] + reach, lattice[:, 0]]
    return np.ascontiguousarray(np.stack([values.real, values.imag]))


def _oversampled_grid(volume, reach):
    """Return F on the oversampled half grid."""
    size = volume.shape[0]
    waves, _ = _transform_matrices(size, reach)
    planes = _along_z(waves[reach - 1 :], volume)
    rows = (planes.reshape(-1, size) @ waves.T).reshape(reach + 2, size, -1)
    return (waves @ rows).view(np.float32).ravel()


def _edge_level(volume):
    """Return the mean over the faces of the box: a step there would leak into all frequencies off the lattice."""
    inside = volume[1:-1, 1:-1, 1:-1]
    return float((volume.sum(dtype=float) - inside.sum(dtype=float)) / (volume.size - inside.size))


def prepare(volume, tilt_range=90.0, low_pass=0.0, voxel_size=1.0, wedge_guard=0.0, name="volume", movable=True):
    """Return the transform of a volume, ready for alignment.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
        Density [z, y, x].
    tilt_range : float, (float, float) or (float, float, float)
        Half range, (min, max) or (min, max, axis) of the tilt series in degrees, as of
        `gradalign.geometry.wedge.check_wedge`.
    low_pass : float
        Resolution limit in nm; 0 keeps all frequencies below Nyquist's.
    voxel_size : float
        In nm.
    wedge_guard : float
        Degrees by which each end of the tilt range is drawn in, away from the missing wedge's edge.
    name : str
        How messages call the volume.
    movable : bool
        Whether the volume will be moved; one that is only held fixed needs no grid.

    Returns
    -------
    Spectrum

    Raises
    ------
    InputError
        If the volume, the tilt range or the low-pass is unusable.
    """
    volume = check_numbers(volume, name)
    if volume.shape[0] < SMALLEST_BOX:
        raise InputError(f"{name}: is a cube of {volume.shape[0]} voxels, where at least {SMALLEST_BOX} are needed")
    volume = np.ascontiguousarray(volume - _edge_level(volume), np.float32)
    wedge = low, high, axis = check_wedge(tilt_range)
    if not is_complete(wedge):
        wedge = check_wedge((low + wedge_guard, high - wedge_guard, axis))
    size = volume.shape[0]
    limit = band_limit(size, low_pass, voxel_size)
    lattice = _measured_lattice(limit, wedge)
    reach = int(np.ceil(OVERSAMPLING * limit)) + TAPS // 2
    return Spectrum(
        lattice=lattice,
        points=np.ascontiguousarray(lattice.T, np.float32),
        values=lattice_values(volume, lattice, limit),
        weights=np.ones(len(lattice), np.float32),
        penalties=np.zeros(len(lattice), np.float32),
        log_terms=np.zeros(len(lattice), np.float32),
        grid=_oversampled_grid(volume, reach) if movable else np.empty(0, np.float32),
        normals=wedge_normals(wedge),
        softness=0.0,
        reach=reach,
        size=size,
    )


def narrowed(spectrum, limit):
    """Return a transform with a lower band limit; it shares the grid.

    Parameters
    ----------
    spectrum : Spectrum
    limit : float
        Largest frequency, in cycles per box.

    Returns
    -------
    Spectrum
    """
    inside = (spectrum.lattice**2).sum(axis=1) <= limit**2
    names = ("lattice", "weights", "penalties", "log_terms")
    parts = {name: np.ascontiguousarray(getattr(spectrum, name)[inside]) for name in names}
    parts |= {name: np.ascontiguousarray(getattr(spectrum, name)[:, inside]) for name in ("points", "values")}
    return spectrum._replace(**parts)


@lru_cache(maxsize=4)
def _sampler_waves(size, reach):
    """Return the waves of an axis over the kernel's roll-off, complex64 (2 reach + 1, size)."""
    index = np.arange(-reach, reach + 1)
    position = np.arange(size) - size // 2
    waves = np.exp(-2j * np.pi * np.outer(index, position) / (OVERSAMPLING * size))
    return (waves / rolloff(size, partial(kernel, taps=SAMPLER_TAPS), SAMPLER_TAPS)).astype(np.complex64)


@lru_cache(maxsize=1)
def _sampler_table():
    """Return the kernel at all taps, float32 (1025, 6), a row for each place between two grid points."""
    rows = np.arange(1025) / 1024
    return kernel(rows[:, None] - np.arange(-2, 4)[None], SAMPLER_TAPS).astype(np.float32)


class Sampler:
    """The transform of a volume at any frequencies, for simulation: six taps, relative error below 1e-4.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
        Density [z, y, x]; it counts as zero outside its box.
    max_frequency : float
        Largest length of a frequency that will be asked for, in cycles per voxel.
    """

    def __init__(self, volume, max_frequency=0.5):
        volume = np.asarray(volume, dtype=np.float32)
        self.size = volume.shape[0]
        self.max_frequency = float(max_frequency)
        self._reach = int(np.ceil(OVERSAMPLING * self.size * max_frequency)) + SAMPLER_TAPS // 2
        waves = _sampler_waves(self.size, self._reach)
        self._grid = waves @ (_along_z(waves, volume) @ waves.T)
        self._table = _sampler_table()

    def sample(self, frequencies):
        """Return F(k) = Σ f(x) e^{−2πi k·x} about the centre voxel.

        Parameters
        ----------
        frequencies : array_like of shape (n, 3)
            (kx, ky, kz) in cycles per voxel.

        Returns
        -------
        numpy.ndarray of complex64, shape (n,)
            Zero beyond `max_frequency`.
        """
        frequencies = np.ascontiguousarray(frequencies, dtype=np.float32)
        values = np.empty(len(frequencies), np.complex64)
        step = OVERSAMPLING * self.size
        _interpolate(self._grid, self._table, self._reach, step, self.max_frequency, frequencies, values)
        return values


@jit
def _interpolate(grid, table, reach, step, limit, frequencies, values):
    rows = table.shape[0] - 1
    for point in range(frequencies.shape[0]):
        x, y, z = frequencies[point, 0], frequencies[point, 1], frequencies[point, 2]
        total = np.complex64(0.0)
        if x * x + y * y + z * z <= limit * limit * 1.000001:
            x, y, z = x * step + reach, y * step + reach, z * step + reach
            column, row, plane = int(x), int(y), int(z)
            # six weights from the nearer knots of a fine table, interpolated linearly
            knot_x, knot_y, knot_z = (x - column) * rows, (y - row) * rows, (z - plane) * rows
            left, near, low = int(knot_x), int(knot_y), int(knot_z)
            part_x, part_y, part_z = knot_x - left, knot_y - near, knot_z - low
            for i in range(6):
                weight_z = table[low, i] + part_z * (table[low + 1, i] - table[low, i])
                for j in range(6):
                    weight = weight_z * (table[near, j] + part_y * (table[near + 1, j] - table[near, j]))
                    line = np.complex64(0.0)
                    for k in range(6):
                        tap = table[left, k] + part_x * (table[left + 1, k] - table[left, k])
                        line += np.float32(tap) * grid[plane + i - 2, row + j - 2, column + k - 2]
                    total += np.float32(weight) * line
        values[point] = total


def sample_spectrum(volume, frequencies):
    """Return the transform of a volume at any frequencies, about the centre voxel.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
        Density [z, y, x].
    frequencies : array_like of shape (n, 3)
        (kx, ky, kz) in cycles per voxel, each component at most 0.5.

    Returns
    -------
    numpy.ndarray of complex64, shape (n,)
    """
    frequencies = np.asarray(frequencies)
    longest = np.sqrt((frequencies**2).sum(axis=1).max(initial=0.0))
    return Sampler(volume, max_frequency=max(longest, 1e-3)).sample(frequencies)
