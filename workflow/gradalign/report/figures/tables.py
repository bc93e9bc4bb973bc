"""The tables as figures: each cell typeset and shaded by its median."""

import math
from typing import NamedTuple

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.patches import Rectangle

from gradalign.aligners.declared import OWN_INTERVAL
from gradalign.report.colours import GREY, INK, ON_SHADE, RULE
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
    text_width,
    wrapped,
)
from gradalign.report.numbers import is_inaccurate, number, snr_label, spread, tilt_label
from gradalign.report.tables.aligners import answers, block_title
from gradalign.report.tables.complexes import COMPLEX_HEADER, complex_line
from gradalign.report.tables.phantom import blocks
from gradalign.search.registry import paper_scores, score_label

SHADES = LinearSegmentedColormap.from_list("gradalign", ["#ffffff", "#cfe3f3", "#7fb4dc"])
"""Colours behind the numbers of cells, small to large; black type stays legible on all."""
# fixed, so that figures of different runs can be compared
_RANGES = {"rotation_deg": (0.2, 150.0), "translation_voxel": (0.01, 8.0)}
_TICKS = {"rotation_deg": (0.5, 2, 5, 20, 100), "translation_voxel": (0.02, 0.1, 0.5, 2)}
_UNITS = {"rotation_deg": "rotation error (°)", "translation_voxel": "translation error (voxels)"}
_SCORE_NAMES = {"rcs": "RCS (real space)", "fcs": "FCS (Fourier space)"}

_LABELS = 10.0
_NARROWEST = 19.5
_WIDEST = 40.0
# groups of columns that stand side by side
_ABREAST = 2
_ROW = 9.6
# from one line of a cell to the next
_LINE = 2.9
HEADER = 13.5
"""Height of a block's titles above its rows in mm."""
_KEY = 9.0
_BETWEEN = 3.0


class Group(NamedTuple):
    """Columns that stand together under one title."""

    title: str
    cells: dict
    """Row of each (tilt, score, snr), as of `gradalign.report.tables.phantom.Block`."""
    columns: list
    """(score, snr) of each column."""


def _bands(arranged):
    """Return what stands side by side: the paper's scores of each interval, then the others of all intervals.

    Parameters
    ----------
    arranged : list of gradalign.report.tables.phantom.Block

    Returns
    -------
    list of (str, list of Group)
    """
    bands, others = [], {}
    for block in arranged:
        groups = []
        for score in dict.fromkeys(score for score, _ in block.columns):
            columns = [column for column in block.columns if column[0] == score]
            if score in paper_scores() or block.interval == OWN_INTERVAL:
                groups.append(Group(_SCORE_NAMES.get(score, score_label(score)), block.cells, columns))
            else:
                others.setdefault(score, []).append(Group(block_title(block.interval), block.cells, columns))
        # several narrow groups do not fit side by side
        for first in range(0, len(groups), _ABREAST):
            bands.append((block_title(block.interval), groups[first : first + _ABREAST]))
    for score, groups in others.items():
        bands += [(score_label(score), groups[first : first + _ABREAST]) for first in range(0, len(groups), _ABREAST)]
    return bands


@applied()
def table_figure(rows, paths, caption):
    """Draw one of the paper's tables: median ± deviation, the paper's value and the bound beneath in grey.

    Rows are tilt ranges, columns signal-to-noise ratios: RCS left and FCS right, one block per interval; below, the
    other scores, their intervals side by side. Cells are shaded by the logarithm of the median; those the paper would
    call inaccurate are bold.

    Parameters
    ----------
    rows : pandas.DataFrame
        One table of `gradalign.report.tables.bounds.with_bounds`.
    paths : list of str or path
        Files to write, ``.svg`` and ``.png``.
    caption : str
        From `gradalign.report.tables.phantom.table_caption`.

    Raises
    ------
    InputError
        If the rows are not those of one table, or a file cannot be written.
    """
    bands = _bands(blocks(rows))
    quantity = rows.iloc[0].quantity
    # more columns than the paper's make the page wider, not the type smaller
    most = max(sum(len(group.columns) for group in groups) for _, groups in bands)
    width = max(PAGE_WIDTH, 2 * MARGIN + _LABELS + _NARROWEST * most)
    lines = wrapped(caption, width - 2 * MARGIN)
    heights = [HEADER + _ROW * len(_tilts(groups)) + _BETWEEN for _, groups in bands]
    page = Page(width, MARGIN + sum(heights) + _KEY + line_height(SMALL) * len(lines) + MARGIN)
    top = MARGIN
    for (title, groups), height in zip(bands, heights, strict=True):
        draw_groups(page, title, groups, top, _cell, _ROW)
        top += height
    shade_key(page, top, _norm(quantity), _TICKS[quantity], f"Shading: median {_UNITS[quantity]}")
    page.caption(top + _KEY, lines)
    save(page, paths)


def _tilts(groups):
    """Return the tilt ranges of some groups, the widest first."""
    held = {tilt for group in groups for tilt, *column in group.cells if tuple(column) in group.columns}
    return sorted(held, reverse=True)


def draw_block(page, block, top, draw_cell, row_height):
    """Draw the cells of one interval: tilt ranges down, scores and signal-to-noise ratios across.

    Parameters
    ----------
    page : gradalign.report.figures.style.Page
    block : gradalign.report.tables.phantom.Block
    top : float
        In mm.
    draw_cell, row_height
        As of `draw_groups`.
    """
    groups = [
        Group(
            _SCORE_NAMES.get(score, score_label(score)),
            block.cells,
            [column for column in block.columns if column[0] == score],
        )
        for score in dict.fromkeys(score for score, _ in block.columns)
    ]
    draw_groups(page, block_title(block.interval), groups, top, draw_cell, row_height)


def draw_groups(page, title, groups, top, draw_cell, row_height):
    """Draw groups of columns side by side: tilt ranges down, signal-to-noise ratios across.

    Parameters
    ----------
    page : gradalign.report.figures.style.Page
    title : str
    groups : list of Group
    top : float
        In mm.
    draw_cell : callable
        ``draw_cell(page, cell, x, y, width)`` with the top left corner and the width of the cell in mm; cell is None
        where there is none.
    row_height : float
        In mm.
    """
    left, right = MARGIN + _LABELS, page.width - MARGIN
    gap = 2.0
    count = sum(len(group.columns) for group in groups)
    width = min((right - left - gap * (len(groups) - 1)) / count, _WIDEST)
    tilts = _tilts(groups)
    page.text(MARGIN, top + 2.0, title, TITLE, fontweight="bold")
    page.text(MARGIN, top + 10.9, "Tilt", BODY)
    page.rule(MARGIN, right, top + HEADER - 0.4, INK, 0.8)
    for place, tilt in enumerate(tilts):
        page.text(MARGIN, top + HEADER + (place + 0.5) * row_height, tilt_label(tilt), BODY)
    start = left
    for group in groups:
        end = start + width * len(group.columns)
        page.text((start + end) / 2, top + 6.3, group.title, BODY, horizontalalignment="center")
        page.rule(start, end, top + 8.4, RULE)
        for place_across, (score, snr) in enumerate(group.columns):
            x = start + width * place_across
            page.text(x + width / 2, top + 10.9, f"SNR {snr_label(snr)}", BODY, horizontalalignment="center")
            for place, tilt in enumerate(tilts):
                draw_cell(page, group.cells.get((tilt, score, snr)), x, top + HEADER + place * row_height, width)
        start = end + gap
    page.rule(MARGIN, right, top + HEADER + len(tilts) * row_height + 0.4, INK, 0.8)


def _cell(page, row, x, y, width):
    """Draw one cell: the median here above, the printed one below, and then the bound."""
    middle = {"x": x + width / 2, "horizontalalignment": "center"}
    if row is None:
        page.text(y=y + _ROW / 2, words="–", color=GREY, **middle)
        return
    shade = SHADES(_norm(row.quantity)(row.median))
    page.sheet.add_patch(Rectangle((x, y), width, _ROW, facecolor=shade, edgecolor="white", linewidth=0.6))
    weight = "bold" if is_inaccurate(row.quantity, row.median) else "normal"
    below, weight_below = answers(row), "normal"
    if not math.isnan(row.paper_median):
        below = f"({spread(row.paper_median, row.paper_mad)})"
        weight_below = "bold" if is_inaccurate(row.quantity, row.paper_median) else "normal"
    words = spread(row.median, row.mad)
    # many digits do not reach into the next cell
    size = BODY if text_width(words, BODY, weight) < width else SMALL
    lines = [(words, {"size": size, "fontweight": weight})]
    if below:
        lines.append((below, {"size": SMALL, "color": ON_SHADE, "fontweight": weight_below}))
    if not math.isnan(row.bound):
        lines.append((f"bound {number(row.bound)}", {"size": SMALL, "color": ON_SHADE}))
    for place, (words, look) in enumerate(lines):
        page.text(y=y + _ROW / 2 + _LINE * (place - (len(lines) - 1) / 2), words=words, **look, **middle)


def _norm(quantity):
    return LogNorm(*_RANGES[quantity], clip=True)


def shade_key(page, top, norm, ticks, words):
    """Draw the scale of the shading, at the right of the page.

    Parameters
    ----------
    page : gradalign.report.figures.style.Page
    top : float
        In mm.
    norm : matplotlib.colors.LogNorm
    ticks : sequence of float
    words : str
        What is shaded.
    """
    axes = page.axes(page.width - MARGIN - 50.0, top, 50.0, 2.2)
    low, high = norm.vmin, norm.vmax
    edges = np.geomspace(low, high, 129)
    middles = np.sqrt(edges[None, 1:] * edges[None, :-1])
    axes.pcolormesh(edges, [0, 1], middles, cmap=SHADES, norm=norm)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_yticks([])
    axes.minorticks_off()
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.tick_params(length=1.5, pad=1)
    page.text(page.width - MARGIN - 52.0, top + 1.1, words, SMALL, horizontalalignment="right")


# widths of the columns of `COMPLEX_HEADER` in mm
_COMPLEX_WIDTHS = (37.0, 15.0, 10.0, 9.0, 13.0, 12.0, 19.0, 19.0, 18.0, 19.0)
_COMPLEX_ROW = 7.0
# of the errors, beneath which their bounds stand
_COMPLEX_BOUNDS = {6: "bound", 8: "axis_bound", 9: "translation_bound"}
_COMPLEX_HEADER = 9.0


@applied()
def complexes_figure(rows, paths, caption):
    """Draw the table of the complexes, the bounds beneath the errors in grey.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `gradalign.report.tables.bounds.complexes_with_bounds`.
    paths : list of str or path
        Files to write, ``.svg`` and ``.png``.
    caption : str
        From `gradalign.report.tables.complexes.complexes_caption`.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    lines = wrapped(caption, PAGE_WIDTH - 2 * MARGIN)
    body = _COMPLEX_HEADER + _COMPLEX_ROW * len(rows)
    page = Page(PAGE_WIDTH, MARGIN + body + 3.0 + line_height(SMALL) * len(lines) + MARGIN)
    right = PAGE_WIDTH - MARGIN
    starts = MARGIN + np.cumsum((0.0, *_COMPLEX_WIDTHS))
    middles = (starts[:-1] + starts[1:]) / 2
    # names to the left, numbers centred
    spots = [(starts[0], "left"), *((x, "center") for x in middles[1:])]

    def write(place, y, words, size=BODY, **look):
        x, side = spots[place]
        look = {"color": INK, "horizontalalignment": side, "verticalalignment": "center"} | look
        page.text(x, y, words, size, **look)

    for place, title in enumerate(COMPLEX_HEADER):
        write(place, MARGIN + _COMPLEX_HEADER / 2, title.replace(" ", "\n", 1), fontweight="bold")
    page.rule(MARGIN, right, MARGIN + _COMPLEX_HEADER - 0.2, INK, 0.8)
    previous = None
    for line, row in enumerate(rows.itertuples(index=False)):
        y = MARGIN + _COMPLEX_HEADER + _COMPLEX_ROW * (line + 0.5)
        for place, words in enumerate(complex_line(row)):
            repeated = row.object == previous and place < 2
            bound = getattr(row, _COMPLEX_BOUNDS[place]) if place in _COMPLEX_BOUNDS else math.nan
            shift = 0.0 if math.isnan(bound) else _LINE / 2
            write(place, y - shift, "" if repeated else words)
            if shift:
                write(place, y + shift, f"bound {number(bound)}", size=SMALL, color=GREY)
        if previous not in (None, row.object):
            page.rule(MARGIN, right, y - _COMPLEX_ROW / 2, RULE, 0.4)
        previous = row.object
    page.rule(MARGIN, right, MARGIN + body + 0.4, INK, 0.8)
    page.caption(MARGIN + body + 2.5, lines)
    save(page, paths)
