"""Figure 4: columns of the comparisons of both searches, and what counts as the same optimum."""

SAME_ROTATION_DEG = 0.5
"""Two transforms are the same optimum if their rotations differ by no more than this, in degrees ..."""

SAME_TRANSLATION_VOXEL = 0.05
"""... and their translations by no more than this, in voxels."""

SPEEDUP = (
    "pair",
    "tilt_deg",
    "snr",
    "score",
    "interval_deg",
    "seeds",
    "independent_steps",
    "stochastic_steps",
    "steps_to_optimum",
    "rotation_difference_deg",
    "translation_difference_voxel",
    "independent_dissimilarity",
    "stochastic_dissimilarity",
    "independent_error_deg",
    "stochastic_error_deg",
)
"""Columns of the comparisons of single pairs."""

SPEEDUP_SECONDS = ("tilt_deg", "snr", "score", "interval_deg", "pairs", "seeding_s", "independent_s", "stochastic_s")
"""Columns of the processor times of a cell."""


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
