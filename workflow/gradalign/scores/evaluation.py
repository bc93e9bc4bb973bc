"""A score at some transforms, and how it curves there."""

import numpy as np

from gradalign.base.jit import jit, jit_part
from gradalign.fourier.overlap import matched, sample_overlap, sample_values, work_space
from gradalign.fourier.products import multiply, value_products
from gradalign.scores.least_squares import LIKELIHOOD, dissimilarity, normal_equations, score_number


@jit
def _fill_values(pair, score, rotations, translations, work, values):
    for place in range(rotations.shape[0]):
        count = sample_values(pair, rotations[place], work)
        value_products(pair.size, translations[place], count, work, work.products)
        values[place] = dissimilarity(score, work.products, count)


def evaluate_values(fixed, moving, score, rotations, translations):
    """Return a score at some transforms, without its derivatives.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
    score : int
    rotations : float64 (m, 3, 3)
    translations : float64 (m, 3)
        In voxels.

    Returns
    -------
    float64 (m,)
    """
    values = np.empty(len(rotations))
    _fill_values(matched(fixed, moving), score, rotations, translations, work_space(fixed), values)
    return values


# Numba compiles a part twice that both a kernel and other parts call
@jit_part
def _evaluate_one(pair, score, transform, work, filled):
    rotation, translation = transform
    products, matrix, vector = filled
    count = sample_overlap(pair, rotation, work)
    multiply(pair.size, pair.softness, rotation, translation, count, work, products)
    normal_equations(score, products, count, matrix, vector)
    return dissimilarity(score, products, count), count


@jit
def _evaluate(pair, score, rotations, translations, work, values, matrices, vectors, counts, products):
    for place in range(rotations.shape[0]):
        transform = rotations[place], translations[place]
        filled = products[place], matrices[place], vectors[place]
        values[place], counts[place] = _evaluate_one(pair, score, transform, work, filled)


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
        From `gradalign.fourier.products.multiply`.
    """
    places = len(rotations)
    values, counts, products = np.empty(places), np.empty(places, np.int64), np.empty((places, 9, 8))
    filled = values, np.empty((places, 6, 6)), np.empty((places, 6)), counts, products
    _evaluate(matched(fixed, moving), score, rotations, translations, work_space(fixed), *filled)
    return filled


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
    *_, products = evaluate(fixed, moving, LIKELIHOOD, *_one(rotation, translation))
    return products[0, :6, :6].copy()


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
    return float(evaluate_values(fixed, moving, score_number(score), *_one(rotation, translation))[0])


def _one(*transform):
    return (np.ascontiguousarray(part, dtype=float)[None] for part in transform)
