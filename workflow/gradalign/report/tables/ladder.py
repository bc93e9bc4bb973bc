"""The ladder as a table: for each rung and aligner errors, lost share, bound, and what the verdict is worth."""

import numpy as np
import pandas as pd
from scipy.special import chdtri

from gradalign.base.medians import median_and_deviation
from gradalign.report.html import frame_part, write_page
from gradalign.report.markdown import markdown_table
from gradalign.search.registry import score_label
from gradalign.study.columns.ladder import LADDER_RUNG, LOST_DEG

COLUMNS = (
    "object",
    "condition",
    "task",
    "tilt_deg",
    "snr",
    "aligner",
    "n",
    "rotation_median",
    "rotation_mad",
    "translation_median",
    "translation_mad",
    "lost",
    "bound_rotation",
    "bound_translation",
    "coverage_68",
    "coverage_95",
    "roc_area",
    "cpu_ms",
    "ratio",
    "bound_known_rotation",
    "bound_known_translation",
    "regret",
    "frobenius_median",
    "last_change",
)
"""Columns of tables/ladder.csv; docs/ladder.md says what they hold."""
BREAK_RATIO, BREAK_LOST = 1.5, 0.05
"""An aligner breaks where the median error over the bound, or the share that is lost, is larger."""
# rotation vector and translation
_DIMENSIONS = 6
_KINDS = ["object", "condition", "task", "tilt_deg"]
_LABELS = {"scan": "Scan, 15°", "relion": "RELION 3.1"}


def summarise_ladder(lines, bounds):
    """Return the table of the ladder.

    Parameters
    ----------
    lines : pandas.DataFrame
        Of single alignments, with the columns `gradalign.study.columns.ladder.LADDER_LINES`.
    bounds : pandas.DataFrame
        Of the rungs, with the columns `gradalign.study.columns.ladder.LADDER_BOUNDS`. An aligner that was asked and
        has no lines on a rung has a row of blanks there, ``n`` 0.

    Returns
    -------
    pandas.DataFrame
        With `COLUMNS`, a row for each rung and aligner, in the order of the bounds.
    """
    groups = dict(list(lines.groupby([*LADDER_RUNG, "aligner"], sort=False)))
    rows = []
    for bound in bounds.to_dict("records"):
        rung = tuple(bound[name] for name in LADDER_RUNG)
        for aligner in bound.pop("aligners").split():
            row = bound | {"aligner": aligner, "n": 0}
            if (*rung, aligner) in groups:
                row |= _summary(groups[*rung, aligner])
                limit = bound["bound_rotation" if bound["task"] == "pairs" else "bound_known_rotation"]
                row["ratio"] = row["rotation_median"] / limit if limit else np.nan
            rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def _summary(group):
    """Return the numbers of one aligner on one rung."""
    row = {"n": len(group)}
    for name, column in (("rotation", "rotation_error_deg"), ("translation", "translation_error_voxel")):
        row[f"{name}_median"], row[f"{name}_mad"] = median_and_deviation(group[column])
    lost = group.rotation_error_deg > LOST_DEG
    row["lost"] = lost.mean()
    row["frobenius_median"], row["cpu_ms"] = group.frobenius.median(), group.cpu_ms.median()
    row["last_change"] = group.last_change_deg.median()
    if group.search_loss.notna().all():
        row["regret"] = group.search_loss.mean()
    # a covariance tells of the optimum that was found, not of another one
    found = group.loc[~lost, "chi2"].dropna()
    if len(found):
        row |= {f"coverage_{share}": (found <= chdtri(_DIMENSIONS, 1 - share / 100)).mean() for share in (68, 95)}
    if group.probability.notna().all():
        row["roc_area"] = roc_area(group.probability[~lost], group.probability[lost])
    return row


def roc_area(found, lost):
    """Return the area under the curve of true against false positives, by which a verdict tells found from lost pairs.

    Parameters
    ----------
    found, lost : array_like
        The verdict's numbers, larger for what is likelier found.

    Returns
    -------
    float
        The probability that one that is found has the larger number; NaN where all are found or all lost.
    """
    if not (len(found) and len(lost)):
        return np.nan
    difference = np.subtract.outer(np.asarray(found, dtype=float), np.asarray(lost, dtype=float))
    return float((difference > 0).mean() + 0.5 * (difference == 0).mean())


def first_break(rows, aligner="likelihood"):
    """Return where an aligner breaks, object by object.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `summarise_ladder`.
    aligner : str

    Returns
    -------
    pandas.DataFrame
        For each object, condition, task and tilt range the rung of the largest SNR on which the median of its rotation
        error is more than `BREAK_RATIO` times the bound, or more than `BREAK_LOST` is lost; none if it never breaks.
    """
    own = rows[(rows.aligner == aligner) & (rows.n > 0)]
    broken = own[(own.ratio > BREAK_RATIO) | (own.lost > BREAK_LOST)]
    return broken.sort_values("snr", ascending=False, kind="stable").drop_duplicates(_KINDS).sort_index()


def breaks_table(rows, aligner="likelihood"):
    """Return where an aligner breaks as a table: a line for each condition, task and tilt range, a column an object.

    Parameters
    ----------
    rows : pandas.DataFrame
        tables/ladder.csv.
    aligner : str

    Returns
    -------
    str
        Markdown. An entry is the SNR of `first_break` with the error over the bound and the share lost there, or the
        smallest SNR of the rungs where it does not break.
    """
    own = rows[(rows.aligner == aligner) & (rows.n > 0)]
    broken = {tuple(row[name] for name in _KINDS): row for row in first_break(own).to_dict("records")}
    objects, lines = list(dict.fromkeys(own.object)), []
    for (condition, task, tilt), part in own.groupby(_KINDS[1:], sort=False):
        smallest = part.groupby("object").snr.min()
        entries = []
        for name in objects:
            row = broken.get((name, condition, task, tilt))
            if row:
                entries.append(f"{row['snr']:g} ({row['ratio']:.1f} ×, {row['lost']:.0%})")
            else:
                entries.append(f"holds to {smallest[name]:g}" if name in smallest else "")
        lines.append([f"`{condition}`", f"`{task}`", f"{tilt:g}°", *entries])
    return markdown_table(["condition", "task", "tilt", *(name.replace("_", " ") for name in objects)], lines)


def aligner_label(name):
    """Return how an aligner of the ladder is printed.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
    """
    return _LABELS.get(name) or score_label(name)


def write_ladder_page(rows, path):
    """Write the table as a page that can be sorted.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `summarise_ladder`.
    path : str or path

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    caption = (
        "A line for each rung and aligner: medians and median absolute deviations of the errors in degrees and voxels, "
        f"the share off by more than {LOST_DEG:g}°, the Cramér–Rao bound, the coverage of the aligner's own intervals "
        "among what it found, the area under the ROC curve of its verdict, the rotation error over the bound, "
        "the share that a refinement from the truth betters. –: not installed, not for this task, not told. "
        "A click on a title sorts."
    )
    table = frame_part("", rows.assign(aligner=rows.aligner.map(aligner_label)))
    write_page(path, "The ladder", caption, [table], sortable=True)
