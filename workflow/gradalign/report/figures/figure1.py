"""Figure 1: the flow of the search, and the graph of the study's own rules."""

from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path as Curve

from gradalign.geometry.rotations import seed_rotations
from gradalign.report.colours import BLUE, GREY, INK, ORANGE, RULE
from gradalign.report.figures.style import (
    MARGIN,
    PAGE_WIDTH,
    SMALL,
    TITLE,
    Page,
    applied,
    line_height,
    save,
    text_width,
    wrapped,
)
from gradalign.report.rule_graph import arrange, without_implied

_COLUMNS = 5
_GAP = 6.0
_BOX = (PAGE_WIDTH - 2 * MARGIN - (_COLUMNS - 1) * _GAP) / _COLUMNS
_HEIGHT = 17.0
_TOP = 7.0
_FLOW = 66.0
_RULE = 8.2
_PADDING = 1.0
_ARROW = {"arrowstyle": "-|>,head_width=1.4,head_length=2.4", "shrinkA": 0, "shrinkB": 0, "linewidth": 0.8}
_LIGHT = {BLUE: "#e3eff7", ORANGE: "#fbe9df", GREY: "#f1f1f1"}


def flow(alignment, intervals):
    """Return the boxes of the search's flow chart, with the settings of the study.

    Parameters
    ----------
    alignment : dict
        The section ``alignment`` of the configuration.
    intervals : list of float
        Of the seed angles in degrees.

    Returns
    -------
    dict of str to str
        What happens, by the box's name.
    """
    rule, damping = alignment["rule"], alignment["damping"]
    grids = " or ".join(f"{interval:g}°~({len(seed_rotations(interval))})" for interval in intervals)
    boxes = {
        "input": "Two subtomograms f, g with the masks of what their tilt ranges measured",
        "seeds": f"Seeds β~=~(R,~a): rotations on a grid of {grids}",
        "start": "Each seed at its best translation by correlation; its dissimilarity d, RCS or FCS",
        "order": f"Of two candidates within γ~=~{rule['duplicate_distance']:g} (Eq. 12) the worse is dropped",
        "draw": f"Draw a candidate, the better the more likely (Eq. 11, t~=~{rule['threshold']:g})",
        "step": "One Levenberg–Marquardt step: (JᵀJ~+~λ~diag~JᵀJ)~Δβ =~Jᵀ(f~−~gᵦ)",
        "keep": f"d lower? yes:~β~+~Δβ,~λ~×~{damping['decrease']:g}; no:~β~stays,~λ~×~{damping['increase']:g}",
        "drop": "Candidates now nearer than γ to a better one are dropped",
        "stop": (
            f"Smallest d level over {rule['window']} steps (slope~×~w~≤~{rule['tolerance']:g}) "
            f"or {rule['max_steps']} steps?"
        ),
        "answer": "The candidate with the smallest d: R,~a",
    }
    # what belongs together stays on one line
    return {name: words.replace("~", "\u00a0") for name, words in boxes.items()}


def figure1_caption():
    """Return the caption of Figure 1.

    Returns
    -------
    str
    """
    return (
        "Figure 1. (a) Stochastic parallel refinement: all candidates wait together, and each step goes to one of "
        "them, drawn by its rank and dissimilarity; settings are those of this study. (b) The rules of this study as "
        "Snakemake lists them, from sources (left) to results (right); a line leads from a rule to one that uses its "
        "output. Lines that others imply, and the rule all, which asks for everything, are left out."
    )


@applied()
def figure1(graph, alignment, intervals, paths, caption):
    """Draw Figure 1.

    Parameters
    ----------
    graph : dict of str to list of str
        From `gradalign.report.rule_graph.study_rule_graph`.
    alignment : dict
        The section ``alignment`` of the configuration.
    intervals : list of float
        Of the seed angles in degrees.
    paths : list of str or path
        Files to write, ``.svg`` and ``.png``.
    caption : str
        From `figure1_caption`.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    layout = arrange(without_implied(graph))
    rows = [row for _, row in layout.places.values()] + [row for line in layout.lines for _, row in line]
    height = _RULE * (max(rows) - min(rows) + 1)
    lines = wrapped(caption, PAGE_WIDTH - 2 * MARGIN)
    bottom = _TOP + _FLOW + 6.0 + height
    page = Page(PAGE_WIDTH, bottom + 5.0 + line_height(SMALL) * len(lines))
    page.text(MARGIN, _TOP / 2, "a", TITLE + 1, fontweight="bold")
    page.text(MARGIN, _TOP + _FLOW + 2.0, "b", TITLE + 1, fontweight="bold")
    _flow_chart(page, flow(alignment, intervals))
    _rule_chart(page, layout, _TOP + _FLOW + 6.0 - _RULE * (min(rows) - 0.5))
    page.caption(bottom + 3.0, lines)
    save(page, paths)


def _box(page, spot, lines, colour, face):
    left, top, width, height = spot
    style = "round,pad=0,rounding_size=1.2"
    page.sheet.add_patch(
        FancyBboxPatch((left, top), width, height, boxstyle=style, edgecolor=colour, facecolor=face, linewidth=0.8)
    )
    first = top + height / 2 - line_height(SMALL) * (len(lines) - 1) / 2
    for place, words in enumerate(lines):
        page.text(left + width / 2, first + place * line_height(SMALL), words, SMALL, horizontalalignment="center")


def _spot(column, row):
    return MARGIN + column * (_BOX + _GAP), _TOP + row * (_HEIGHT + 7.0), _BOX, _HEIGHT


def _arrow(page, points, colour=INK):
    curve = Curve(points, [Curve.MOVETO] + [Curve.LINETO] * (len(points) - 1))
    page.sheet.add_patch(FancyArrowPatch(path=curve, color=colour, joinstyle="miter", **_ARROW))


def _flow_chart(page, boxes):
    """Draw the search: a row from the input to the first candidates, the loop beneath it, the answer at its end."""
    rows = (("input", "seeds", "start", "order"), ("stop", "drop", "keep", "step", "draw"))
    colours = {"input": GREY, "answer": GREY} | dict.fromkeys(("draw", "step", "keep", "drop", "stop"), ORANGE)
    spots = {name: _spot(column, 0) for column, name in enumerate(rows[0])}
    spots |= {name: _spot(column, 1) for column, name in enumerate(rows[1])}
    left, top, width, _ = _spot(0, 2)
    spots["answer"] = left, top, width, 10.0
    for name, spot in spots.items():
        colour = colours.get(name, BLUE)
        _box(page, spot, wrapped(boxes[name], spot[2] - 2 * _PADDING), colour, _LIGHT[colour])
    middle = [_TOP + _HEIGHT / 2, _TOP + _HEIGHT * 1.5 + 7.0]
    for column in range(3):
        edge = MARGIN + column * (_BOX + _GAP) + _BOX
        _arrow(page, [(edge, middle[0]), (edge + _GAP, middle[0])])
    centres = [MARGIN + column * (_BOX + _GAP) + _BOX / 2 for column in range(_COLUMNS)]
    upper, lower = spots["draw"][1], spots["draw"][1] + _HEIGHT
    _arrow(page, [(centres[3] + _BOX / 2, middle[0]), (centres[4], middle[0]), (centres[4], upper)])
    for column in range(4):
        edge = MARGIN + (column + 1) * (_BOX + _GAP)
        _arrow(page, [(edge, middle[1]), (edge - _GAP, middle[1])])
    _arrow(page, [(centres[0], lower), (centres[0], spots["answer"][1])])
    page.text(centres[0] + 1.2, lower + 3.3, "yes", SMALL)
    turn = lower + 5.4
    _arrow(page, [(centres[0] + 9.0, lower), (centres[0] + 9.0, lower + 3.3), (centres[4], lower + 3.3),
                  (centres[4], lower)])  # fmt: skip
    page.text(centres[0] + 10.2, lower + 1.4, "no", SMALL)
    page.text(centres[2], turn, "one step of one candidate each time round", SMALL, horizontalalignment="center",
              color=GREY)  # fmt: skip


def _broken(name, width):
    """Break a rule's name after underscores into lines that fit."""
    lines = []
    for part in name.replace("_", "_ ").split(" "):
        if lines and text_width(lines[-1] + part, SMALL) <= width:
            lines[-1] += part
        else:
            lines.append(part)
    return lines


def _rule_chart(page, layout, origin):
    """Draw the rules, row 0 at `origin`."""
    columns = 1 + max(column for column, _ in layout.places.values())
    pitch = (PAGE_WIDTH - 2 * MARGIN) / columns
    width = 0.8 * pitch

    def point(place, side):
        column, row = place
        return MARGIN + pitch * column + side * width, origin + _RULE * row

    for line in layout.lines:
        points = [point(line[0], 1)]
        for place in line[1:-1]:
            points += [point(place, 0), point(place, 1)]
        points.append(point(line[-1], 0))
        vertices, codes = [points[0]], [Curve.MOVETO]
        for number in range(1, len(points)):
            a, b = points[number - 1], points[number]
            if number % 2:
                half = (a[0] + b[0]) / 2
                vertices += [(half, a[1]), (half, b[1]), b]
                codes += [Curve.CURVE4] * 3
            else:
                vertices.append(b)
                codes.append(Curve.LINETO)
        page.sheet.add_patch(FancyArrowPatch(path=Curve(vertices, codes), edgecolor=RULE, facecolor="none",
                                             **(_ARROW | {"arrowstyle": "-", "linewidth": 0.6})))  # fmt: skip
    for name, place in layout.places.items():
        left, middle = point(place, 0)
        lines = _broken(name, width - _PADDING)
        _box(page, (left, middle - 3.4, width, 6.8), lines, GREY, "white")
