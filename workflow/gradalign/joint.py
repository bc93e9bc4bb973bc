"""The last refinement of an alignment: two subtomograms as two views of one unknown object.

With the object's modes z (see `gradalign.modes`) f and g are f = A_f z + noise and g = P A_g D(R)ᵀ z + noise, A being
what a wedge shows of each mode, D the rotation of the modes and P the phases of the translation. For a transform the
best z is the solution of a linear system, and what it leaves of the data is

    Q(R, a) = const − ½ bᵀ M⁻¹ b,   M = 1 + G_f + D G_g Dᵀ,   b = b_f + D b_g,

G = AᵀN⁻¹A, b = AᵀN⁻¹(data): half of the sum of squares of everything that both volumes measured, none of it lost to a
mask or at the wedge's edge. Its derivative by a rotation needs the rotation's generators L alone:
∂Q = −zᵀ L (D b_g − D G_g Dᵀ z).
"""

import numpy as np

from gradalign.geometry import euler_from_rotation
from gradalign.harmonics import generators, rotation_matrix
from gradalign.refinement import rotation_from_vector

# what is known of a transform before: that it is about this near to the start, in radians and voxels
_REACH = np.array([0.35] * 3 + [2.0] * 3)
# in standard deviations of the answer: a gradient below this ends the refinement
_TOLERANCE = 0.1
_MOST_ITERATIONS = 12


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


class JointRefinement:
    """Q and its derivatives for one pair.

    Parameters
    ----------
    fixed, moving : gradalign.modes.JointVolume
        f and g, with modes from one model.
    centre : array_like of shape (3,)
        Where the object's support is centred in f, in voxels from voxel N//2.
    """

    def __init__(self, fixed, moving, centre):
        self._fixed, self._moving, self._centre = fixed.modes, moving.modes, np.asarray(centre, dtype=float)
        self._turn = 2.0 * np.pi / fixed.size
        self._coefficients = moving.coefficients
        centred = fixed.coefficients * np.exp(1j * self._turn * (fixed.modes.frequencies @ self._centre))
        self._known = [
            weighted.T @ data for weighted, data in zip(fixed.modes.weighted, (centred.real, centred.imag), strict=True)
        ]

    def _sides(self, rotation, shift):
        """Yield for each parity D b_g with its derivatives by the shift, D G_g Dᵀ, and the degrees."""
        modes = self._moving
        data = self._coefficients * np.exp(-1j * self._turn * (modes.frequencies @ shift))
        slopes = -1j * self._turn * modes.frequencies * data[:, None]
        euler = euler_from_rotation(rotation)
        for parity, part in enumerate((np.real, np.imag)):
            degrees = modes.degrees[parity]
            matrices = {degree: rotation_matrix(degree, euler) for degree, _ in degrees}
            sides = modes.weighted[parity].T @ np.column_stack([part(data), part(slopes)])
            half = _each_degree(degrees, matrices, modes.gram[parity])
            gram = _each_degree(degrees, matrices, np.ascontiguousarray(half.T))
            yield _each_degree(degrees, matrices, sides), gram, degrees

    def evaluate(self, rotation, translation):
        """Return Q and its gradient at a transform.

        Parameters
        ----------
        rotation : array_like of shape (3, 3)
        translation : array_like of shape (3,)
            In voxels.

        Returns
        -------
        value : float
            Without the constant.
        gradient : numpy.ndarray of shape (6,)
            By ω in R ← exp([ω]×) R, radians, and by the translation in voxels.
        """
        # half of a small job's start would go into loading SciPy, which most jobs never need
        from scipy.linalg import cho_factor, cho_solve

        aside = translation - self._centre
        value, by_turn, by_shift = 0.0, np.zeros(3), np.zeros(3)
        sides = self._sides(rotation, rotation.T @ aside)
        for (right, gram, degrees), known, own in zip(sides, self._known, self._fixed.gram, strict=True):
            matrix = own + gram
            matrix[np.diag_indices_from(matrix)] += 1.0
            total = known + right[:, 0]
            modes = cho_solve(cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False), total)
            value -= 0.5 * total @ modes
            rest = right[:, 0] - gram @ modes
            for axis in range(3):
                slopes = {degree: generators(degree)[axis] for degree, _ in degrees}
                by_turn[axis] -= modes @ _each_degree(degrees, slopes, rest)
            by_shift -= modes @ right[:, 1:]
        by_translation = rotation @ by_shift
        return value, np.concatenate([by_turn - np.cross(aside, by_translation), by_translation])


def refine_jointly(fixed, moving, rotation, translation, information, basis):
    """Refine the transform that an alignment has found.

    Parameters
    ----------
    fixed, moving : gradalign.modes.JointVolume
        f and g.
    rotation : array_like of shape (3, 3)
    translation : array_like of shape (3,)
        In voxels.
    information : array_like of shape (6, 6)
        About how Q curves there, by ω in radians and the translation in voxels.
    basis : array_like of shape (6, k)
        The free directions, see `gradalign.refinement.step`.

    Returns
    -------
    rotation : numpy.ndarray of shape (3, 3)
    translation : numpy.ndarray of shape (3,)
    trace : numpy.ndarray of shape (steps,)
        Smallest Q after each evaluation.
    path : numpy.ndarray of shape (steps, 12)
        Transform with that Q: R row by row, then a.
    """
    from scipy.optimize import minimize

    rotation, translation = np.asarray(rotation, dtype=float), np.asarray(translation, dtype=float)
    pair = JointRefinement(fixed, moving, translation / 2.0)
    curvature = basis.T @ (information + np.diag(_REACH**-2.0)) @ basis
    # in these coordinates Q curves alike in all directions
    scaled = basis @ np.linalg.inv(np.linalg.cholesky(curvature)).T
    trace, path = [], []

    def moved(place):
        change = scaled @ place
        return rotation_from_vector(change[:3]) @ rotation, translation + change[3:]

    def objective(place):
        value, gradient = pair.evaluate(*moved(place))
        if not trace or value < trace[-1]:
            trace.append(value)
            path.append(np.concatenate([part.ravel() for part in moved(place)]))
        else:
            trace.append(trace[-1])
            path.append(path[-1])
        return value, scaled.T @ gradient

    options = {"gtol": _TOLERANCE, "maxiter": _MOST_ITERATIONS}
    found = minimize(objective, np.zeros(basis.shape[1]), jac=True, method="BFGS", options=options)
    return *moved(found.x), np.array(trace), np.array(path)
