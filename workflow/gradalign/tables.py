"""Tables as text: CSV for programs, Markdown for people, in the paper's layout."""

import math
from pathlib import Path
from typing import NamedTuple

from gradalign.aligner_tables import answers, block_title, others, others_caption
from gradalign.aligners import OWN_INTERVAL
from gradalign.cells import score_label, score_order
from gradalign.csv_files import read_frame
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
_ABSENT = "–"


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
        return _ABSENT
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


def complexes_caption(rows):
    """Return the caption of the table of the complexes.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `gradalign.statistics.summarise_complexes`.

    Returns
    -------
    str
    """
    caption = (
        f"Alignment errors of the complexes: median ± median absolute deviation of {counts(rows)} a row. "
        "Rotation: error to the nearest orientation equivalent under the complex's symmetry. Axis tilt: "
        "angle between the estimated and the true principal axis. Random azimuth: median rotation error if "
        "the turn about the principal axis were pure chance, 90°/n about an n-fold axis. Under C1 the "
        "rotation error says whether a complex was aligned, with a symmetry axis the axis tilt and the "
        "translation do."
    )
    if "clpp" in set(rows.object):
        caption += " A 4 nm map hardly holds ClpP's sevenfold axis: its azimuth is then close to random."
    for row in rows[rows.stand_in_for != ""].drop_duplicates("object").itertuples(index=False):
        caption += f" {row.title} stands in for the paper's entry {row.stand_in_for}."
    each = [f"{row.title}, {row.score}: {answers(row)}" for row in others(rows).itertuples(index=False)]
    return caption + others_caption(rows) + (f" {'; '.join(each)}." if each else "")


def _write(path, text):
    with complete_file(path) as partial:
        Path(partial).write_text(text, encoding="utf-8")


def write_csv(rows, path):
    """Write rows as CSV, six significant digits, the signal-to-noise ratio ∞ as ``inf``.

    Parameters
    ----------
    rows : pandas.DataFrame
    path : str or path

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    _write(path, rows.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def read_csv(path):
    """Read rows that `write_csv` wrote.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    rows = read_frame(path)
    # an empty text comes back as NaN
    return rows.fillna({"stand_in_for": ""}) if "stand_in_for" in rows else rows


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
        return _ABSENT
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
    _write(path, "\n\n".join(filter(None, [*parts, below])) + "\n")


COMPLEX_HEADER = [
    "Complex",
    "Symmetry",
    "Tilt",
    "SNR",
    "Interval",
    "Score",
    "Rotation (°)",
    "Random azimuth (°)",
    "Axis tilt (°)",
    "Translation (voxels)",
]
"""Column titles of the table of the complexes."""


def complex_line(row):
    """Return the texts of one line of the table of the complexes, in the order of `COMPLEX_HEADER`.

    Parameters
    ----------
    row : named tuple
        A row of `gradalign.statistics.summarise_complexes`.

    Returns
    -------
    list of str
    """
    return [
        row.title,
        row.point_group,
        tilt_label(row.tilt_deg),
        snr_label(row.snr),
        _ABSENT if row.interval_deg == OWN_INTERVAL else f"{row.interval_deg:g}°",
        score_label(row.score),
        spread(row.rotation_median_deg, row.rotation_mad_deg),
        _ABSENT if math.isnan(row.random_azimuth_deg) else f"{row.random_azimuth_deg:.1f}",
        spread(row.axis_median_deg, row.axis_mad_deg),
        spread(row.translation_median_voxel, row.translation_mad_voxel),
    ]


def write_complexes_markdown(rows, path, caption, below=""):
    """Write the table of the complexes as Markdown.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `gradalign.statistics.summarise_complexes`.
    path : str or path
    caption : str
        From `complexes_caption`.
    below : str
        Markdown that follows the table.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    lines = [complex_line(row) for row in rows.itertuples(index=False)]
    _write(path, "\n\n".join(filter(None, [caption, markdown_table(COMPLEX_HEADER, lines), below])) + "\n")
