"""One Levenberg–Marquardt step of one candidate; nothing of seeds or of stopping."""

from typing import NamedTuple

import numpy as np

from gradalign.base.jit import jit, jit_part
from gradalign.fourier.overlap import matched, sample_overlap
from gradalign.fourier.products import multiply
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


@jit_part
def _fill_rotation(vector, rotation):
    """Fill exp([ω]×), the rotation about ω by |ω| radians (Rodrigues)."""
    x, y, z = vector[0], vector[1], vector[2]
    angle = np.sqrt(x * x + y * y + z * z)
    # sin(α)/α and (1 − cos α)/α², from their series where α is small
    if angle < 1e-4:
        first, second = 1.0 - angle * angle / 6.0, 0.5 - angle * angle / 24.0
    else:
        first, second = np.sin(angle) / angle, (1.0 - np.cos(angle)) / (angle * angle)
    # the square of [ω]× is ω ωᵀ − |ω|² I
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
    rotation = np.empty((3, 3))
    _fill_rotation(vector, rotation)
    return rotation


@jit_part
def copy_transform(rotation, translation, to_rotation, to_translation):
    """Copy R and a into arrays; assigning to a slice would add seconds to the compilation."""
    for i in range(3):
        to_translation[i] = translation[i]
        for j in range(3):
            to_rotation[i, j] = rotation[i, j]


@jit_part
def record(rotation, translation, line):
    """Store a transform in a line of a path: R row by row, then a."""
    for i in range(3):
        line[9 + i] = translation[i]
        for j in range(3):
            line[3 * i + j] = rotation[i, j]


@jit_part
def _rotate(turn, rotation):
    """Multiply a rotation by another from the left, in place; the library's product costs more than the numbers."""
    for j in range(3):
        x, y, z = rotation[0, j], rotation[1, j], rotation[2, j]
        for i in range(3):
            rotation[i, j] = turn[i, 0] * x + turn[i, 1] * y + turn[i, 2] * z


@jit_part
def _solve(matrix, vector, count, damping, solution):
    """Solve (A + λ diag A) δ = b by Cholesky's method in place; False if A is not positive definite."""
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


@jit_part
def _propose(basis, candidates, number, work):
    """Solve the normal equations of a candidate and move the transform tried; False if they have no solution."""
    free = basis.shape[1]
    matrix, vector, solution = work.system[:6], work.system[6], work.system[7]
    for a in range(free):
        vector[a] = 0.0
        for b in range(a + 1):
            matrix[a, b] = 0.0
        for i in range(6):
            if basis[i, a] == 0.0:
                continue
            vector[a] += basis[i, a] * candidates.vectors[number, i]
            for b in range(a + 1):
                for j in range(6):
                    matrix[a, b] += basis[i, a] * candidates.matrices[number, i, j] * basis[j, b]
    if not _solve(matrix, vector, free, candidates.damping[number], solution):
        return False
    rotation, translation, turn, change = work.trial[:3], work.trial[3], work.trial[4:], work.system[8]
    for i in range(6):
        change[i] = 0.0
        for a in range(free):
            change[i] += basis[i, a] * solution[a]
    _fill_rotation(change, turn)
    _rotate(turn, rotation)
    for i in range(3):
        translation[i] += change[3 + i]
    return True


@jit_part
def take_step(pair, score, basis, damping, candidates, number, work):
    """Take the step that `step` tells of, of two volumes as `gradalign.fourier.overlap.matched` returns them."""
    rotation, translation = work.trial[:3], work.trial[3]
    copy_transform(candidates.rotations[number], candidates.translations[number], rotation, translation)
    # first where the candidate stands, unless that is known; one place for both, since a second would be compiled too
    for trial in range(1 if candidates.current[number] else 0, 2):
        if trial == 1 and not _propose(basis, candidates, number, work):
            candidates.damping[number] *= damping.increase
            return False
        # with its derivatives: a trial that is kept, as about half are, then needs no second sampling
        count = sample_overlap(pair, rotation, work)
        multiply(pair.size, pair.softness, rotation, translation, count, work, work.products)
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
def _step(pair, score, basis, damping, candidates, number, work):
    return take_step(pair, score, basis, damping, candidates, number, work)


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
    return _step(matched(fixed, moving), score, basis, damping, candidates, number, work)
