"""The transfer function of a whole tilt series as a volume: what RELION calls a three-dimensional CTF."""

import numpy as np

from gradalign.geometry.wedge import measured
from gradalign.simulation.microscope import ctf, mtf


def transfer_volume(protocol, voxel_size, tilt_range):
    """Return by what each frequency of an object is multiplied in its subtomogram.

    Parameters
    ----------
    protocol : gradalign.simulation.protocol.Protocol
        How subtomograms are made.
    voxel_size : float
        In nm.
    tilt_range : float or (float, float)
        Half range, or (min, max), in degrees.

    Returns
    -------
    numpy.ndarray of shape (box, box, box), float32
        [kz, ky, kx], zero frequency at voxel box // 2: CTF times MTF where the tilt series measured, 0 elsewhere. It
        is negative where phases are reversed and not flipped.
    """
    axis = np.arange(protocol.box) - protocol.box // 2
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    points = np.stack([x, y, z], axis=-1)
    k = np.linalg.norm(points, axis=-1) / (protocol.box * voxel_size)
    transfer = ctf(k, protocol.microscope) * mtf(k, voxel_size)
    return np.where(measured(points, tilt_range), transfer, 0.0).astype(np.float32)
