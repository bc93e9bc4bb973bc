"""Figure 6: the dissimilarities of all pairs of the complexes, and the averages of the classes found from them."""

import numpy as np

from gradalign.io.chimerax import LEVEL
from gradalign.report.figures.maps import SIDES, draw_picture, scale_bar
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
    wrapped,
)
from gradalign.report.numbers import tilt_label
from gradalign.report.tables.averages import nanometres
from gradalign.report.tables.classes import stand_ins
from gradalign.search.registry import find, score_label
from gradalign.study.columns.classification import STAGES
from gradalign.study.partition import dissimilarity_matrix

_SIDE = SIDES["figure6"]
_MATRIX = 20.5
_BETWEEN = 4.0
_LABELS = 9.5
_TOP = 12.0
_ROW = 23.5
_BELOW = 8.0
_BAR_NM = 10.0
_STAGE_TITLES = {"before": "simulated", "after": "aligned"}


def figure6_caption(rows, objects):
    """Return the caption of Figure 6.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `gradalign.report.tables.classes.summarise_classes`.
    objects : dict of str to dict
        What each complex is, by the keys of its map's provenance.

    Returns
    -------
    str
    """
    first = rows.iloc[0]
    total = int(rows[(rows.score == first.score) & (rows.stage == first.stage)].n.sum())
    titles = [about["title"] for about in objects.values()]
    return (
        f"Figure 6. n = {total} subtomograms of {', '.join(titles)}, {total // len(titles)} each "
        f"({tilt_label(first.tilt_deg)}, SNR {first.snr:g}). (a) Dissimilarities of all {total * (total - 1) // 2} "
        f"pairs in the orientations as simulated and after each pair's alignment from {first.interval_deg:g}° seeds, "
        f"one grey scale a column{_freed(rows)}; ARI: adjusted Rand index of hierarchical classes (Ward) "
        "and complexes, 1 if they are the same. (b) A single subtomogram of each complex, the averages of the classes "
        "found after alignment, each beside the complex that it stands for, and the true map. Beneath: how many "
        "members of the class are that complex, and its resolution with the truth (FSC 0.5). Members were moved onto "
        "the medoid of their class by the pair alignments; the true poses serve the display alone. Surfaces enclose "
        f"the volume that the truth has above {LEVEL:g} of its largest density." + stand_ins(objects)
    )


def _freed(rows):
    freed = [score_label(score) for score in dict.fromkeys(rows.score) if find(score).own_terms]
    return f" ({', '.join(freed)}: without what each volume has by itself)" if freed else ""


@applied()
def figure6(alignments, rows, gallery, objects, paths, caption):
    """Draw Figure 6.

    Parameters
    ----------
    alignments : pandas.DataFrame
        Columns of `gradalign.study.columns.classification.PAIRS_OF_ALL`; subtomograms of one complex follow each other.
    rows : pandas.DataFrame
        From `gradalign.report.tables.classes.summarise_classes`.
    gallery : gradalign.report.figures.maps.Gallery
        For each complex ``"single"``, the class average of each score, and ``"truth"``.
    objects : dict of str to dict
        What each complex is, by the keys of its map's provenance, in their order.
    paths : list of str or path
        Files to write, ``.svg`` and ``.png``.
    caption : str
        From `figure6_caption`.

    Raises
    ------
    InputError
        If a pair is missing or a file cannot be written.
    """
    scores = list(dict.fromkeys(rows.score))
    titles = {name: about["title"] for name, about in objects.items()}
    columns = list(next(iter(gallery.pictures.values())))
    lines = wrapped(caption, PAGE_WIDTH - 2 * MARGIN)
    left = PAGE_WIDTH - MARGIN - _SIDE * len(columns)
    bottom = _TOP + max(_ROW * len(gallery.pictures), len(STAGES) * (_MATRIX + 8.0))
    page = Page(PAGE_WIDTH, bottom + _BELOW + line_height(SMALL) * len(lines))
    page.text(MARGIN, 4.0, "a", TITLE + 1, fontweight="bold")
    page.text(left - 3.0, 4.0, "b", TITLE + 1, fontweight="bold")
    for place, score in enumerate(scores):
        spot = MARGIN + _LABELS + place * (_MATRIX + _BETWEEN), _TOP
        _matrices(page, alignments, rows[rows.score == score], titles, spot, place == 0)
    names = {"single": "Single", "truth": "Truth"}
    for place, name in enumerate(columns):
        centre = left + _SIDE * (place + 0.5)
        page.text(centre, _TOP - 2.5, names.get(name) or score_label(name), BODY, horizontalalignment="center")
    for place, (name, pictures) in enumerate(gallery.pictures.items()):
        of_object = rows[(rows.stands_for == name) & (rows.stage == "after")]
        _maps(page, pictures, of_object, titles[name], (left, _TOP + _ROW * place))
    scale_bar(page, left, bottom + 1.0, _SIDE * _BAR_NM / gallery.width, _BAR_NM)
    page.caption(bottom + _BELOW - 3.0, lines)
    save(page, paths)


def _matrices(page, alignments, rows, titles, spot, labelled):
    """Draw the matrices of one score, before above after, on one grey scale."""
    left, top = spot
    total = int(rows[rows.stage == STAGES[0]].n.sum())
    score = rows.score.iloc[0]
    matrices = {stage: dissimilarity_matrix(alignments, score, stage, total) for stage in STAGES}
    off = ~np.eye(total, dtype=bool)
    largest = max(matrix[off].max() for matrix in matrices.values())
    page.text(left + _MATRIX / 2, top - 6.5, score_label(score), BODY, horizontalalignment="center")
    for place, (stage, matrix) in enumerate(matrices.items()):
        y = top + place * (_MATRIX + 8.0)
        agreement = rows[rows.stage == stage].adjusted_rand_index.iloc[0]
        words = f"{_STAGE_TITLES[stage]}, ARI {agreement + 0.0:.2f}"
        page.text(left + _MATRIX / 2, y - 2.0, words, SMALL, horizontalalignment="center")
        axes = page.axes(left, y, _MATRIX, _MATRIX)
        image = axes.imshow(matrix, cmap="gray", vmin=0.0, vmax=largest, interpolation="none")
        edges = np.arange(1, len(titles)) * total / len(titles) - 0.5
        axes.set_xticks(edges, [])
        axes.set_yticks(edges, [])
        axes.tick_params(length=1.5)
        for number, title in enumerate(titles.values() if labelled else ()):
            # the entry is in the caption
            middle = y + _MATRIX * (number + 0.5) / len(titles)
            page.text(
                left - 1.0, middle, title.split(" (")[0].replace("RNA polymerase", "RNAP"), SMALL,
                horizontalalignment="right", verticalalignment="center",
            )  # fmt: skip
    page.text(left - 2.5, top + 2 * _MATRIX + 10.8, "d", SMALL, fontstyle="italic")
    bar = page.axes(left, top + 2 * _MATRIX + 10.0, _MATRIX, 1.5)
    page.figure.colorbar(image, cax=bar, orientation="horizontal", ticks=[0.0, largest])
    bar.set_xticklabels(["0", f"{float(f'{largest:.2g}'):g}"])
    bar.tick_params(length=1.5, pad=1.0)


def _maps(page, pictures, rows, title, spot):
    """Draw the maps of one complex side by side, what each class holds beneath."""
    left, top = spot
    page.text(
        left - 4.0, top + _SIDE / 2, title.replace(" (", "\n("), SMALL, rotation=90, horizontalalignment="center",
        verticalalignment="center",
    )  # fmt: skip
    for place, (name, picture) in enumerate(pictures.items()):
        x = left + _SIDE * place
        draw_picture(page, picture, (x, top, _SIDE))
        if name in set(rows.score):
            row = rows[rows.score == name].iloc[0]
            words = [f"{row.right} of {row.n} right", nanometres(row.truth_resolution_nm)]
            for number, line in enumerate(words):
                page.text(x + _SIDE / 2, top + _SIDE + 1.0 + 2.8 * number, line, SMALL, horizontalalignment="center")
