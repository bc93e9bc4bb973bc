"""A user's particles: how far the half maps agree, where the particles look, and how well they fit."""

import numpy as np

from gradalign.averaging.fsc import HALF_SETS_THRESHOLD
from gradalign.io.star import to_relion
from gradalign.report.figures.style import (
    BLUE,
    BODY,
    GREY,
    INK,
    MARGIN,
    ORANGE,
    PAGE_WIDTH,
    SMALL,
    TITLE,
    Page,
    applied,
    line_height,
    save,
    wrapped,
)

_TOP, _HEIGHT, _BELOW, _LEFT, _GAP = 8.0, 42.0, 12.0, 11.0, 14.0


def picked_caption(count):
    """Return the caption of the figure.

    Parameters
    ----------
    count : int
        Particles.

    Returns
    -------
    str
    """
    return (
        f"{count} particles after the last round. a: correlation of the averages of the two half sets by resolution, "
        "in the whole box and under the sphere, and the threshold at which the resolution is read. b: orientations, "
        "rlnAngleRot as longitude and rlnAngleTilt as distance from the pole, equal areas; the darker, the more "
        "particles. c: dissimilarity of each particle and the reference of its half set, the smaller the better."
    )


@applied()
def picked_figure(entries, state, paths):
    """Draw the figure.

    Parameters
    ----------
    entries : list of gradalign.particles.entries.Entry
        Particles that were aligned.
    state : gradalign.particles.state.State
    paths : list of str or path
        Files to write, ``.svg`` and ``.png``.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    lines = wrapped(picked_caption(len(entries)), PAGE_WIDTH - 2 * MARGIN)
    body = _TOP + _HEIGHT + _BELOW
    page = Page(PAGE_WIDTH, body + line_height(SMALL) * len(lines) + MARGIN)
    width = (PAGE_WIDTH - MARGIN - _LEFT - 2 * _GAP) / 3
    lefts = [_LEFT + place * (width + _GAP) for place in range(3)]
    for letter, left in zip("abc", lefts, strict=True):
        page.text(left - _LEFT + MARGIN, _TOP - 4.0, letter, TITLE + 1, fontweight="bold")
    _draw_shells(page.axes(lefts[0], _TOP, width, _HEIGHT), state)
    angles, _ = to_relion(np.array([entry.pose[0] for entry in entries]), np.zeros((len(entries), 3)), state.voxel_size)
    _draw_orientations(page.axes(lefts[1] - 6, _TOP, width + 10, _HEIGHT, projection="mollweide"), angles)
    _draw_scores(page.axes(lefts[2], _TOP, width, _HEIGHT), [entry.dissimilarity for entry in entries])
    page.caption(body, lines)
    save(page, paths)


def _plain(axes):
    axes.tick_params(length=2, pad=1.5, labelsize=SMALL)
    axes.spines[["top", "right"]].set_visible(False)
    axes.xaxis.label.set_size(BODY)
    axes.yaxis.label.set_size(BODY)


def _draw_shells(axes, state):
    frequencies, plain, masked = state.shells
    frequencies = frequencies / state.voxel_size
    axes.plot(frequencies, plain, color=ORANGE, label="whole box")
    axes.plot(frequencies, masked, color=BLUE, label="under the sphere")
    axes.axhline(HALF_SETS_THRESHOLD, color=GREY, linewidth=0.6, linestyle="--")
    axes.axhline(0.0, color=INK, linewidth=0.4)
    axes.axvline(1.0 / state.initial_low_pass, color=GREY, linewidth=0.6, linestyle=":", label="low-pass at the start")
    axes.set(xlim=(0, frequencies[-1]), ylim=(min(-0.1, plain.min()), 1.02), xlabel="Frequency (1/nm)", ylabel="FSC")
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 0.16))
    _plain(axes)


def _draw_orientations(axes, angles):
    """Count the particles in cells of equal area: latitude is 90° − tilt."""
    longitude = np.radians((angles[:, 0] + 180.0) % 360.0 - 180.0)
    sine = np.cos(np.radians(angles[:, 1]))
    across, along = np.linspace(-np.pi, np.pi, 25), np.linspace(-1.0, 1.0, 13)
    counts, _, _ = np.histogram2d(np.clip(sine, -1, 1), longitude, bins=(along, across))
    axes.pcolormesh(across, np.arcsin(along), counts, cmap="Blues", vmin=0, vmax=max(counts.max(), 1), linewidth=0)
    axes.set_xticklabels([])
    axes.set_yticklabels([])
    axes.grid(color=GREY, alpha=0.3, linewidth=0.3)


def _draw_scores(axes, values):
    axes.hist(values, bins=min(40, max(5, len(values) // 10)), color=BLUE)
    axes.set(xlabel="Dissimilarity", ylabel="Particles")
    _plain(axes)
