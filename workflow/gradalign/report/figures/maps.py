"""Pictures of density maps side by side, all of one size and seen from one side."""

from typing import NamedTuple

import numpy as np

from gradalign.base.files import complete_file
from gradalign.errors import InputError
from gradalign.io.chimerax import matched_level
from gradalign.report.colours import light, map_colour
from gradalign.report.figures.style import SMALL

VIEW = (35.0, 28.0)
"""Azimuth and elevation of the camera, degrees."""
SIDES = {"figure5": 20.0, "figure6": 16.0}
"""Side of the pictures of each figure, in mm."""
SHOWN = 0.78
"""Part of a box, from its middle, that a picture shows."""

_PIXELS_PER_MM = 300 / 25.4


class Gallery(NamedTuple):
    """Pictures of maps: all that a figure needs of them."""

    pictures: dict
    """Of each object, by name: red, green, blue and opacity, uint8 (pixels, pixels, 4)."""
    width: float
    """What a picture shows, from left to right, in nm."""


def gallery(maps, side, voxel_size):
    """Draw the isosurfaces of maps at levels that enclose as much of each as of the truth.

    Parameters
    ----------
    maps : dict of str to dict of str to array_like of shape (N, N, N)
        Of each object its maps [z, y, x] by name, ``"truth"`` among them; names are those of `map_colour`.
    side : float
        Of a picture on the page, in mm.
    voxel_size : float
        In nm.

    Returns
    -------
    Gallery
    """
    edge = len(next(iter(next(iter(maps.values())).values())))
    pictures = {}
    for name, volumes in maps.items():
        levels = {kind: matched_level(volume, volumes["truth"]) for kind, volume in volumes.items()}
        pictures[name] = {
            kind: _picture(volume, levels[kind], map_colour(kind), SHOWN * edge, side)
            for kind, volume in volumes.items()
        }
    return Gallery(pictures, SHOWN * edge * voxel_size)


def _picture(volume, level, colour, extent, side):
    # figures that show these pictures need no kernel
    from gradalign.report.figures.isosurface import camera, render, surface

    picture = render(surface(volume, level), camera(*VIEW), extent, round(side * _PIXELS_PER_MM), light(colour))
    return np.rint(255 * picture).astype(np.uint8)


def save_gallery(path, drawn):
    """Write pictures of maps.

    Parameters
    ----------
    path : str or path
        A ``.npz`` file.
    drawn : Gallery

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    arrays = {f"{name}/{kind}": picture for name, row in drawn.pictures.items() for kind, picture in row.items()}
    with complete_file(path) as partial, open(partial, "wb") as file:
        np.savez_compressed(file, width=drawn.width, **arrays)


def read_gallery(path):
    """Read pictures that `save_gallery` wrote.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    Gallery

    Raises
    ------
    InputError
        If it is no such file.
    """
    pictures = {}
    try:
        with np.load(path, allow_pickle=False) as arrays:
            for key in arrays.files:
                if key != "width":
                    name, kind = key.split("/")
                    pictures.setdefault(name, {})[kind] = arrays[key]
            return Gallery(pictures, float(arrays["width"]))
    except Exception as error:
        # zipfile and NumPy raise many kinds for a damaged file
        raise InputError(f"{path}: holds no pictures of maps; remove it to have it made again") from error


def draw_picture(page, picture, spot):
    """Place a picture on the page.

    Parameters
    ----------
    page : gradalign.report.figures.style.Page
    picture : numpy.ndarray of shape (pixels, pixels, 4)
    spot : (float, float, float)
        Left, top and side in mm.
    """
    left, top, side = spot
    axes = page.axes(left, top, side, side)
    axes.set_axis_off()
    axes.imshow(picture, interpolation="none")


def scale_bar(page, left, y, length, nanometres):
    """Draw a scale bar.

    Parameters
    ----------
    page : gradalign.report.figures.style.Page
    left, y, length : float
        In mm.
    nanometres : float
        What it stands for.
    """
    page.rule(left, left + length, y, width=1.5)
    page.text(left + length + 1.0, y, f"{nanometres:g} nm", SMALL)
