"""A user's classes: their averages, how far the half maps agree, and the pairs of the sample."""

from typing import NamedTuple

import numpy as np
from scipy.cluster import hierarchy

from gradalign.averaging.fsc import resolution
from gradalign.io.chimerax import LEVEL
from gradalign.io.mrc import ANGSTROM_PER_NM
from gradalign.report.colours import CLASS_COLOURS, GREY, INK, light
from gradalign.report.figures.isosurface import camera, render, surface
from gradalign.report.figures.maps import VIEW
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
from gradalign.report.numbers import with_minus

_STYLES = ("-", "--", ":")
_IN_A_ROW, _SIDE, _BENEATH = 6, 27.0, 9.0
_MATRIX, _TREE, _TOP, _GAP, _BELOW = 46.0, 9.0, 8.0, 13.0, 12.0
_PIXELS = 240


class DrawnClass(NamedTuple):
    """What the figure has of a class."""

    volume: np.ndarray
    """Filtered average, (N, N, N)."""
    level: float
    """Density of its surface."""
    count: int
    """Number of particles."""
    correlations: np.ndarray
    """Of its half maps by shell, (n,)."""


class DrawnSample(NamedTuple):
    """What the figure has of the pairs of a half set's sample."""

    matrix: np.ndarray
    """Centred dissimilarities, (m, m)."""
    tree: np.ndarray
    """Ward's tree of them, (m - 1, 4)."""


def classes_caption(counts, threshold):
    """Return the caption of the figure.

    Parameters
    ----------
    counts : sequence of int
        Particles of each class.
    threshold : float
        Shell correlation at which a resolution is read.

    Returns
    -------
    str
    """
    if not len(counts):
        return (
            "No classes were found. Dissimilarities of the pairs of either half set's sample, what each particle has "
            "by itself taken off, in the order of Ward's tree above; the darker, the more alike."
        )
    return (
        f"{sum(counts)} particles in {len(counts)} classes. a: averages, each shell weighted by how far the half maps "
        f"agree; surfaces at {LEVEL:g} of the largest density. b: correlation of the half maps under the mask, in the "
        f"colours of a; a dot marks where it falls below {threshold:g}, the resolution. c: dissimilarities of the "
        "pairs of either half set's sample, what each particle has by itself taken off, so that 0 is the mean, in the "
        "order of Ward's tree above; the darker, the more alike."
    )


@applied()
def classes_figure(classes, frequencies, samples, threshold, paths):
    """Draw the figure.

    Parameters
    ----------
    classes : sequence of DrawnClass
    frequencies : numpy.ndarray of shape (n,)
        Of the shells, per nm.
    samples : sequence of DrawnSample
        Of either half set.
    threshold : float
        Shell correlation at which a resolution is read.
    paths : list of str or path
        Files to write, ``.svg`` and ``.png``.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    caption = wrapped(classes_caption([each.count for each in classes], threshold), PAGE_WIDTH - 2 * MARGIN)
    rows = -(-len(classes) // _IN_A_ROW)
    top = _TOP + rows * (_SIDE + _BENEATH) + (_GAP if rows else 0.0)
    bottom = top + _TREE + _MATRIX
    page = Page(PAGE_WIDTH, bottom + _BELOW + 6.0 + line_height(SMALL) * len(caption))
    if rows:
        page.text(MARGIN, 4.0, "a", TITLE + 1, fontweight="bold")
        for number, each in enumerate(classes):
            row, column = divmod(number, _IN_A_ROW)
            spot = MARGIN + column * _SIDE, _TOP + row * (_SIDE + _BENEATH)
            _picture(page, each.volume, each.level, CLASS_COLOURS[number % len(CLASS_COLOURS)], spot)
            words = f"Class {number + 1}: {each.count}"
            page.text(spot[0] + _SIDE / 2, spot[1] + _SIDE + 2.5, words, SMALL, horizontalalignment="center")
        _correlations(
            page, frequencies, [each.correlations for each in classes], threshold, (MARGIN + 12.0, top + _TREE)
        )
    left = PAGE_WIDTH - MARGIN - 2 * _MATRIX - 8.0
    page.text(left - 6.0, top - 3.0, "c" if rows else "a", TITLE + 1, fontweight="bold")
    for number, sample in enumerate(samples):
        _pairs(page, sample, (left + number * (_MATRIX + 8.0), top), number + 1)
    page.caption(bottom + _BELOW + 2.0, caption)
    save(page, paths)


def _picture(page, volume, level, colour, spot):
    if not volume.min() < level < volume.max():
        return
    picture = render(surface(volume, level), camera(*VIEW), 0.9 * len(volume), _PIXELS, light(colour))
    axes = page.axes(*spot, _SIDE, _SIDE)
    axes.imshow(picture, interpolation="none")
    axes.set_axis_off()


def _correlations(page, frequencies, correlations, threshold, spot):
    page.text(MARGIN, spot[1] - _TREE - 3.0, "b", TITLE + 1, fontweight="bold")
    axes = page.axes(*spot, _MATRIX, _MATRIX, xlabel=LABEL, ylabel="Shell correlation")
    axes.axhline(threshold, color=GREY, linewidth=0.6, linestyle="--")
    for number, row in enumerate(correlations):
        colour, reached = CLASS_COLOURS[number % len(CLASS_COLOURS)], resolution(frequencies, row, threshold, 1.0)
        words = f"{number + 1}: {ANGSTROM_PER_NM * reached:.1f} Å" if np.isfinite(reached) else f"{number + 1}: –"
        axes.plot(frequencies, row, _STYLES[number // len(CLASS_COLOURS) % len(_STYLES)], color=colour, label=words)
        if np.isfinite(reached):
            axes.plot(1.0 / reached, threshold, "o", color=colour, markersize=3.5, zorder=5)
    if len(correlations):
        axes.legend(loc="upper right", handlelength=1.2, borderaxespad=0.0)
    # one shell beyond the last, where the voxels end
    last = frequencies[-1] + frequencies[0] if len(frequencies) else 1.0
    axes.set_xlim(0.0, last)
    axes.set_xticks(*angstrom_ticks(last))
    axes.set_ylim(min(-0.1, float(np.min(correlations, initial=0.0))), 1.02)


def _pairs(page, sample, spot, half):
    (matrix, tree), (left, top) = sample, spot
    drawn = hierarchy.dendrogram(tree, no_plot=True)
    axes = page.axes(left, top, _MATRIX, _TREE)
    for across, height in zip(drawn["icoord"], drawn["dcoord"], strict=True):
        axes.plot(across, height, color=INK, linewidth=0.4)
    axes.set_xlim(0.0, 10.0 * len(matrix))
    axes.set_axis_off()
    order = drawn["leaves"]
    off = matrix[~np.eye(len(matrix), dtype=bool)]
    low, high = np.quantile(off, [0.01, 0.99])
    axes = page.axes(left, top + _TREE, _MATRIX, _MATRIX)
    image = axes.imshow(matrix[np.ix_(order, order)], cmap="gray", vmin=low, vmax=high, interpolation="none")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_ylabel(f"Half set {half}, {len(matrix)} particles")
    bar = page.axes(left, top + _TREE + _MATRIX + 2.0, _MATRIX, 1.5)
    page.figure.colorbar(image, cax=bar, orientation="horizontal", ticks=[low, high])
    ends = [f"{end:.3g}" if abs(end) < 1000 else f"{end:.0f}" for end in (low, high)]
    labels = bar.set_xticklabels([with_minus(end) for end in ends])
    # within the bar's width, which ends where the page does
    for label, side in zip(labels, ("left", "right"), strict=True):
        label.set_horizontalalignment(side)
    bar.tick_params(length=1.5, pad=1.0)
    page.text(left + _MATRIX / 2, top + _TREE + _MATRIX + 5.5, "Dissimilarity", BODY, horizontalalignment="center")
