"""Tables as text: CSV for programs, Markdown for people, in the paper's layout."""

import math
from pathlib import Path
from typing import NamedTuple

from gradalign.aligner_tables import answers, block_title, others, others_caption
from gradalign.cells import score_label, score_order
from gradalign.errors import InputError
from gradalign.statistics import PAPER_ALIGNMENTS
from gradalign.volumes import complete_file

INACCURATE_DEG = 5.0
"""Rotation errors above this are printed in bold: the paper calls them inaccurate."""

_QUANTITIES = {
    "rotation_deg": "rotation error in degrees",
    "translation_voxel": "translation error in voxels",
}
_SEARCHES = {"full": "full rotational search", "axis": "search about one axis"}
ABSENT = "–"
"""What stands where there is nothing."""


class Block(NamedTuple):
    """One half of a table: the cells of one interval of seed angles."""

    interval: float
    """In degrees."""
    tilts: list
    """Half tilt ranges in degrees, a row each, the widest first."""
    columns: list
    """(score, snr) of each column: RCS left, FCS right of it, then others, the highest signal-to-noise ratio first."""
    cells: dict
    """Row of `gradalign.statistics.summarise` of each (tilt, score, snr) that was computed."""


def number(value):
    """Return a number with two significant digits, as the paper prints it: 0.035, 2.6, 3, 14, 123.

    Parameters
    ----------
    value : float
        Not negative.

    Returns
    -------
    str
        Without exponent and without zeros after the last digit; a dash for NaN.
    """
    if math.isnan(value):
        return ABSENT
    if value == 0 or math.isinf(value):
        return "∞" if value else "0"
    digits = max(1 - math.floor(math.log10(value)), 0)
    text = f"{value:.{digits}f}"
    # 9.96 becomes 10.0 by rounding up
    if digits and float(text) >= 10.0 ** (2 - digits):
        text = f"{value:.{digits - 1}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def spread(median, deviation):
    """Return ``median ± deviation``, each with two significant digits; a dash for NaN, ∞ alone if it is infinite.

    Parameters
    ----------
    median, deviation : float

    Returns
    -------
    str
    """
    return number(median) if math.isnan(deviation) else f"{number(median)} ± {number(deviation)}"


def snr_label(snr):
    """Return how a signal-to-noise ratio is printed: ∞, 1, 0.5.

    Parameters
    ----------
    snr : float

    Returns
    -------
    str
    """
    return "∞" if math.isinf(snr) else f"{snr:g}"


def tilt_label(tilt):
    """Return how a half tilt range is printed: ±60°.

    Parameters
    ----------
    tilt : float
        In degrees.

    Returns
    -------
    str
    """
    return f"±{tilt:g}°"


def is_inaccurate(quantity, median):
    """Return whether a cell is printed in bold.

    Parameters
    ----------
    quantity : str
        ``"rotation_deg"`` or ``"translation_voxel"``; only rotations are.
    median : float

    Returns
    -------
    bool
    """
    return quantity == "rotation_deg" and median > INACCURATE_DEG


def blocks(rows):
    """Arrange the cells of one table as the paper does.

    Parameters
    ----------
    rows : pandas.DataFrame
        One table of `gradalign.statistics.summarise`.

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


def table_caption(rows):
    """Return the caption of one of the paper's tables.

    Parameters
    ----------
    rows : pandas.DataFrame
        One table of `gradalign.statistics.summarise`.

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
    return caption + others_caption(rows)


def write_text(path, text):
    """Write a text file, which appears once it is complete.

    Parameters
    ----------
    path : str or path
    text : str

    Raises
    ------
    InputError
        If it cannot be written.
    """
    with complete_file(path) as partial:
        Path(partial).write_text(text, encoding="utf-8")


def markdown_table(header, lines):
    """Return a Markdown table, its first column to the left and the others to the right.

    Parameters
    ----------
    header : list of str
    lines : list of list of str

    Returns
    -------
    str
    """
    ruled = [header, ["---", *["---:"] * (len(header) - 1)], *lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in ruled)


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
        One table of `gradalign.statistics.summarise`.
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
