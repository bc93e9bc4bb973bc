"""The ladder: error over bound against SNR, a line for each aligner, a panel for each condition; lost share below."""

import numpy as np
from matplotlib.lines import Line2D

from gradalign.report.colours import GREY
from gradalign.report.figures.style import MARGIN, PAGE_WIDTH, SMALL, Page, applied, line_height, save, wrapped
from gradalign.report.tables.ladder import aligner_label

_PANELS = 5
_LEFT, _BETWEEN, _TOP = 12.0, 3.0, 5.0
_HEIGHT, _LOST, _GAP, _BELOW = 25.0, 11.0, 2.0, 7.5
_LEGEND = 6.0
# ratios beyond are drawn at the edge
_RATIOS = 0.7, 400.0
# Okabe and Ito's colours, told apart by the colour-blind; with markers, for those who print in grey
_LOOKS = {
    "rcs": ("#0072B2", "o"),
    "fcs": ("#E69F00", "s"),
    "likelihood": ("#009E73", "D"),
    "scan": ("#999999", "v"),
    "acryo": ("#CC79A7", "^"),
    "relion": ("#D55E00", "P"),
}
CAPTION = (
    "Rotation error over the Cramér–Rao bound (median of a rung, above) and share of alignments off by more than 20° "
    "(below) against the signal-to-noise ratio. Thick: mean over the objects (geometric above); thin: each object. "
    "Dashed: 1.5 times the bound. The bound is that of the object alone: for pairs with the signal's spectrum known, "
    "against a reference (map, average) with the signal known. Phantom and four complexes without a condition, RNA "
    "polymerase and GroEL under each."
)


def panels(rows):
    """Return the panels: what the rows of each have in common, whatever the object.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `gradalign.report.tables.ladder.summarise_ladder`.

    Returns
    -------
    list of (str, pandas.DataFrame)
        Title and rows; rows without alignments are left out.
    """
    found = []
    for (condition, task, tilt), part in rows[rows.n > 0].groupby(["condition", "task", "tilt_deg"], sort=False):
        words = [name for name, plain in ((condition, "plain"), (task, "pairs")) if name != plain]
        found.append((", ".join([f"±{tilt:g}°", *words]).replace("_", " "), part))
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
    each, lines = panels(rows), wrapped(CAPTION, PAGE_WIDTH - 2 * MARGIN)
    count, block = int(np.ceil(len(each) / _PANELS)), _TOP + _HEIGHT + _GAP + _LOST + _BELOW
    page = Page(PAGE_WIDTH, count * block + _LEGEND + line_height(SMALL) * len(lines) + MARGIN)
    width = (PAGE_WIDTH - MARGIN - _LEFT - _BETWEEN * (_PANELS - 1)) / _PANELS
    limits = rows.snr.max() * 1.5, rows.snr.min() / 1.5
    for place, (title, part) in enumerate(each):
        row, column = divmod(place, _PANELS)
        left, top = _LEFT + column * (width + _BETWEEN), row * block + _TOP
        above = page.axes(left, top, width, _HEIGHT)
        below = page.axes(left, top + _HEIGHT + _GAP, width, _LOST)
        page.text(left + width / 2, top - _TOP / 2, title, SMALL, horizontalalignment="center")
        _draw(above, below, part)
        _label(above, below, limits, first=not column, last=place + _PANELS >= len(each))
    names = list(dict.fromkeys(rows[rows.n > 0].aligner))
    place = _LEFT, count * block, PAGE_WIDTH - _LEFT - MARGIN, _LEGEND
    legend = page.axes(*place, frameon=False, xticks=[], yticks=[])
    handles = [Line2D([], [], label=aligner_label(name), **_look(name)) for name in names]
    legend.legend(handles=handles, loc="center", ncols=len(names), frameon=False)
    page.caption(count * block + _LEGEND, lines)
    save(page, paths)


def _label(above, below, limits, first, last):
    """Give both axes of a panel the scales of all; those at the left and below have numbers and units."""
    for axes in (above, below):
        axes.set_xscale("log")
        axes.set_xlim(*limits)
        axes.tick_params(length=2, pad=1.5, labelsize=SMALL, which="both")
        axes.spines[["top", "right"]].set_visible(False)
        decades = [snr for snr in (10.0, 1.0, 0.1, 0.01, 0.001) if limits[1] <= snr <= limits[0]]
        axes.set_xticks(decades, [f"{snr:g}" for snr in decades])
    above.set_xticklabels([])
    if last:
        below.set_xlabel("SNR")
    if first:
        above.set_ylabel("Error / bound")
        below.set_ylabel("Lost")
    else:
        above.set_yticklabels([])
        below.set_yticklabels([])


def _look(name):
    colour, marker = _LOOKS.get(name, (GREY, "x"))
    return {"color": colour, "marker": marker, "markersize": 2.5, "linewidth": 1.1}


def _draw(above, below, rows):
    for aligner, part in rows.groupby("aligner", sort=False):
        part = part.assign(ratio=part.ratio.clip(*_RATIOS)).sort_values("snr")
        thin = {"color": _look(aligner)["color"], "linewidth": 0.4, "alpha": 0.5}
        if part.object.nunique() > 1:
            for _, one in part.groupby("object", sort=False):
                above.plot(one.snr, one.ratio, **thin)
                below.plot(one.snr, one.lost, **thin)
        shares = part.groupby("snr").lost.mean()
        ratios = np.exp(np.log(part.ratio).groupby(part.snr).mean())
        above.plot(ratios.index, ratios, **_look(aligner))
        below.plot(shares.index, shares, **_look(aligner))
    above.axhline(1.5, color=GREY, linewidth=0.6, linestyle="--")
    above.set_yscale("log")
    above.set_ylim(_RATIOS[0] * 0.9, _RATIOS[1] * 1.1)
    above.set_yticks([1, 10, 100], ["1", "10", "100"])
    above.minorticks_off()
    below.set_ylim(-0.05, 1.05)
    below.set_yticks([0, 0.5, 1])
