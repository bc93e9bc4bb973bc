"""Every cell of the paper's tables beside the one computed here, and whether the two agree."""

from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd

from gradalign.base.files import complete_file
from gradalign.report.markdown import markdown_table
from gradalign.report.numbers import number, snr_label, tilt_label
from gradalign.report.statistics import compare, median_standard_error, summarise
from gradalign.report.tables.phantom import blocks, counts
from gradalign.search.registry import score_label
from gradalign.study.columns.paper import PAPER_ALIGNMENTS

AGREES, BETTER, WORSE = "agrees", "better", "worse"
"""What is said of a cell: the interval of here/paper holds 1, lies below it, or above it."""
MARKS = {AGREES: "≈", BETTER: "▼", WORSE: "▲"}
"""Signs of the three, smaller errors pointing down."""

_Z = NormalDist().inv_cdf(0.975)


def compare_cells(alignments, paper, study_seed):
    """Return every cell that the paper prints and this study computed.

    Parameters
    ----------
    alignments : pandas.DataFrame
        Of the phantom, from `gradalign.report.statistics.read_alignments`.
    paper : pandas.DataFrame
        From `gradalign.report.statistics.read_paper`.
    study_seed : int
        Of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        As `gradalign.report.statistics.compare`, and ``verdict``.
    """
    rows = compare(alignments, summarise(alignments, paper), study_seed)
    apart = np.where(rows.ratio < 1, BETTER, WORSE)
    return rows.assign(verdict=np.where(rows.agrees.astype(bool), AGREES, apart))


def tally(rows):
    """Count the verdicts, table by table.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `compare_cells`.

    Returns
    -------
    pandas.DataFrame
        ``table`` (the last line: ``all``), ``cells``, ``better``, ``agrees``, ``worse``, and ``ratio``, the geometric
        mean of here/paper.
    """
    groups = [*rows.groupby("table"), ("all", rows)]
    lines = [
        {"table": str(table), "cells": len(group)}
        | {name: int((group.verdict == name).sum()) for name in (BETTER, AGREES, WORSE)}
        | {"ratio": float(np.exp(np.log(group.ratio).mean())) if len(group) else np.nan}
        for table, group in groups
    ]
    return pd.DataFrame(lines)


def formula_over_bootstrap(rows):
    """Return the standard error of a median by the paper's formula over the bootstrap's, both from this study.

    The printed tables allow only 1.25 · 1.48 · MAD / √n; here both can be had, and their ratio says how far the
    formula can be trusted. The bootstrap's error of log m is recovered from the width of the comparison's interval.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `compare_cells`.

    Returns
    -------
    numpy.ndarray of shape (cells,)
    """
    half = np.log(rows.ratio_high / rows.ratio_low) / (2 * _Z)
    there = median_standard_error(rows.paper_mad, PAPER_ALIGNMENTS) / rows.paper_median
    bootstrap = np.sqrt(np.maximum(half**2 - there**2, 0.0)).to_numpy()
    formula = (median_standard_error(rows.mad, rows.n) / rows["median"]).to_numpy()
    # a narrow bootstrap is lost beside a wide printed interval
    known = bootstrap > 0.01 * half.to_numpy()
    return formula[known] / bootstrap[known]


def comparison_caption(rows):
    """Return the caption of the comparison.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `compare_cells`.

    Returns
    -------
    str
    """
    if rows.empty:
        return "The paper prints none of the cells of this study."
    total = tally(rows).iloc[-1]
    return (
        f"Paper against here: median error of this study over that of Xu & Alber (2012), {total.cells} cells, "
        f"{counts(rows)} a cell here and {PAPER_ALIGNMENTS} there. {MARKS[BETTER]} better ({total.better}): the 95 % "
        f"interval of log(here/paper), with both sampling errors, lies below 0; {MARKS[WORSE]} worse ({total.worse}): "
        f"above 0; {MARKS[AGREES]} agree ({total.agrees}): it contains 0. Geometric mean of all ratios: "
        f"{total.ratio:.2f}."
    )


def comparison_cell(row):
    """Return the text of one cell: here / paper = ratio, and its sign.

    Parameters
    ----------
    row : named tuple or None
        A row of `compare_cells`.

    Returns
    -------
    str
    """
    if row is None:
        return "–"
    return f"{number(row.median)} / {number(row.paper_median)} = {row.ratio:.2f} {MARKS[row.verdict]}"


def comparison_parts(rows):
    """Return the cells in the paper's layout.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `compare_cells`.

    Returns
    -------
    list of (str, list of str, list of list of str)
        Title, column titles and lines of each table and interval.
    """
    parts = []
    for table, part in rows.groupby("table"):
        unit = "degrees" if part.quantity.iloc[0] == "rotation_deg" else "voxels"
        for block in blocks(part):
            title = f"Table {table}, {block.interval:g}° angle interval: here / paper in {unit} = ratio"
            header = ["Tilt", *(f"{score_label(score)}, SNR {snr_label(snr)}" for score, snr in block.columns)]
            lines = [
                [tilt_label(tilt), *(comparison_cell(block.cells.get((tilt, *column))) for column in block.columns)]
                for tilt in block.tilts
            ]
            parts.append((title, header, lines))
    return parts


def comparison_markdown(rows):
    """Return the cells in the paper's layout as Markdown.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `compare_cells`.

    Returns
    -------
    str
    """
    return "\n\n".join(f"**{title}**\n\n{markdown_table(*part)}" for title, *part in comparison_parts(rows))


def tally_markdown(rows):
    """Return how many cells are better, agree and are worse, as Markdown.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `compare_cells`.

    Returns
    -------
    str
    """
    header = ["Table", "Cells", "Better", "Agree", "Worse", "Geometric mean of here/paper"]
    lines = [
        [row.table, *(str(getattr(row, name)) for name in ("cells", BETTER, AGREES, WORSE)), number(row.ratio)]
        for row in tally(rows).itertuples(index=False)
    ]
    return markdown_table(header, lines)


def write_comparison_markdown(rows, path):
    """Write the comparison as Markdown.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `compare_cells`.
    path : str or path

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    parts = [comparison_caption(rows), tally_markdown(rows), comparison_markdown(rows)]
    with complete_file(path) as partial:
        Path(partial).write_text("\n\n".join(filter(None, parts)) + "\n", encoding="utf-8")
