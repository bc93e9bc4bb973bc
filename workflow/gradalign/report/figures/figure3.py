"""Figure 3: how the search converges, in dissimilarity and in distance to the truth."""

import math

from matplotlib.ticker import FuncFormatter

from gradalign.report.colours import GREY, INK, RULE, score_colour
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
from gradalign.report.numbers import snr_label, tilt_label, with_minus
from gradalign.search.registry import score_label

_LEFT = 17.0
_BETWEEN = 14.0
_TOP = 6.0
_HEIGHT = 38.0
_GAP = 6.0
_BELOW = 9.5
_LABELS = {"excess": "d − d at the truth", "distance": "Distance to the truth (Eq. 12)"}


def figure3_caption(rows, tilt, snr, interval):
    """Return the caption of Figure 3.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `gradalign.study.convergence.summarise_convergence`.
    tilt, snr, interval : float
        The cell: half tilt range and interval of the seed angles in degrees, and the signal-to-noise ratio.

    Returns
    -------
    str
    """
    return (
        f"Figure 3. Convergence of the search, phantom, {tilt_label(tilt)}, SNR {snr_label(snr)}, seeds every "
        f"{interval:g}°: median (line) and quartiles (band) over n = {rows.n.max()} pairs after each step of the "
        f"search{_about_example(rows)}. (a) Dissimilarity, at the finest band limit, of the best transform found so "
        "far minus that of the true one: positive above the truth, zero (broken line) where they are equal, negative "
        "where noise makes another transform fit better than the true one; the axis is linear between the two "
        "innermost ticks and logarithmic beyond. (b) Distance, by Eq. 12, of the two transforms. The "
        "likelihood's search goes from coarse band limits to the finest, where its last steps refine jointly what the "
        "missing wedges couple, past the smallest d. A search that has stopped keeps its last value; half of the "
        "searches have stopped at the dotted line."
    )


def _about_example(rows):
    return "; thin black line: one of the searches, that of the first pair" if "excess_example" in rows else ""


@applied()
def figure3(rows, paths, caption):
    """Draw Figure 3: dissimilarity above, distance below, a column for each score.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `gradalign.study.convergence.summarise_convergence`.
    paths : list of str or path
        Files to write, ``.svg`` and ``.png``.
    caption : str
        From `figure3_caption`.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    lines = wrapped(caption, PAGE_WIDTH - 2 * MARGIN)
    body = _TOP + 2 * _HEIGHT + _GAP + _BELOW
    page = Page(PAGE_WIDTH, body + line_height(SMALL) * len(lines) + MARGIN)
    scores = list(dict.fromkeys(rows.score))
    width = (PAGE_WIDTH - MARGIN - _LEFT - _BETWEEN * (len(scores) - 1)) / len(scores)
    for column, score in enumerate(scores):
        left = _LEFT + column * (width + _BETWEEN)
        page.text(
            left + width / 2, _TOP / 2, score_label(score), TITLE, fontweight="bold", horizontalalignment="center"
        )
        part = rows[rows.score == score]
        for row, name in enumerate(_LABELS):
            axes = page.axes(left, _TOP + row * (_HEIGHT + _GAP), width, _HEIGHT)
            _panel(axes, part, name, score_colour(score))
            axes.set_xlim(1, rows.step.max())
            if name == "distance":
                axes.set_ylim(0.8 * rows.distance_lower.min(), 1.2 * rows.distance_upper.max())
            if column == 0:
                axes.set_ylabel(_LABELS[name])
                y = _TOP + row * (_HEIGHT + _GAP) - 2.5
                page.text(MARGIN, y, "ab"[row], TITLE + 1, fontweight="bold")
            if row == 0:
                axes.set_xticklabels([])
            else:
                axes.set_xlabel("Step")
    page.caption(body, lines)
    save(page, paths)


def _panel(axes, part, name, colour):
    """Draw median and quartiles of one quantity against the step."""
    low, middle, high = (part[f"{name}_{ending}"] for ending in ("lower", "median", "upper"))
    axes.fill_between(part.step, low, high, color=colour, alpha=0.25, linewidth=0)
    axes.plot(part.step, middle, color=colour)
    if f"{name}_example" in part:
        axes.plot(part.step, part[f"{name}_example"], color=INK, linewidth=0.6, drawstyle="steps-post")
    if name == "excess":
        axes.axhline(0.0, color=GREY, linewidth=0.6, linestyle="--")
        axes.set_yscale("symlog", linthresh=_linear_range(middle.iloc[-1]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: with_minus(f"{value:g}")))
    else:
        axes.set_yscale("log")
        plain_ticks(axes.yaxis)
    stopped = part.step[part.running <= part.n / 2]
    if len(stopped):
        axes.axvline(stopped.iloc[0], color=RULE, linewidth=0.8, linestyle=":")
    axes.tick_params(length=2, pad=1.5, labelsize=SMALL)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color=GREY, alpha=0.15, linewidth=0.4)
    axes.yaxis.label.set_size(BODY)


def _linear_range(value):
    """Return the power of ten at or below a value's size, within which its axis is drawn linear."""
    return 10.0 ** math.floor(math.log10(max(abs(value), 1e-9)))
