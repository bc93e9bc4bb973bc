"""Figure 5: averages of aligned subtomograms, and what their shell correlations say."""

import numpy as np

from gradalign.io.chimerax import LEVEL
from gradalign.report.colours import GREY, INK, RULE, score_colour
from gradalign.report.figures.maps import SIDES, draw_picture, scale_bar
from gradalign.report.figures.style import BODY, MARGIN, PAGE_WIDTH, SMALL, Page, applied, line_height, save, wrapped
from gradalign.report.numbers import tilt_label
from gradalign.report.tables.averages import nanometres
from gradalign.search.registry import score_label, score_names, score_order
from gradalign.study.columns.averages import COMPARISONS

_SIDE = SIDES["figure5"]
_ROW = 27.5
_TOP = 15.0
_LEFT = 12.0
_BAR_NM = 10.0
_BELOW = 9.0
_STYLES = {"truth": "-", "halves": "--"}
# of the noise, then of each score, in points
_WIDTHS = (0.9, 2.4, 1.4, 0.7)


def figure5_caption(rows):
    """Return the caption of Figure 5.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `gradalign.report.tables.averages.summarise_averages`.

    Returns
    -------
    str
    """
    first = rows.iloc[0]
    *others, last = map(score_label, dict.fromkeys(rows.score))
    scores = f"{', '.join(others)} and {last}" if others else last
    caption = (
        f"Figure 5. Averages of n = {first.n} subtomograms ({tilt_label(first.tilt_deg)}, SNR {first.snr:g}) aligned "
        f"with {scores} to a template, the noise-free reconstruction of the true object from ±90° with the same "
        f"contrast transfer and detector (truth, grey); right, the average of n = {first.n} volumes of noise alone "
        f"aligned to the same template. Surfaces enclose the volume that the truth has above {LEVEL:g} of its largest "
        "density. Curves: Fourier shell correlation with the truth (solid; its resolution at 0.5 decides) and "
        "between half sets (broken; at 0.143), the latter biased by the common template, as the noise shows: where "
        "its curves rise, the correlation is the template's own; where scores coincide, each lies as a "
        "narrower line upon the one before. Beneath each map: resolution with the truth."
    )
    for row in rows[rows.stand_in_for != ""].drop_duplicates("object").itertuples(index=False):
        caption += f" {row.title} stands in for the paper's entry {row.stand_in_for}."
    return caption


@applied()
def figure5(gallery, shells, rows, paths, caption):
    """Draw Figure 5.

    Parameters
    ----------
    gallery : gradalign.report.figures.maps.Gallery
        For each object ``"truth"``, an average for each score (``"rcs"``, ``"fcs"``), and ``"noise"``.
    shells : pandas.DataFrame
        Shell correlations, with ``object``, ``kind`` and ``score``.
    rows : pandas.DataFrame
        From `gradalign.report.tables.averages.summarise_averages`.
    paths : list of str or path
        Files to write, ``.svg`` and ``.png``.
    caption : str
        From `figure5_caption`.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    columns = list(next(iter(gallery.pictures.values())))
    noise_score = rows[rows.kind == "noise"].score.iloc[0]
    lines = wrapped(caption, PAGE_WIDTH - 2 * MARGIN)
    bottom = _TOP + _ROW * len(gallery.pictures)
    page = Page(PAGE_WIDTH, bottom + _BELOW + line_height(SMALL) * len(lines))
    titles = {"truth": "Truth", "noise": f"Noise, {score_label(noise_score)}"}
    for place, name in enumerate(columns):
        centre = MARGIN + _LEFT + _SIDE * (place + 0.5)
        page.text(centre, _TOP - 2.5, titles.get(name) or score_label(name), BODY, horizontalalignment="center")
    curves = MARGIN + _LEFT + _SIDE * len(columns) + 11.0
    _legend(page, curves, [name for name in columns if name in score_names()])
    for place, (name, pictures) in enumerate(gallery.pictures.items()):
        of_object = rows[rows.object == name]
        top = _TOP + _ROW * place
        page.text(
            MARGIN + 4.0, top + _SIDE / 2, of_object.title.iloc[0].replace(" (", "\n("), BODY, rotation=90,
            horizontalalignment="center", verticalalignment="center",
        )  # fmt: skip
        _maps(page, pictures, of_object, noise_score, top)
        frame = (curves, top + 0.5, PAGE_WIDTH - MARGIN - 1.0 - curves, _ROW - 7.5)
        _curves(page, shells[shells.object == name], noise_score, frame, place == len(gallery.pictures) - 1)
    scale_bar(page, MARGIN + _LEFT, bottom + 1.0, _SIDE * _BAR_NM / gallery.width, _BAR_NM)
    page.caption(bottom + _BELOW - 2.0, lines)
    save(page, paths)


def _maps(page, pictures, rows, noise_score, top):
    """Draw the maps of one object side by side, the resolution with the truth beneath."""
    for place, (name, picture) in enumerate(pictures.items()):
        left = MARGIN + _LEFT + _SIDE * place
        draw_picture(page, picture, (left, top, _SIDE))
        if name == "truth":
            continue
        kind, score = ("noise", noise_score) if name == "noise" else ("subtomograms", name)
        row = rows[(rows.kind == kind) & (rows.score == score)].iloc[0]
        words = nanometres(row.truth_resolution_nm)
        page.text(left + _SIDE / 2, top + _SIDE + 1.5, words, SMALL, horizontalalignment="center")


def _lines(scores, noise_score):
    """Return (kind, score, colour, name) of the curves, the noise first so that it lies beneath."""
    lines = [("noise", noise_score, GREY, f"noise, {score_label(noise_score)}")]
    return lines + [("subtomograms", score, score_colour(score), score_label(score)) for score in scores]


def _curves(page, shells, noise_score, frame, last):
    axes = page.axes(*frame, xlim=(0, shells.frequency_per_nm.max()), ylim=(-0.15, 1.05))
    for threshold in COMPARISONS.values():
        axes.axhline(threshold, color=RULE, linewidth=0.4)
    axes.axhline(0.0, color=INK, linewidth=0.4)
    scores = sorted(set(shells.score), key=score_order)
    for place, (kind, score, colour, _) in enumerate(_lines(scores, noise_score)):
        # where curves coincide each lies as a narrower line upon the one before
        width = _WIDTHS[min(place, len(_WIDTHS) - 1)]
        for comparison, style in _STYLES.items():
            chosen = (shells.kind == kind) & (shells.score == score) & (shells.comparison == comparison)
            part = shells[chosen]
            axes.plot(part.frequency_per_nm, part.correlation, style, color=colour, linewidth=width)
    axes.set_yticks([0, *COMPARISONS.values(), 1], ["0", *map(str, COMPARISONS.values()), "1"])
    axes.tick_params(length=1.5, pad=1.5)
    axes.spines[["top", "right"]].set_visible(False)
    ticks = np.arange(0.0, shells.frequency_per_nm.max(), 0.1)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks.round(1)] if last else [])
    if last:
        axes.set_xlabel("Spatial frequency (1/nm)", fontsize=SMALL, labelpad=1.0)


def _legend(page, left, scores):
    """Write what the curves are, above them."""
    page.text(left, 3.0, "Fourier shell correlation", BODY)
    for row, (comparison, words) in enumerate((("truth", "with the truth"), ("halves", "between half sets"))):
        y = 7.0 + 3.4 * row
        page.sheet.plot([left, left + 6.0], [y, y], _STYLES[comparison], color=INK, linewidth=0.9)
        page.text(left + 7.5, y, words, SMALL)
    for row, (_, _, colour, words) in enumerate(reversed(_lines(scores, scores[0]))):
        y = 3.6 + 3.4 * row
        page.rule(left + 33.0, left + 37.0, y, colour, 1.5)
        page.text(left + 38.5, y, words, SMALL)
