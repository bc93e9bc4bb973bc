"""Figure 4: how many times more steps the independent refinement of all seeds takes than the stochastic one."""

from matplotlib.colors import LogNorm
from matplotlib.patches import Rectangle

from gradalign.report.colours import GREY, ON_SHADE
from gradalign.report.figures.style import BODY, MARGIN, PAGE_WIDTH, SMALL, Page, applied, line_height, save, wrapped
from gradalign.report.figures.tables import HEADER, SHADES, draw_block, shade_key
from gradalign.report.numbers import number
from gradalign.report.tables.phantom import arranged
from gradalign.report.tables.speedup import LOST_DEG, count_safe
from gradalign.search.registry import paper_scores
from gradalign.study.columns.optimum import SAME_ROTATION_DEG, SAME_TRANSLATION_VOXEL
from gradalign.study.columns.seeds import FALL, MOST_STEPS

# fixed, so that figures of different runs can be compared
_SHADING = LogNorm(3.0, 150.0, clip=True)
_TICKS = (5, 10, 20, 50, 100)
_ROW = 8.4
_BETWEEN = 3.0
_KEY = 9.0


def _span(values):
    low, high = number(values.min()), number(values.max())
    return low if low == high else f"{low} to {high}"


def figure4_caption(rows):
    """Return the caption of Figure 4.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `gradalign.report.tables.speedup.summarise_speedup`.

    Returns
    -------
    str
    """
    low, high = rows.n.min(), rows.n.max()
    other = rows[~rows.score.isin(paper_scores())]
    rows = rows[rows.score.isin(paper_scores())]
    count = f"{low}" if low == high else f"{low} to {high}"
    medians = [
        f"{number(rows[rows.interval_deg == interval].ratio_median.median())} at {interval:g}°"
        for interval in sorted(set(rows.interval_deg), reverse=True)
    ]
    return (
        "Figure 4. Steps of the independent refinement of all seeds over steps of the stochastic parallel refinement "
        f"from the same seeds, phantom, n = {count} pairs a cell. Large: median ratio, the stochastic search taken to "
        "its stop. Small, left: the same ratio with the steps to the first at which its best transform is the optimum, "
        "over the pairs where it ever is (a dash: none); right: share of pairs that end at the same optimum in both "
        f"ways. A seed is refined until an accepted step lowers d by less than {FALL:g} of its value, or for "
        f"{MOST_STEPS} steps; the optimum is the best of these ends, refined on to convergence, and the same means "
        f"within {SAME_ROTATION_DEG:g}° and {SAME_TRANSLATION_VOXEL:g} voxel.{_about_thousands(rows)} Medians of the "
        "cells: "
        f"{_span(rows.steps_per_seed_median)} steps a seed, {_span(rows.stochastic_steps_median)} steps of the "
        f"stochastic search; over all cells the ratio is {', '.join(medians)}. Xu & Alber (2012): about 60 steps a "
        "seed, 200 to 300 steps, a ratio of 20 to 40 on average at 60° and 84 at 45°."
        + (_about_likelihood(other) if len(other) else "")
    )


def _about_thousands(rows):
    """Explain ratios that are given in thousands, if there are any, by the largest."""
    early = rows[rows.hit_ratio_median >= 1000]
    if not len(early):
        return ""
    largest, lost = _hits(early.hit_ratio_median.max()), 100 * early.independent_lost / early.n
    return (
        f" {largest} stands for {1000 * float(largest[:-1]):,.0f}: in half of the pairs of such a cell the "
        f"optimum is met at step {number(early.hit_steps_median.max())}; {_span(lost)} % of these optima are over "
        f"{LOST_DEG:g}° from the truth."
    )


def _hits(ratio):
    """Return a ratio of at most four digits' width."""
    return number(ratio) if not ratio >= 1000 else f"{ratio / 1000:.1f}k"


def _about_likelihood(rows):
    sound, safe = count_safe(rows)
    return (
        " The likelihood is searched from coarse to fine instead, from seeds of its own, and both ends are refined on "
        f"jointly: of the {sound} of {len(rows)} cells where the refinement of all seeds ends within {LOST_DEG:g}° of "
        f"the truth in 95 % of the pairs, in {safe} both end at the same optimum in 95 % of the pairs and the ratio is "
        "20 or more."
    )


@applied()
def figure4(rows, paths, caption):
    """Draw Figure 4: a map of tilt range against signal-to-noise ratio for each score and interval.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `gradalign.report.tables.speedup.summarise_speedup`.
    paths : list of str or path
        Files to write, ``.svg`` and ``.png``.
    caption : str
        From `figure4_caption`.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    blocks = arranged(rows)
    lines = wrapped(caption, PAGE_WIDTH - 2 * MARGIN)
    heights = [HEADER + _ROW * len(block.tilts) + _BETWEEN for block in blocks]
    page = Page(PAGE_WIDTH, MARGIN + sum(heights) + _KEY + line_height(SMALL) * len(lines) + MARGIN)
    top = MARGIN
    for block, height in zip(blocks, heights, strict=True):
        draw_block(page, block, top, _cell, _ROW)
        top += height
    shade_key(page, top, _SHADING, _TICKS, "Shading: median ratio of steps, to the stop")
    page.caption(top + _KEY, lines)
    save(page, paths)


def _cell(page, row, x, y, width):
    """Draw one cell: the ratio to the stop above, that to the optimum and the agreement below."""
    centre = {"horizontalalignment": "center"}
    if row is None:
        page.text(x + width / 2, y + _ROW / 2, "–", color=GREY, **centre)
        return
    shade = SHADES(_SHADING(row.ratio_median))
    page.sheet.add_patch(Rectangle((x, y), width, _ROW, facecolor=shade, edgecolor="white", linewidth=0.6))
    page.text(x + width / 2, y + _ROW * 0.33, number(row.ratio_median), BODY + 1, **centre)
    small = {"size": SMALL, "color": ON_SHADE, "y": y + _ROW * 0.76}
    share = f"{100 * row.same_optimum / row.n:.0f} %"
    # from the cell's edges inwards: four digits would meet the share in the middle
    page.text(x=x + 0.6, words=_hits(row.hit_ratio_median), horizontalalignment="left", **small)
    page.text(x=x + width - 0.6, words=share, horizontalalignment="right", **small)
