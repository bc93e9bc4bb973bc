"""Averages of aligned subtomograms, each frequency over those that measured it, and how far they can be trusted.

Subtomograms f_n(x) ≈ o(R_n⁻¹(x − a_n)) with the masks M_n give

    O(k) = Σ_n M_n(R_n k) F_n(R_n k) e^{2πi a_n·R_n k/N} / Σ_n M_n(R_n k),

F_n being sampled where it is needed (`gradalign.fourier.spectrum.Sampler`), not interpolated in real space. Where the
contrast transfer C_n is known F_n is C_n² Z + C_n n (`gradalign.fourier.transfer`), and C_n² stands in the denominator
in place of 1.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np
from numpy import fft
from numpy.typing import ArrayLike

from gradalign.averaging.fsc import fourier_shell_correlation, resolution
from gradalign.base.files import complete_file
from gradalign.base.threads import on_one_thread
from gradalign.errors import InputError
from gradalign.fourier.spectrum import Sampler
from gradalign.fourier.transfer import TransferReader
from gradalign.geometry.rotations import point_group
from gradalign.geometry.wedge import TiltRange, each_tilt_range, measured, one_for_each
from gradalign.io.mrc import as_sequence, check_volume

SMALLEST_SHARE = 0.05
"""Frequencies that less than this share of the subtomograms measured are damped, not divided by next to nothing."""

_BITS = 40
# weights are whole multiples of 2^-20
_WEIGHT_BITS = 20
_LARGEST_SUM = 2.0**62


@lru_cache(maxsize=4)
def _lattice(size):
    """Return the frequencies below Nyquist's, one of each ±k, with 0 first: int64 (n, 3), cycles per box."""
    reach = (size - 1) // 2
    axis = np.arange(-reach, reach + 1)
    x, y, z = (grid.ravel() for grid in np.meshgrid(axis, axis, axis, indexing="ij"))
    half = (x > 0) | ((x == 0) & ((y > 0) | ((y == 0) & (z >= 0))))
    points = np.stack([x, y, z], axis=1)[half & (x**2 + y**2 + z**2 <= reach**2)]
    return points[np.argsort((points**2).sum(axis=1), kind="stable")]


def sampler(volume):
    """Return the transform of a subtomogram, ready to be added to averages.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
        Density [z, y, x].

    Returns
    -------
    gradalign.fourier.spectrum.Sampler
    """
    size = np.shape(volume)[0]
    return Sampler(volume, max_frequency=((size - 1) // 2) / size)


def _whole(weights):
    """Return a half transform as a cube with frequency 0 at voxel N//2."""
    size = weights.shape[0]
    axis = np.arange(size) - size // 2
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    back = (x < 0) & (x > -size / 2)
    sign = np.where(back, -1, 1)
    return weights[sign * z, sign * y, np.abs(x)].astype(float)


class WedgeAverage:
    """The sums over subtomograms from which their average follows.

    They are kept as whole multiples of a small step, so that additions are exact: the same subtomograms give the same
    average, bit for bit, in whatever order and groups they are added.

    Parameters
    ----------
    size : int
        Edge N of the subtomograms in voxels.
    scale : float
        A typical largest density, such as that of the reference; the step is about 1e-12 of it.
    symmetry : str
        Point group that the average shall have: each subtomogram is added once for each of its elements.

    Raises
    ------
    InputError
        If the scale is not positive or the point group is not known.
    """

    def __init__(self, size, scale, symmetry="C1"):
        if not (np.isfinite(scale) and scale > 0):
            raise InputError(f"the scale of an average is {scale}, where a positive density is needed")
        self.size = size
        self.count = 0
        self._elements = point_group(symmetry)
        # |F| ≤ N³ max|f|; a power of two, so that scaling by it is exact
        self._exponent = int(np.ceil(np.log2(scale * size**3))) - _BITS
        self._sums = np.zeros((len(_lattice(size)), 2), np.int64)
        self._weights = np.zeros(len(_lattice(size)), np.int64)

    def add(self, transform, rotation, translation, tilt_range, weights=None):
        """Add one subtomogram f(x) ≈ o(R⁻¹(x − a)), moved back onto o.

        Parameters
        ----------
        transform : gradalign.fourier.spectrum.Sampler
            Of the subtomogram, from `sampler`.
        rotation : array_like of shape (3, 3)
            R, as an alignment that moves the reference onto the subtomogram gives it.
        translation : array_like of shape (3,)
            a in voxels.
        tilt_range : float, (float, float) or (float, float, float)
            Half range, (min, max) or (min, max, axis) in degrees, as of `gradalign.geometry.wedge.check_wedge`.
        weights : numpy.ndarray of shape (N, N, N//2 + 1), optional
            What the object is multiplied by in the subtomogram, a half transform with frequency 0 in the corner, from
            `gradalign.fourier.transfer.Transfer.summed`; 1 if left out.

        Raises
        ------
        InputError
            If the subtomogram has another size or its densities are beyond all scale.
        """
        if transform.size != self.size:
            raise InputError(f"a subtomogram of {transform.size} voxels cannot be added to an average of {self.size}")
        cube = None if weights is None else _whole(weights)
        for element in self._elements:
            self._add(transform, np.asarray(rotation) @ element, np.asarray(translation), tilt_range, cube)
        self.count += 1

    def _add(self, transform, rotation, translation, tilt_range, cube):
        frequencies = _lattice(self.size) @ rotation.T
        chosen = np.flatnonzero(measured(frequencies, tilt_range))
        counted = 1 << _WEIGHT_BITS
        if cube is not None:
            # half of a small job's start would go into loading it, which most jobs never need
            from scipy.ndimage import map_coordinates

            heights = map_coordinates(cube, frequencies[chosen].T[::-1] + self.size // 2, mode="nearest")
            counted = np.rint(np.ldexp(np.maximum(heights, 0.0), _WEIGHT_BITS)).astype(np.int64)
        frequencies = frequencies[chosen] / self.size
        values = transform.sample(frequencies) * np.exp(2j * np.pi * (frequencies @ translation))
        steps = np.rint(np.ldexp(np.stack([values.real, values.imag], axis=1), -self._exponent))
        if max(np.abs(steps).max(), np.abs(self._sums[chosen]).max()) >= _LARGEST_SUM / 2:
            raise InputError("a subtomogram's densities are too large for the scale of its average")
        self._sums[chosen] += steps.astype(np.int64)
        self._weights[chosen] += counted

    def merge(self, other):
        """Add the subtomograms of another average.

        Parameters
        ----------
        other : WedgeAverage
            Of the same size, scale and symmetry.

        Raises
        ------
        InputError
            If they differ in these.
        """
        here, there = self._kind(), other._kind()
        if here != there:
            raise InputError(f"averages of different size, scale or symmetry cannot be joined: {here} and {there}")
        self._sums += other._sums
        self._weights += other._weights
        self.count += other.count

    def _kind(self):
        return self.size, self._exponent, len(self._elements)

    def measured(self):
        """Return how many subtomograms measured a frequency, each by its weight.

        Returns
        -------
        numpy.ndarray of shape (shells,)
            Mean over the frequencies that round to 0, 1, ... cycles per box.
        """
        shells = np.rint(np.sqrt((_lattice(self.size) ** 2).sum(axis=1))).astype(int)
        return np.bincount(shells, np.ldexp(self._weights, -_WEIGHT_BITS)) / np.bincount(shells)

    def volume(self):
        """Return the average.

        Returns
        -------
        numpy.ndarray of shape (N, N, N), float32
            Density [z, y, x] below Nyquist's frequency.

        Raises
        ------
        InputError
            If no subtomogram was added.
        """
        if self.count == 0:
            raise InputError("an average needs at least one subtomogram, and there is none")
        floor = SMALLEST_SHARE * max(self.count * len(self._elements), 1)
        weights = np.ldexp(self._weights.astype(float), -_WEIGHT_BITS)
        values = np.ldexp(self._sums.astype(float), self._exponent) / np.maximum(weights, floor)[:, None]
        values = values[:, 0] + 1j * values[:, 1]
        spectrum = np.zeros((self.size,) * 3, complex)
        x, y, z = _lattice(self.size).T
        spectrum[-z, -y, -x] = values.conj()
        spectrum[z, y, x] = values
        return fft.fftshift(fft.ifftn(spectrum).real).astype(np.float32)


def save_averages(path, averages):
    """Write the sums of some averages of one kind, to be merged later.

    Parameters
    ----------
    path : str or path
        A ``.npz`` file.
    averages : dict of str to WedgeAverage
        By name.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    arrays = {}
    for name, average in averages.items():
        arrays[f"{name}/kind"] = np.array([*average._kind(), average.count])
        arrays[f"{name}/sums"], arrays[f"{name}/weights"] = average._sums, average._weights
    with complete_file(path) as partial, open(partial, "wb") as file:
        np.savez(file, **arrays)


def merge_saved(path, averages):
    """Add the sums of a file to averages.

    Parameters
    ----------
    path : str or path
        From `save_averages`.
    averages : dict of str to WedgeAverage
        Those of the file's names, or some of them; changed in place.

    Raises
    ------
    InputError
        If the file is missing or damaged, lacks an average, or holds another kind.
    """
    for name, average in averages.items():
        try:
            with np.load(path, allow_pickle=False) as arrays:
                *kind, count = map(int, arrays[f"{name}/kind"])
                sums, weights = arrays[f"{name}/sums"], arrays[f"{name}/weights"]
        except Exception as error:
            # zipfile and NumPy raise many kinds for a damaged file
            raise InputError(f"{path}: holds no complete sums of {name}; remove it to have it made again") from error
        if tuple(kind) != average._kind() or sums.shape != average._sums.shape:
            raise InputError(f"{path}: holds averages of another size, scale or symmetry; remove it")
        average._sums += sums
        average._weights += weights
        average.count += count


class Transform(Protocol):
    """What tells where a reference was found, such as `gradalign.Alignment`."""

    rotation: np.ndarray
    """R, 3×3."""
    translation: np.ndarray
    """a = (x, y, z) in voxels."""


class Average(NamedTuple):
    """The average of aligned subtomograms, and how far its halves agree."""

    volume: np.ndarray
    """Density [z, y, x], float32 (N, N, N)."""
    halves: tuple
    """Averages of every other subtomogram, from the first and from the second on."""
    frequencies: np.ndarray
    """Cycles per voxel, (n,)."""
    correlations: np.ndarray
    """Fourier shell correlation of the halves there, (n,)."""

    def resolution(self, voxel_size=1.0, threshold=0.143):
        """Return the resolution at which the shell correlation of the halves falls below a threshold.

        Subtomograms that were all aligned to one reference agree with it and so with each other: up to where that
        reference has structure the two halves are not independent.

        Parameters
        ----------
        voxel_size : float
            In nm.
        threshold : float

        Returns
        -------
        float
            In nm; NaN if there is none.
        """
        return resolution(self.frequencies, self.correlations, threshold, voxel_size)


@on_one_thread
def average(
    volumes: Sequence[ArrayLike],
    alignments: Sequence[Transform],
    *,
    tilts: TiltRange | list[TiltRange] = 60.0,
    symmetry: str = "C1",
    ctfs: ArrayLike | list[ArrayLike | None] | None = None,
    ctf_data: str | None = None,
) -> Average:
    """Average subtomograms, each frequency over those that measured it.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)
        Subtomograms [z, y, x], at least two; read one after the other.
    alignments : sequence of gradalign.Alignment
        Where the reference was found in each, from `gradalign.align_to_reference`: volume(x) ≈ reference(R⁻¹(x − a));
        None for a volume that is left out.
    tilts : float, tuple or list of them
        Tilt range of all subtomograms, or a list with one for each: a half range, (min, max) or (min, max, axis) in
        degrees.
    symmetry : str
        Point group of the reference, ``"Cn"`` or ``"Dn"``, which the average gets.
    ctfs : array_like or list of them, optional
        CTF volume of all subtomograms, or a list with one or None for each, as of `gradalign.align_to_reference`: the
        average is the object without contrast transfer, each frequency weighted by CTF².
    ctf_data : str, optional
        What the subtomograms are, as of `gradalign.align_pair`.

    Returns
    -------
    Average
        With ``volume``, ``halves``, ``frequencies`` and ``correlations``.

    Raises
    ------
    InputError
        If there are fewer than two subtomograms, or not as many alignments and tilt ranges; if a volume, tilt range or
        the symmetry is unusable.

    Examples
    --------
    Four views of the phantom, aligned to it and averaged:

    >>> import numpy as np
    >>> from gradalign import align_to_reference, average
    >>> from gradalign.geometry.rotations import rotation_from_euler
    >>> from gradalign.simulation.phantom import phantom
    >>> reference = phantom(32)
    >>> volumes = [phantom(32, rotation=rotation_from_euler(80 * n, 50, 30 * n)) for n in range(4)]
    >>> found = align_to_reference(volumes, reference, tilts=90)
    >>> result = average(volumes, found, tilts=90)
    >>> result.volume.shape
    (32, 32, 32)
    >>> bool(np.corrcoef(result.volume.ravel(), reference.ravel())[0, 1] > 0.99)
    True
    >>> result.resolution(voxel_size=1.0) < 4
    True
    """
    volumes = as_sequence(volumes)
    count = len(volumes)
    ctfs, reader = one_for_each(ctfs, count, "CTF volumes", "subtomograms"), TransferReader(ctf_data)
    if count < 2 or len(alignments) != count:
        raise InputError(
            f"{count} subtomograms, {len(alignments)} alignments were given, where at least two of each are needed, as "
            "many of one as of the other"
        )
    tilts = each_tilt_range(tilts, count, "subtomograms")
    sums, placed = [], [number for number, found in enumerate(alignments) if found is not None]
    if len(placed) < 2:
        raise InputError(f"{len(placed)} of {count} subtomograms have an alignment, where at least two are needed")
    for place, number in enumerate(placed):
        volume, found = volumes[number], alignments[number]
        volume = check_volume(volume, f"volume {number}", sums[0].size if sums else None)
        if not sums:
            scale = float(np.abs(volume).max())
            sums = [WedgeAverage(len(volume), scale, symmetry) for _ in range(2)]
        transfer, weights = reader.read(ctfs[number], len(volume), f"ctf of volume {number}"), None
        if transfer is not None:
            volume, weights = transfer.summed(volume)
        sums[place % 2].add(sampler(volume), found.rotation, found.translation, tilts[number], weights)
    halves = tuple(half.volume() for half in sums)
    sums[0].merge(sums[1])
    return Average(sums[0].volume(), halves, *fourier_shell_correlation(*halves))
