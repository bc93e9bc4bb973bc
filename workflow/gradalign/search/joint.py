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

from gradalign.geometry.harmonics import all_generators, rotation_matrix
from gradalign.geometry.rotations import euler_from_rotation
from gradalign.search.step import rotation_from_vector

# what is known before: that the transform is about this near to the start, in radians and voxels
_REACH = np.array([0.35] * 3 + [2.0] * 3)
# about how well the centre of the support can be told, in voxels
_CENTRE_SCALE = 0.3
# standard deviation of log h that is known before, and about how well it can be told
_GAIN_REACH, _GAIN_SCALE = 0.2, 0.03
# of a direction in which Q hardly curves, where 1 is usual
_LEAST_CURVATURE = 1e-2
# x y z of the second derivatives, in their order
_SECOND = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
TOLERANCE = 0.01
"""Gradient below which a search's refinement ends, in standard deviations of the answer."""
_MOST_ITERATIONS = 40


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


class JointEnd(NamedTuple):
    """Where a joint refinement ended."""

    rotation: np.ndarray
    """(3, 3)."""
    translation: np.ndarray
    """(3,), in voxels."""
    centre: np.ndarray
    """Where the object's support is centred in f, in voxels from voxel N//2: (3,)."""
    gain: float
    """log h."""
    value: float
    """−log of the likelihood, but for what no transform changes."""
    trace: np.ndarray
    """Smallest Q after each evaluation: (steps,)."""
    path: np.ndarray
    """Transform with that Q, R row by row, then a: (steps, 12)."""


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
        self.alike = fixed.alike
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

    def _turned(self, rotation, shift):
        """Yield for each parity D b_g with its derivatives, D G_g Dᵀ, and the degrees."""
        modes, euler = self._moving.modes, euler_from_rotation(rotation)
        sides = self._right_sides(self._moving, shift)
        for side, gram, degrees in zip(sides, modes.gram, modes.degrees, strict=True):
            matrices = {degree: rotation_matrix(degree, euler) for degree, _ in degrees}
            half = _each_degree(degrees, matrices, gram / self._moving.noise)
            turned = _each_degree(degrees, matrices, np.ascontiguousarray(half.T))
            yield _each_degree(degrees, matrices, side), turned, degrees

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
        known, turned = self._right_sides(self._fixed, centre), self._turned(rotation, shift)
        parts = []
        for own, (side, gram, degrees), first in zip(known, turned, self._fixed.modes.gram, strict=True):
            first = first / (self._fixed.noise * factor**2)
            parts.append(_expanded(own / factor, side * factor, first, gram * factor**2, degrees))
        value, gradient, hessian, penalty = map(sum, zip(*parts, strict=True))
        return Expansion(value, *_by_transform(gradient, hessian, rotation, aside), penalty)

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


def _expanded(own, side, first, gram, degrees):
    """Return what one parity adds to Q and to its derivatives by ω, the shift of g in its own frame, centre and log h.

    Q is the smallest value of a sum of squares over the modes, so that its second derivatives are those of the sum less
    what the modes give way.
    """
    from scipy.linalg import cho_solve

    factor, penalty = _factored(first + gram)
    total = own[:, 0] + side[:, 0]
    modes = cho_solve(factor, total, check_finite=False)
    seen, moved = first @ modes, gram @ modes
    rest = side[:, 0] - moved
    # L z and L (b_g − G_g z) about each axis
    turned, rested = np.moveaxis(
        (all_generators(degrees) @ np.column_stack([modes, rest])).reshape(3, len(modes), 2), 2, 0
    )
    by_shift, by_centre = modes @ side[:, 1:], modes @ own[:, 1:]
    weighed, mixed = turned @ gram, turned @ rested.T
    excess = 0.5 * (side[:, 0] - own[:, 0] + seen - moved)
    gradient = np.concatenate([turned @ rest, -by_shift[:3], -by_centre[:3], [-(modes @ excess)]])
    hessian = np.zeros((10, 10))
    hessian[:3, :3] = weighed @ turned.T + 0.5 * (mixed + mixed.T)
    hessian[:3, 3:6] = turned @ side[:, 1:4]
    hessian[3:6, 3:6], hessian[6:9, 6:9] = -_symmetric(by_shift[3:]), -_symmetric(by_centre[3:])
    hessian[:3, 9] = turned @ (0.5 * side[:, 0] - moved)
    hessian[3:6, 9], hessian[6:9, 9] = -0.5 * by_shift[:3], 0.5 * by_centre[:3]
    hessian[9, 9] = modes @ (0.5 * (seen + moved) - 0.25 * total)
    hessian = np.triu(hessian) + np.triu(hessian, 1).T
    way = np.column_stack([(rested + weighed).T, side[:, 1:4], own[:, 1:4], excess + 0.5 * (seen - moved)])
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


def _by_transform(gradient, hessian, rotation, aside):
    """Return derivatives by the translation in place of the shift s = −(exp([ω]×) R)ᵀ (a − c) of g in its own frame."""
    chain = np.eye(10)
    chain[3:6, :3], chain[3:6, 3:6], chain[3:6, 6:9] = -rotation.T @ _across(aside), -rotation.T, rotation.T
    force = rotation @ gradient[3:6]
    hessian = chain.T @ hessian @ chain
    outer, mixed = np.outer(force, aside), _across(force).T
    hessian[:3, :3] += (force @ aside) * np.eye(3) - 0.5 * (outer + outer.T)
    hessian[:3, 3:6] += mixed
    hessian[3:6, :3] += mixed.T
    hessian[:3, 6:9] -= mixed
    hessian[6:9, :3] -= mixed.T
    return chain.T @ gradient, hessian


class JointDescent:
    """A transform on its way to the smallest Q, by Newton's method.

    Parameters
    ----------
    pair : JointRefinement
    start : tuple
        Rotation (3, 3) and translation (3,) in voxels; then, if they are known, centre and gain as of a `JointEnd`.
    information : array_like of shape (6, 6)
        About how Q curves there, by ω in radians and the translation in voxels.
    basis : array_like of shape (6, k)
        The free directions, see `gradalign.search.step.step`.
    """

    def __init__(self, pair, start, information, basis):
        self._pair = pair
        rotation, translation = (np.asarray(part, dtype=float) for part in start[:2])
        free = basis.shape[1]
        curvature = basis.T @ (information + np.diag(_REACH**-2.0)) @ basis
        # in these coordinates Q curves alike in all directions
        self._scaled = np.zeros((10, free + 3 + (not pair.alike)))
        self._scaled[:6, :free] = basis @ np.linalg.inv(np.linalg.cholesky(curvature)).T
        self._scaled[6:9, free : free + 3] = _CENTRE_SCALE * np.eye(3)
        self._scaled[9, free + 3 :] = _GAIN_SCALE
        self._place = rotation, translation, *(start[2:4] or (translation / 2.0, 0.0))
        self._here, self._damping = self._expanded(self._place), 0.0
        self._trace, self._path = [], []
        self._keep()

    def _expanded(self, place):
        value, gradient, hessian, penalty = self._pair.evaluate(*place)
        value, gradient[9] = value + 0.5 * (place[3] / _GAIN_REACH) ** 2, gradient[9] + place[3] / _GAIN_REACH**2
        hessian[9, 9] += _GAIN_REACH**-2.0
        return Expansion(value, self._scaled.T @ gradient, self._scaled.T @ hessian @ self._scaled, penalty)

    def _keep(self):
        self._trace.append(self._here.value)
        self._path.append(np.concatenate([part.ravel() for part in self._place[:2]]))

    def advance(self, most=_MOST_ITERATIONS, tolerance=TOLERANCE):
        """Go on until so many transforms were looked at in all, or to the end.

        Parameters
        ----------
        most : int
        tolerance : float
            Gradient below which the refinement ends, in standard deviations of the answer.

        Returns
        -------
        JointDescent
            Itself.
        """
        while np.abs(self._here.gradient).max() > tolerance and len(self._trace) < most:
            change = self._scaled @ _downhill(self._here.gradient, self._here.hessian, self._damping)
            rotation, translation, centre, gain = self._place
            turned = rotation_from_vector(change[:3]) @ rotation
            trial = turned, translation + change[3:6], centre + change[6:9], gain + change[9]
            there = self._expanded(trial)
            if there.value < self._here.value:
                self._place, self._here = trial, there
                self._damping = 0.1 * self._damping if self._damping > _LEAST_CURVATURE else 0.0
            else:
                self._damping = max(8.0 * self._damping, 1.0)
            self._keep()
        return self

    @property
    def end(self):
        """Where the refinement stands, a `JointEnd`."""
        value = self._here.value + self._here.penalty
        return JointEnd(*self._place, value, np.array(self._trace), np.array(self._path))


def _downhill(gradient, hessian, damping):
    """Return Newton's step, with the size of each curvature in place of its sign, so that it leads downhill."""
    curvatures, ways = np.linalg.eigh(hessian)
    return -ways @ ((ways.T @ gradient) / (np.maximum(np.abs(curvatures), _LEAST_CURVATURE) + damping))


def joint_curvature(fixed, moving, rotation, translation, basis):
    """Return how Q curves where a joint refinement has ended, the support's centre and the ratio of scales being free.

    Parameters
    ----------
    fixed, moving : gradalign.search.modes.JointVolume
        f and g.
    rotation : array_like of shape (3, 3)
    translation : array_like of shape (3,)
        In voxels.
    basis : array_like of shape (6, k)
        The free directions, see `gradalign.search.step.step`.

    Returns
    -------
    numpy.ndarray of shape (k, k)
        In these directions, radians and voxels.
    """
    free, directions = basis.shape[1], np.zeros((10, basis.shape[1] + 4))
    directions[:6, :free], directions[6:, free:] = basis, np.eye(4)
    hessian = JointRefinement(fixed, moving).evaluate(rotation, translation, np.asarray(translation) / 2.0).hessian
    hessian[9, 9] += _GAIN_REACH**-2.0
    whole = directions.T @ hessian @ directions
    known, mixed = whole[free:, free:], whole[:free, free:]
    return whole[:free, :free] - mixed @ np.linalg.pinv(known) @ mixed.T
