"""CTF volumes as programs store them, brought to one form: the half transform with frequency 0 in its corner."""

from typing import NamedTuple

import numpy as np

from gradalign.errors import InputError

_SMALLEST = 8
# no sum of squared transfers and doses comes to so much; its square is within single precision
_LARGEST = 1e12


class CtfVolume(NamedTuple):
    """What a CTF volume says of each frequency, [z, y, x] with frequency 0 in the corner, (N, N, N//2 + 1)."""

    heights: np.ndarray
    """The CTF with its sign and weights, or its square where `squared`; float32."""
    multiplicity: np.ndarray | None
    """How many images measured each frequency; None where the file does not tell."""
    squared: bool
    """Whether `heights` are those of CTF² (RELION's pseudo-subtomograms, whose volumes are multiplied by the CTF)."""


def from_stored(volume, name):
    """Return a CTF volume out of the forms in which programs store it.

    Parameters
    ----------
    volume : array_like
        One of: a cube, (N, N, N), with frequency 0 at voxel N//2; the half of a transform, (N, N, N//2 + 1), with
        frequency 0 in the corner (Warp, RELION 3); CTF² and multiplicity one after the other along z, (2N, N, N//2 + 1)
        (pseudo-subtomograms of RELION 4 and 5).
    name : str or path
        How messages call it.

    Returns
    -------
    CtfVolume

    Raises
    ------
    InputError
        If it has none of these forms, or holds NaN, infinity or a number that no CTF comes to.
    """
    volume = np.asarray(volume)
    if volume.ndim != 3 or min(volume.shape) < _SMALLEST // 2 or volume.dtype.kind not in "iuf":
        raise InputError(f"{name}: is no CTF volume, where three dimensions of real numbers are needed")
    volume = volume.astype(np.float32)
    if not np.isfinite(volume).all():
        raise InputError(f"{name}: is no CTF volume, it holds NaN or infinity")
    largest = float(np.abs(volume).max(initial=0.0))
    if largest > _LARGEST:
        raise InputError(f"{name}: is no CTF volume, it holds the number {largest:.3g}, as a damaged file does")
    size = volume.shape[1]
    half = size // 2 + 1
    if size >= _SMALLEST and volume.shape == (size, size, size):
        return CtfVolume(np.fft.ifftshift(volume)[:, :, :half], None, squared=False)
    if size >= _SMALLEST and volume.shape == (size, size, half):
        return CtfVolume(volume, None, squared=False)
    if size >= _SMALLEST and volume.shape == (2 * size, size, half):
        return CtfVolume(volume[:size], volume[size:], squared=True)
    raise InputError(
        f"{name}: has the shape {volume.shape}, where a CTF volume of N³, N x N x (N/2 + 1) or 2N x N x (N/2 + 1) is "
        "needed"
    )
