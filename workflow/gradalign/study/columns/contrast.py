"""Columns of the measurements of contrast and of steadiness."""

FACTORS = (1.0, 0.5, 2.0)
"""By which g is multiplied; the first leaves it as it is."""

CONTRAST = (
    "pair",
    "tilt_deg",
    "snr",
    "interval_deg",
    "score",
    "factor",
    "rotation_error_deg",
    "translation_error_voxel",
    "moved_deg",
    "moved_voxel",
    "trials",
    "refused_trials",
    "moves_of_g",
)
"""Columns of the measurements: the ends move by ``moved_deg`` and ``moved_voxel`` against those at factor 1; trials and
``moves_of_g``, those of one step of the paper's scheme, stand in the lines of factor 1."""

CONTRAST_SECONDS = ("score", "pairs", "step_us", "paper_step_ms")
"""Columns of the processor times of a step."""
