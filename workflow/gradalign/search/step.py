"""One Levenberg–Marquardt step of one candidate; nothing of seeds or of stopping."""

from typing import NamedTuple

import numpy as np

from gradalign.base.jit import jit
from gradalign.fourier.products import overlap_products
from gradalign.scores.least_squares import dissimilarity, normal_equations

# d beyond it is infinite; kernels whose mathematics is fast must not ask for infinity itself
LARGEST = 1e300


class Candidates(NamedTuple):
    """The candidates of one search with the normal equations at their places."""

    rotations: np.ndarray
    """float64 (m, 3, 3)"""
    translations: np.ndarray
    """float64 (m, 3), voxels"""
    dissimilarities: np.ndarray
    """float64 (m,)"""
    matrices: np.ndarray
    """JᵀJ, float64 (m, 6, 6)"""
    vectors: np.ndarray
    """Jᵀ(f − g), float64 (m, 6)"""
    damping: np.ndarray
    """λ, float64 (m,)"""
    current: np.ndarray
    """Whether the normal equations are those of the place, bool (m,)"""


def chosen(candidates, places):
    """Return some candidates, in an order.

    Parameters
    ----------
    candidates : Candidates
    places : array_like
        Their numbers, or which are wanted, bool (m,).

    Returns
    -------
    Candidates
        Copies.
    """
    return Candidates(*(values[places] for values in candidates))


def joined(parts):
    """Return the candidates of several searches as those of one.

    Parameters
    ----------
    parts : iterable of Candidates

    Returns
    -------
    Candidates
    """
    return Candidates(*(np.concatenate(values) for values in zip(*parts, strict=True)))


@jit
def rotation_from_vector(vector):
    """Return exp([ω]×), the rotation about ω by |ω| radians (Rodrigues).

    Parameters
    ----------
    vector : float64 (3,)

    Returns
    -------
    float64 (3, 3)
    """
    x, y, z = vector[0], vector[1], vector[2]
    angle = np.sqrt(x * x + y * y + z * z)
    # sin(α)/α and (1 − cos α)/α², from their series where α is small
    if angle < 1e-4:
        first, second = 1.0 - angle * angle / 6.0, 0.5 - angle * angle / 24.0
    else:
        first, second = np.sin(angle) / angle, (1.0 - np.cos(angle)) / (angle * angle)
    # the square of [ω]× is ω ωᵀ − |ω|² I
    rotation = np.empty((3, 3))
    diagonal = 1.0 - second * angle * angle
    for i in range(3):
        for j in range(3):
            rotation[i, j] = second * vector[i] * vector[j]
        rotation[i, i] += diagonal
    rotation[0, 1] -= first * z
    rotation[0, 2] += first * y
    rotation[1, 0] += first * z
    rotation[1, 2] -= first * x
    rotation[2, 0] -= first * y
    rotation[2, 1] += first * x
    return rotation


@jit
def copy_transform(rotation, translation, to_rotation, to_translation):
    """Copy R and a into arrays; assigning to a slice would add seconds to the compilation."""
    for i in range(3):
        to_translation[i] = translation[i]
        for j in range(3):
            to_rotation[i, j] = rotation[i, j]


@jit
def _compose(left, right):
    """Return the product of two 3×3 matrices; the library's costs more than the numbers."""
    product = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            product[i, j] = left[i, 0] * right[0, j] + left[i, 1] * right[1, j] + left[i, 2] * right[2, j]
    return product


@jit
def _solve(matrix, vector, damping, solution):
    """Solve (A + λ diag A) δ = b by Cholesky's method in place; False if A is not positive definite."""
    count = vector.shape[0]
    for i in range(count):
        for j in range(i + 1):
            total = matrix[i, j]
            if i == j:
                total *= 1.0 + damping
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            if i > j:
                matrix[i, j] = total / matrix[j, j]
            elif total > 0.0:
                matrix[i, i] = np.sqrt(total)
            else:
                return False
    for i in range(count):
        total = vector[i]
        for k in range(i):
            total -= matrix[i, k] * solution[k]
        solution[i] = total / matrix[i, i]
    for i in range(count - 1, -1, -1):
        total = solution[i]
        for k in range(i + 1, count):
            total -= matrix[k, i] * solution[k]
        solution[i] = total / matrix[i, i]
    return True


@jit
def unevaluated(rotations, translations, damping):
    """Return candidates at given transforms, without d and normal equations.

    Parameters
    ----------
    rotations : float64 (m, 3, 3)
    translations : float64 (m, 3)
        In voxels.
    damping : Damping

    Returns
    -------
    Candidates
    """
    count = rotations.shape[0]
    return Candidates(
        rotations.copy(),
        translations.copy(),
        np.empty(count),
        np.empty((count, 6, 6)),
        np.empty((count, 6)),
        np.full(count, damping.start),
        np.zeros(count, np.bool_),
    )


@jit
def _propose(basis, candidates, number, rotation, translation):
    """Solve the normal equations of a candidate and move the transform; False if they have no solution."""
    free = basis.shape[1]
    matrix, vector, solution = np.zeros((free, free)), np.zeros(free), np.zeros(free)
    for a in range(free):
        for i in range(6):
            if basis[i, a] == 0.0:
                continue
            vector[a] += basis[i, a] * candidates.vectors[number, i]
            for b in range(a + 1):
                for j in range(6):
                    matrix[a, b] += basis[i, a] * candidates.matrices[number, i, j] * basis[j, b]
    if not _solve(matrix, vector, candidates.damping[number], solution):
        return False
    change = np.zeros(6)
    for i in range(6):
        for a in range(free):
            change[i] += basis[i, a] * solution[a]
    turned = _compose(rotation_from_vector(change[:3]), rotation)
    copy_transform(turned, translation + change[3:], rotation, translation)
    return True


@jit
def step(fixed, moving, score, basis, damping, candidates, number, work):
    """Take one step: solve (JᵀJ + λ diag JᵀJ) Δβ = Jᵀ(f − g_β), try R ← exp([ω]×)R and a ← a + Δa.

    The trial is kept if it lowers d; λ is then lowered, else raised (Eqs. 7 and 17).

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
    score : int
    basis : float64 (6, k)
        The free directions among ω and a: the identity, or a rotation axis with the translations (Eq. 22).
    damping : Damping
    candidates : Candidates
    number : int
        The candidate that moves.
    work : gradalign.fourier.overlap.WorkSpace

    Returns
    -------
    bool
        Whether the trial was kept.
    """
    rotation, translation = candidates.rotations[number].copy(), candidates.translations[number].copy()
    # first where the candidate stands, unless that is known; one place for both, since a second would be compiled too
    for trial in range(1 if candidates.current[number] else 0, 2):
        if trial == 1 and not _propose(basis, candidates, number, rotation, translation):
            candidates.damping[number] *= damping.increase
            return False
        # with its derivatives: a trial that is kept, as about half are, then needs no second sampling
        count = overlap_products(fixed, moving, rotation, translation, work, work.products)
        if trial == 1:
            value = dissimilarity(score, work.products, count)
            if not value < candidates.dissimilarities[number]:
                candidates.damping[number] *= damping.increase
                return False
            copy_transform(rotation, translation, candidates.rotations[number], candidates.translations[number])
            candidates.dissimilarities[number] = value
            candidates.damping[number] *= damping.decrease
        normal_equations(score, work.products, count, candidates.matrices[number], candidates.vectors[number])
        candidates.current[number] = True
    return True


@jit
def refine(fixed, moving, score, basis, damping, tolerance, max_steps, candidates, number, work):
    """Refine one candidate until an accepted step lowers d by less than `tolerance` of its value.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
    score : int
    basis : float64 (6, k)
    damping : Damping
    tolerance : float
    max_steps : int
    candidates : Candidates
    number : int
    work : gradalign.fourier.overlap.WorkSpace

    Returns
    -------
    int
        Steps taken, accepted or not.
    """
    for taken in range(max_steps):
        before = candidates.dissimilarities[number]
        if before > LARGEST:
            # there is nothing to compare
            return taken
        accepted = step(fixed, moving, score, basis, damping, candidates, number, work)
        if accepted and before - candidates.dissimilarities[number] < tolerance * before:
            return taken + 1
    return max_steps
