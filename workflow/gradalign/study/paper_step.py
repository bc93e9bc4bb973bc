"""The paper's refinement step as one would write it with NumPy and SciPy: an oracle for the kernels, and their measure.

Every evaluation rotates g in real space, transforms it, masks both volumes to the overlap below the low-pass, and for
RCS goes back to real space. The Jacobian is taken by central differences, for FCS only in the rotation: its derivatives
with respect to the translation are analytic, as the paper has it.
"""

from typing import NamedTuple

import numpy as np
from scipy import fft, ndimage
from scipy.spatial.transform import Rotation

from gradalign.geometry.wedge import measured

ROTATION_WIDTH = np.radians(1.0)
"""Half width of the central differences in ω, in radians."""
TRANSLATION_WIDTH = 0.1
"""Half width of the central differences in a, in voxels."""


class Step(NamedTuple):
    """One Levenberg–Marquardt step."""

    dissimilarity: float
    """d where the step starts."""
    matrix: np.ndarray
    """JᵀJ, (6, 6), parameters ω and a."""
    vector: np.ndarray
    """Jᵀ(f − g), (6,)."""
    rotation: np.ndarray
    """R of the trial, (3, 3)."""
    translation: np.ndarray
    """a of the trial in voxels, (3,)."""
    trial_dissimilarity: float
    """d of the trial."""


class SlowPair:
    """Two subtomograms and their wedges, in one band.

    Parameters
    ----------
    f, g : numpy.ndarray of shape (N, N, N)
        Densities [z, y, x].
    tilt_f, tilt_g : float or (float, float)
        Half range or (min, max) in degrees.
    limit : float
        Largest frequency of the band in cycles per box.
    score : str
        ``"rcs"`` or ``"fcs"``.
    order : int
        Of the splines that rotate g: 1 is linear interpolation.
    """

    def __init__(self, f, g, tilt_f, tilt_g, limit, score, order=1):
        size = len(f)
        axis, half = fft.fftfreq(size, 1 / size), fft.rfftfreq(size, 1 / size)
        z, y, x = np.meshgrid(axis, axis, half, indexing="ij")
        self._frequencies = np.stack([x, y, z], axis=-1)
        length = np.sqrt((self._frequencies**2).sum(axis=-1))
        self._band = (length > 0) & (length <= limit) & measured(self._frequencies, tilt_f)
        # the plane x = 0 holds both of each ±ξ
        self._weights = np.where(x > 0, 1.0, 0.5)
        self._fixed = fft.rfftn(f.astype(np.float32))
        self._g, self._tilt_g = g.astype(np.float32), tilt_g
        self._score, self._order = score, order

    def overlap(self, rotation):
        """Return the mask of Ω for one rotation, (N, N, N // 2 + 1)."""
        return self._band & measured(self._frequencies @ rotation, self._tilt_g)

    def _moved(self, rotation, translation):
        """Return the transform of g(R⁻¹(x − a))."""
        centre = np.full(3, len(self._g) // 2)
        inverse = rotation.T[::-1, ::-1]
        offset = centre - inverse @ (centre + np.asarray(translation)[::-1])
        return fft.rfftn(ndimage.affine_transform(self._g, inverse, offset, order=self._order))

    def _normalised(self, spectrum):
        volume = fft.irfftn(spectrum, self._g.shape)
        volume = volume - volume.mean()
        return (volume / np.sqrt((volume**2).sum())).ravel()

    def _vector(self, spectrum, overlap):
        """Return the vector whose squared distance to that of f is d."""
        if self._score == "rcs":
            return self._normalised(spectrum * overlap)
        values = spectrum[overlap] * np.sqrt(self._weights[overlap] / self._weights[overlap].sum())
        return np.concatenate([values.real, values.imag])

    def _jacobian(self, rotation, translation, overlap):
        columns = []
        for axis in np.eye(3):
            small = Rotation.from_rotvec(ROTATION_WIDTH * axis).as_matrix()
            after, before = (
                self._vector(self._moved(each @ rotation, translation), overlap) for each in (small, small.T)
            )
            columns.append((after - before) / (2 * ROTATION_WIDTH))
        moved = self._moved(rotation, translation) if self._score == "fcs" else None
        for axis in np.eye(3):
            if self._score == "fcs":
                derivative = -2j * np.pi * (self._frequencies @ axis) / len(self._g) * moved
                columns.append(self._vector(derivative, overlap))
                continue
            after, before = (
                self._vector(self._moved(rotation, translation + shift), overlap)
                for shift in (TRANSLATION_WIDTH * axis, -TRANSLATION_WIDTH * axis)
            )
            columns.append((after - before) / (2 * TRANSLATION_WIDTH))
        return np.stack(columns, axis=1)

    def residual(self, rotation, translation):
        """Return f − g_β over the overlap of R, whose squared length is d (Eqs. 6 and 13)."""
        overlap = self.overlap(rotation)
        return self._vector(self._fixed, overlap) - self._vector(self._moved(rotation, translation), overlap)

    def step(self, rotation, translation, damping):
        """Take one step: (JᵀJ + λ diag JᵀJ) Δβ = Jᵀ(f − g_β), R ← exp([ω]×)R, a ← a + Δa (Eqs. 7 and 17).

        Parameters
        ----------
        rotation : numpy.ndarray of shape (3, 3)
        translation : numpy.ndarray of shape (3,)
            In voxels.
        damping : float
            λ.

        Returns
        -------
        Step
        """
        residual = self.residual(rotation, translation)
        jacobian = self._jacobian(rotation, translation, self.overlap(rotation))
        matrix, vector = jacobian.T @ jacobian, jacobian.T @ residual
        change = np.linalg.solve(matrix + damping * np.diag(np.diag(matrix)), vector)
        trial = Rotation.from_rotvec(change[:3]).as_matrix() @ rotation
        shifted = translation + change[3:]
        return Step(
            dissimilarity=float(residual @ residual),
            matrix=matrix,
            vector=vector,
            rotation=trial,
            translation=shifted,
            trial_dissimilarity=float((self.residual(trial, shifted) ** 2).sum()),
        )
