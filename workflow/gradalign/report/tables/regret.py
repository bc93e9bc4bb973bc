"""What the searches missed: pairs for which a refinement that starts at the truth ends at a better answer."""

import pandas as pd

from gradalign.base.files import write_text
from gradalign.report.markdown import markdown_table
from gradalign.report.numbers import snr_label, tilt_label
from gradalign.report.tables.speedup import LOST_DEG
from gradalign.search.registry import score_label, score_order

CONDITION = ["object", "search", "score", "interval_deg", "tilt_deg", "snr"]
"""Columns that name a cell of one search."""
_HEADER = [
    "Object",
    "Search",
    "Score",
    "Interval",
    "Tilt",
    "SNR",
    "Pairs",
    "Over 20°",
    "of these the search's",
    "Regret",
]
CAPTION = (
    "What the searches missed. A pair is the search's loss if a refinement that starts at the truth ends elsewhere and "
    "at a smaller dissimilarity, by more than a thousandth, than a refinement that starts at the search's answer. "
    "Regret is the part of such pairs among all. The truth is used after the search, for this table alone."
)
"""Says how the table is to be read."""

COUNTS = ("n", "lost", "lost_by_search", "search_loss")
"""What is counted of each cell."""


def summarise_regret(alignments):
    """Count the pairs that the searches lost, cell by cell.

    Parameters
    ----------
    alignments : dict of str to pandas.DataFrame
        By object, with the columns `gradalign.study.columns.alignments.ALIGNMENTS`; alignments of older versions and of
        other aligners, which do not say what the search missed, are left out.

    Returns
    -------
    pandas.DataFrame
        ``object``, ``search``, ``score``, ``interval_deg``, ``tilt_deg``, ``snr``; ``n`` pairs, ``lost`` those over
        `LOST_DEG` from the truth, ``lost_by_search`` those of them whose better answer the search missed,
        ``search_loss`` all pairs whose better answer it missed, and ``regret`` these as a part of ``n``.
    """
    rows = []
    for name, each in alignments.items():
        if "search_loss" not in each:
            continue
        known = each[each.search_loss.notna()].assign(object=name)
        for condition, cell in known.groupby(CONDITION, sort=False):
            lost, loss = cell.rotation_error_deg > LOST_DEG, cell.search_loss == 1
            counts = [len(cell), int(lost.sum()), int((lost & loss).sum()), int(loss.sum())]
            rows.append([*condition, *counts, counts[-1] / counts[0]])
    table = pd.DataFrame(rows, columns=[*CONDITION, *COUNTS, "regret"])
    return in_order(table, list(alignments))


def in_order(rows, objects):
    """Sort cells: objects as given, the full search first, then as the paper prints its tables.

    Parameters
    ----------
    rows : pandas.DataFrame
        With the columns ``object``, ``search``, ``score``, ``interval_deg``, ``tilt_deg`` and ``snr``.
    objects : list of str
        In their order.

    Returns
    -------
    pandas.DataFrame
    """
    order = rows.assign(score=rows.score.map(score_order), tilt_deg=-rows.tilt_deg, snr=-rows.snr)
    order = order.assign(object=order.object.map(objects.index), search=order.search != "full")
    order["interval_deg"] *= -1
    return rows.loc[order.sort_values(CONDITION, kind="stable").index].reset_index(drop=True)


def write_regret_markdown(rows, path):
    """Write the table as Markdown, the sums of each score and search first.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `summarise_regret`.
    path : str or path

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    if rows.empty:
        write_text(path, "These alignments do not say what the searches missed.\n")
        return
    sums = rows.groupby(["search", "score"], sort=False)[list(COUNTS)].sum().reset_index()
    lines = [["all", row.search, score_label(row.score), "", "", "", *_counts(row)] for row in sums.itertuples()]
    for row in rows.itertuples(index=False):
        condition = [f"{row.interval_deg:g}°", tilt_label(row.tilt_deg), snr_label(row.snr)]
        lines.append([row.object, row.search, score_label(row.score), *condition, *_counts(row)])
    write_text(path, f"{CAPTION}\n\n{markdown_table(_HEADER, lines)}\n")


def _counts(row):
    return [*(str(getattr(row, name)) for name in COUNTS[:3]), f"{100 * row.search_loss / row.n:.1f} %"]
