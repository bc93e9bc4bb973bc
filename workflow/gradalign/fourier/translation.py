"""The best translation for one rotation, by correlation.

fg(a) = Re Σ_Ω conj(G(R⁻¹ξ)) F(ξ) e^{2πi a·ξ/N} on a cubic grid of translations. Only the few frequencies below the
low-pass count, so that three small transforms, one an axis, are faster than a full-size FFT.
"""

import numpy as np

from gradalign.base.jit import jit_part
from gradalign.fourier.overlap import HELD, POINT, SAMPLES, SCALE


def correlation_space(fixed, reach, spacing):
    """Return the scratch arrays and the waves for a grid of translations up to ±reach.

    Parameters
    ----------
    fixed : gradalign.fourier.spectrum.Spectrum
    reach : float
        Largest translation along each axis in voxels.
    spacing : float
        Distance of neighbouring translations in voxels.

    Returns
    -------
    tuple
        Translations along one axis, waves e^{2πi a ξ/N}, and the arrays before, between and after the transforms.
    """
    limit = int(np.abs(fixed.lattice).max(initial=0))
    half = int(reach / spacing + 1e-9)
    places = spacing * np.arange(-half, half + 1)
    count, width = len(places), 2 * limit + 1
    angles = 2.0 * np.pi * places[:, None] * np.arange(-limit, limit + 1) / fixed.size
    waves = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    cube = np.empty((limit + 1, 2, width * width), np.float32)
    along_x = np.empty((count, 2, width * width), np.float32)
    turned_x = np.empty((width, 2, count * width), np.float32)
    along_y = np.empty((count, 2, count * width), np.float32)
    turned_y = np.empty((width, 2, count * count), np.float32)
    correlation = np.empty((count, count * count), np.float32)
    return places, waves, cube, along_x, turned_x, along_y, turned_y, correlation


@jit_part
def _spread(count, lines, cube, limit):
    """Put the products conj(G) F of the overlap into their places of the half cube [x][part][y, z]."""
    cube[:] = np.float32(0.0)
    width = 2 * limit + 1
    for n in range(count):
        x = int(lines[POINT, n])
        place = (int(lines[POINT + 1, n]) + limit) * width + int(lines[POINT + 2, n]) + limit
        real, imaginary = lines[HELD, n], lines[HELD + 1, n]
        g, h = lines[SCALE, n] * lines[SAMPLES, n], lines[SCALE, n] * lines[SAMPLES + 1, n]
        cube[x, 0, place] = g * real + h * imaginary
        cube[x, 1, place] = g * imaginary - h * real


@jit_part
def _transform(waves, first, source, target):
    """Transform the leading axis: target[t] = Σ_k waves[t, first + k] source[k], complex."""
    length = source.shape[2]
    target[:] = np.float32(0.0)
    for t in range(waves.shape[0]):
        for k in range(source.shape[0]):
            cos, sin = waves[t, 0, first + k], waves[t, 1, first + k]
            for n in range(length):
                target[t, 0, n] += cos * source[k, 0, n] - sin * source[k, 1, n]
                target[t, 1, n] += cos * source[k, 1, n] + sin * source[k, 0, n]


@jit_part
def _transform_real(waves, source, target):
    """Transform the leading axis and keep the real part."""
    length = source.shape[2]
    target[:] = np.float32(0.0)
    for t in range(waves.shape[0]):
        for k in range(source.shape[0]):
            cos, sin = waves[t, 0, k], waves[t, 1, k]
            for n in range(length):
                target[t, n] += cos * source[k, 0, n] - sin * source[k, 1, n]


@jit_part
def _turn(source, outer, target):
    """Bring the next axis to the front: [t][part][k, rest] becomes [k][part][t, rest]."""
    width = target.shape[0]
    rest = source.shape[2] // width
    for t in range(outer):
        for part in range(2):
            for k in range(width):
                for n in range(rest):
                    target[k, part, t * rest + n] = source[t, part, k * rest + n]


@jit_part
def _turn_last(source, count, target):
    """Bring the last axis to the front: [y][part][x, k] becomes [k][part][y, x]."""
    width = target.shape[0]
    for y in range(count):
        for part in range(2):
            for x in range(count):
                for k in range(width):
                    target[k, part, y * count + x] = source[y, part, x * width + k]


@jit_part
def best_translation(count, work, space, best):
    """Find the translation of the grid with the largest correlation.

    Parameters
    ----------
    count : int
        Number of frequencies in the overlap.
    work : gradalign.fourier.overlap.WorkSpace
        Filled by `gradalign.fourier.overlap.sample_values`.
    space : tuple
        From `correlation_space`.
    best : float64 (3,)
        Receives the translation in voxels.
    """
    places, waves, cube, along_x, turned_x, along_y, turned_y, correlation = space
    limit, steps = cube.shape[0] - 1, len(places)
    _spread(count, work.lines, cube, limit)
    _transform(waves, limit, cube, along_x)
    _turn(along_x, steps, turned_x)
    _transform(waves, 0, turned_x, along_y)
    _turn_last(along_y, steps, turned_y)
    _transform_real(waves, turned_y, correlation)
    largest = -np.inf
    for z in range(steps):
        for y in range(steps):
            for x in range(steps):
                if correlation[z, y * steps + x] > largest:
                    largest = correlation[z, y * steps + x]
                    best[0], best[1], best[2] = places[x], places[y], places[z]
