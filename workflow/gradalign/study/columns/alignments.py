"""Columns of the alignments of pairs."""

from gradalign.io.csv_lines import ESTIMATE_COLUMNS

ALIGNMENTS = (
    "pair",
    "tilt_deg",
    "snr",
    "score",
    "interval_deg",
    "search",
    *ESTIMATE_COLUMNS,
    "dissimilarity",
    "true_dissimilarity",
    "steps",
    "truth_end_dissimilarity",
    "search_loss",
    "rotation_sd_deg",
    "translation_sd_voxel",
    "rotation_quantile",
    "translation_quantile",
    "probability",
    "evidence",
    "excess",
    "verdict",
)
"""Columns of the alignments; results/README.md says what they hold."""
