"""Tables 1 to 4: the errors of the phantom's pairs, in the paper's layout."""

import math
from typing import NamedTuple

from gradalign.base.files import write_text
from gradalign.errors import InputError
from gradalign.report.markdown import markdown_table
from gradalign.report.numbers import ABSENT, INACCURATE_DEG, is_inaccurate, snr_label, spread, tilt_label
from gradalign.report.tables.aligners import answers, block_title, others, others_caption
from gradalign.search.registry import paper_scores, score_label, score_order
from gradalign.study.columns.paper import PAPER_ALIGNMENTS

_QUANTITIES = {
    "rotation_deg": "rotation error in degrees",
    "translation_voxel": "translation error in voxels",
}
_SEARCHES = {"full": "full rotational search", "axis": "search about one axis"}
# ratio of the medians of two intervals below which a score does not mind which it is
_ALIKE = 1.05


class Block(NamedTuple):
    """One half of a table: the cells of one interval of seed angles."""

    interval: float
    """In degrees."""
    tilts: list
    """Half tilt ranges in degrees, a row each, the widest first."""
    columns: list
    """(score, snr) of each column: RCS left, FCS right of it, then others, the highest signal-to-noise ratio first."""
    cells: dict
    """Row of `gradalign.report.statistics.summarise` of each (tilt, score, snr) that was computed."""


def blocks(rows):
    """Arrange the cells of one table as the paper does.

    Parameters
    ----------
    rows : pandas.DataFrame
        One table of `gradalign.report.statistics.summarise`.

    Returns
    -------
    list of Block
        One per interval, the widest first.

    Raises
    ------
    InputError
        If there are no rows or they belong to more than one table.
    """
    if len(rows) == 0 or rows.table.nunique() != 1:
        raise InputError(f"one table is needed to print, and the rows hold {rows.table.nunique()}")
    return arranged(rows)


def arranged(rows):
    """Arrange cells as the paper does: a block per interval, tilt ranges down, scores and ratios across.

    Parameters
    ----------
    rows : pandas.DataFrame
        One row per cell, with ``interval_deg``, ``score``, ``tilt_deg``, ``snr`` and whatever a cell shows.

    Returns
    -------
    list of Block
        One per interval, the widest first; other aligners, which have none, come last.
    """
    found = []
    for interval in sorted(set(rows.interval_deg), reverse=True):
        part = rows[rows.interval_deg == interval]
        scores = sorted(set(part.score), key=score_order)
        snrs = sorted(set(part.snr), reverse=True)
        cells = {(row.tilt_deg, row.score, row.snr): row for row in part.itertuples(index=False)}
        held = {(score, snr) for _, score, snr in cells}
        columns = [(score, snr) for score in scores for snr in snrs if (score, snr) in held]
        found.append(Block(interval, sorted(set(part.tilt_deg), reverse=True), columns, cells))
    return found


def counts(rows):
    """Return in words how many alignments stand behind each cell.

    Parameters
    ----------
    rows : pandas.DataFrame
        With a column ``n``.

    Returns
    -------
    str
        Such as ``"n = 100 alignments"`` or ``"n = 90 to 100 alignments"``.
    """
    rows = rows.drop(others(rows).index) if "interval_deg" in rows else rows
    low, high = rows.n.min(), rows.n.max()
    return f"n = {low} alignments" if low == high else f"n = {low} to {high} alignments"


def _is_indifferent(rows):
    """Return whether the medians of a score hardly depend on the interval."""
    if rows.interval_deg.nunique() < 2:
        return False
    medians = rows.pivot(index=["tilt_deg", "snr"], columns="interval_deg", values="median")
    return bool(((medians.max(axis=1) / medians.min(axis=1)).median()) < _ALIKE)


def table_caption(rows):
    """Return the caption of one of the paper's tables.

    Parameters
    ----------
    rows : pandas.DataFrame
        One table of `gradalign.report.statistics.summarise`.

    Returns
    -------
    str
    """
    first = rows.iloc[0]
    caption = (
        f"Table {first.table}. Alignment {_QUANTITIES[first.quantity]}, {_SEARCHES[first.search]}, phantom: "
        f"median ± median absolute deviation of {counts(rows)} a cell; "
        f"in brackets the value of Xu & Alber (2012), n = {PAPER_ALIGNMENTS}."
    )
    if first.quantity == "rotation_deg":
        caption += f" Bold: median above {INACCURATE_DEG:g}°."
    for score in sorted(set(rows.score) - set(paper_scores()), key=score_order):
        if _is_indifferent(rows[rows.score == score]):
            caption += (
                f" {score_label(score)}: from either interval the search, which has seeds and rounds of its own, ends "
                "in the same optimum, so that its blocks are nearly alike."
            )
    return caption + others_caption(rows)


def _emphasised(text, bold):
    return f"**{text}**" if bold else text


def _markdown_cell(row):
    if row is None:
        return ABSENT
    text = _emphasised(spread(row.median, row.mad), is_inaccurate(row.quantity, row.median))
    if math.isnan(row.paper_median):
        return f"{text} ({answers(row)})" if answers(row) else text
    printed = spread(row.paper_median, row.paper_mad)
    return f"{text} ({_emphasised(printed, is_inaccurate(row.quantity, row.paper_median))})"


def write_markdown(rows, path, caption, below=""):
    """Write one of the paper's tables as Markdown, the paper's values in brackets.

    Parameters
    ----------
    rows : pandas.DataFrame
        One table of `gradalign.report.statistics.summarise`.
    path : str or path
    caption : str
        From `table_caption`.
    below : str
        Markdown that follows the table.

    Raises
    ------
    InputError
        If the rows are not those of one table, or the file cannot be written.
    """
    parts = [caption]
    for block in blocks(rows):
        header = ["Tilt", *(f"{score_label(score)}, SNR {snr_label(snr)}" for score, snr in block.columns)]
        lines = []
        for tilt in block.tilts:
            cells = (block.cells.get((tilt, *column)) for column in block.columns)
            lines.append([tilt_label(tilt), *map(_markdown_cell, cells)])
        parts.append(f"**{block_title(block.interval)}**\n\n{markdown_table(header, lines)}")
    write_text(path, "\n\n".join(filter(None, [*parts, below])) + "\n")
