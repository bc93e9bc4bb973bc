"""The dissimilarity scores: their value and the normal equations of a least-squares step.

RCS, the real-space constrained score (Eqs. 1–6): both volumes limited to the overlap Ω, without their means and scaled
to unit norm; d = 2 − 2c with their inner product c, which by Parseval is a sum over Ω.
FCS, the Fourier-space constrained score (Eqs. 13–19): d = Σ_Ω |F − G|² / |Ω|, |Ω| constant within a step.
"""

import numpy as np

from gradalign.base.jit import jit_part
from gradalign.errors import InputError
from gradalign.fourier.products import FIXED, MOVED, OUTSIDE

SCORES = {"rcs": 0, "fcs": 1, "likelihood": 2}
RCS, LIKELIHOOD = SCORES["rcs"], SCORES["likelihood"]


def score_number(name):
    """Return the number by which the kernels know a score.

    Parameters
    ----------
    name : str
        ``"rcs"`` or ``"fcs"``.

    Returns
    -------
    int

    Raises
    ------
    InputError
        If there is no such score.
    """
    if name not in SCORES:
        raise InputError(f"score {name!r} is not known: give one of {', '.join(SCORES)}")
    return SCORES[name]


@jit_part
def dissimilarity(score, products, count):
    """Return d from the products of the overlap.

    Parameters
    ----------
    score : int
    products : float64 (9, 8)
        From `gradalign.fourier.products.multiply`.
    count : int
        Number of frequencies in the overlap.

    Returns
    -------
    float
        Infinite where nothing is compared.
    """
    moved, fixed, mixed = products[MOVED, MOVED], products[FIXED, FIXED], products[MOVED, FIXED]
    if score == LIKELIHOOD:
        return fixed - 2.0 * mixed + moved + products[OUTSIDE, 0]
    if count == 0 or moved <= 0.0 or fixed <= 0.0:
        return np.inf
    if score == RCS:
        return 2.0 - 2.0 * mixed / np.sqrt(moved * fixed)
    return (fixed - 2.0 * mixed + moved) / count


@jit_part
def normal_equations(score, products, count, matrix, vector):
    """Fill JᵀJ and Jᵀ(f − g) of the score's residuals.

    For RCS the Jacobian is projected off the normalised g and divided by its norm, |g|² being its squared norm:
    JᵀJ = (A − q qᵀ/|g|²)/|g|² with A the products of the derivatives and q theirs with g.

    Parameters
    ----------
    score : int
    products : float64 (9, 8)
    count : int
    matrix : float64 (6, 6)
        Receives JᵀJ; parameters ω and a.
    vector : float64 (6,)
        Receives Jᵀ(f − g).
    """
    moved, fixed, mixed = products[MOVED, MOVED], products[FIXED, FIXED], products[MOVED, FIXED]
    if count == 0 or moved <= 0.0 or fixed <= 0.0:
        matrix[:] = 0.0
        vector[:] = 0.0
        return
    for i in range(6):
        if score == RCS:
            vector[i] = (products[i, FIXED] - products[i, MOVED] * mixed / moved) / np.sqrt(moved * fixed)
        elif score == LIKELIHOOD:
            vector[i] = products[i, FIXED] - products[i, MOVED]
            if i < 3:
                # a rotation also carries frequencies across the wedge's soft edge
                vector[i] -= 0.5 * products[OUTSIDE, 1 + i]
        else:
            vector[i] = (products[i, FIXED] - products[i, MOVED]) / count
        for j in range(6):
            if score == RCS:
                matrix[i, j] = (products[i, j] - products[i, MOVED] * products[j, MOVED] / moved) / moved
            elif score == LIKELIHOOD:
                matrix[i, j] = products[i, j]
            else:
                matrix[i, j] = products[i, j] / count
