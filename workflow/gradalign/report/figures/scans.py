"""Exhaustive scans against the refinement of the same pairs: errors over the rotations and steps they take."""

import numpy as np
from matplotlib.lines import Line2D

from gradalign.report.colours import GREY, SCORE_COLOURS
from gradalign.report.figures.style import (
    BODY,
    MARGIN,
    PAGE_WIDTH,
    SMALL,
    TITLE,
    Page,
    applied,
    line_height,
    plain_ticks,
    save,
    wrapped,
)
from gradalign.report.numbers import snr_label, tilt_label
from gradalign.report.tables.scans import is_on_fewer_pairs
from gradalign.search.registry import score_label

_LEFT = 15.0
_BETWEEN = 13.0
_TOP = 6.5
_HEIGHT = 36.0
_GAP = 5.0
_BELOW = 10.0
_QUANTITIES = {"rotation": ("deg", "Rotation error (°)"), "translation": ("voxel", "Translation error (voxels)")}
_BOUNDS = {"rotation": "bound", "translation": "translation_bound"}
# the two scores side by side
_SHIFTS = {"rcs": 0.93, "fcs": 1.07}


def scanning_figure_caption(rows, caption):
    """Return the caption of the figure.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `gradalign.report.tables.scans.summarise_scans`.
    caption : str
        That of the table, from `gradalign.report.tables.scans.scanning_caption`.

    Returns
    -------
    str
    """
    words = (
        f"{caption} SNR {snr_label(rows.snr.iloc[0])}. Circles: scans, with their interval; stars: refinement, at its "
        "seeds and steps together, the dashed line carrying its median across; bars: median absolute deviation; "
        "grey: the Cramér–Rao bound of the cell, the signal's spectrum alone being known."
    )
    return f"{words} Open circles: †." if is_on_fewer_pairs(rows).any() else words


@applied()
def scanning_figure(rows, paths, caption):
    """Draw the scans: rotation error above, translation error below, a column for each tilt range.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `gradalign.report.tables.bounds.scans_with_bounds`.
    paths : list of str or path
        Files to write, ``.svg`` and ``.png``.
    caption : str
        From `scanning_figure_caption`.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    rows = rows.assign(fewer=is_on_fewer_pairs(rows))
    lines = wrapped(caption, PAGE_WIDTH - 2 * MARGIN)
    body = _TOP + 2 * _HEIGHT + _GAP + _BELOW
    page = Page(PAGE_WIDTH, body + line_height(SMALL) * len(lines) + MARGIN)
    tilts = sorted(set(rows.tilt_deg), reverse=True)
    width = (PAGE_WIDTH - MARGIN - _LEFT - _BETWEEN * (len(tilts) - 1)) / len(tilts)
    for column, tilt in enumerate(tilts):
        left = _LEFT + column * (width + _BETWEEN)
        words = tilt_label(tilt)
        page.text(left + width / 2, _TOP / 2, words, TITLE, fontweight="bold", horizontalalignment="center")
        for row, (quantity, (unit, label)) in enumerate(_QUANTITIES.items()):
            axes = page.axes(left, _TOP + row * (_HEIGHT + _GAP), width, _HEIGHT)
            _panel(axes, rows[rows.tilt_deg == tilt], quantity, unit, _limits(rows, quantity, unit))
            if column == 0:
                axes.set_ylabel(label)
            if row == 0:
                axes.set_xticklabels([])
            else:
                axes.set_xlabel("Rotations tried (scan), seeds and steps (refinement)")
    page.axes(_LEFT, _TOP, width, _HEIGHT, frameon=False, xticks=[], yticks=[]).legend(
        handles=[_handle(score) for score in dict.fromkeys(rows.score)], loc="upper right"
    )
    page.caption(body, lines)
    save(page, paths)


def _handle(score):
    return Line2D([], [], color=SCORE_COLOURS[score], marker="o", markersize=3, linestyle="", label=score_label(score))


def _limits(rows, quantity, unit):
    """Return the ends of an axis on which all medians, the larger ends of their bars and the bounds lie."""
    medians = [f"{kind}{quantity}_median_{unit}" for kind in ("", "refined_")]
    deviations = [f"{kind}{quantity}_mad_{unit}" for kind in ("", "refined_")]
    bounds = rows.loc[rows[_BOUNDS[quantity]] > 0, _BOUNDS[quantity]]
    low = min(rows[medians].min(axis=None) / 3, bounds.min() / 1.5 if len(bounds) else np.inf)
    return low, (rows[medians].to_numpy() + rows[deviations].to_numpy()).max() * 1.6


def _panel(axes, rows, quantity, unit, limits):
    """Draw one error of the scans and of the refinement at one tilt range."""
    for score in dict.fromkeys(rows.score):
        part = rows[rows.score == score].sort_values("rotations")
        colour, shift = SCORE_COLOURS[score], _SHIFTS[score]
        bars = {"color": colour, "linewidth": 0.8, "linestyle": ""}
        errors = [f"{quantity}_median_{unit}", f"{quantity}_mad_{unit}"]
        x, median, deviation = part[["rotations", *errors]].to_numpy(float).T
        # a single pair says nothing about the medians beside it
        several = part.n.to_numpy() > 1
        axes.plot(x[several] * shift, median[several], color=colour, linewidth=0.6, alpha=0.6)
        axes.errorbar(x * shift, median, _bars(median, deviation), **bars)
        for place, value, fewer in zip(x, median, part.fewer, strict=True):
            face = "white" if fewer else colour
            look = {"markersize": 3.5, "markerfacecolor": face, "markeredgewidth": 0.8}
            axes.plot(place * shift, value, "o", color=colour, **look)
        # of as many pairs as there are
        most = part.loc[[part.n.idxmax()]]
        cost = most.seeds + most.refined_steps_median
        median, deviation = most[[f"refined_{name}" for name in errors]].to_numpy(float).T
        axes.axhline(median[0], color=colour, linewidth=0.6, linestyle="--", alpha=0.6)
        axes.errorbar(cost, median, _bars(median, deviation), **bars)
        axes.plot(cost, median, "*", markersize=6, color=colour, markeredgewidth=0)
    for bound in set(rows.loc[rows[_BOUNDS[quantity]] > 0, _BOUNDS[quantity]]):
        axes.axhline(bound, color=GREY, linewidth=0.8)
        look = {"xytext": (-2, 2), "textcoords": "offset points", "fontsize": SMALL, "color": GREY}
        axes.annotate("bound", (1, bound), xycoords=("axes fraction", "data"), horizontalalignment="right", **look)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(100, 4e5)
    axes.set_ylim(*limits)
    plain_ticks(axes.yaxis)
    _name_intervals(axes, rows, f"{quantity}_median_{unit}", f"{quantity}_mad_{unit}")
    axes.tick_params(length=2, pad=1.5, labelsize=SMALL, which="both")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color=GREY, alpha=0.15, linewidth=0.4)


def _bars(median, deviation):
    """Return lengths below and above; a logarithmic axis has no room for a bar down to nothing."""
    return np.stack([np.minimum(deviation, 0.9 * median), deviation])


def _name_intervals(axes, rows, median, deviation):
    """Write the scans' intervals above their circles."""
    for (interval, place), group in rows.groupby(["scan_interval_deg", "rotations"]):
        top = (group[median] + group[deviation]).max()
        # clear of a circle without a bar
        spot = {"xytext": (0, 4), "textcoords": "offset points", "fontsize": BODY, "color": GREY}
        axes.annotate(f"{interval:g}°", (place, top), horizontalalignment="center", **spot)
