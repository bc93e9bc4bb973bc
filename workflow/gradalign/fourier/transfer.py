"""What the contrast transfer makes of an object and of its noise, frequency by frequency.

Whatever a volume is, unflipped (C Z + n, with the CTF C, the transform Z of the object and the noise n of the
images), flipped (|C| Z + n) or premultiplied (C² Z + C n), it is brought to one form for alignment,

    D = A Z + n',   A = C²/√(C² + ε),   ⟨|n'|²⟩ = B N,   B = C²/(C² + ε),

by a factor of C/√(C² + ε), |C|/√(C² + ε) or 1/√(C² + ε). ε is a small part of the largest C². Where the CTF is not
near a zero this is |C| Z + n with the noise as it was; A has no sign and no corners, and where it vanishes the noise
does, too. An average adds up C² Z + C n, which weighs every image by what it knows.

RELION's pseudo-subtomograms are sums Σ C_i F_i over the images of a frequency. Divided by their number, the
multiplicity m, they are premultiplied volumes with C² = Σ C_i²/m, and noise of the power N/m.

Whatever a CTF volume says of the missing wedge, the tilt range alone decides what counts as measured: there A and B are
continued by their means over the shell.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gradalign.errors import InputError
from gradalign.geometry.wedge import measured
from gradalign.io.ctf_volume import from_stored

DATA = ("unflipped", "flipped", "premultiplied")
"""How a volume may have been corrected."""

# a frequency counts as measured if its height is at least this share of its shell's
_LEAST_HEIGHT = 0.02
# heights are relative to this percentile of all, and multiplicities to their median, of which no less counts
_HIGHEST, _LEAST_MULTIPLICITY = 99.0, 0.1
# below these parts of their largest value the shells' powers are not told from zero
_LEAST_POWER, _LEAST_NOISE = 1e-4, 1e-3
# ε
_NEAR_ZERO = 0.02


@lru_cache(maxsize=4)
def _points(size):
    """Return the frequencies of the half transform (N, N, N//2 + 1, 3), x y z, and their lengths, cycles per box."""
    axis = np.fft.fftfreq(size, 1.0 / size)
    z, y, x = np.meshgrid(axis, axis, np.fft.rfftfreq(size, 1.0 / size), indexing="ij")
    points = np.stack([x, y, z], axis=-1)
    return points, np.sqrt((points**2).sum(axis=-1))


def _shell_means(values, inside):
    """Return the mean of each shell over some frequencies; 0 where a shell has none."""
    shells = np.rint(_points(len(values))[1]).astype(int)
    count = int(shells.max()) + 1
    sums = np.bincount(shells[inside], values[inside].astype(float), count)
    return sums / np.maximum(np.bincount(shells[inside], minlength=count), 1)


def _continued(values, inside):
    """Return values with the mean of their shell where they are not known."""
    lengths = _points(len(values))[1]
    means = _shell_means(values, inside)
    return np.where(inside, values, np.interp(lengths, np.arange(len(means)), means)).astype(np.float32)


class Transfer(NamedTuple):
    """A volume's contrast transfer; arrays are half transforms [z, y, x], frequency 0 in the corner."""

    factor: np.ndarray
    """What the volume's transform is multiplied by for alignment."""
    amplitude: np.ndarray
    """A, by which the object is multiplied then."""
    noise: np.ndarray
    """B, by which the power of the images' noise is multiplied then."""
    summing: np.ndarray
    """What then takes it to the form that is summed: √(C² + ε), times the multiplicity."""
    premultiplied: bool = False
    """Whether the volume was multiplied by its CTF already."""

    def applied(self, volume):
        """Return a volume in the form in which it is aligned.

        Parameters
        ----------
        volume : array_like of shape (N, N, N)
            Density [z, y, x].

        Returns
        -------
        numpy.ndarray of shape (N, N, N), float32
        """
        return _multiplied(volume, self.factor)

    def showing(self, volume):
        """Return an object as a volume in the form in which it is aligned shows it.

        Parameters
        ----------
        volume : array_like of shape (N, N, N)
            Density [z, y, x], without contrast transfer.

        Returns
        -------
        numpy.ndarray of shape (N, N, N), float32
        """
        return _multiplied(volume, self.amplitude)

    def turned(self, rotation):
        """Return the transfer in other axes.

        Parameters
        ----------
        rotation : array_like of shape (3, 3)
            From its axes to those wanted.

        Returns
        -------
        Transfer
        """
        from scipy.ndimage import map_coordinates

        # x of the axes wanted stands at Rᵀx, and of each pair ±ξ the half transform has the one with ξx ≥ 0
        points = _points(len(self.factor))[0] @ np.asarray(rotation)
        points = points * np.where(points[..., :1] < 0, -1.0, 1.0)
        middle = len(self.factor) // 2
        places = np.moveaxis(points[..., ::-1] + np.array([middle, middle, 0]), -1, 0)
        arrays = (self.factor, self.amplitude, self.noise, self.summing)
        found = (map_coordinates(np.fft.fftshift(each, (0, 1)), places, order=1, mode="nearest") for each in arrays)
        return Transfer(*found, self.premultiplied)

    def summed(self, volume):
        """Return a volume as an average adds it up, C² Z + C n, summed over the images that share a frequency.

        Parameters
        ----------
        volume : array_like of shape (N, N, N)

        Returns
        -------
        volume : numpy.ndarray of shape (N, N, N), float32
        weights : numpy.ndarray of shape (N, N, N//2 + 1)
            What the object is multiplied by in it.
        """
        return _multiplied(volume, self.factor * self.summing), self.amplitude * self.summing

    @property
    def heights(self):
        """The CTF, with its sign, by which a volume that is not premultiplied shows the object."""
        return self.factor * self.summing

    @property
    def deviation(self):
        """Deviation of what the volume is made of where noise in the images has unit deviation."""
        if not self.premultiplied:
            return 1.0
        power = self.noise.astype(float) / np.maximum(self.factor.astype(float), 1e-12) ** 2
        return float(np.sqrt(power.mean()))

    def seen(self, tilt_range, mask=None):
        """Return what it makes of signal and noise within a tilt range, under a mask.

        Parameters
        ----------
        tilt_range : float, (float, float) or (float, float, float)
            Half range, (min, max) or (min, max, axis) in degrees.
        mask : numpy.ndarray of shape (N, N, N), optional
            What the volume is multiplied by: it takes noise across the zeros of the transfer.

        Returns
        -------
        Seen
        """
        points, lengths = _points(len(self.amplitude))
        noise = self.noise if mask is None else _smeared(self.noise, mask)
        inside = measured(points, tilt_range)
        squares = self.amplitude.astype(float) ** 2
        power, mean, level = (_shell_means(values, inside) for values in (squares, self.amplitude, noise))
        power = np.maximum(power, _LEAST_POWER * power.max())
        level = np.maximum(level, _LEAST_NOISE * level.max())
        shells = np.arange(len(power))
        return Seen(
            power,
            np.clip(mean**2 / power, _LEAST_POWER, 1.0),
            level,
            (squares / np.interp(lengths, shells, power)).astype(np.float32),
            np.maximum(noise / np.interp(lengths, shells, level), _LEAST_NOISE).astype(np.float32),
        )


class Seen(NamedTuple):
    """What a contrast transfer makes of signal and noise: by shell (cycles per box), and relative to that."""

    power: np.ndarray
    """Mean of A² in each shell."""
    coherence: np.ndarray
    """⟨A⟩²/⟨A²⟩ in each shell: the part of the signal's power that A's mean stands for."""
    level: np.ndarray
    """Mean of B in each shell."""
    signal_ratio: np.ndarray
    """A² over its shell's mean, float32 (N, N, N//2 + 1)."""
    noise_ratio: np.ndarray
    """B over its shell's mean, float32 (N, N, N//2 + 1)."""

    def at(self, lattice):
        """Return A² and B over their shells' means.

        Parameters
        ----------
        lattice : numpy.ndarray of int, shape (n, 3)
            Frequencies (ξx, ξy, ξz) in cycles per box, ξx not negative.

        Returns
        -------
        (numpy.ndarray, numpy.ndarray)
            Of shape (n,) each.
        """
        x, y, z = lattice.T
        return self.signal_ratio[z, y, x].astype(float), self.noise_ratio[z, y, x].astype(float)


def _multiplied(volume, factor):
    from scipy import fft

    size = factor.shape[0]
    return fft.irfftn(fft.rfftn(np.asarray(volume, dtype=float)) * factor, (size,) * 3).astype(np.float32)


def _smeared(power, mask):
    """Return the mean power under a mask of noise that has some power by frequency."""
    from scipy import fft

    shape = mask.shape
    kernel = fft.irfftn(np.abs(fft.rfftn(mask.astype(float))) ** 2, shape)
    smeared = fft.rfftn(fft.irfftn(power.astype(float), shape) * kernel / kernel[0, 0, 0]).real
    return np.maximum(smeared, 0.0)


def check_data(data):
    """Say so if a word does not tell what a volume is.

    Parameters
    ----------
    data : str or None
        One of `DATA`, or nothing.

    Raises
    ------
    InputError
    """
    if data is not None and data not in DATA:
        raise InputError(f"ctf_data: is {data!r}, where one of {', '.join(DATA)} is needed")


def read_transfer(ctf, data=None, size=None, name="ctf"):
    """Return a volume's contrast transfer out of its CTF or weight volume.

    Parameters
    ----------
    ctf : array_like
        Heights and signs, in one of the forms of `gradalign.io.ctf_volume.from_stored`.
    data : str, optional
        What the volume is: ``"unflipped"`` (multiplied by the CTF once), ``"flipped"`` (by its absolute value) or
        ``"premultiplied"`` (by its square). If left out it is premultiplied for CTF² with multiplicity, else
        unflipped; the two are one where the CTF has no negative heights and the data are flipped.
    size : int, optional
        Edge N that the volume has, in voxels.
    name : str or path
        How messages call it.

    Returns
    -------
    Transfer

    Raises
    ------
    InputError
        If it is no CTF volume, has another size, is zero everywhere, or is CTF² where the data are not premultiplied.
    """
    check_data(data)
    stored = from_stored(ctf, name)
    edge = len(stored.heights)
    if size is not None and edge != size:
        raise InputError(f"{name}: is a CTF volume of {edge} voxels, where the volume has {size}")
    if not stored.heights.any():
        raise InputError(f"{name}: is zero everywhere, where a CTF volume is needed")
    if stored.squared:
        if data not in (None, "premultiplied"):
            raise InputError(
                f"{name}: holds CTF² and multiplicity, which premultiplied data have; ctf_data: is {data!r}"
            )
        return _of_squares(stored.heights, stored.multiplicity, name)
    heights = stored.heights if data != "flipped" else np.abs(stored.heights)
    inside = _told(np.abs(heights))
    largest = np.percentile(np.abs(heights[inside]), _HIGHEST)
    heights = _continued(heights / largest, inside)
    squares = _continued(heights.astype(float) ** 2, inside)
    root = np.sqrt(squares + _NEAR_ZERO)
    premultiplied = data == "premultiplied"
    factor = (1.0 if premultiplied else heights) / root
    return Transfer(factor, squares / root, squares / root**2, root, premultiplied)


def _of_squares(squares, multiplicity, name):
    if squares.min() < -1e-3 * squares.max():
        raise InputError(f"{name}: holds negative numbers where CTF² is expected, in the first half of the volume")
    counted = multiplicity > 0
    if not counted.any():
        raise InputError(f"{name}: has no multiplicity above zero, where the second half of the volume is one")
    relative = np.maximum(multiplicity / np.median(multiplicity[counted]), _LEAST_MULTIPLICITY)
    squares = np.maximum(squares, 0.0) / relative
    inside = _told(np.sqrt(squares)) & counted
    squares = _continued(squares / np.percentile(squares[inside], _HIGHEST), inside)
    relative = _continued(relative, inside)
    root = np.sqrt(squares + _NEAR_ZERO)
    return Transfer(1.0 / (relative * root), squares / root, squares / root**2 / relative, relative * root, True)


def _told(heights):
    """Return where a CTF volume is not zero, as far as its shell tells; a zero of the CTF is narrow and is told."""
    from scipy.ndimage import maximum_filter

    lengths = _points(len(heights))[1]
    means = _shell_means(heights, heights > 0)
    around = maximum_filter(heights, 3, mode=("wrap", "wrap", "mirror"))
    return (around > _LEAST_HEIGHT * np.interp(lengths, np.arange(len(means)), means)) & (around > 0)


class TransferReader:
    """Reads CTF volumes one after the other, and one that follows itself only once: often all volumes have one.

    Parameters
    ----------
    data : str, optional
        As for `read_transfer`.
    """

    def __init__(self, data=None):
        self._data, self._last = data, (None, None, None)

    def read(self, ctf, size, name):
        """Return the contrast transfer of a volume, see `read_transfer`; None for one without a CTF volume."""
        if ctf is None:
            return None
        known, edge, transfer = self._last
        if ctf is not known or size != edge:
            transfer = read_transfer(ctf, self._data, size, name)
            self._last = ctf, size, transfer
        return transfer


def read_transfers(volumes, ctfs, data=None, names=None):
    """Return volumes in the form in which they are aligned, with their contrast transfers.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)
        Checked densities [z, y, x].
    ctfs : sequence of array_like or None
        A CTF volume for each; None for one without contrast transfer.
    data : str, optional
        As for `read_transfer`.
    names : sequence of str, optional
        How messages call the CTF volumes.

    Returns
    -------
    volumes : list
        Those without contrast transfer as they are.
    transfers : list of Transfer or None

    Raises
    ------
    InputError
        As `read_transfer` does.
    """
    names = names or [f"ctf of volume {number}" for number in range(len(volumes))]
    reader = TransferReader(data)
    transfers = [reader.read(ctf, len(volume), name) for volume, ctf, name in zip(volumes, ctfs, names, strict=True)]
    applied = [
        volume if each is None else each.applied(volume) for volume, each in zip(volumes, transfers, strict=True)
    ]
    return applied, transfers
