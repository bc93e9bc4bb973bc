"""Averages: what is averaged and compared with what, and the columns of the alignments to templates."""

from gradalign.io.csv_lines import ESTIMATE_COLUMNS

COMPARISONS = {"truth": 0.5, "halves": 0.143}
"""What an average is compared with, and the threshold of its resolution. Both mean a signal-to-noise ratio of 1/3 in
the whole average: FSC is √(SNR/(1 + SNR)) with the truth and SNR/(2 + SNR) between half sets."""

KINDS = ("subtomograms", "noise")
"""What is averaged: subtomograms of the object, or noise of the same strength without any object in it."""

HALVES = ("even", "odd")

AVERAGES = (
    "object",
    "kind",
    "subtomogram",
    "tilt_deg",
    "snr",
    "score",
    "interval_deg",
    *ESTIMATE_COLUMNS,
    "dissimilarity",
    "steps",
)
"""Columns of the alignments to the templates; results/README.md says what they hold."""
