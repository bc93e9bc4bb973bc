"""What is said of the averages: their shell correlations, and the resolution and errors that follow."""

import math
from pathlib import Path

import numpy as np
import pandas as pd

from gradalign.averaging.fsc import resolution
from gradalign.base.files import complete_file
from gradalign.report.markdown import markdown_table
from gradalign.report.numbers import number, tilt_label
from gradalign.search.registry import score_label
from gradalign.study.columns.averages import COMPARISONS, KINDS

ERRORS = ("rotation_error_deg", "axis_error_deg", "translation_error_voxel")


def resolution_of(rows):
    """Return the resolution at the threshold of its comparison.

    Parameters
    ----------
    rows : pandas.DataFrame
        The shells of one average and comparison, from `shell_rows`.

    Returns
    -------
    float
        In nm; NaN if there is none.
    """
    threshold = COMPARISONS[rows.comparison.iloc[0]]
    return resolution(rows.frequency_per_nm, rows.correlation, threshold, 1.0)


def summarise_averages(alignments, shells, objects):
    """Return the resolution of each average and the errors of the alignments behind it.

    Parameters
    ----------
    alignments : pandas.DataFrame
        Columns of `gradalign.study.columns.averages.AVERAGES`.
    shells : pandas.DataFrame
        From `gradalign.study.average_shells.shell_rows`, with ``object``, ``kind`` and ``score``.
    objects : dict of str to dict
        What each object is, by the keys of its map's provenance.

    Returns
    -------
    pandas.DataFrame
        One row per object, kind and score: ``object``, ``title``, ``point_group``, ``stand_in_for``, ``kind``,
        ``tilt_deg``, ``snr``, ``interval_deg``, ``score``, ``n``, medians ``rotation_error_deg``,
        ``axis_error_deg``, ``translation_error_voxel`` (NaN for noise), ``truth_resolution_nm`` and
        ``halves_resolution_nm``.
    """
    rows = []
    for name, about in objects.items():
        for kind in KINDS:
            of_kind = alignments[(alignments.object == name) & (alignments.kind == kind)]
            for (tilt, snr, interval, score), group in of_kind.groupby(
                ["tilt_deg", "snr", "interval_deg", "score"], sort=False
            ):
                row = {"object": name, "title": about["title"], "point_group": about["point_group"]}
                row |= {"stand_in_for": about["stand_in_for"] or "", "kind": kind, "tilt_deg": tilt, "snr": snr}
                row |= {"interval_deg": interval, "score": score, "n": len(group)}
                row |= {column: group[column].median() for column in ERRORS}
                average = shells[(shells.object == name) & (shells.kind == kind) & (shells.score == score)]
                for comparison, part in average.groupby("comparison"):
                    row[f"{comparison}_resolution_nm"] = resolution_of(part)
                rows.append(row)
    return pd.DataFrame(rows)


def averages_caption(rows):
    """Return the caption of the table of the averages.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `summarise_averages`.

    Returns
    -------
    str
    """
    first = rows.iloc[0]
    caption = (
        f"Averages of n = {first.n} subtomograms, {tilt_label(first.tilt_deg)}, SNR {first.snr:g}, each aligned from "
        f"{first.interval_deg:g}° seeds to a template made from the true object, and of as many volumes of noise alone "
        "aligned to the same template. Resolution with the truth (FSC 0.5) decides. That between half sets (FSC 0.143) "
        "is biased by the common template: noise, too, seems to have a resolution. Errors are medians."
    )
    for row in rows[rows.stand_in_for != ""].drop_duplicates("object").itertuples(index=False):
        caption += f" {row.title} stands in for the paper's entry {row.stand_in_for}."
    return caption


def nanometres(value):
    """Return a resolution as it is printed.

    Parameters
    ----------
    value : float
        In nm; NaN if there is none.

    Returns
    -------
    str
    """
    return "none" if math.isnan(value) else f"{value:.1f} nm"


def write_averages_markdown(rows, path):
    """Write the table of the averages as Markdown.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `summarise_averages`.
    path : str or path

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    header = ["Object", "Average of", "Score", "n", "FSC with truth 0.5", "Half sets 0.143"]
    header += ["Rotation (°)", "Axis tilt (°)", "Translation (voxels)"]
    lines = []
    for row in rows.itertuples(index=False):
        has_axis = row.point_group != "C1"
        errors = [row.rotation_error_deg, row.axis_error_deg if has_axis else np.nan, row.translation_error_voxel]
        resolutions = [nanometres(row.truth_resolution_nm), nanometres(row.halves_resolution_nm)]
        lines.append([row.title, row.kind, score_label(row.score), str(row.n), *resolutions, *map(number, errors)])
    text = f"{averages_caption(rows)}\n\n{markdown_table(header, lines)}\n"
    with complete_file(path) as partial:
        Path(partial).write_text(text, encoding="utf-8")
