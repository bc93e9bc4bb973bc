"""How time and memory grow, on doubly logarithmic axes."""

import numpy as np
from matplotlib.ticker import FuncFormatter, NullFormatter

from gradalign.report.colours import BLUE, GREY, INK, SCORE_COLOURS
from gradalign.report.figures.style import MARGIN, PAGE_WIDTH, SMALL, Page, applied, line_height, save, wrapped

_LABELS = {
    "box": "box (voxels)",
    "band": "band limit (cycles per box)",
    "pairs": "pairs of a set",
    "processes": "processes",
}
_TIMES = {"box": "ms_per_alignment", "band": "ms_per_alignment", "pairs": "time_ms", "processes": "ms_per_alignment"}
_TIME_LABELS = {
    "ms_per_alignment": "ms per alignment",
    "time_ms": "ms for all pairs",
}
_CAPTION = (
    "Time (above) and memory (below) of alignments at ±60° on one core, the preparation of the volumes included. "
    "Lines: amount ∝ size to the power p. Time: blue circles RCS, orange squares FCS, black triangles the likelihood, "
    "with p in this order. Memory: blue, the prepared spectra; grey, the peak of the whole process with Python and its "
    "libraries, by the same marks. Box and pairs at a resolution limit of 5.3 nm and voxels of 1 nm; band limits and "
    "pairs in boxes of 32 voxels. Processes: RCS."
)
_MARKS = {"rcs": "o", "fcs": "s"}
_LEFT, _GAP, _TOP, _HEIGHT, _BETWEEN = 11.0, 10.0, 4.0, 30.0, 12.0


@applied()
def growth_figure(growth, exponents, processes, paths):
    """Draw time and memory against box, band, number of pairs and number of processes.

    Parameters
    ----------
    growth, exponents, processes : pandas.DataFrame
        From `gradalign.benchmarks.growth`.
    paths : list of str or path
        Files to write, ``.svg`` and ``.png``.

    Raises
    ------
    gradalign.errors.InputError
        If a file cannot be written.
    """
    lines = wrapped(_CAPTION, PAGE_WIDTH - 2 * MARGIN)
    bottom = MARGIN + _TOP + 2 * _HEIGHT + _BETWEEN + 10.0
    page = Page(PAGE_WIDTH, bottom + line_height(SMALL) * len(lines) + MARGIN)
    width = (PAGE_WIDTH - 2 * MARGIN - len(_LABELS) * _LEFT) / len(_LABELS) - 2.0
    fitted = exponents.set_index(["along", "score", "quantity"]).exponent
    for place, along in enumerate(_LABELS):
        left = MARGIN + _LEFT + place * (width + _LEFT + 2.0)
        upper = page.axes(left, MARGIN + _TOP, width, _HEIGHT)
        lower = page.axes(left, MARGIN + _TOP + _HEIGHT + _BETWEEN, width, _HEIGHT)
        if along == "processes":
            _points(upper, processes.processes, processes.ms_per_alignment, BLUE)
            _points(lower, processes.processes, processes.processes_mb, GREY)
            upper.set_title(f"{processes.speedup.iloc[-1]:.2f} times the throughput", fontsize=SMALL)
        else:
            powers = []
            for score, rows in growth[growth.along == along].groupby("score", sort=False):
                powers.append(fitted[along, score, "time_ms"])
                colour, mark = SCORE_COLOURS.get(score, INK), _MARKS.get(score, "^")
                _line(upper, rows["size"], rows[_TIMES[along]], powers[-1], colour, mark)
                _points(lower, rows["size"], rows.process_mb, GREY, mark)
            # the same for all scores
            power = fitted[along, score, "spectra_mb"]
            _line(lower, rows["size"], rows.spectra_mb, power, BLUE)
            upper.set_title("p = " + ", ".join(f"{each:.2f}" for each in powers), fontsize=SMALL)
            lower.set_title(f"p = {power:.2f}", fontsize=SMALL, color=BLUE)
        upper.set_ylabel(_TIME_LABELS[_TIMES[along]], fontsize=SMALL, labelpad=1)
        lower.set_ylabel("MB", fontsize=SMALL, labelpad=1)
        for axes in (upper, lower):
            _scale(axes, _LABELS[along])
    page.caption(bottom, lines)
    save(page, paths)


def _points(axes, sizes, amounts, colour, mark="o"):
    axes.plot(sizes, amounts, mark, color=colour, markersize=2.5, clip_on=False)


def _line(axes, sizes, amounts, power, colour, mark="o"):
    """Draw points and the fitted power through their centre."""
    _points(axes, sizes, amounts, colour, mark)
    ends = np.array([sizes.min(), sizes.max()], dtype=float)
    centre, height = np.log(sizes).mean(), np.log(amounts).mean()
    axes.plot(ends, np.exp(height + power * (np.log(ends) - centre)), color=colour, linewidth=0.8)


def _scale(axes, label):
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(label, fontsize=SMALL, labelpad=1)
    sizes = sorted({float(size) for line in axes.lines for size in line.get_xdata()})
    low, high = min(line.get_ydata().min() for line in axes.lines), max(line.get_ydata().max() for line in axes.lines)
    axes.set_xlim(sizes[0] / 1.15, sizes[-1] * 1.15)
    axes.set_ylim(10 ** np.floor(np.log10(low)), 10 ** np.ceil(np.log10(high)))
    axes.set_xticks(sizes, [f"{size:.2g}" if size < 10 else f"{size:.0f}" for size in sizes])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.tick_params(length=1.5, pad=1, labelsize=SMALL)
    axes.spines[["top", "right"]].set_visible(False)
