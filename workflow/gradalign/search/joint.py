"""The last refinement of an alignment: two subtomograms as two views of one unknown object.

With the object's modes z (see `gradalign.search.modes`) f and g are f = A_f z + noise and g = P A_g D(R)ᵀ z + noise, A
being what a wedge shows of each mode, D the rotation of the modes and P the phases of the translation; C is the
covariance of the noise. For a transform the best z is the solution of a linear system, and what it leaves of the data
is

    Q(R, a) = const − ½ bᵀ M⁻¹ b,   M = 1 + G_f + D G_g Dᵀ,   b = b_f + D b_g,

G = AᵀC⁻¹A, b = AᵀC⁻¹(data): half of the sum of squares of everything that both volumes measured, none of it lost to a
mask or at the wedge's edge. Its derivatives by a rotation need the rotation's generators L alone:
∂Q = −zᵀ L (D b_g − D G_g Dᵀ z). With the second ones Newton's method is at the end after three or four steps. Where the
object's support is centred is not known and is found along with the rest. So is, for volumes that need not be alike,
how much stronger the object stands in g than its power in each says, which a pose and a wedge change by a third: A_f is
divided by √h and A_g multiplied by it.

Where refinements end that started apart, Q + ½ log |M| tells them apart: the negative logarithm of the probability of
both volumes, all modes taken into account.
"""

from typing import NamedTuple

import numpy as np

from gradalign.geometry.harmonics import all_generators, rotation_matrices
from gradalign.geometry.rotations import euler_from_rotation
from gradalign.search.modes import modes_degrees

GAIN_REACH = 0.2
"""Standard deviation of log h that is known before."""
# modes with the power that S says that are added to a degree's, and how often its power is looked at again
_USUAL_MODES, _LOOKS = 0.5, 3
# x y z of the second derivatives, in their order
_SECOND = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))


def _each_degree(degrees, matrices, values):
    """Apply a matrix for each degree l to the modes of one parity, the first axis of `values`."""
    result, place = np.empty_like(values), 0
    for degree, count in degrees:
        width = 2 * degree + 1
        part = slice(place, place + count * width)
        blocks = values[part].reshape(count, width, -1)
        result[part] = (matrices[degree] @ blocks).reshape(values[part].shape)
        place += count * width
    return result


class Expansion(NamedTuple):
    """Q about a transform.

    Derivatives are by ω in R ← exp([ω]×) R, radians, by the translation and the centre in voxels, and by log h.
    """

    value: float
    """Without the constant."""
    gradient: np.ndarray
    """(10,)."""
    hessian: np.ndarray
    """(10, 10)."""
    penalty: float
    """½ log |M|, by which Q falls short of −log of the likelihood."""


class Influence(NamedTuple):
    """What one volume contributes to Q's gradient."""

    data: np.ndarray
    """Its transform, moved to where the object's support is centred: complex (n,)."""
    fitted: np.ndarray
    """C⁻¹ A z for the noise of its modes' matrices: complex (n,)."""
    rows: np.ndarray
    """Derivatives of Q's gradient by the real and the imaginary part of `JointVolume.coefficients`: float32
    (2, n, 10)."""


def _factored(matrix):
    """Return the Cholesky factor of 1 + matrix, which is overwritten, and ½ log of the determinant."""
    # half of a small job's start would go into loading SciPy, which most jobs never need
    from scipy.linalg import cho_factor

    matrix[np.diag_indices_from(matrix)] += 1.0
    factor = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
    return factor, float(np.log(np.diagonal(factor[0])).sum())


class JointRefinement:
    """Q and its derivatives for one pair.

    Parameters
    ----------
    fixed, moving : gradalign.search.modes.JointVolume
        f and g, with modes from one model.
    """

    def __init__(self, fixed, moving):
        self._fixed, self._moving = fixed, moving
        self.alike, self.size = fixed.alike, fixed.size
        self._unit = 2.0 * np.pi / fixed.size

    def _right_sides(self, volume, shift):
        """Return for each parity b of a volume moved by −shift, then its three first and six second derivatives."""
        modes, waves = volume.modes, self._unit * volume.modes.frequencies
        data = volume.coefficients * np.exp(1j * (waves @ shift))
        products = np.stack([waves[:, i] * waves[:, j] for i, j in _SECOND], axis=1)
        columns = np.column_stack([data, 1j * waves * data[:, None], -products * data[:, None]])
        return [
            weighted.T @ np.ascontiguousarray(part(columns))
            for weighted, part in zip(modes.weighted, (np.real, np.imag), strict=True)
        ]

    def _matrices(self, rotation):
        """Return D for each degree."""
        largest = max((degree for degrees in self._moving.modes.degrees for degree, _ in degrees), default=0)
        return rotation_matrices(largest, euler_from_rotation(rotation))

    def _turned(self, rotation, shift):
        """Yield for each parity D b_g with its derivatives, D G_g Dᵀ, and the degrees."""
        modes, matrices = self._moving.modes, self._matrices(rotation)
        sides = self._right_sides(self._moving, shift)
        for side, gram, degrees in zip(sides, modes.gram, modes.degrees, strict=True):
            half = _each_degree(degrees, matrices, gram / self._moving.noise)
            turned = _each_degree(degrees, matrices, np.ascontiguousarray(half.T))
            yield _each_degree(degrees, matrices, side), turned, degrees

    def _by_parity(self, rotation, centre, shift):
        """Yield for each parity b_f and D b_g with their derivatives, D G_g Dᵀ, the degrees, and G_f for noise 1."""
        known, turned = self._right_sides(self._fixed, centre), self._turned(rotation, shift)
        for own, (side, gram, degrees), first in zip(known, turned, self._fixed.modes.gram, strict=True):
            yield own, side, gram, degrees, first

    def evaluate(self, rotation, translation, centre, gain=0.0):
        """Return Q with its first and second derivatives at a transform.

        Parameters
        ----------
        rotation : array_like of shape (3, 3)
        translation : array_like of shape (3,)
            In voxels.
        centre : array_like of shape (3,)
            Where the object's support is centred in f, in voxels from voxel N//2.
        gain : float
            log h.

        Returns
        -------
        Expansion
        """
        aside, factor = translation - centre, np.exp(gain / 2.0)
        shift = -(rotation.T @ aside)
        parts = []
        for own, side, gram, degrees, first in self._by_parity(rotation, centre, shift):
            first = first / (self._fixed.noise * factor**2)
            sides, gram = (own / factor, side * factor), gram * factor**2
            parts.append(_expanded(_fitted(*sides, first, gram, degrees), *sides, gram))
        value, gradient, hessian, penalty = map(sum, zip(*parts, strict=True))
        return Expansion(value, *_by_transform(gradient, hessian, rotation, aside), penalty)

    def influences(self, rotation, translation, centre):
        """Return what `evaluate` does at a transform with h = 1, and what each volume contributes to Q's gradient.

        Parameters
        ----------
        rotation : array_like of shape (3, 3)
        translation, centre : array_like of shape (3,)
            As for `evaluate`.

        Returns
        -------
        expansion : Expansion
        influences : list of Influence
            Of f and of g.
        """
        from scipy.linalg import cho_solve

        aside = translation - centre
        places, chain = (centre, -(rotation.T @ aside)), _chain(rotation, aside)
        back, parts, expansions = [matrix.T for matrix in self._matrices(rotation)], [], []
        for own, side, gram, degrees, first in self._by_parity(rotation, *places):
            fit = _fitted(own, side, first / self._fixed.noise, gram, degrees)
            expansions.append(_expanded(fit, own, side, gram))
            way = cho_solve(fit.factor, fit.way, check_finite=False)
            aimed = way.copy()
            aimed[:, :3] -= fit.turned.T
            parts.append(
                (np.column_stack([fit.modes, way]), _each_degree(degrees, back, np.column_stack([fit.modes, aimed])))
            )
        # by f's data the gradient changes with the support's centre, by g's with its shift
        every = zip((self._fixed, self._moving), places, zip(*parts, strict=True), (6, 3), (1, -1), strict=True)
        value, gradient, hessian, penalty = map(sum, zip(*expansions, strict=True))
        expansion = Expansion(value, *_by_transform(gradient, hessian, rotation, aside), penalty)
        return expansion, [self._influence(*each, chain) for each in every]

    def powers(self, rotation, translation, centre):
        """Return how strong the object's modes are by degree, as two volumes tell it at a transform with h = 1.

        The power of a degree is that with which its modes are likeliest: the sum of z² over the number of modes that
        the volumes tell, each of which counts 1 − (M⁻¹)ᵢᵢ (MacKay 1992).

        Parameters
        ----------
        rotation : array_like of shape (3, 3)
        translation, centre : array_like of shape (3,)
            As for `evaluate`.

        Returns
        -------
        numpy.ndarray of shape (degrees,)
            In units of what the power S of the shells says.
        """
        every = [degree for degrees in self._fixed.modes.degrees for degree, _ in degrees]
        powers = np.ones(1 + max(every, default=0))
        shift = -(rotation.T @ (translation - centre))
        for own, side, gram, degrees, first in self._by_parity(rotation, centre, shift):
            of = modes_degrees(degrees)
            here = np.unique(of)
            gram, total = gram + first / self._fixed.noise, own[:, 0] + side[:, 0]
            for _ in range(_LOOKS):
                root = np.sqrt(powers[of])
                spread = np.linalg.inv(root[:, None] * gram * root + np.eye(len(of)))
                squares = np.bincount(of, (root * (spread @ (root * total))) ** 2, len(powers))
                told = np.bincount(of, 1.0 - np.diagonal(spread), len(powers))
                powers[here] = (squares[here] + _USUAL_MODES) / (told[here] + _USUAL_MODES)
        return powers

    def _influence(self, volume, place, parts, column, sign, chain):
        waves = self._unit * volume.modes.frequencies
        (even, by_even), (odd, by_odd) = (
            (seen[:, 0], seen[:, 1:])
            for seen in (w @ part.astype(np.float32) for w, part in zip(volume.modes.weighted, parts, strict=True))
        )
        rows = np.stack([-by_even, -by_odd])
        for row, own, other, turn in zip(rows, (even, odd), (odd, even), (-1, 1), strict=True):
            row[:, column : column + 3] += turn * waves * other[:, None]
            row[:, 9] += 0.5 * sign * own
        data = volume.coefficients * np.exp(1j * (waves @ place)) * volume.noise
        return Influence(data, 0.5 * (even + 1j * odd), rows @ chain.astype(np.float32))

    def unrelated(self, end):
        """Return what `JointEnd.value` would be if the volumes showed two objects.

        Parameters
        ----------
        end : JointEnd
            The objects stand where this has the one.

        Returns
        -------
        float
        """
        from scipy.linalg import cho_solve

        total, factor = 0.0, np.exp(end.gain / 2.0)
        places = end.centre, -(end.rotation.T @ (end.translation - end.centre))
        for volume, place, scale in zip((self._fixed, self._moving), places, (1.0 / factor, factor), strict=True):
            for side, gram in zip(self._right_sides(volume, place), volume.modes.gram, strict=True):
                factored, penalty = _factored(gram * (scale**2 / volume.noise))
                data = scale * side[:, 0]
                total += penalty - 0.5 * data @ cho_solve(factored, data, check_finite=False)
        return total


class _Fitted(NamedTuple):
    """What the best modes of one parity leave of both volumes."""

    factor: tuple
    """Cholesky factor of M."""
    penalty: float
    """½ log |M|."""
    modes: np.ndarray
    """z (r,)."""
    seen: np.ndarray
    """G_f z."""
    moved: np.ndarray
    """G_g z."""
    turned: np.ndarray
    """L z about each axis (3, r)."""
    mixed: np.ndarray
    """(L z)ᵀ L (b_g − G_g z)."""
    excess: np.ndarray
    """By z its product is minus the derivative by log h."""
    way: np.ndarray
    """Minus the derivatives of Q's gradient by the modes (r, 10)."""


def _fitted(own, side, first, gram, degrees):
    """Return the best modes of one parity, and how they change with all that Q depends on."""
    from scipy.linalg import cho_solve

    factor, penalty = _factored(first + gram)
    modes = cho_solve(factor, own[:, 0] + side[:, 0], check_finite=False)
    seen, moved = first @ modes, gram @ modes
    rest = side[:, 0] - moved
    # L z and L (b_g − G_g z) about each axis
    turned, rested = np.moveaxis(
        (all_generators(degrees) @ np.column_stack([modes, rest])).reshape(3, len(modes), 2), 2, 0
    )
    excess = 0.5 * (side[:, 0] - own[:, 0] + seen - moved)
    by_rotation = rested + turned @ gram
    way = np.column_stack([by_rotation.T, side[:, 1:4], own[:, 1:4], excess + 0.5 * (seen - moved)])
    return _Fitted(factor, penalty, modes, seen, moved, turned, turned @ rested.T, excess, way)


def _expanded(fit, own, side, gram):
    """Return what one parity adds to Q and to its derivatives by ω, the shift of g in its own frame, centre and log h.

    Q is the smallest value of a sum of squares over the modes, so that its second derivatives are those of the sum less
    what the modes give way.
    """
    from scipy.linalg import cho_solve

    factor, penalty, modes, seen, moved, turned, mixed, excess, way = fit
    total = own[:, 0] + side[:, 0]
    by_shift, by_centre = modes @ side[:, 1:], modes @ own[:, 1:]
    by_rotation = turned @ (side[:, 0] - moved)
    gradient = np.concatenate([by_rotation, -by_shift[:3], -by_centre[:3], [-(modes @ excess)]])
    hessian = np.zeros((10, 10))
    hessian[:3, :3] = turned @ gram @ turned.T + 0.5 * (mixed + mixed.T)
    hessian[:3, 3:6] = turned @ side[:, 1:4]
    hessian[3:6, 3:6], hessian[6:9, 6:9] = -_symmetric(by_shift[3:]), -_symmetric(by_centre[3:])
    hessian[:3, 9] = turned @ (0.5 * side[:, 0] - moved)
    hessian[3:6, 9], hessian[6:9, 9] = -0.5 * by_shift[:3], 0.5 * by_centre[:3]
    hessian[9, 9] = modes @ (0.5 * (seen + moved) - 0.25 * total)
    hessian = np.triu(hessian) + np.triu(hessian, 1).T
    hessian -= way.T @ cho_solve(factor, way, check_finite=False)
    return Expansion(-0.5 * total @ modes, gradient, hessian, penalty)


def _symmetric(values):
    matrix = np.empty((3, 3))
    for value, (i, j) in zip(values, _SECOND, strict=True):
        matrix[i, j] = matrix[j, i] = value
    return matrix


def _across(vector):
    """Return [v]×, the matrix of the cross product with a vector from the left."""
    x, y, z = vector
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])


def _chain(rotation, aside):
    """Return the derivatives of ω, the shift of g in its own frame, centre and log h by those of an `Expansion`."""
    chain = np.eye(10)
    chain[3:6, :3], chain[3:6, 3:6], chain[3:6, 6:9] = -rotation.T @ _across(aside), -rotation.T, rotation.T
    return chain


def _by_transform(gradient, hessian, rotation, aside):
    """Return derivatives by the translation in place of the shift s = −(exp([ω]×) R)ᵀ (a − c) of g in its own frame."""
    chain, force = _chain(rotation, aside), rotation @ gradient[3:6]
    hessian = chain.T @ hessian @ chain
    outer, mixed = np.outer(force, aside), _across(force).T
    hessian[:3, :3] += (force @ aside) * np.eye(3) - 0.5 * (outer + outer.T)
    hessian[:3, 3:6] += mixed
    hessian[3:6, :3] += mixed.T
    hessian[:3, 6:9] -= mixed
    hessian[6:9, :3] -= mixed.T
    return chain.T @ gradient, hessian
