"""Particles cut out of a wider space, where other things stand beside them."""

import numpy as np

from gradalign.geometry.wedge import measured
from gradalign.simulation.phantom import phantom

SPACE, BOX = 64, 32


def placed(rotation, place=(0.0, 0.0, 0.0)):
    """Return the wider space with a phantom of largest density 1 at a place from its middle, x y z."""
    wide = np.zeros((SPACE,) * 3)
    wide[16:48, 16:48, 16:48] = phantom(14, BOX, rotation)
    wide /= wide.max()
    return np.roll(wide, np.rint(place[::-1]).astype(int), axis=(0, 1, 2))


def observed(density, noise, seed=0):
    """Return the box in the middle of what ±60° show of a density in a wider space."""
    axis = np.fft.fftfreq(SPACE)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij")[::-1], axis=-1)
    noisy = density + noise * np.random.default_rng(seed).normal(size=density.shape)
    cut = np.fft.ifftn(np.fft.fftn(noisy) * measured(points, (-60.0, 60.0, 90.0))).real
    return cut[16:48, 16:48, 16:48]
