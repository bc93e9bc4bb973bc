"""Figure 2: the phantom, and what is left of it at each tilt range and signal-to-noise ratio."""

import numpy as np
from matplotlib.colors import to_rgb

from gradalign.report.colours import INK, SURFACE
from gradalign.report.figures.isosurface import camera, render, surface
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
from gradalign.report.numbers import snr_label, tilt_label

LEVEL = 0.4
"""Density of the drawn isosurface as a fraction of the largest."""
GREY_PERCENTILES = (0.5, 99.5)
"""Densities of a slice that are drawn black and white."""

_VIEWS = ((35.0, 28.0), (125.0, 28.0))
_TOP = 7.0
_BAR_NM = 10.0
_VIEW = 62.0
_ROOM = 1.03
_BETWEEN = 3.0
_GAP = 0.7
_LARGEST_PANEL = 21.0
_PIXELS_PER_MM = 300 / 25.4


def figure2_caption(slices, voxel_size):
    """Return the caption of Figure 2.

    Parameters
    ----------
    slices : dict
        As for `figure2`.
    voxel_size : float
        In nm.

    Returns
    -------
    str
    """
    edge = len(next(iter(slices.values())))
    low, high = GREY_PERCENTILES
    return (
        "Figure 2. (a) The phantom, four Gaussians, seen from two sides 90° apart; isosurface at "
        f"{LEVEL:g} of the largest density. (b) Central xz slice (beam z upright, tilt axis y normal to the "
        f"page) of its reconstructed subtomograms, {edge}³ voxels of {voxel_size:g} nm, by signal-to-noise "
        "ratio and tilt range; n = 1 subtomogram a panel, all in the same pose. Density is bright; grey values "
        f"run from the {low:g}th to the {high:g}th percentile of each slice."
    )


@applied()
def figure2(density, slices, paths, voxel_size, caption):
    """Draw Figure 2.

    Parameters
    ----------
    density : array_like of shape (N, N, N)
        The phantom [z, y, x].
    slices : dict
        Slice [z, x] of each (half tilt range in degrees, signal-to-noise ratio), from `central_slice`; every
        tilt range with every ratio.
    paths : list of str or path
        Files to write, ``.svg`` and ``.png``.
    voxel_size : float
        In nm.
    caption : str
        From `figure2_caption`.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    tilts = sorted({tilt for tilt, _ in slices}, reverse=True)
    snrs = sorted({snr for _, snr in slices}, reverse=True)
    left = MARGIN + _VIEW + _BETWEEN
    labels = left + 16.0
    panel = min((PAGE_WIDTH - MARGIN - labels) / len(snrs), _LARGEST_PANEL)
    header = _TOP + 7.0
    bottom = header + max(panel * len(tilts), _VIEW)
    lines = wrapped(caption, PAGE_WIDTH - 2 * MARGIN)
    page = Page(PAGE_WIDTH, bottom + 5.0 + line_height(SMALL) * len(lines))
    page.text(MARGIN, _TOP / 2, "a", TITLE + 1, fontweight="bold")
    page.text(left, _TOP / 2, "b", TITLE + 1, fontweight="bold")
    _views(page, density, (_TOP, bottom), voxel_size)
    _grid(page, slices, tilts, snrs, (labels, header, panel))
    edge = voxel_size * len(next(iter(slices.values())))
    _scale_bar(page, labels, header + panel * len(tilts) + 1.8, panel * _BAR_NM / edge)
    page.caption(bottom + 4.0, lines)
    save(page, paths)


def _views(page, density, span, voxel_size):
    """Draw the isosurface from two sides, one above the other."""
    mesh = surface(density, LEVEL * np.max(density))
    extent = _ROOM * 2 * mesh.radius
    half = (span[1] - span[0]) / 2
    side = min(_VIEW, half)
    left = MARGIN + (_VIEW - side) / 2
    for place, view in enumerate(_VIEWS):
        top = span[0] + place * half + (half - side) / 2
        axes = page.axes(left, top, side, side)
        axes.set_axis_off()
        picture = render(mesh, camera(*view), extent, round(side * _PIXELS_PER_MM), to_rgb(SURFACE))
        axes.imshow(picture, interpolation="none")
        _triad(page, MARGIN + 6.0, top + side - 4.0, camera(*view))
    _scale_bar(page, MARGIN, span[1] + 1.8, side * _BAR_NM / (extent * voxel_size))


def _triad(page, x, y, rotation, length=4.5):
    """Draw the object's axes as the camera sees them."""
    for name, axis in zip("xyz", np.asarray(rotation).T, strict=True):
        tip = np.array([x, y]) + length * np.array([axis[0], -axis[1]])
        arrow = {"arrowstyle": "-|>,head_width=0.12,head_length=0.25", "color": INK, "linewidth": 0.6}
        arrow |= {"shrinkA": 0, "shrinkB": 0}
        page.sheet.annotate("", tip, (x, y), arrowprops=arrow)
        letter = np.array([x, y]) + (length + 1.6) * np.array([axis[0], -axis[1]])
        page.text(*letter, name, SMALL, horizontalalignment="center", fontstyle="italic")


def _scale_bar(page, left, y, length):
    page.rule(left, left + length, y, width=1.5)
    page.text(left + length + 1.0, y, f"{_BAR_NM:g} nm", SMALL)


def _grid(page, slices, tilts, snrs, frame):
    """Draw the slices: a column per signal-to-noise ratio, a row per tilt range."""
    left, top, panel = frame
    middle = left + panel * len(snrs) / 2
    page.text(middle, top - 6.0, "Signal-to-noise ratio", BODY, horizontalalignment="center")
    for column, snr in enumerate(snrs):
        centre = left + panel * (column + 0.5)
        page.text(centre, top - 2.0, snr_label(snr), BODY, horizontalalignment="center")
    page.text(left - 1.5, top - 2.0, "Tilt range", BODY, horizontalalignment="right")
    for row, tilt in enumerate(tilts):
        page.text(left - 1.5, top + panel * (row + 0.5), tilt_label(tilt), BODY, horizontalalignment="right")
        for column, snr in enumerate(snrs):
            spot = (left + panel * column, top + panel * row, panel - _GAP, panel - _GAP)
            _slice(page, np.asarray(slices[tilt, snr], dtype=float), spot)


def _slice(page, values, spot):
    axes = page.axes(*spot)
    axes.set_axis_off()
    low, high = np.percentile(values, GREY_PERCENTILES)
    # z grows upwards; each voxel is drawn as what it is
    axes.imshow(values, cmap="gray", origin="lower", interpolation="none", vmin=low, vmax=high)
