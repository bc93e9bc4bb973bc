"""Pictures of density maps side by side, all of one size and seen from one side."""

import numpy as np
from matplotlib.colors import to_rgb

from gradalign.plotting.isosurface import camera, render, surface
from gradalign.plotting.style import SCORE_COLOURS, SMALL

VIEW = (35.0, 28.0)
"""Azimuth and elevation of the camera, degrees."""
COLOURS = SCORE_COLOURS | {"truth": "#b5b5b5", "single": "#d8c27a", "noise": "#c9a0c9"}
"""Colour of each kind of map."""

_PIXELS_PER_MM = 300 / 25.4


def draw_map(page, volume, level, colour, spot, extent):
    """Draw the isosurface of a map.

    Parameters
    ----------
    page : gradalign.plotting.style.Page
    volume : array_like of shape (N, N, N)
        Density [z, y, x].
    level : float
    colour : str
    spot : (float, float, float)
        Left, top and side in mm.
    extent : float
        Width of the picture in voxels.
    """
    left, top, side = spot
    axes = page.axes(left, top, side, side)
    axes.set_axis_off()
    # towards white: the shading darkens
    light = 0.65 * np.array(to_rgb(colour)) + 0.35
    picture = render(surface(volume, level), camera(*VIEW), extent, round(side * _PIXELS_PER_MM), light)
    axes.imshow(picture, interpolation="none")


def scale_bar(page, left, y, length, nanometres):
    """Draw a scale bar.

    Parameters
    ----------
    page : gradalign.plotting.style.Page
    left, y, length : float
        In mm.
    nanometres : float
        What it stands for.
    """
    page.rule(left, left + length, y, width=1.5)
    page.text(left + length + 1.0, y, f"{nanometres:g} nm", SMALL)
