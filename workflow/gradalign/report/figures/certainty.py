"""How often errors are within the intervals that the alignments give for them."""

import numpy as np

from gradalign.report.colours import GREY, SCORE_COLOURS
from gradalign.report.figures.style import MARGIN, PAGE_WIDTH, SMALL, Page, applied, line_height, save, wrapped
from gradalign.report.tables.speedup import LOST_DEG
from gradalign.search.registry import score_label, score_order

CAPTION = (
    "How often errors are within the interval that the alignment itself gives, over the level of the interval. Pairs "
    "of the phantom with noise that are not lost (over 20°); solid: full search, dashed: about the axis. On the "
    "diagonal the intervals are right, above it too wide, below it too narrow; dots: 68 and 95 %."
)
"""Says what is drawn."""

_LEFT, _BETWEEN, _TOP, _HEIGHT, _BELOW = 15.0, 15.0, 4.0, 60.0, 10.0
_PANELS = {"rotation_quantile": "Rotation", "translation_quantile": "Translation"}
_STYLES = {"full": "-", "axis": "--"}


@applied()
def certainty_figure(alignments, paths):
    """Draw the parts of the pairs whose errors are within their intervals.

    Parameters
    ----------
    alignments : pandas.DataFrame
        With the columns `gradalign.study.columns.alignments.ALIGNMENTS`; those of older versions, which do not judge
        themselves, leave the panels empty.
    paths : list of str or path
        Files to write, ``.svg`` and ``.png``.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    lines = wrapped(CAPTION, PAGE_WIDTH - 2 * MARGIN)
    body = _TOP + _HEIGHT + _BELOW
    page = Page(PAGE_WIDTH, body + line_height(SMALL) * len(lines) + MARGIN)
    # half of the last number stands beyond the axis
    width = (PAGE_WIDTH - 2 * MARGIN - _LEFT - _BETWEEN) / len(_PANELS)
    found = alignments[np.isfinite(alignments.snr) & (alignments.rotation_error_deg <= LOST_DEG)]
    for column, (name, title) in enumerate(_PANELS.items()):
        axes = page.axes(_LEFT + column * (width + _BETWEEN), _TOP, width, _HEIGHT)
        axes.plot([0, 100], [0, 100], color=GREY, linewidth=0.8)
        if name in found:
            _curves(axes, found[found[name].notna()], name)
        axes.set(xlim=(0, 100), ylim=(0, 100), xlabel=f"{title}: level of the interval (%)")
        axes.set_ylabel("Errors within (%)")
        axes.tick_params(length=2, pad=1.5, labelsize=SMALL)
        axes.spines[["top", "right"]].set_visible(False)
        if not axes.get_legend_handles_labels()[0]:
            axes.text(50, 20, "not in these alignments", color=GREY, fontsize=SMALL, horizontalalignment="center")
        elif column == 0:
            axes.legend(loc="lower right")
    page.caption(body, lines)
    save(page, paths)


def _curves(axes, found, name):
    """Draw a line for each score and search."""
    for score in sorted(set(found.score), key=score_order):
        for search, style in _STYLES.items():
            values = np.sort(found.loc[(found.score == score) & (found.search == search), name].to_numpy(float))
            if not len(values):
                continue
            colour = SCORE_COLOURS.get(score, GREY)
            parts = 100.0 * np.arange(1, len(values) + 1) / len(values)
            label = f"{score_label(score)}, {search}"
            axes.plot(100.0 * values, parts, style, color=colour, linewidth=1.0, label=label)
            levels = np.array([68.0, 95.0])
            within = [100.0 * (values <= level / 100.0).mean() for level in levels]
            axes.plot(levels, within, "o", color=colour, markersize=3, clip_on=False)
