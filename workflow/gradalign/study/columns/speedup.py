"""Figure 4: columns of the comparisons of both searches."""

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
