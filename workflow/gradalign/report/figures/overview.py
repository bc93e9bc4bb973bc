"""The study at a glance: rotation errors of all scores over the noise, the paper's beside them and the bound below."""

import numpy as np
from matplotlib.lines import Line2D

from gradalign.report.colours import GREY, SCORE_COLOURS
from gradalign.report.figures.style import (
    BODY,
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
from gradalign.report.numbers import snr_label, tilt_label
from gradalign.search.registry import paper_scores, score_label

_LEFT, _TOP, _HEIGHT, _BELOW, _GAP = 13.0, 13.0, 52.0, 11.0, 3.0
_MARKERS = {"rcs": "o", "fcs": "s", "likelihood": "D"}
_OTHER = "v"


def overview_caption(rows):
    """Return the caption of the figure.

    Parameters
    ----------
    rows : pandas.DataFrame
        Table 1, from `gradalign.report.tables.bounds.with_bounds`.

    Returns
    -------
    str
    """
    return (
        f"Median rotation error of the phantom's pairs, full search, seeds every {_interval(rows):g}°, n = "
        f"{rows.n.max()} pairs a cell: here (filled), in the paper (open, broken lines; n = 100), and the Cramér–Rao "
        "bound (grey line), which no unbiased aligner can beat. A column for each tilt range; the noise grows to the "
        "right."
    )


def _interval(rows):
    """Return the interval that most cells have, the widest of them."""
    return float(rows[rows.score.isin(paper_scores())].interval_deg.max())


@applied()
def overview(rows, paths, caption):
    """Draw the figure: a panel for each tilt range.

    Parameters
    ----------
    rows : pandas.DataFrame
        Table 1, from `gradalign.report.tables.bounds.with_bounds`.
    paths : list of str or path
        Files to write, ``.svg`` and ``.png``.
    caption : str
        From `overview_caption`.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    rows = rows[rows.interval_deg == _interval(rows)]
    tilts = sorted(set(rows.tilt_deg), reverse=True)
    snrs = sorted(set(rows.snr), reverse=True)
    lines = wrapped(caption, PAGE_WIDTH - 2 * MARGIN)
    body = _TOP + _HEIGHT + _BELOW
    page = Page(PAGE_WIDTH, body + line_height(SMALL) * len(lines) + MARGIN)
    width = (PAGE_WIDTH - MARGIN - _LEFT - _GAP * (len(tilts) - 1)) / len(tilts)
    limits = _limits(rows)
    for place, tilt in enumerate(tilts):
        left = _LEFT + place * (width + _GAP)
        axes = page.axes(left, _TOP, width, _HEIGHT, xlim=(-0.4, len(snrs) - 0.6), yscale="log", ylim=limits)
        page.text(left + width / 2, _TOP - 2.5, tilt_label(tilt), BODY, horizontalalignment="center", weight="bold")
        _panel(axes, rows[rows.tilt_deg == tilt], snrs)
        axes.set_xticks(range(len(snrs)), [snr_label(snr) for snr in snrs])
        plain_ticks(axes.yaxis)
        axes.tick_params(length=2, pad=1.5, labelsize=SMALL, which="both")
        if place:
            axes.set_yticklabels([])
        else:
            axes.set_ylabel("Rotation error (°)", fontsize=BODY)
    page.text(_LEFT + (PAGE_WIDTH - _LEFT) / 2, body - 3.5, "SNR", BODY, horizontalalignment="center")
    _key(page, list(dict.fromkeys(rows.score)))
    page.caption(body, lines)
    save(page, paths)


def _limits(rows):
    """Return the ends of an axis on which everything lies but errors of next to nothing, where no noise is."""
    values = np.concatenate([rows["median"], rows.paper_median, rows.bound])
    values = values[np.isfinite(values) & (values > 0)]
    return max(values.min() / 1.3, 0.005), values.max() * 1.3


def _panel(axes, rows, snrs):
    for score in dict.fromkeys(rows.score):
        part = rows[rows.score == score].sort_values("snr", ascending=False)
        places = [snrs.index(snr) for snr in part.snr]
        look = {"color": SCORE_COLOURS.get(score, GREY), "marker": _MARKERS.get(score, _OTHER), "markersize": 3.2}
        axes.plot(places, part["median"], **look, linewidth=1.0, zorder=3)
        axes.plot(places, part.paper_median, **look, linewidth=0.7, linestyle="--", markerfacecolor="white", zorder=2)
    bounds = rows[rows.bound > 0].drop_duplicates("snr").sort_values("snr", ascending=False)
    axes.plot([snrs.index(snr) for snr in bounds.snr], bounds.bound, color=GREY, linewidth=1.0, zorder=1)
    axes.grid(axis="y", color=GREY, alpha=0.15, linewidth=0.4)
    axes.spines[["top", "right"]].set_visible(False)


def _key(page, scores):
    handles = [
        Line2D([], [], color=SCORE_COLOURS.get(score, GREY), marker=_MARKERS.get(score, _OTHER), markersize=3.2)
        for score in scores
    ]
    names = [score_label(score) for score in scores]
    for score in paper_scores(scores):
        look = {"linestyle": "--", "markerfacecolor": "white", "markersize": 3.2, "linewidth": 0.7}
        handles.append(Line2D([], [], color=SCORE_COLOURS[score], marker=_MARKERS[score], **look))
        names.append(f"{score_label(score)}, the paper's")
    handles.append(Line2D([], [], color=GREY))
    names.append("bound")
    axes = page.axes(MARGIN, MARGIN, PAGE_WIDTH - 2 * MARGIN, 6.0, frameon=False, xticks=[], yticks=[])
    axes.legend(
        handles, names, loc="upper center", ncols=len(names), fontsize=BODY, handlelength=1.8, columnspacing=1.2
    )
