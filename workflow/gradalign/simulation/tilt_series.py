"""Tilt series in Fourier space: projections are central slices of the posed object, noise is white."""

import numpy as np
from numpy import fft

_NYQUIST = 0.5


def image_frequencies(image_box):
    """Return the frequencies of an image in the layout of `numpy.fft.rfft2`.

    Parameters
    ----------
    image_box : int
        Edge of the image in pixels.

    Returns
    -------
    kx : numpy.ndarray, (image_box, 1)
        Across the tilt axis, in cycles per voxel.
    ky : numpy.ndarray, (1, image_box // 2 + 1)
        Along the tilt axis, not negative.
    """
    return fft.fftfreq(image_box)[:, None], fft.rfftfreq(image_box)[None, :]


class Projector:
    """Projections of an object along the tilts of one scheme, prepared once and used for many poses.

    Parameters
    ----------
    angles : array_like, (n,)
        Tilt angles in degrees.
    transfer : numpy.ndarray, (image_box, image_box // 2 + 1)
        What each frequency of an image is multiplied with. Frequencies where it is zero, and those from
        Nyquist on, are not sampled and stay zero.
    """

    def __init__(self, angles, transfer):
        image_box = transfer.shape[0]
        kx, ky = image_frequencies(image_box)
        self._rows, self._columns = np.nonzero((transfer != 0) & (np.hypot(kx, ky) < _NYQUIST))
        self._transfer = transfer[self._rows, self._columns].astype(np.float32)
        self._kx, self._ky = kx[self._rows, 0], ky[0, self._columns]
        angles = np.radians(angles)
        self._across = np.stack([np.cos(angles), np.zeros_like(angles), np.sin(angles)], axis=-1)
        self._shape = (len(angles), *transfer.shape)
        self._half = image_box // 2

    def __call__(self, sampler, rotation, translation):
        """Project the posed object.

        The density is o(R^-1 (x - a)), its transform exp(-2 pi i a.k) O(R^-1 k); the projection at tilt
        alpha is the slice k = (kx cos alpha, ky, kx sin alpha).

        Parameters
        ----------
        sampler : gradalign.fourier.spectrum.Sampler
            Spectrum O of the object; anything with ``sample(frequencies (m, 3)) -> (m,) complex``.
        rotation : array_like, (3, 3)
            R.
        translation : array_like, (3,)
            a in voxels, ``(x, y, z)``.

        Returns
        -------
        numpy.ndarray, (n, image_box, image_box // 2 + 1), complex64
            Spectra of the images ``[tilt, x, y]`` as `numpy.fft.irfft2` takes them, the object's centre at
            pixel ``image_box // 2``.
        """
        rotation, translation = np.asarray(rotation, dtype=float), np.asarray(translation, dtype=float)
        # rows times R are R^T k
        across, along = self._across @ rotation, rotation[1]
        frequencies = self._kx[:, None] * across[:, None, :] + self._ky[:, None] * along
        values = sampler.sample(frequencies.reshape(-1, 3)).reshape(frequencies.shape[:2])
        kx, ky = image_frequencies(2 * self._half)
        shifts = self._across @ translation + self._half
        phases_x = np.exp(-2j * np.pi * shifts[:, None] * kx[:, 0])
        phases_y = np.exp(-2j * np.pi * (translation[1] + self._half) * ky[0])
        phases = (phases_x[:, self._rows] * (phases_y[self._columns] * self._transfer)).astype(np.complex64)
        spectra = np.zeros(self._shape, dtype=np.complex64)
        spectra[:, self._rows, self._columns] = values * phases
        return spectra


def noise_spectra(rng, count, amplitude):
    """Draw the spectra of images of Gaussian noise: white noise of unit variance times `amplitude`.

    Drawing in Fourier space saves a transform. The columns ky = 0 and Nyquist hold both signs of kx; of
    what stands there the inverse transform keeps the Hermitian part, which has half of the variance.

    Parameters
    ----------
    rng : numpy.random.Generator
    count : int
        Number of images.
    amplitude : numpy.ndarray, (image_box, image_box // 2 + 1)
        Real, even in kx; `image_box` is even.

    Returns
    -------
    numpy.ndarray, (count, image_box, image_box // 2 + 1), complex64
        Spectra as `numpy.fft.irfft2` takes them.
    """
    image_box, columns = amplitude.shape
    noise = rng.standard_normal((count, image_box, 2 * columns), dtype=np.float32).view(np.complex64)
    scale = amplitude * (image_box / np.sqrt(2))
    scale[:, [0, -1]] *= np.sqrt(2)
    noise *= scale.astype(np.float32)
    return noise
