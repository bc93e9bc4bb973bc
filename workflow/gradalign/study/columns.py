"""Columns of the study's files, and the constants that its tables and figures name: nothing here needs a kernel."""

from gradalign.io.csv_lines import ESTIMATE_COLUMNS, TRANSFORM_COLUMNS

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

FALL = 1e-4
"""Relative fall of d in an accepted step, below which a seed's refinement has ended."""

MOST_STEPS = 60
"""Most steps of a seed."""

SAME_ROTATION_DEG = 0.5
"""Two transforms are the same optimum if their rotations differ by no more than this, in degrees ..."""

SAME_TRANSLATION_VOXEL = 0.05
"""... and their translations by no more than this, in voxels."""

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


def is_same_optimum(rotation_difference, translation_difference):
    """Return whether two transforms that differ by this much are the same optimum.

    Parameters
    ----------
    rotation_difference : float or array_like
        In degrees.
    translation_difference : float or array_like
        In voxels.

    Returns
    -------
    bool or array of bool
    """
    return (rotation_difference <= SAME_ROTATION_DEG) & (translation_difference <= SAME_TRANSLATION_VOXEL)


COMPARISONS = {"truth": 0.5, "halves": 0.143}
"""What an average is compared with, and the threshold of its resolution. Both mean a signal-to-noise ratio of 1/3 in
the whole average: FSC is √(SNR/(1 + SNR)) with the truth and SNR/(2 + SNR) between half sets."""

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

KINDS = ("subtomograms", "noise")
"""What is averaged: subtomograms of the object, or noise of the same strength without any object in it."""

HALVES = ("even", "odd")

OBJECT_COLUMN = "gradalignObject"
"""Column of a mixture's STAR file that names the object."""

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

FACTORS = (1.0, 0.5, 2.0)
"""By which g is multiplied; the first leaves it as it is."""

CONTRAST = (
    "pair",
    "tilt_deg",
    "snr",
    "interval_deg",
    "score",
    "factor",
    "rotation_error_deg",
    "translation_error_voxel",
    "moved_deg",
    "moved_voxel",
    "trials",
    "refused_trials",
    "moves_of_g",
)
"""Columns of the measurements: the ends move by ``moved_deg`` and ``moved_voxel`` against those at factor 1; trials and
``moves_of_g``, those of one step of the paper's scheme, stand in the lines of factor 1."""

CONTRAST_SECONDS = ("score", "pairs", "step_us", "paper_step_ms")
"""Columns of the processor times of a step."""

STAGES = ("before", "after")
"""Dissimilarities as the subtomograms are given, and after the alignment of each pair."""

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

QUANTITIES = ("rotation_deg", "translation_voxel", "axis_deg")
"""What is bounded: the errors of `gradalign.geometry.rotations.alignment_error`, in its order."""

BOUND_KINDS = ("bound_known", "bound")
"""The bounds: for a known signal, and for an unknown one of known spectrum."""

BOUNDS = ("tilt_deg", "snr", "search", "quantity", "n", *BOUND_KINDS)
"""Columns of the bounds; results/README.md says what they hold."""

ALIGNERS = ("object", *ALIGNMENTS, "missing")
"""Columns of the lines; ``missing`` says why there is no answer."""

ALIGNER_SECONDS = ("aligner", "object", "tilt_deg", "snr", "pair", "seconds", "cpu_seconds")
"""Columns of the times of the alignments."""

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
