"""Columns of the exhaustive scans."""

SCANS = (
    "pair",
    "tilt_deg",
    "snr",
    "score",
    "scan_interval_deg",
    "rotations",
    "rotation_error_deg",
    "translation_error_voxel",
    "dissimilarity",
    "seed_interval_deg",
    "seeds",
    "refined_steps",
    "refined_rotation_error_deg",
    "refined_translation_error_voxel",
    "refined_dissimilarity",
)
"""Columns of the scans of single pairs, the refinement of the same pair beside each."""

SCAN_SECONDS = ("tilt_deg", "snr", "score", "scan_interval_deg", "pairs", "scan_s", "refinement_s")
"""Columns of the processor times."""
