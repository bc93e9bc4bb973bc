"""When two transforms are one optimum."""

SAME_ROTATION_DEG = 0.5
"""Two transforms are the same optimum if their rotations differ by no more than this, in degrees ..."""
SAME_TRANSLATION_VOXEL = 0.05
"""... and their translations by no more than this, in voxels."""


def is_same_optimum(rotation_difference, translation_difference):
    """Return whether two transforms that differ by this much are the same optimum.

    Parameters
    ----------
    rotation_difference : float or array_like
        In degrees.
    translation_difference : float or array_like
        In voxels.

    Returns
    -------
    bool or array of bool
    """
    return (rotation_difference <= SAME_ROTATION_DEG) & (translation_difference <= SAME_TRANSLATION_VOXEL)
