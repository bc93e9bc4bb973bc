"""A score at some transforms, and how it curves there."""

import numpy as np

from gradalign.base.jit import jit
from gradalign.fourier.overlap import sample_values, work_space
from gradalign.fourier.products import overlap_products, value_products
from gradalign.scores.least_squares import dissimilarity, normal_equations, score_number


@jit
def evaluate(fixed, moving, score, rotations, translations):
    """Return a score and its normal equations at some transforms.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
    score : int
    rotations : float64 (m, 3, 3)
    translations : float64 (m, 3)
        In voxels.

    Returns
    -------
    values : float64 (m,)
        d.
    matrices : float64 (m, 6, 6)
        JᵀJ.
    vectors : float64 (m, 6)
        Jᵀ(f − g).
    counts : int64 (m,)
        Coefficients in the overlap.
    products : float64 (m, 9, 8)
        From `gradalign.fourier.products.overlap_products`.
    """
    places = rotations.shape[0]
    values, counts, products = np.empty(places), np.empty(places, np.int64), np.empty((places, 9, 8))
    matrices, vectors, work = np.empty((places, 6, 6)), np.empty((places, 6)), work_space(fixed)
    for place in range(places):
        count = overlap_products(fixed, moving, rotations[place], translations[place], work, products[place])
        normal_equations(score, products[place], count, matrices[place], vectors[place])
        values[place], counts[place] = dissimilarity(score, products[place], count), count
    return values, matrices, vectors, counts, products


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
