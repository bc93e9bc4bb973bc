"""Columns of the Cramér–Rao bounds."""

QUANTITIES = ("rotation_deg", "translation_voxel", "axis_deg")
"""What is bounded: the errors of `gradalign.geometry.rotations.alignment_error`, in its order."""

BOUND_KINDS = ("bound_known", "bound")
"""The bounds: for a known signal, and for an unknown one of known spectrum."""

BOUNDS = ("tilt_deg", "snr", "search", "quantity", "n", *BOUND_KINDS)
"""Columns of the bounds; results/README.md says what they hold."""
