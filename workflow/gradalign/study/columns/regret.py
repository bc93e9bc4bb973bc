"""What counts as a search's own loss."""

from gradalign.study.columns.optimum import is_same_optimum

BETTER = 1e-3
"""Part of d by which one end of a refinement must be below another to be better."""


def is_search_loss(value, truth_value, rotation_difference, translation_difference):
    """Return whether a search has missed a better answer, which a refinement that starts at the truth comes to.

    Parameters
    ----------
    value, truth_value : float
        d where the refinement ends that starts at the search's answer, and where that ends that starts at the truth.
    rotation_difference : float
        Between the two ends, in degrees.
    translation_difference : float
        The same in voxels.

    Returns
    -------
    bool
    """
    better = value - truth_value > BETTER * abs(truth_value)
    return bool(better and not is_same_optimum(rotation_difference, translation_difference))
