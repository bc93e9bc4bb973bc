"""All cells of the paper at a glance: the error here over the printed one, coloured by which is smaller."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.patches import Rectangle

from gradalign.report.colours import GREY, INK, ON_SHADE, RULE
from gradalign.report.comparison import AGREES, BETTER, MARKS, WORSE
from gradalign.report.figures.style import (
    BODY,
    MARGIN,
    PAGE_WIDTH,
    SMALL,
    TITLE,
    Page,
    applied,
    line_height,
    save,
    wrapped,
)
from gradalign.report.numbers import snr_label, tilt_label
from gradalign.report.tables.phantom import blocks
from gradalign.search.registry import score_label

# blue: smaller errors here; orange: larger
SHADES = LinearSegmentedColormap.from_list("ratio", ["#5a9fd4", "#ffffff", "#ee9a5f"])
"""Colours behind the ratios; dark type stays legible on all."""
# of log10(here/paper); fixed, so that figures of different runs can be compared
_NORM = Normalize(-0.7, 0.7, clip=True)
_TITLES = {
    1: "Table 1: rotation error",
    2: "Table 2: translation error",
    3: "Table 3: rotation error, about one axis",
    4: "Table 4: translation error, about one axis",
}
_LABELS = 9.0
_ROW = 6.0
# from the ratio of a cell to that of its bound
_LINE = 2.5
_HEADER = 13.5
_BETWEEN = 3.5
_GAP = 1.6
_KEY = 9.0


@applied()
def comparison_figure(rows, paths, caption):
    """Draw here/paper of every cell and bound/paper beneath, a block for each table.

    Each ratio carries the sign of its verdict; cells that do not agree have a bold number and a frame.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `gradalign.report.comparison.compare_cells`, with their bounds by
        `gradalign.report.tables.bounds.with_bounds`.
    paths : list of str or path
        Files to write, ``.svg`` and ``.png``.
    caption : str
        From `gradalign.report.comparison.comparison_caption`.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    lines = wrapped(caption, PAGE_WIDTH - 2 * MARGIN)
    tables = {table: blocks(part) for table, part in rows.groupby("table")}
    heights = {table: _HEADER + _ROW * len(_tilts(arranged)) + _BETWEEN for table, arranged in tables.items()}
    page = Page(PAGE_WIDTH, MARGIN + sum(heights.values()) + _KEY + line_height(SMALL) * len(lines) + MARGIN)
    top = MARGIN
    for table, arranged in tables.items():
        _table(page, table, arranged, top)
        top += heights[table]
    _key(page, top)
    page.caption(top + _KEY, lines)
    save(page, paths)


def _tilts(arranged):
    return sorted({tilt for block in arranged for tilt in block.tilts}, reverse=True)


def _table(page, table, arranged, top):
    """Draw one table: tilt ranges down, intervals, scores and signal-to-noise ratios across."""
    groups = [
        (block, score, [column for column in block.columns if column[0] == score])
        for block in arranged
        for score in dict.fromkeys(score for score, _ in block.columns)
    ]
    tilts = _tilts(arranged)
    free = page.width - 2 * MARGIN - _LABELS - _GAP * (len(groups) - 1)
    width = free / sum(len(columns) for *_, columns in groups)
    page.text(MARGIN, top + 2.0, _TITLES[table], TITLE, fontweight="bold")
    page.text(MARGIN, top + 11.0, "Tilt", SMALL)
    for place, tilt in enumerate(tilts):
        page.text(MARGIN, top + _HEADER + (place + 0.5) * _ROW, tilt_label(tilt), BODY)
    x = MARGIN + _LABELS
    for block, score, columns in groups:
        right = x + width * len(columns)
        title = f"{score_label(score)}, {block.interval:g}°"
        page.text((x + right) / 2, top + 6.6, title, BODY, horizontalalignment="center")
        page.rule(x, right, top + 8.6, RULE)
        for column in columns:
            middle = x + width / 2
            page.text(middle, top + 11.0, f"SNR {snr_label(column[1])}", SMALL, horizontalalignment="center")
            for place, tilt in enumerate(tilts):
                _cell(page, block.cells.get((tilt, *column)), x, top + _HEADER + place * _ROW, width)
            x += width
        x += _GAP


def _cell(page, row, x, y, width):
    centre = y + _ROW / 2
    middle = {"x": x + width / 2, "horizontalalignment": "center"}
    if row is None:
        page.text(y=centre, words="–", color=GREY, **middle)
        return
    apart = row.verdict != AGREES
    shade = SHADES(_NORM(np.log10(row.ratio)))
    page.sheet.add_patch(Rectangle((x, y), width, _ROW, facecolor=shade, edgecolor="white", linewidth=0.6))
    if apart:
        inner = Rectangle((x + 0.35, y + 0.35), width - 0.7, _ROW - 0.7, fill=False, edgecolor=INK, linewidth=0.5)
        page.sheet.add_patch(inner)
    # without noise there is no bound but 0
    shift = _LINE / 2 if row.bound > 0 else 0.0
    weight = "bold" if apart else "normal"
    ratio = f"{row.ratio:.2f}" if row.ratio < 10 else f"{row.ratio:.1f}"
    page.text(y=centre - shift, words=f"{ratio} {MARKS[row.verdict]}", size=SMALL, fontweight=weight, **middle)
    if shift:
        page.text(y=centre + shift, words=f"{row.bound / row.paper_median:.2f}", size=SMALL, color=ON_SHADE, **middle)


def _key(page, top):
    """Draw the scale of the shading."""
    axes = page.axes(page.width - MARGIN - 50.0, top, 50.0, 2.2)
    edges = np.linspace(_NORM.vmin, _NORM.vmax, 129)
    axes.pcolormesh(edges, [0, 1], (edges[None, 1:] + edges[None, :-1]) / 2, cmap=SHADES, norm=_NORM)
    axes.set_yticks([])
    ticks = (0.2, 0.5, 1, 2, 5)
    axes.set_xticks(np.log10(ticks), [f"{tick:g}" for tick in ticks])
    axes.tick_params(length=1.5, pad=1)
    words = (
        f"here / paper; {MARKS[BETTER]} better, {MARKS[WORSE]} worse (framed: beyond both sampling errors), "
        f"{MARKS[AGREES]} agrees; below: bound / paper"
    )
    page.text(page.width - MARGIN - 52.0, top + 1.1, words, SMALL, horizontalalignment="right")
