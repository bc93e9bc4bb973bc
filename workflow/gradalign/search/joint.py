"""The last refinement of an alignment: two subtomograms as two views of one unknown object.

With the object's modes z (see `gradalign.search.modes`) f and g are f = A_f z + noise and g = P A_g D(R)ᵀ z + noise, A
being what a wedge shows of each mode, D the rotation of the modes and P the phases of the translation; C is the
covariance of the noise. For a transform the best z is the solution of a linear system, and what it leaves of the data
is

    Q(R, a) = const − ½ bᵀ M⁻¹ b,   M = 1 + G_f + D G_g Dᵀ,   b = b_f + D b_g,

G = AᵀC⁻¹A, b = AᵀC⁻¹(data): half of the sum of squares of everything that both volumes measured, none of it lost to a
mask or at the wedge's edge. Its derivative by a rotation needs the rotation's generators L alone:
∂Q = −zᵀ L (D b_g − D G_g Dᵀ z). Where the object's support is centred is not known and is found along with the rest.
So is, for volumes that need not be alike, how much stronger the object stands in g than its power in each says, which a
pose and a wedge change by a third: A_f is divided by √h and A_g multiplied by it.

Where refinements end that started apart, Q + ½ log |M| tells them apart: the negative logarithm of the probability of
both volumes, all modes taken into account.
"""

from typing import NamedTuple

import numpy as np

from gradalign.geometry.harmonics import generators, rotation_matrix
from gradalign.geometry.rotations import euler_from_rotation
from gradalign.search.step import rotation_from_vector

# what is known before: that the transform is about this near to the start, in radians and voxels
_REACH = np.array([0.35] * 3 + [2.0] * 3)
# about how well the centre of the support can be told, in voxels
_CENTRE_SCALE = 0.3
# standard deviation of log h that is known before, and about how well it can be told
_GAIN_REACH, _GAIN_SCALE = 0.2, 0.03
# of the differences from which the curvature is taken, in radians and voxels
_TURN_STEP, _SHIFT_STEP = 1e-3, 1e-2
TOLERANCE = 0.1
"""Gradient below which a search's refinement ends, in standard deviations of the answer."""
_MOST_ITERATIONS = 60


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


def _best_modes(matrix, data):
    """Return ½ log |1 + matrix| and (1 + matrix)⁻¹ data."""
    from scipy.linalg import cho_factor, cho_solve

    factor = cho_factor(matrix + np.eye(len(matrix)), lower=True, overwrite_a=True, check_finite=False)
    return float(np.log(np.diagonal(factor[0])).sum()), cho_solve(factor, data, check_finite=False)


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
        """Return for each parity b of a volume moved by −shift, and in further columns its derivatives by the shift."""
        modes = volume.modes
        data = volume.coefficients * np.exp(1j * self._unit * (modes.frequencies @ shift))
        slopes = 1j * self._unit * modes.frequencies * data[:, None]
        return [
            weighted.T @ np.column_stack([part(data), part(slopes)])
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
        """Return Q and its gradient at a transform.

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
        value : float
            Without the constant.
        gradient : numpy.ndarray of shape (10,)
            By ω in R ← exp([ω]×) R, radians, by the translation and the centre in voxels, and by log h.
        """
        # half of a small job's start would go into loading SciPy, which most jobs never need
        from scipy.linalg import cho_factor, cho_solve

        aside, factor = translation - centre, np.exp(gain / 2.0)
        by_gain = 0.0
        value, by_rotation, by_shift, by_centre = 0.0, np.zeros(3), np.zeros(3), np.zeros(3)
        known = self._right_sides(self._fixed, centre)
        turned = self._turned(rotation, -(rotation.T @ aside))
        for own, (side, gram, degrees), first in zip(known, turned, self._fixed.modes.gram, strict=True):
            own, first = own / factor, first / (self._fixed.noise * factor**2)
            side, gram = side * factor, gram * factor**2
            matrix = first + gram
            matrix[np.diag_indices_from(matrix)] += 1.0
            total = own[:, 0] + side[:, 0]
            modes = cho_solve(cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False), total)
            value -= 0.5 * total @ modes
            rest = side[:, 0] - gram @ modes
            for axis in range(3):
                slopes = {degree: generators(degree)[axis] for degree, _ in degrees}
                by_rotation[axis] -= modes @ _each_degree(degrees, slopes, rest)
            by_gain += 0.5 * modes @ (own[:, 0] - first @ modes - rest)
            by_centre -= modes @ own[:, 1:]
            by_shift += modes @ side[:, 1:]
        by_translation = rotation @ by_shift
        by_rotation -= np.cross(aside, by_translation)
        return value, np.concatenate([by_rotation, by_translation, by_centre - by_translation, [by_gain]])

    def penalty(self, rotation, gain=0.0):
        """Return ½ log |M|, by which Q falls short of −log of the likelihood.

        Parameters
        ----------
        rotation : array_like of shape (3, 3)
        gain : float
            log h.

        Returns
        -------
        float
        """
        total, factor = 0.0, np.exp(gain)
        turned = self._turned(rotation, np.zeros(3))
        for (side, gram, _), first in zip(turned, self._fixed.modes.gram, strict=True):
            total += _best_modes(first / (self._fixed.noise * factor) + gram * factor, side[:, 0])[0]
        return total

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
        total, factor = 0.0, np.exp(end.gain / 2.0)
        places = end.centre, -(end.rotation.T @ (end.translation - end.centre))
        for volume, place, scale in zip((self._fixed, self._moving), places, (1.0 / factor, factor), strict=True):
            for side, gram in zip(self._right_sides(volume, place), volume.modes.gram, strict=True):
                data = scale * side[:, 0]
                penalty, modes = _best_modes(gram * (scale**2 / volume.noise), data)
                total += penalty - 0.5 * data @ modes
        return total


def refine_jointly(pair, start, information, basis, tolerance=TOLERANCE):
    """Refine a transform by Q.

    Parameters
    ----------
    pair : JointRefinement
    start : tuple
        Rotation (3, 3) and translation (3,) in voxels; then, if they are known, centre and gain as of a `JointEnd`.
    information : array_like of shape (6, 6)
        About how Q curves there, by ω in radians and the translation in voxels.
    basis : array_like of shape (6, k)
        The free directions, see `gradalign.search.step.step`.
    tolerance : float
        Gradient below which the refinement ends, in standard deviations of the answer.

    Returns
    -------
    JointEnd
    """
    from scipy.optimize import minimize

    rotation, translation = (np.asarray(part, dtype=float) for part in start[:2])
    middle, ratio = start[2:4] or (translation / 2.0, 0.0)
    free = basis.shape[1]
    curvature = basis.T @ (information + np.diag(_REACH**-2.0)) @ basis
    # in these coordinates Q curves alike in all directions
    scaled = np.zeros((10, free + 3 + (not pair.alike)))
    scaled[:6, :free] = basis @ np.linalg.inv(np.linalg.cholesky(curvature)).T
    scaled[6:9, free : free + 3] = _CENTRE_SCALE * np.eye(3)
    scaled[9, free + 3 :] = _GAIN_SCALE
    trace, path = [], []

    def moved(place):
        change = scaled @ place
        return (
            rotation_from_vector(change[:3]) @ rotation,
            translation + change[3:6],
            middle + change[6:9],
            ratio + change[9],
        )

    def objective(place):
        at = moved(place)
        value, gradient = pair.evaluate(*at)
        value, gradient[9] = value + 0.5 * (at[3] / _GAIN_REACH) ** 2, gradient[9] + at[3] / _GAIN_REACH**2
        if not trace or value < trace[-1]:
            trace.append(value)
            path.append(np.concatenate([part.ravel() for part in at[:2]]))
        else:
            trace.append(trace[-1])
            path.append(path[-1])
        return value, scaled.T @ gradient

    options = {"gtol": tolerance, "maxiter": _MOST_ITERATIONS}
    found = minimize(objective, np.zeros(scaled.shape[1]), jac=True, method="BFGS", options=options)
    at = moved(found.x)
    return JointEnd(*at, float(found.fun + pair.penalty(at[0], at[3])), np.array(trace), np.array(path))


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
        In these directions, radians and voxels; from differences of the gradient.
    """
    pair, free = JointRefinement(fixed, moving), basis.shape[1]
    directions = np.zeros((10, free + 4))
    directions[:6, :free], directions[6:, free:] = basis, np.eye(4)
    scales = np.array([_TURN_STEP] * 3 + [_SHIFT_STEP] * 6 + [0.1 * _GAIN_SCALE])
    steps = np.linalg.norm(directions * scales[:, None], axis=0)

    def gradient(change):
        moved = rotation_from_vector(change[:3]) @ rotation, translation + change[3:6]
        return directions.T @ pair.evaluate(*moved, translation / 2.0 + change[6:9], change[9])[1]

    start = gradient(np.zeros(10))
    rows = [(gradient(step * way) - start) / step for step, way in zip(steps, directions.T, strict=True)]
    whole = 0.5 * (np.array(rows) + np.array(rows).T)
    whole[-1, -1] += _GAIN_REACH**-2.0
    known, mixed = whole[free:, free:], whole[:free, free:]
    return whole[:free, :free] - mixed @ np.linalg.pinv(known) @ mixed.T
