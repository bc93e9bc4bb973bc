"""A score at one transform, and how it curves there."""

import numpy as np

from gradalign.fourier.overlap import sample_values, work_space
from gradalign.fourier.products import overlap_products, value_products
from gradalign.scores.least_squares import dissimilarity, score_number


def information(fixed, moving, rotation, translation):
    """Return Σ_Ω Re(∂s* ∂sᵀ) at a transform, s being the weighted transform of the moved volume.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
    rotation : array_like of shape (3, 3)
    translation : array_like of shape (3,)
        In voxels.

    Returns
    -------
    numpy.ndarray of shape (6, 6)
        For ω in R ← exp([ω]×) R, radians, and the translation in voxels.
    """
    products = np.empty((9, 8))
    rotation, translation = (np.ascontiguousarray(part, dtype=float) for part in (rotation, translation))
    overlap_products(fixed, moving, rotation, translation, work_space(fixed), products)
    return products[:6, :6].copy()


def dissimilarity_at(fixed, moving, score, rotation, translation):
    """Return d of two prepared subtomograms for a given transform.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
    score : str
    rotation : array_like of shape (3, 3)
    translation : array_like of shape (3,)
        In voxels.

    Returns
    -------
    float
    """
    products, work = np.empty((9, 8)), work_space(fixed)
    count = sample_values(fixed, moving, np.ascontiguousarray(rotation, dtype=float), work)
    value_products(fixed, np.ascontiguousarray(translation, dtype=float), count, work, products)
    return float(dissimilarity(score_number(score), products, count))
