"""The phantom: four overlapping Gaussians without rotational symmetry, known in closed form.

Each Gaussian is ``exp(-sum_i x_i^2 / (N d_i))`` with d = 1.2 along its long axis and 0.4 across, N being the
size in voxels. Three stand at +N/4 on x, y and z, each long along its own axis; the fourth is the first
rotated by 45 degrees about z. The whole is moved to its centre of mass. It is its own mirror image under
x <-> y, so that a slip of handedness does not show on it.
"""

import numpy as np

_LONG = 1.2
_SHORT = 0.4
_LONG_AXES = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [np.sqrt(0.5), np.sqrt(0.5), 0]])


def gaussians(size):
    """Return centres and shapes of the phantom's Gaussians.

    Parameters
    ----------
    size : int
        The N that sets the scale, in voxels.

    Returns
    -------
    centres : numpy.ndarray, (4, 3)
        ``(x, y, z)`` in voxels about the centre of mass.
    shapes : numpy.ndarray, (4, 3, 3)
        Symmetric matrices A of ``exp(-(x - c)^T A (x - c))``, per square voxel.
    """
    # all four hold the same mass, so the centre of mass is the plain mean
    centres = size / 4 * (_LONG_AXES - _LONG_AXES.mean(axis=0))
    along = _LONG_AXES[:, :, None] * _LONG_AXES[:, None, :]
    shapes = along / (size * _LONG) + (np.eye(3) - along) / (size * _SHORT)
    return centres, shapes


def phantom(size, box=None, rotation=None, translation=None):
    """Compute the phantom, moved in closed form, at the voxels of a box.

    The value at x is p(R^-1 (x - a)), p being the phantom about the centre voxel ``box // 2``.

    Parameters
    ----------
    size : int
        The N that sets the scale, in voxels.
    box : int, optional
        Edge of the box; `size` if not given.
    rotation : array_like, (3, 3), optional
        R; the identity if not given.
    translation : array_like, (3,), optional
        a in voxels, ``(x, y, z)``; zero if not given.

    Returns
    -------
    numpy.ndarray, (box, box, box), float32
        Density ``[z, y, x]``.
    """
    box = size if box is None else box
    rotation = np.eye(3) if rotation is None else np.asarray(rotation, dtype=float)
    translation = np.zeros(3) if translation is None else np.asarray(translation, dtype=float)
    centres, shapes = gaussians(size)
    axis = np.arange(box) - box // 2
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    positions = np.stack([x, y, z], axis=-1)
    density = np.zeros((box, box, box))
    for centre, shape in zip(centres, shapes, strict=True):
        offsets = positions - (rotation @ centre + translation)
        turned = rotation @ shape @ rotation.T
        density += np.exp(-np.einsum("...i,ij,...j", offsets, turned, offsets, optimize=True))
    return density.astype(np.float32)
