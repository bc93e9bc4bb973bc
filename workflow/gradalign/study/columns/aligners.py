"""Columns of the answers of other people's aligners."""

from gradalign.study.columns.alignments import ALIGNMENTS

ALIGNERS = ("object", *ALIGNMENTS, "missing")
"""Columns of the lines; ``missing`` says why there is no answer."""

ALIGNER_SECONDS = ("aligner", "object", "tilt_deg", "snr", "pair", "seconds", "cpu_seconds")
"""Columns of the times of the alignments."""
