"""An average of a user's particles: how far its half maps agree, where the particles look, and how well they fit."""

from typing import NamedTuple

import numpy as np
from matplotlib.ticker import MaxNLocator

from gradalign.averaging.fsc import HALF_SETS_THRESHOLD, resolution
from gradalign.io.mrc import ANGSTROM_PER_NM
from gradalign.io.star import to_relion
from gradalign.report.colours import BLUE, GREY, INK, ORANGE
from gradalign.report.figures.resolution_axis import LABEL, angstrom_ticks
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

_TOP, _HEIGHT, _BELOW, _LEFT, _GAP = 11.0, 42.0, 14.0, 11.0, 14.0
_SLICE, _SLICES_BELOW = 46.0, 8.0
# (name, axes across and upwards) of each slice, by the axis that it stands on
_SECTIONS = (("xy", 0), ("xz", 1), ("yz", 2))
BOX, SPHERE, MASK = "whole box", "under the sphere", "under the mask"
"""What may lie over the half maps that are correlated."""
_OVER = {BOX: "in the whole box", SPHERE: "under the sphere", MASK: "under the mask"}


class DrawnAverage(NamedTuple):
    """What the figure has of an average and its particles."""

    rotations: np.ndarray
    """Of the particles, R of particle(x) = map(R⁻¹(x − a)), (n, 3, 3)."""
    measure: str
    """Name of the number that says how well a particle fits."""
    fits: np.ndarray
    """That number for each particle, (n,)."""
    beyond: np.ndarray
    """The same of the particles that are like this average and fit none, (m,)."""
    frequencies: np.ndarray
    """Of the shells, per nm, (s,)."""
    correlations: dict
    """Correlation of the half maps by what lay over them, each (s,); the last one gives the resolution."""
    initial_low_pass: float | None
    """Where the reference at the start ended, in nm; None without one."""
    volume: np.ndarray
    """The filtered average [z, y, x], (N, N, N)."""
    voxel_size: float
    """In nm."""


_FITS = {
    "Dissimilarity": "dissimilarity of each particle and the reference of its half set, the smaller the better",
    "Residual": "residual of each particle, the mean square of what it has beyond the map, 1 for noise alone",
}


def average_caption(average):
    """Return the caption of the figure.

    Parameters
    ----------
    average : DrawnAverage

    Returns
    -------
    str
    """
    over = list(average.correlations)
    read = f"the dot, where {'the latter' if len(over) > 1 else 'it'} falls below {HALF_SETS_THRESHOLD}"
    others = f"; hatched, {len(average.beyond)} that are like this one and fit none" if len(average.beyond) else ""
    return (
        f"{len(average.fits)} particles after the last round. a: correlation of the averages of the two half sets by "
        f"resolution, {' and '.join(_OVER[name] for name in over)}; {read}, is the "
        "resolution. b: orientations, rlnAngleRot as longitude and rlnAngleTilt as distance from the pole, equal "
        f"areas. c: {_FITS[average.measure]}{others}. d: central slices of the filtered average, density bright."
    )


@applied()
def average_figure(average, paths):
    """Draw the figure.

    Parameters
    ----------
    average : DrawnAverage
    paths : list of str or path
        Files to write, ``.svg`` and ``.png``.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    lines = wrapped(average_caption(average), PAGE_WIDTH - 2 * MARGIN)
    slices = _TOP + _HEIGHT + _BELOW
    body = slices + _SLICE + _SLICES_BELOW
    page = Page(PAGE_WIDTH, body + line_height(SMALL) * len(lines) + MARGIN)
    width = (PAGE_WIDTH - MARGIN - _LEFT - 2 * _GAP) / 3
    lefts = [_LEFT + place * (width + _GAP) for place in range(3)]
    for letter, left in zip("abc", lefts, strict=True):
        page.text(left - _LEFT + MARGIN, MARGIN + 2.0, letter, TITLE + 1, fontweight="bold")
    _draw_shells(page.axes(lefts[0], _TOP, width, _HEIGHT), average)
    angles, _ = to_relion(average.rotations, np.zeros((len(average.rotations), 3)), average.voxel_size)
    shades = _draw_orientations(page.axes(lefts[1] - 6, _TOP, width + 10, _HEIGHT - 8, projection="mollweide"), angles)
    key = page.axes(lefts[1] + 4, _TOP + _HEIGHT - 2.0, width - 10, 2.0)
    page.figure.colorbar(shades, cax=key, orientation="horizontal", ticks=_whole_ticks(shades))
    key.tick_params(length=1.5, pad=1, labelsize=SMALL)
    key.set_xlabel("Particles in a cell of equal area", fontsize=BODY, labelpad=1.5)
    _draw_fits(page.axes(lefts[2], _TOP, width, _HEIGHT), average)
    _draw_slices(page, average.volume, average.voxel_size, slices)
    page.caption(body, lines)
    save(page, paths)


def _plain(axes):
    axes.tick_params(length=2, pad=1.5, labelsize=SMALL)
    axes.spines[["top", "right"]].set_visible(False)
    axes.xaxis.label.set_size(BODY)
    axes.yaxis.label.set_size(BODY)


def _draw_shells(axes, average):
    frequencies = average.frequencies
    *others, (over, last_one) = average.correlations.items()
    reached = resolution(frequencies, last_one, HALF_SETS_THRESHOLD, 1.0)
    for name, row in others:
        axes.plot(frequencies, row, color=ORANGE, linestyle="--", label=name)
    axes.plot(frequencies, last_one, color=BLUE, label=over)
    axes.axhline(HALF_SETS_THRESHOLD, color=GREY, linewidth=0.6, linestyle="--")
    axes.axhline(0.0, color=INK, linewidth=0.4)
    if average.initial_low_pass:
        start = {"color": GREY, "linewidth": 0.6, "linestyle": ":", "label": "low-pass at the start"}
        axes.axvline(1.0 / average.initial_low_pass, **start)
    if np.isfinite(reached):
        axes.plot(
            1.0 / reached, np.interp(1.0 / reached, frequencies, last_one), "o", color=INK, markersize=4, zorder=5
        )
        words = f"{reached * ANGSTROM_PER_NM:.1f} Å"
        # on the side that has room
        right = 1.0 / reached < 0.75 * frequencies[-1]
        spot = {"xytext": (5 if right else -5, 5), "textcoords": "offset points", "ha": "left" if right else "right"}
        axes.annotate(words, (1.0 / reached, HALF_SETS_THRESHOLD), fontsize=TITLE, fontweight="bold", **spot)
    # to the finest resolution that the voxels can show
    last = 0.5 / average.voxel_size
    lowest = min(-0.1, *(float(np.min(row)) for row in average.correlations.values()))
    axes.set(xlim=(0, last), ylim=(lowest, 1.02), xlabel=LABEL, ylabel="FSC")
    axes.set_xticks(*angstrom_ticks(last))
    # above the curves, which fall to the right
    axes.legend(loc="lower right", bbox_to_anchor=(1.04, 0.98), ncols=2, columnspacing=0.8, handlelength=1.2)
    _plain(axes)


def _draw_orientations(axes, angles):
    """Count the particles in cells of equal area: latitude is 90° − tilt."""
    longitude = np.radians((angles[:, 0] + 180.0) % 360.0 - 180.0)
    sine = np.cos(np.radians(angles[:, 1]))
    across, along = np.linspace(-np.pi, np.pi, 25), np.linspace(-1.0, 1.0, 13)
    counts, _, _ = np.histogram2d(np.clip(sine, -1, 1), longitude, bins=(along, across))
    shades = axes.pcolormesh(
        across, np.arcsin(along), counts, cmap="Blues", vmin=0, vmax=max(counts.max(), 1), linewidth=0
    )
    axes.set_xticklabels([])
    axes.set_yticklabels([])
    axes.grid(color=GREY, alpha=0.3, linewidth=0.3)
    return shades


def _whole_ticks(shades):
    """Return at most five whole numbers between nought and the largest count."""
    most = int(shades.norm.vmax)
    return np.unique(np.linspace(0, most, min(most, 4) + 1).round().astype(int))


def _draw_fits(axes, average):
    counts = len(average.fits) + len(average.beyond)
    bins = min(40, max(5, counts // 10))
    if len(average.beyond):
        looks = {"color": [BLUE, "white"], "edgecolor": BLUE, "linewidth": 0.5, "label": ["in the class", "in none"]}
        *_, bars = axes.hist([average.fits, average.beyond], bins=bins, stacked=True, **looks)
        for bar in bars[1]:
            bar.set_hatch("/////")
        axes.legend(loc="upper right")
    else:
        axes.hist(average.fits, bins=bins, color=BLUE)
    axes.set(xlabel=average.measure, ylabel="Particles")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    _plain(axes)


def _draw_slices(page, volume, voxel_size, top):
    """Draw the slices through the centre voxel, side by side, with a scale bar."""
    middle = volume.shape[0] // 2
    low, high = np.percentile(volume, [0.5, 99.8])
    step = (PAGE_WIDTH - 2 * MARGIN - _LEFT - _SLICE) / 2
    page.text(MARGIN, top - 2.0, "d", TITLE + 1, fontweight="bold")
    for place, (name, axis) in enumerate(_SECTIONS):
        left = MARGIN + _LEFT + place * step
        axes = page.axes(left, top, _SLICE, _SLICE)
        axes.imshow(np.take(volume, middle, axis), cmap="gray", vmin=low, vmax=high, origin="lower")
        axes.set_xticks([])
        axes.set_yticks([])
        page.text(left - 3.0, top + 2.0, name, BODY, horizontalalignment="right")
    edge = volume.shape[0] * voxel_size
    # a round length of about a fifth of the box
    length = float(f"{edge * ANGSTROM_PER_NM / 5:.1g}")
    y = top + _SLICE + 3.5
    page.rule(MARGIN + _LEFT, MARGIN + _LEFT + _SLICE * length / (edge * ANGSTROM_PER_NM), y, width=1.5)
    page.text(MARGIN + _LEFT + _SLICE * length / (edge * ANGSTROM_PER_NM) + 1.5, y, f"{length:g} Å", SMALL)
