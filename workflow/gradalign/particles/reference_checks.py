"""What a reference says of the mask that is laid over it and of the point group that it is to have."""

import numpy as np

from gradalign.averaging.wedge_average import sampler
from gradalign.errors import InputError
from gradalign.geometry.rotations import point_group

# share of the reference's density that a mask must leave
_LEAST_LEFT = 0.01
# correlation of a reference with itself, rotated by an element of its point group
_LEAST_ALIKE = 0.75


def check_mask(mask, reference, path):
    """Say so if a mask leaves nothing of the reference, as one does that is inverted or stands elsewhere.

    Parameters
    ----------
    mask, reference : numpy.ndarray of shape (N, N, N)
    path : str or path
        Of the mask.

    Raises
    ------
    InputError
    """
    power = (np.asarray(reference, float) - np.median(reference)) ** 2
    left = float((power * mask).sum() / power.sum())
    if left < _LEAST_LEFT:
        raise InputError(
            f"{path}: the mask leaves {100.0 * left:.1g} % of the reference's squared density, where it must be 1 "
            "around the particle and 0 elsewhere"
        )


def check_symmetry(reference, symmetry, low_pass):
    """Say so if a reference has not the point group by which it is to be averaged.

    Parameters
    ----------
    reference : numpy.ndarray of shape (N, N, N)
    symmetry : str
        Point group, its main axis z.
    low_pass : float
        In cycles per box: up to where it is looked at.

    Returns
    -------
    float
        Its smallest correlation with itself, rotated by the group's elements; 1 without any.

    Raises
    ------
    InputError
    """
    size = len(reference)
    reach = int(min(np.floor(low_pass), (size - 1) // 2 - 1))
    axis = np.arange(-reach, reach + 1)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    lengths = (points**2).sum(axis=1)
    points = points[(lengths > 0) & (lengths <= reach**2)]
    transform = sampler(reference)
    own = transform.sample(points / size)
    power = float((np.abs(own) ** 2).sum())
    rotated = (transform.sample(points @ element / size) for element in point_group(symmetry)[1:])
    alike = min((float((own * other.conj()).real.sum()) / power for other in rotated), default=1.0)
    if alike < _LEAST_ALIKE:
        raise InputError(
            f"particles.symmetry: the reference is not of {symmetry}: rotated by its elements it correlates with "
            f"itself by {alike:.2f}; rotate it so that the main axis is z (and of D groups a twofold axis x), or set "
            "another symmetry"
        )
    return alike
