"""Columns of the ladder's files."""

LADDER_RUNG = ("object", "condition", "task", "tilt_deg", "snr")
"""Columns that name a rung of the ladder."""
LADDER_LINES = (
    *LADDER_RUNG,
    "aligner",
    "number",
    "rotation_error_deg",
    "translation_error_voxel",
    "frobenius",
    "search_loss",
    "chi2",
    "probability",
    "last_change_deg",
    "cpu_ms",
)
"""Columns of single alignments; ``search_loss`` is 1 where a refinement from the truth ends better,
``chi2`` is the error in the metric of the alignment's own covariance, ``last_change_deg`` by how much the orientation
changed in the last iteration of an aligner that stops after so many."""
LADDER_BOUNDS = (
    *LADDER_RUNG,
    "bound_rotation",
    "bound_translation",
    "bound_known_rotation",
    "bound_known_translation",
    "aligners",
)
"""Columns of the bounds of the rungs, in degrees and voxels: for a signal that is unknown and for one that is known;
and who was asked to climb the rung, separated by blanks."""
LOST_DEG = 20.0
"""An alignment whose rotation is farther off counts as lost, in degrees."""
