"""Columns of the pairs of a mixture, and of its STAR file."""

from gradalign.io.csv_lines import TRANSFORM_COLUMNS

STAGES = ("before", "after")
"""Dissimilarities as the subtomograms are given, and after the alignment of each pair."""

OBJECT_COLUMN = "gradalignObject"
"""Column of a mixture's STAR file that names the object."""

PAIRS_OF_ALL = (
    "first",
    "second",
    "score",
    *TRANSFORM_COLUMNS,
    "before_dissimilarity",
    "after_dissimilarity",
    "steps",
)
"""Columns of the alignments of all pairs; results/README.md says what they hold."""
