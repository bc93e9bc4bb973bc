"""The ladder: error over bound against SNR, a line for each aligner, a panel for each condition; lost share below."""

import numpy as np
from matplotlib.lines import Line2D

from gradalign.report.figures.style import (
    GREY,
    MARGIN,
    PAGE_WIDTH,
    SMALL,
    Page,
    applied,
    line_height,
    plain_ticks,
    save,
    wrapped,
)
from gradalign.search.registry import score_label

_PANELS = 4
_LEFT, _BETWEEN, _TOP = 13.0, 4.0, 7.0
_HEIGHT, _LOST, _GAP, _BELOW = 26.0, 11.0, 2.5, 9.0
# Okabe and Ito's colours, told apart by the colour-blind; with markers, for those who print in grey
_LOOKS = {
    "rcs": ("#0072B2", "o"),
    "fcs": ("#E69F00", "s"),
    "likelihood": ("#009E73", "D"),
    "scan": ("#999999", "v"),
    "acryo": ("#CC79A7", "^"),
}
CAPTION = (
    "Rotation error over the Cramér–Rao bound (median, above) and share of alignments off by more than 20° (below) "
    "against the signal-to-noise ratio. Dashed: 1.5 times the bound. The bound is that of the object alone: for pairs "
    "with the signal's spectrum known, against a reference with the signal known."
)


def panels(rows):
    """Return the panels: what the rows of each have in common.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `gradalign.report.tables.ladder.summarise_ladder`.

    Returns
    -------
    list of (str, pandas.DataFrame)
        Title and rows, those of other aligners than stand there left out.
    """
    kinds = ["object", "condition", "task", "tilt_deg"]
    found = []
    for (item, condition, task, tilt), part in rows[rows.n > 0].groupby(kinds, sort=False):
        about = [part_name for part_name, plain in ((condition, "plain"), (task, "pairs")) if part_name != plain]
        words = ", ".join([f"±{tilt:g}°", *about]).replace("_", " ")
        found.append((f"{item.replace('_', ' ')}\n{words}", part))
    return found


@applied()
def ladder_figure(rows, paths):
    """Draw the ladder.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `gradalign.report.tables.ladder.summarise_ladder`.
    paths : list of str or path
        Files to write, ``.svg`` and ``.png``.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    each = panels(rows)
    lines = wrapped(CAPTION, PAGE_WIDTH - 2 * MARGIN)
    count = int(np.ceil(len(each) / _PANELS))
    block = _TOP + _HEIGHT + _GAP + _LOST + _BELOW
    page = Page(PAGE_WIDTH, count * block + 5.0 + line_height(SMALL) * len(lines) + MARGIN)
    width = (PAGE_WIDTH - MARGIN - _LEFT - _BETWEEN * (_PANELS - 1)) / _PANELS
    snrs = rows.snr[np.isfinite(rows.snr)]
    for place, (title, part) in enumerate(each):
        row, column = divmod(place, _PANELS)
        left, top = _LEFT + column * (width + _BETWEEN), row * block + _TOP
        above = page.axes(left, top, width, _HEIGHT)
        below = page.axes(left, top + _HEIGHT + _GAP, width, _LOST)
        page.text(left + width / 2, top - _TOP / 2, title, SMALL, horizontalalignment="center")
        _draw(above, below, part)
        for axes in (above, below):
            axes.set_xscale("log")
            axes.set_xlim(snrs.max() * 1.5, snrs.min() / 1.5)
            axes.tick_params(length=2, pad=1.5, labelsize=SMALL, which="both")
            axes.spines[["top", "right"]].set_visible(False)
        above.set_xticklabels([])
        below.set_xlabel("SNR")
        if column:
            above.set_yticklabels([])
            below.set_yticklabels([])
        else:
            above.set_ylabel("Error / bound")
            below.set_ylabel("Lost")
    shown = list(dict.fromkeys(rows[rows.n > 0].aligner))
    legend = page.axes(_LEFT, count * block, PAGE_WIDTH - _LEFT - MARGIN, 5.0, frameon=False, xticks=[], yticks=[])
    legend.legend(handles=[_handle(name) for name in shown], loc="center", ncols=len(shown), frameon=False)
    page.caption(count * block + 5.0, lines)
    save(page, paths)


def _look(name):
    colour, marker = _LOOKS.get(name, (GREY, "x"))
    return {"color": colour, "marker": marker, "markersize": 2.5, "linewidth": 0.8}


def _handle(name):
    return Line2D([], [], label=score_label(name), **_look(name))


def _draw(above, below, rows):
    for aligner, part in rows.groupby("aligner", sort=False):
        part = part.sort_values("snr")
        above.plot(part.snr, part.ratio, **_look(aligner))
        below.plot(part.snr, part.lost, **_look(aligner))
    above.axhline(1.5, color=GREY, linewidth=0.6, linestyle="--")
    above.set_yscale("log")
    above.set_ylim(0.7, 400)
    plain_ticks(above.yaxis)
    below.set_ylim(-0.05, 1.05)
