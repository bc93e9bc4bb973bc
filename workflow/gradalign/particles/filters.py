"""Volumes filtered by resolution: a factor for each shell of frequencies."""

import numpy as np

# shells over which a low-pass falls from 1 to 0
_SOFT_SHELLS = 2.0


def _radii(size):
    axis = np.fft.fftfreq(size, 1.0 / size)
    return np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + np.fft.rfftfreq(size, 1.0 / size) ** 2)


def shell_power(volume):
    """Return the mean power of a volume's coefficients by shell.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)

    Returns
    -------
    numpy.ndarray
        For 0, 1, ... cycles per box, as far as the corners of the transform.
    """
    shell = np.rint(_radii(len(volume))).astype(int).ravel()
    return np.bincount(shell, np.abs(np.fft.rfftn(volume).ravel()) ** 2) / np.bincount(shell)


def shell_filtered(volume, factors):
    """Return a volume with the coefficients of each shell multiplied by a factor.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
    factors : array_like
        For 0, 1, ... cycles per box, interpolated between; beyond its end the last one holds.

    Returns
    -------
    numpy.ndarray of shape (N, N, N), float32
    """
    transform = np.fft.rfftn(volume) * np.interp(_radii(len(volume)), np.arange(len(factors)), factors)
    return np.fft.irfftn(transform, s=np.shape(volume), axes=(0, 1, 2)).astype(np.float32)


def low_pass_factors(size, limit):
    """Return the factors of a low-pass.

    Parameters
    ----------
    size : int
        N.
    limit : float
        In cycles per box: 1 up to here, 0 two shells further.

    Returns
    -------
    numpy.ndarray of shape (N,)
    """
    return np.clip(1.0 - (np.arange(size) - limit) / _SOFT_SHELLS, 0.0, 1.0)


def merit_factors(correlations):
    """Return by how much each shell of a half map is to be believed.

    √(2 FSC/(1 + FSC)) is the expected correlation of the average of both half maps with the truth (Rosenthal and
    Henderson 2003).

    Parameters
    ----------
    correlations : array_like of shape (n,)
        Of the half maps, at 1, 2, ... cycles per box.

    Returns
    -------
    numpy.ndarray of shape (n + 2,)
        For 0, 1, ..., n + 1 cycles per box; 1 at 0, and 0 from the first shell without correlation on.
    """
    positive = _believed(correlations)
    return np.concatenate([[1.0], np.sqrt(2.0 * positive / (1.0 + positive)), [0.0]])


def reference_agreement(correlations, shared):
    """Return the part of a reference's power that is signal, where it is a half map or, in part, the average of both.

    Parameters
    ----------
    correlations : array_like of shape (n,)
        Of the half maps, at 1, 2, ... cycles per box.
    shared : array_like of shape (m,)
        How far the reference is the average of both, for 0, 1, ... cycles per box.

    Returns
    -------
    numpy.ndarray of shape (m,)
        FSC for a half map, 2 FSC/(1 + FSC) for the average; 1 at 0.
    """
    half = np.zeros(len(shared))
    half[0], rest = 1.0, _believed(correlations)[: len(shared) - 1]
    half[1 : len(rest) + 1] = rest
    return shared * 2.0 * half / (1.0 + half) + (1.0 - shared) * half


def _believed(correlations):
    """Return correlations from 0 to 1, 0 from the first shell without any on."""
    positive = np.clip(correlations, 0.0, 1.0)
    return np.where(np.cumsum(positive <= 0.0) > _leading(positive), 0.0, positive)


def _leading(values):
    """Return how many zeros stand before the largest value: contrast transfer leaves little in the first shells."""
    return int((values[: int(np.argmax(values))] <= 0.0).sum())
