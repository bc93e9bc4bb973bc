"""Answers that only a symmetry of the object tells apart: rotations that all belong to one point group.

Where an object is symmetric, R and R·S fit alike for each rotation S of its point group. Likely rivals of an answer R
are then its equivalents, and R⁻¹R' of all of them lie in one group Cn or Dn, whichever way its axes point. Chance puts
a single rotation near such a group often, and several hardly ever.
"""

import numpy as np

from gradalign.geometry.rotations import point_group

# orders of the principal axis that are looked for, and the largest part of the angle between two elements by which one
# may be off
_ORDERS, _CLEAR = range(2, 13), 1 / 6
# of the rotations between answers: how small an angle is none, in degrees
_NONE = 5.0
# sine of the angle between two axes that are not one
_APART = 0.1


def _axes(rotations):
    """Return the axes of rotations (n, 3), and their angles in degrees."""
    # half of a small job's start would go into loading SciPy, which most jobs never need
    from scipy.spatial.transform import Rotation

    vectors = Rotation.from_matrix(rotations).as_rotvec()
    angles = np.linalg.norm(vectors, axis=1)
    return vectors / np.maximum(angles, 1e-12)[:, None], np.degrees(angles)


def _principal(axes):
    """Return what may be the principal axis: each axis, and what stands across two of them."""
    crossed = np.cross(axes[:, None], axes).reshape(-1, 3)
    lengths = np.linalg.norm(crossed, axis=1)
    return np.concatenate([axes, crossed[lengths > _APART] / lengths[lengths > _APART, None]])


def _across(axes, axis, tolerance):
    """Return those of some axes that stand across another, to so many degrees."""
    return axes[np.abs(axes @ axis) < np.sin(np.radians(tolerance))]


def _frame(axis, other):
    """Return the rotation that takes z to an axis and x as near as may be to another."""
    across = other - (other @ axis) * axis
    across /= np.linalg.norm(across)
    return np.stack([across, np.cross(axis, across), axis], axis=1)


def _off(rotations, elements):
    """Return by how many degrees each rotation is off the nearest element of a group."""
    cosines = 0.5 * (np.einsum("nij,gij->ng", rotations, elements).max(axis=1) - 1.0)
    return np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0)))


def shared_group(rotations, tolerance):
    """Return the smallest point group that holds all of some rotations.

    Parameters
    ----------
    rotations : array_like of shape (n, 3, 3)
        From an answer to its rivals, R⁻¹R'.
    tolerance : float
        By how many degrees one may be off.

    Returns
    -------
    str
        ``"C7"``, ``"D7"``; empty if there is none, or if so few rotations lie in one by chance: a single one counts as
        a half turn alone.
    """
    rotations = np.asarray(rotations, dtype=float)
    if not len(rotations):
        return ""
    axes, angles = _axes(rotations)
    if angles.min() < max(_NONE, tolerance):
        return ""
    principal = _principal(axes)
    for order in _ORDERS:
        if tolerance > _CLEAR * 360.0 / order or (order > 2 and len(rotations) < 2):
            return ""
        for axis in principal:
            # a twofold axis across the principal one
            across = _across(axes, axis, tolerance)
            aside = np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))])
            tries = [(f"C{order}", aside)] + [(f"D{order}", other) for other in across[:1]]
            for name, other in tries:
                frame = _frame(axis, other)
                if _off(rotations, frame @ point_group(name) @ frame.T).max() <= tolerance:
                    return name
    return ""


def equivalent(rotations, weights, group, tolerance):
    """Return which of some rotations are elements of a point group, whichever way its axes point.

    Of all directions that the rotations give the axes that one counts whose elements weigh most.

    Parameters
    ----------
    rotations : array_like of shape (n, 3, 3)
        From an answer to its rivals, R⁻¹R'.
    weights : array_like of shape (n,)
        How likely each is.
    group : str
        ``"C7"``, ``"D7"``.
    tolerance : float
        By how many degrees one may be off; at most a sixth of the smallest angle about the principal axis.

    Returns
    -------
    numpy.ndarray of bool, shape (n,)
    """
    rotations, elements = np.asarray(rotations, dtype=float), point_group(group)
    best = np.zeros(len(rotations), bool)
    if not len(rotations) or len(elements) == 1:
        return best
    dihedral, order = group[0].upper() == "D", int(group[1:])
    tolerance = min(max(_NONE, tolerance), _CLEAR * 360.0 / order)
    axes, _ = _axes(rotations)
    for axis in _principal(axes) if dihedral else axes:
        across = _across(axes, axis, tolerance) if dihedral else axes[:0]
        for other in (np.eye(3)[np.argmin(np.abs(axis))], *across):
            frame = _frame(axis, other)
            held = _off(rotations, frame @ elements[1:] @ frame.T) <= tolerance
            if weights[held].sum() > weights[best].sum():
                best = held
    return best
