"""Colours of figures and pages, which colour-blind readers tell apart. A page needs no more of how figures look."""

INK = "#1a1a1a"
GREY = "#5f5f5f"
ON_SHADE = "#363636"
"""Of small words on a shaded ground: the darkest shade leaves them a contrast of four."""
RULE = "#9a9a9a"
BLUE = "#004a80"
GREEN = "#00866a"
ORANGE = "#e8921a"
"""Told apart by the colour-blind and in grey: of lightness 30, 50 and 68 (CIE L*)."""
SURFACE = "#56a5d8"
"""Colour of an isosurface in full light."""
SCORE_COLOURS = {"rcs": BLUE, "fcs": ORANGE, "likelihood": GREEN}
"""Of the scores; `score_colour` tells that of one that has none here."""
MAP_COLOURS = SCORE_COLOURS | {"truth": "#b5b5b5", "single": "#d8c27a", "noise": "#c9a0c9"}
"""Of each kind of map."""
CLASS_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999", "#b8a800")
"""Of the classes, one after the other."""

# part of its own colour that a surface keeps: the shading darkens
_KEPT = 0.65


def score_colour(score):
    """Return the colour of a score.

    Parameters
    ----------
    score : str

    Returns
    -------
    str
        Black for one without an entry in `SCORE_COLOURS`.
    """
    return SCORE_COLOURS.get(score, INK)


def map_colour(kind):
    """Return the colour of a kind of map.

    Parameters
    ----------
    kind : str
        A name of `MAP_COLOURS`, or a score.

    Returns
    -------
    str
    """
    return MAP_COLOURS.get(kind, score_colour(kind))


def light(colour):
    """Return a colour nearer to white, for a surface that will be shaded.

    Parameters
    ----------
    colour : str
        As ``"#rrggbb"``.

    Returns
    -------
    list of float
        Red, green and blue from 0 to 1.
    """
    return [_KEPT * int(colour[place : place + 2], 16) / 255 + (1 - _KEPT) for place in (1, 3, 5)]


def light_text(colour):
    """Return what `light` does as text.

    Parameters
    ----------
    colour : str

    Returns
    -------
    str
        As ``"#rrggbb"``.
    """
    return "#" + "".join(f"{round(255 * part):02x}" for part in light(colour))
