"""Five unequal blobs: a chiral, asymmetric object whose density and transform are known in closed form."""

import numpy as np

POINTS = np.array([[0.0, 0, 0], [7, 0, 0], [0, 5, 0], [0, 0, 3], [-4, -2, 5]])
WEIGHTS = np.array([5.0, 4, 3, 2, 1])
WIDTH = 1.3


class FivePoints:
    """Stands in for a `gradalign.fourier.spectrum.Sampler`."""

    def sample(self, frequencies):
        frequencies = np.asarray(frequencies, dtype=float)
        envelope = np.exp(-2 * (np.pi * WIDTH) ** 2 * (frequencies**2).sum(axis=1))
        waves = np.exp(-2j * np.pi * frequencies @ POINTS.T) @ WEIGHTS
        return (2 * np.pi * WIDTH**2) ** 1.5 * envelope * waves


def density(box, positions):
    """The blobs of `WEIGHTS` with their centres at `positions` (x, y, z) about voxel box // 2."""
    axis = np.arange(box) - box // 2
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    volume = np.zeros((box, box, box))
    for (px, py, pz), weight in zip(positions, WEIGHTS, strict=True):
        r2 = (x - px) ** 2 + (y - py) ** 2 + (z - pz) ** 2
        volume += weight * np.exp(-r2 / (2 * WIDTH**2))
    return volume.astype(np.float32)
