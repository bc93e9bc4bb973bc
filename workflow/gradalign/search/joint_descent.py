"""The way to the end of a joint refinement, by Newton's method."""

from typing import NamedTuple

import numpy as np

from gradalign.search.joint import GAIN_REACH, Expansion
from gradalign.search.step import rotation_from_vector

# what is known before: that the transform is about this near to the start, in radians and voxels
_REACH = np.array([0.35] * 3 + [2.0] * 3)
# about how well the centre of the support can be told, in voxels
_CENTRE_SCALE = 0.3
# about how well log h can be told
_GAIN_SCALE = 0.03
# log h beyond which a descent has lost its way
_MOST_GAIN = 10.0 * GAIN_REACH
# of a direction in which Q hardly curves, where 1 is usual
_LEAST_CURVATURE = 1e-2
TOLERANCE = 0.01
"""Gradient below which a search's refinement ends, in standard deviations of the answer."""
_MOST_ITERATIONS = 40


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
        value, gradient[9] = value + 0.5 * (place[3] / GAIN_REACH) ** 2, gradient[9] + place[3] / GAIN_REACH**2
        hessian[9, 9] += GAIN_REACH**-2.0
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
            there = self._expanded(trial) if self._within(trial) else None
            if there and there.value < self._here.value:
                self._place, self._here = trial, there
                self._damping = 0.1 * self._damping if self._damping > _LEAST_CURVATURE else 0.0
            else:
                self._damping = max(8.0 * self._damping, 1.0)
            self._keep()
        return self

    def _within(self, place):
        """Return whether a place is still an answer: far from one the system of the modes cannot be solved."""
        return abs(place[3]) <= _MOST_GAIN and np.abs(place[1]).max() < self._pair.size

    @property
    def end(self):
        """Where the refinement stands, a `JointEnd`."""
        value = self._here.value + self._here.penalty
        return JointEnd(*self._place, value, np.array(self._trace), np.array(self._path))


def _downhill(gradient, hessian, damping):
    """Return Newton's step, with the size of each curvature in place of its sign, so that it leads downhill."""
    curvatures, ways = np.linalg.eigh(hessian)
    return -ways @ ((ways.T @ gradient) / (np.maximum(np.abs(curvatures), _LEAST_CURVATURE) + damping))
