"""How far two maps agree in each shell of frequencies, and the resolution at which they cease to."""

import numpy as np
from numpy import fft

from gradalign.errors import InputError

HALF_SETS_THRESHOLD = 0.143
"""Shell correlation of half sets at which the resolution of their whole is read."""


def fourier_shell_correlation(f, g):
    """Return the correlation of two volumes by resolution.

    FSC(s) = Re Σ F conj(G) / √(Σ|F|² Σ|G|²) over the frequencies that round to s cycles per box.

    Parameters
    ----------
    f, g : array_like of shape (N, N, N)
        Densities [z, y, x].

    Returns
    -------
    frequencies : numpy.ndarray of shape (n,)
        In cycles per voxel: 1/N to the last below Nyquist's.
    correlations : numpy.ndarray of shape (n,)
        From −1 to 1; 0 where a volume holds nothing.

    Raises
    ------
    InputError
        If the shapes differ.
    """
    f, g = np.asarray(f, dtype=float), np.asarray(g, dtype=float)
    if f.shape != g.shape:
        raise InputError(f"volumes of the shapes {f.shape} and {g.shape} have no common shells")
    size = f.shape[0]
    axis = fft.fftfreq(size, 1 / size)
    radius = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2)
    shell = np.rint(radius).astype(int).ravel()
    shells = np.arange(1, (size - 1) // 2 + 1)
    spectra = [fft.fftn(volume).ravel() for volume in (f, g)]
    cross, power_f, power_g = (
        np.bincount(shell, (left * right.conj()).real)[shells]
        for left, right in (spectra, spectra[:1] * 2, spectra[1:] * 2)
    )
    scale = np.sqrt(power_f * power_g)
    return shells / size, np.divide(cross, scale, out=np.zeros(len(shells)), where=scale > 0)


def resolution(frequencies, correlations, threshold, voxel_size):
    """Return the resolution at which a shell correlation falls below a threshold, interpolated between shells.

    Parameters
    ----------
    frequencies : array_like of shape (n,)
        In cycles per voxel, rising.
    correlations : array_like of shape (n,)
    threshold : float
        0.5 against the truth, or 0.143 between half sets, which is the same signal-to-noise ratio.
    voxel_size : float
        In nm.

    Returns
    -------
    float
        In nm, at the first fall below the threshold beyond the highest correlation; NaN where the threshold is never
        reached, the last shell's where the correlation never falls below it.
    """
    frequencies, correlations = np.asarray(frequencies, dtype=float), np.asarray(correlations, dtype=float)
    # the contrast transfer leaves little in the first shells, which may lie below the threshold
    start = int(np.argmax(correlations))
    above = correlations[start:] >= threshold
    if not above[0]:
        return float("nan")
    if above.all():
        return float(voxel_size / frequencies[-1])
    last = start + int(np.argmin(above))
    left, right = correlations[last - 1], correlations[last]
    share = (left - threshold) / (left - right)
    return float(voxel_size / (frequencies[last - 1] + share * (frequencies[last] - frequencies[last - 1])))
