"""Weighted back-projection of a tilt series about the axis y, at the density's own scale.

With t = x cos(alpha) + z sin(alpha) the density is

    f(x, y, z) = integral over alpha, integral over |k| < 1/2 of |k| P_alpha(k, y) exp(2 pi i k t).

The inner integral is a convolution of the image's rows with the band-limited ramp kernel h(t), the transform
of |k| on [-1/2, 1/2]. The image counts as zero outside its frame, and the convolution is evaluated where it
is needed: nothing wraps around, and the zero frequency needs no weight of its own, since |k| is integrated
down to zero.
"""

import numpy as np

from gradalign.base.jit import jit

# linear interpolation then errs by less than 1 % of a wave of 4 voxels
_UPSAMPLING = 4
_QUADRATURE_NODES_PER_CYCLE = 4


def ramp_kernel(positions):
    """Compute the ramp kernel, corrected for the linear interpolation that follows.

    h(t) = 2 integral_0^(1/2) k / sinc^2(k / u) cos(2 pi k t) dk, u being the upsampling: linear interpolation
    on a grid of spacing 1/u damps a wave by sinc^2(k / u).

    Parameters
    ----------
    positions : array_like
        t in voxels.

    Returns
    -------
    numpy.ndarray
        h(t), of the shape of `positions`.
    """
    positions = np.asarray(positions, dtype=float)
    cycles = np.abs(positions).max() / 2
    nodes, weights = np.polynomial.legendre.leggauss(int(_QUADRATURE_NODES_PER_CYCLE * cycles) + 32)
    k = 0.25 * (nodes + 1)
    spectrum = 2 * 0.25 * weights * k / np.sinc(k / _UPSAMPLING) ** 2
    return np.tensordot(np.cos(2 * np.pi * positions[..., None] * k), spectrum, axes=1)


@jit
def _filter(image, kernel, first, rows):
    """Set rows[t, y] = sum over x of kernel[t, x] image[x, first + y]: four rows and two x at a time.

    NumPy's product is faster on an idle machine, but its threads wait for each other when another job runs.
    """
    box = rows.shape[1]
    for t in range(0, rows.shape[0], 4):
        row_0, row_1, row_2, row_3 = rows[t], rows[t + 1], rows[t + 2], rows[t + 3]
        row_0[:], row_1[:], row_2[:], row_3[:] = 0, 0, 0, 0
        for x in range(0, kernel.shape[1], 2):
            a_0, a_1, a_2, a_3 = kernel[t, x], kernel[t + 1, x], kernel[t + 2, x], kernel[t + 3, x]
            b_0, b_1, b_2, b_3 = kernel[t, x + 1], kernel[t + 1, x + 1], kernel[t + 2, x + 1], kernel[t + 3, x + 1]
            left, right = image[x, first : first + box], image[x + 1, first : first + box]
            for y in range(box):
                row_0[y] += a_0 * left[y] + b_0 * right[y]
                row_1[y] += a_1 * left[y] + b_1 * right[y]
                row_2[y] += a_2 * left[y] + b_2 * right[y]
                row_3[y] += a_3 * left[y] + b_3 * right[y]


@jit
def _accumulate(rows, cosine, sine, reach, upsampling, volume):
    """Add filtered rows [t, y] into the volume [z, x, y] by linear interpolation along t."""
    box = volume.shape[0]
    centre = box // 2
    for iz in range(box):
        for ix in range(box):
            place = ((ix - centre) * cosine + (iz - centre) * sine + reach) * upsampling
            left = int(place)
            right_weight = np.float32(place - left)
            left_weight = np.float32(1.0) - right_weight
            for iy in range(box):
                volume[iz, ix, iy] += left_weight * rows[left, iy] + right_weight * rows[left + 1, iy]


@jit
def _back_project(images, kernel, first, cosines, sines, reach, upsampling, volume):
    rows = np.empty((kernel.shape[0], volume.shape[2]), np.float32)
    for tilt in range(images.shape[0]):
        _filter(images[tilt], kernel, first, rows)
        _accumulate(rows, cosines[tilt], sines[tilt], reach, upsampling, volume)


class BackProjection:
    """Weighted back-projection of one tilt scheme, prepared once and used for many series.

    Parameters
    ----------
    image_box : int
        Edge of the images in pixels, even.
    box : int
        Edge of the volume in voxels, at most `image_box`.
    angles : array_like, (n,)
        Tilt angles in degrees.
    tilt_step : float
        Angle that each image stands for, in degrees.
    """

    def __init__(self, image_box, box, angles, tilt_step):
        self._box = box
        self._first_row = image_box // 2 - box // 2
        self._cosines = np.cos(np.radians(angles))
        self._sines = np.sin(np.radians(angles))
        self._reach = int(np.ceil(np.sqrt(2) * (box // 2)))
        # one point more for the interpolation, and then whole blocks of four
        count = 4 * (2 * self._reach * _UPSAMPLING // 4 + 1)
        t = np.arange(count) / _UPSAMPLING - self._reach
        pixels = np.arange(image_box) - image_box // 2
        kernel = np.radians(tilt_step) * ramp_kernel(t[:, None] - pixels)
        self._kernel = kernel.astype(np.float32)

    def __call__(self, images):
        """Reconstruct the volume.

        Parameters
        ----------
        images : numpy.ndarray, (n, image_box, image_box)
            Tilt series ``[tilt, x, y]``, the tilt axis at pixel ``image_box // 2``.

        Returns
        -------
        numpy.ndarray, (box, box, box), float32
            Density ``[z, y, x]``, its centre at voxel ``box // 2``.
        """
        images = np.ascontiguousarray(images, dtype=np.float32)
        volume = np.zeros((self._box,) * 3, dtype=np.float32)
        _back_project(
            images,
            self._kernel,
            self._first_row,
            self._cosines,
            self._sines,
            self._reach,
            _UPSAMPLING,
            volume,
        )
        return np.ascontiguousarray(volume.transpose(0, 2, 1))
