"""The cells of the paper's tables."""

CELL = ["table", "quantity", "search", "interval_deg", "score", "tilt_deg", "snr"]
"""Columns that name one cell of the paper's tables."""

TABLES = {
    ("full", "rotation_deg"): 1,
    ("full", "translation_voxel"): 2,
    ("axis", "rotation_deg"): 3,
    ("axis", "translation_voxel"): 4,
}
"""The paper's table of each search and quantity."""

ERRORS = {"rotation_deg": "rotation_error_deg", "translation_voxel": "translation_error_voxel"}
"""Column of the alignments that holds each quantity of the tables."""

PAPER_ALIGNMENTS = 100
"""Alignments of a cell in the paper."""
