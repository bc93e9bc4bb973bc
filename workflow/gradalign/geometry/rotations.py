"""Rotations, rigid transforms, symmetry and the errors of an alignment.

A rotation is a 3×3 matrix that acts on vectors (x, y, z). A rigid transform (R, a) moves a density g to
g(R⁻¹(x − a)), about the centre voxel. Angles are in degrees, translations in voxels.
"""

import numpy as np

from gradalign.errors import InputError

# sin θ below which only the sum or difference of φ and ψ is defined
_NO_TILT = 1e-12


def rotation_from_euler(phi, theta, psi):
    """Return R = Rz(φ) Ry(θ) Rz(ψ), the paper's ZYZ convention.

    Parameters
    ----------
    phi, theta, psi : float or array_like of shape (n,)
        Angles in degrees.

    Returns
    -------
    numpy.ndarray of shape (3, 3) or (n, 3, 3)
    """
    phi, theta, psi = np.broadcast_arrays(*(np.radians(angle) for angle in (phi, theta, psi)))
    cos_phi, cos_theta, cos_psi = np.cos(phi), np.cos(theta), np.cos(psi)
    sin_phi, sin_theta, sin_psi = np.sin(phi), np.sin(theta), np.sin(psi)
    rows = [
        [cos_phi * cos_theta * cos_psi - sin_phi * sin_psi, -cos_phi * cos_theta * sin_psi - sin_phi * cos_psi],
        [sin_phi * cos_theta * cos_psi + cos_phi * sin_psi, -sin_phi * cos_theta * sin_psi + cos_phi * cos_psi],
        [-sin_theta * cos_psi, sin_theta * sin_psi],
    ]
    last = [cos_phi * sin_theta, sin_phi * sin_theta, cos_theta]
    return np.stack([np.stack([*row, end], axis=-1) for row, end in zip(rows, last, strict=True)], axis=-2)


def euler_from_rotation(rotation):
    """Return the ZYZ angles (φ, θ, ψ) in degrees, θ in [0, 180].

    Parameters
    ----------
    rotation : array_like of shape (3, 3) or (n, 3, 3)

    Returns
    -------
    numpy.ndarray of shape (3,) or (n, 3)
        Where θ is 0 or 180 only one angle is defined; ψ is then 0.
    """
    rotation = np.asarray(rotation, dtype=float)
    sine = np.hypot(rotation[..., 0, 2], rotation[..., 1, 2])
    theta = np.arctan2(sine, rotation[..., 2, 2])
    upright = sine < _NO_TILT
    phi = np.where(
        upright,
        np.arctan2(-rotation[..., 0, 1], rotation[..., 1, 1]),
        np.arctan2(rotation[..., 1, 2], rotation[..., 0, 2]),
    )
    # from what is left after φ, so that the three give the rotation even where φ alone is ill defined
    cos_phi, sin_phi = np.cos(phi), np.sin(phi)
    sine_psi = cos_phi * rotation[..., 1, 0] - sin_phi * rotation[..., 0, 0]
    cosine_psi = cos_phi * rotation[..., 1, 1] - sin_phi * rotation[..., 0, 1]
    psi = np.where(upright, 0.0, np.arctan2(sine_psi, cosine_psi))
    return np.degrees(np.stack([phi, theta, psi], axis=-1))


def random_rotations(rng, count):
    """Return rotations distributed uniformly over SO(3).

    Parameters
    ----------
    rng : numpy.random.Generator
    count : int

    Returns
    -------
    numpy.ndarray of shape (count, 3, 3)
    """
    return _from_quaternions(rng.normal(size=(count, 4)))


def spread_rotations(count):
    """Return rotations spread evenly over SO(3): a super-Fibonacci spiral (Alexa 2022).

    Parameters
    ----------
    count : int

    Returns
    -------
    numpy.ndarray of shape (count, 3, 3)
        An average over them comes closer to that over all rotations than one over random rotations does.
    """
    steps = np.arange(count) + 0.5
    inner, outer = np.sqrt(steps / count), np.sqrt(1 - steps / count)
    # the spiral's two winding numbers: sqrt(2) and the positive root of p^4 = p + 4
    first, second = 2 * np.pi * steps / np.sqrt(2), 2 * np.pi * steps / 1.533751168755204
    quaternions = [
        inner * np.sin(first),
        inner * np.cos(first),
        outer * np.sin(second),
        outer * np.cos(second),
    ]
    return _from_quaternions(np.stack(quaternions, axis=1))


def _from_quaternions(quaternions):
    """Return the rotations of quaternions (x, y, z, w) of any length, float64 (n, 4).

    They are SciPy's to the last digit. A fifth of a small job's start would go into loading that.
    """
    x, y, z, w = (quaternions / np.sqrt(sum(part * part for part in quaternions.T))[:, None]).T
    squares = x * x, y * y, z * z, w * w
    rows = (
        (squares[0] - squares[1] - squares[2] + squares[3], 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), -squares[0] + squares[1] - squares[2] + squares[3], 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), -squares[0] - squares[1] + squares[2] + squares[3]),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def rotation_angle(rotation):
    """Return the angle of a rotation in degrees.

    Parameters
    ----------
    rotation : array_like of shape (3, 3) or (n, 3, 3)

    Returns
    -------
    float or numpy.ndarray of shape (n,)
    """
    rotation = np.asarray(rotation, dtype=float)
    axis = np.stack(
        [
            rotation[..., 2, 1] - rotation[..., 1, 2],
            rotation[..., 0, 2] - rotation[..., 2, 0],
            rotation[..., 1, 0] - rotation[..., 0, 1],
        ],
        axis=-1,
    )
    trace = np.trace(rotation, axis1=-2, axis2=-1)
    # from sine and cosine together, exact near 0 and near 180°
    return np.degrees(np.arctan2(np.linalg.norm(axis, axis=-1), trace - 1.0))


def point_group(name):
    """Return the rotations of a point group, principal axis z, twofold axis x.

    Parameters
    ----------
    name : str
        ``"C1"``, ``"C7"``, ``"D4"``, ...: cyclic (Cn) or dihedral (Dn).

    Returns
    -------
    numpy.ndarray of shape (order, 3, 3)
        The identity comes first.

    Raises
    ------
    InputError
        If the name is not that of a cyclic or dihedral group.
    """
    kind, fold = name[:1].upper(), name[1:]
    if kind not in ("C", "D") or not fold.isdigit() or int(fold) < 1:
        raise InputError(f"symmetry {name!r} is not known: give Cn or Dn with n ≥ 1, such as C1 or D7")
    angles = 360.0 * np.arange(int(fold)) / int(fold)
    rotations = rotation_from_euler(angles, 0.0, 0.0)
    if kind == "D":
        rotations = np.concatenate([rotations, rotations @ np.diag([1.0, -1.0, -1.0])])
    return rotations


def relative_transform(pose_f, shift_f, pose_g, shift_g, symmetry=None):
    """Return the transform that moves subtomogram g onto subtomogram f.

    With f(x) = object(P_f⁻¹(x − a_f)) and the same for g: R = P_f S P_g⁻¹ and a = a_f − R a_g.

    Parameters
    ----------
    pose_f, pose_g : array_like of shape (3, 3)
        Orientations of the object in the two subtomograms.
    shift_f, shift_g : array_like of shape (3,)
        Its translations from the centre, in voxels.
    symmetry : array_like of shape (3, 3), optional
        An element S of the object's point group; the identity if left out.

    Returns
    -------
    rotation : numpy.ndarray of shape (3, 3)
    translation : numpy.ndarray of shape (3,)
    """
    symmetry = np.eye(3) if symmetry is None else np.asarray(symmetry)
    rotation = np.asarray(pose_f) @ symmetry @ np.asarray(pose_g).T
    return rotation, np.asarray(shift_f) - rotation @ np.asarray(shift_g)


def inverse_transform(rotation, translation):
    """Return the inverse (R⁻¹, −R⁻¹a) of a rigid transform.

    Parameters
    ----------
    rotation : array_like of shape (3, 3)
    translation : array_like of shape (3,)

    Returns
    -------
    rotation : numpy.ndarray of shape (3, 3)
    translation : numpy.ndarray of shape (3,)
    """
    inverse = np.asarray(rotation).T
    return inverse, -inverse @ np.asarray(translation)


def nearest_truth(rotation, pose_f, shift_f, pose_g, shift_g, symmetry="C1"):
    """Return the true transform that an alignment should be compared with.

    Of the transforms of `relative_transform` with the elements of the object's point group, that with the smallest
    rotation from the estimate.

    Parameters
    ----------
    rotation : array_like of shape (3, 3)
        Estimated rotation.
    pose_f, pose_g : array_like of shape (3, 3)
    shift_f, shift_g : array_like of shape (3,)
    symmetry : str
        Point group of the object.

    Returns
    -------
    rotation : numpy.ndarray of shape (3, 3)
    translation : numpy.ndarray of shape (3,)
    """
    elements = point_group(symmetry)
    truths = np.asarray(pose_f) @ elements @ np.asarray(pose_g).T
    best = int(np.argmin(rotation_angle(np.asarray(rotation).T @ truths)))
    return relative_transform(pose_f, shift_f, pose_g, shift_g, elements[best])


def alignment_error(rotation, translation, pose_f, shift_f, pose_g, shift_g, symmetry="C1"):
    """Return how far an alignment is from the truth, the object's symmetry taken into account.

    The truth is that of `nearest_truth`; the translation error is taken with the same symmetry element.

    Parameters
    ----------
    rotation : array_like of shape (3, 3)
        Estimated rotation.
    translation : array_like of shape (3,)
        Estimated translation in voxels.
    pose_f, pose_g : array_like of shape (3, 3)
    shift_f, shift_g : array_like of shape (3,)
    symmetry : str
        Point group of the object.

    Returns
    -------
    rotation_error : float
        Angle of R_estᵀ R in degrees.
    translation_error : float
        Length of a_est − a in voxels.
    axis_error : float
        Angle in degrees between the estimated and the true direction of the object's z axis, which for a
        dihedral group is its principal axis (either end counts).
    """
    truth, shift = nearest_truth(rotation, pose_f, shift_f, pose_g, shift_g, symmetry)
    axis = np.asarray(pose_g)[:, 2]
    cosine = np.clip((rotation @ axis) @ (truth @ axis), -1.0, 1.0)
    return (
        float(rotation_angle(np.asarray(rotation).T @ truth)),
        float(np.linalg.norm(translation - shift)),
        float(np.degrees(np.arccos(cosine))),
    )


def transform_distance(rotation_j, translation_j, rotation_k, translation_k):
    """Return the distance of two rigid transforms (Eq. 12).

    The Frobenius norm of D_j − D_k with D = R⁻¹(I − [a a a]).

    Parameters
    ----------
    rotation_j, rotation_k : array_like of shape (3, 3)
    translation_j, translation_k : array_like of shape (3,)
        In voxels.

    Returns
    -------
    float
    """

    def matrix(rotation, translation):
        return np.asarray(rotation).T @ (np.eye(3) - np.repeat(np.reshape(translation, (3, 1)), 3, axis=1))

    return float(np.linalg.norm(matrix(rotation_j, translation_j) - matrix(rotation_k, translation_k)))


def check_interval(interval):
    """Return the interval of the seed angles as a number that divides 180.

    Parameters
    ----------
    interval : float
        In degrees.

    Returns
    -------
    float

    Raises
    ------
    InputError
        If it is not positive or does not divide 180.
    """
    try:
        interval = float(interval)
    except (TypeError, ValueError):
        raise InputError(f"interval {interval!r} is not a number of degrees") from None
    if not 0 < interval <= 180 or abs(180.0 / interval - round(180.0 / interval)) > 1e-9:
        raise InputError(f"interval {interval:g} does not divide 180: give degrees such as 60, 45 or 30")
    return interval


def seed_rotations(interval):
    """Return the rotations from which a full search starts.

    A ZYZ grid at the interval, θ at the middles of its intervals so that no two seeds coincide:
    6·3·6 = 108 rotations at 60°, 8·4·8 = 256 at 45°.

    Parameters
    ----------
    interval : float
        In degrees; divides 180.

    Returns
    -------
    numpy.ndarray of shape (count, 3, 3)

    Raises
    ------
    InputError
        If the interval does not divide 180.
    """
    interval = check_interval(interval)
    turns = interval * np.arange(round(360.0 / interval))
    tilts = interval * (np.arange(round(180.0 / interval)) + 0.5)
    phi, theta, psi = np.meshgrid(turns, tilts, turns, indexing="ij")
    return rotation_from_euler(phi.ravel(), theta.ravel(), psi.ravel())


def axis_seed_angles(interval):
    """Return the angles from which a search about one axis starts: 6 at 60°, 8 at 45°.

    Parameters
    ----------
    interval : float
        In degrees; divides 180.

    Returns
    -------
    numpy.ndarray of shape (count,)
        In degrees.

    Raises
    ------
    InputError
        If the interval does not divide 180.
    """
    interval = check_interval(interval)
    return interval * np.arange(round(360.0 / interval))
