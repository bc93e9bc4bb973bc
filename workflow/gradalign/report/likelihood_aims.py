"""The likelihood beside the paper's printed values and the Cramér–Rao bound: where it reaches its aim.

The aim of a cell with noise: a median of at most `NEAR_BOUND` times the bound, wherever the bound of the rotation is
below `USEFUL_DEG`. Without noise, where the bound is 0: below the values that the paper prints for both its scores.
"""

import numpy as np
import pandas as pd

from gradalign.report.markdown import markdown_table
from gradalign.report.numbers import number, snr_label, tilt_label
from gradalign.search.registry import paper_scores, scores_at_bound

NEAR_BOUND = 1.5
"""How many times the bound a median may be."""
USEFUL_DEG = 3.0
"""Bounds of the rotation above this are no aim."""

_CONDITION = ["table", "quantity", "search", "interval_deg", "tilt_deg", "snr"]
_MISSES = ["Table", "Interval", "Tilt", "SNR", "Median", "Bound", "Median/bound", "RCS, FCS in the paper"]


def against_paper(tables):
    """Hold the likelihood's cells against the printed values of both scores and the bound.

    Parameters
    ----------
    tables : pandas.DataFrame
        The rows of Tables 1 to 4.

    Returns
    -------
    pandas.DataFrame
        One row for each cell of the likelihood: ``table``, ``quantity``, ``search``, ``interval_deg``, ``tilt_deg``,
        ``snr``, ``n``, ``median``, ``bound``; ``paper_rcs`` and ``paper_fcs``, the printed medians (NaN: none);
        ``below``, how many of the two are larger; ``aimed`` and ``reached``, whether the cell has an aim and meets it.
    """
    rows = tables[tables.score.isin(scores_at_bound())][[*_CONDITION, "n", "median", "bound"]]
    for score in paper_scores():
        printed = tables[tables.score == score][[*_CONDITION, "paper_median"]]
        rows = rows.merge(printed.rename(columns={"paper_median": f"paper_{score}"}), on=_CONDITION, how="left")
    papers = rows[[f"paper_{score}" for score in paper_scores()]]
    rows["below"] = (papers.gt(rows["median"], axis=0)).sum(axis=1)
    keys = [name for name in _CONDITION if name not in ("table", "quantity")]
    rotations = rows[rows.quantity == "rotation_deg"][[*keys, "bound"]].rename(columns={"bound": "rotation_bound"})
    rows = rows.merge(rotations, on=keys, how="left")
    noisy = np.isfinite(rows.snr)
    rows["aimed"] = np.where(noisy, rows.rotation_bound < USEFUL_DEG, papers.notna().all(axis=1))
    near = rows["median"] <= NEAR_BOUND * rows.bound
    rows["reached"] = rows.aimed & np.where(noisy, near, rows.below == len(paper_scores()))
    return rows.drop(columns="rotation_bound")


def counts_markdown(rows):
    """Return how many cells are below the printed values and how many reach the aim, by table, as Markdown.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `against_paper`.

    Returns
    -------
    str
    """
    header = ["Table", "Printed values", "Likelihood below", "Cells with noise", "≤ 1.5 × bound", "SNR ∞", "Below both"]
    lines = []
    for table, part in [*rows.groupby("table"), ("all", rows)]:
        printed = int(part[["paper_rcs", "paper_fcs"]].notna().sum().sum())
        kinds = [part[part.aimed & np.isfinite(part.snr)], part[part.aimed & np.isinf(part.snr)]]
        counts = [count for kind in kinds for count in (len(kind), int(kind.reached.sum()))]
        lines.append([str(table), str(printed), str(int(part.below.sum())), *map(str, counts)])
    return markdown_table(header, lines)


def ratios_markdown(rows, quantity):
    """Return median over bound, tilt ranges down, searches, intervals and noise across, as Markdown.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `against_paper`.
    quantity : str
        ``"rotation_deg"`` or ``"translation_voxel"``.

    Returns
    -------
    str
    """
    part = rows[(rows.quantity == quantity) & np.isfinite(rows.snr)]
    if part.empty:
        return "Not computed."
    groups = part.assign(ratio=part["median"] / part.bound).pivot_table(
        index="tilt_deg", columns=["search", "interval_deg", "snr"], values="ratio"
    )
    columns = sorted(groups.columns, key=lambda column: (column[0] != "full", -column[1], -column[2]))
    titles = [
        f"{'full' if search == 'full' else 'axis'}, {interval:g}°, SNR {snr_label(snr)}"
        for search, interval, snr in columns
    ]
    lines = [
        [tilt_label(tilt), *(f"{groups.loc[tilt, column]:.2f}" for column in columns)]
        for tilt in sorted(groups.index, reverse=True)
    ]
    return markdown_table(["Tilt", *titles], lines)


def largest_ratio(rows, search, tilts, quantity="rotation_deg"):
    """Return the largest median over bound among the cells with noise of a search and some tilt ranges.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `against_paper`.
    search : str
    tilts : list of float
    quantity : str

    Returns
    -------
    str
        With two decimals; a dash if there are no such cells.
    """
    part = rows[(rows.quantity == quantity) & (rows.search == search) & rows.tilt_deg.isin(tilts) & (rows.bound > 0)]
    return f"{(part['median'] / part.bound).max():.2f}" if len(part) else "–"


def misses_markdown(rows):
    """Return the cells that are not below every printed value.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `against_paper`.

    Returns
    -------
    str
        A Markdown table, or a sentence if there are none.
    """
    papers = rows[["paper_rcs", "paper_fcs"]]
    return _cells_markdown(rows[rows.below < papers.notna().sum(axis=1)])


def far_markdown(rows):
    """Return the cells with noise whose median is above the aim.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `against_paper`.

    Returns
    -------
    str
        A Markdown table, or a sentence if there are none.
    """
    return _cells_markdown(rows[rows.aimed & np.isfinite(rows.snr) & ~rows.reached])


def _cells_markdown(missed):
    if missed.empty:
        return "None."
    lines = [
        [
            str(row.table),
            f"{row.interval_deg:g}°",
            tilt_label(row.tilt_deg),
            snr_label(row.snr),
            number(row.median),
            number(row.bound),
            f"{row.median / row.bound:.2f}" if row.bound > 0 else "–",
            f"{number(row.paper_rcs)}, {number(row.paper_fcs)}",
        ]
        for row in missed.itertuples(index=False)
    ]
    return markdown_table(_MISSES, lines)


def read_tables(folder, read):
    """Read the rows of Tables 1 to 4.

    Parameters
    ----------
    folder : pathlib.Path
        With ``table1.csv`` to ``table4.csv``.
    read : callable
        Reads one file.

    Returns
    -------
    pandas.DataFrame
    """
    return pd.concat([read(folder / f"table{number}.csv") for number in range(1, 5)], ignore_index=True)
