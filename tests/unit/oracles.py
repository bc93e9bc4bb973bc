"""The scores as the paper writes them, in plain NumPy and in double precision: slow, and for the tests alone."""

import numpy as np

from gradalign.geometry.wedge import measured


def all_frequencies(size):
    """Return every frequency of the box in cycles per box, (n, 3) x y z, in the order of a raveled FFT."""
    axis = np.fft.fftfreq(size, 1 / size)
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    return np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1)


def transform(volume, frequencies):
    """Return Σ f(x) e^{−2πi ξ·x/N} about the centre voxel, by direct summation."""
    size = len(volume)
    position = np.arange(size) - size // 2
    waves = [np.exp(-2j * np.pi * np.outer(frequencies[:, axis], position) / size) for axis in range(3)]
    return np.einsum("kz,ky,kx,zyx->k", waves[2], waves[1], waves[0], volume.astype(float), optimize=True)


def overlap_coefficients(f, g, rotation, translation, tilt_f, tilt_g, limit):
    """Return F and F[τ_a Λ_R g] on all frequencies, zero outside the overlap M_f · Λ_R M_g below the limit.

    The level at the faces of the box is taken off first, as `prepare` does.
    """
    size = len(f)
    faces = np.ones(f.shape, bool)
    faces[1:-1, 1:-1, 1:-1] = False
    f, g = f - f[faces].mean(dtype=float), g - g[faces].mean(dtype=float)
    frequencies = all_frequencies(size)
    length = np.sqrt((frequencies**2).sum(axis=1))
    overlap = (length > 0) & (length <= limit)
    overlap &= measured(frequencies, tilt_f) & measured(frequencies @ rotation, tilt_g)
    inside = frequencies[overlap]
    fixed, moved = np.zeros(size**3, complex), np.zeros(size**3, complex)
    fixed[overlap] = transform(f, inside)
    phase = np.exp(-2j * np.pi * inside @ translation / size)
    moved[overlap] = transform(g, inside @ rotation) * phase
    return fixed, moved, overlap


def real_space_dissimilarity(f, g, rotation, translation, tilt_f, tilt_g, limit):
    """Return d of Eqs. 1–4: back to real space, real part, means off, unit norm, squared distance."""
    shape = f.shape
    fixed, moved, _ = overlap_coefficients(f, g, rotation, translation, tilt_f, tilt_g, limit)
    volumes = [np.fft.ifftn(values.reshape(shape)).real for values in (fixed, moved)]
    volumes = [volume - volume.mean() for volume in volumes]
    f_hat, g_hat = (volume / np.sqrt((volume**2).sum()) for volume in volumes)
    return ((f_hat - g_hat) ** 2).sum()


def fourier_space_dissimilarity(f, g, rotation, translation, tilt_f, tilt_g, limit):
    """Return d of Eq. 13."""
    fixed, moved, overlap = overlap_coefficients(f, g, rotation, translation, tilt_f, tilt_g, limit)
    return (np.abs(fixed - moved) ** 2).sum() / overlap.sum()
