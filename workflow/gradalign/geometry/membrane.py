"""Membrane surfaces: the rotations R_f and R_g of Eq. 22, between which only the rotation about the normal is unknown.

A complex sits on its membrane in one way: the normal has one direction n in the frame of the object, and stands along
P_f n and P_g n in two subtomograms with the orientations P_f and P_g. Both R_f and R_g take their normal to z, so that
the true R_n = R_f (P_f P_g⁻¹) R_g⁻¹ leaves z where it is: a rotation by some φ about z.
"""

import numpy as np

from gradalign.geometry.rotations import rotation_from_euler


def surface_rotation(normal, azimuth):
    """Return a rotation that takes a surface normal to z.

    Parameters
    ----------
    normal : array_like of shape (3,)
        Direction (x, y, z) of any length but 0.
    azimuth : float
        Angle in degrees by which the volume is rotated about z once its normal stands there; nothing in the data
        prefers one.

    Returns
    -------
    numpy.ndarray of shape (3, 3)
        Rz(azimuth) Ry(−θ) Rz(−φ), θ and φ being the normal's polar angles.
    """
    x, y, z = np.asarray(normal, dtype=float)
    theta, phi = np.degrees([np.arctan2(np.hypot(x, y), z), np.arctan2(y, x)])
    return rotation_from_euler(azimuth, -theta, -phi)


def random_surfaces(pose_f, pose_g, rng):
    """Return R_f and R_g of a pair of subtomograms whose object sits on a membrane with a random side.

    The normal is uniform on the sphere in the frame of the object, so that no axis of the object is preferred. Each
    rotation has its own random angle about the normal: made from the true orientations alone, the two would tell the
    answer.

    Parameters
    ----------
    pose_f, pose_g : array_like of shape (3, 3)
        Orientations of the object in the two subtomograms.
    rng : numpy.random.Generator
        Of this pair alone.

    Returns
    -------
    surface_f, surface_g : numpy.ndarray of shape (3, 3)
    """
    normal = rng.normal(size=3)
    return tuple(
        surface_rotation(np.asarray(pose) @ normal, azimuth)
        for pose, azimuth in zip((pose_f, pose_g), rng.uniform(0.0, 360.0, 2), strict=True)
    )
