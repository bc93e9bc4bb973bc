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
)
"""Columns of the alignments; results/README.md says what they hold."""
