"""A few noisy pairs of phantoms, for what compares searches."""

from functools import lru_cache

import numpy as np

from gradalign.geometry.rotations import random_rotations
from gradalign.io.star import Particles
from gradalign.simulation.phantom import phantom


@lru_cache
def noisy_pairs(count=3, noise=1.0, seed=9):
    """Return the volumes of some pairs and where their phantoms stand; nothing is missing from them."""
    rng = np.random.default_rng(seed)
    rotations, shifts = random_rotations(rng, 2 * count), rng.uniform(-1.5, 1.5, (2 * count, 3))
    volumes = np.stack([phantom(32, rotation=r, translation=a) for r, a in zip(rotations, shifts, strict=True)])
    volumes += noise * volumes[0].std() * rng.normal(size=volumes.shape).astype(np.float32)
    images = [f"{number + 1:06d}@volumes.mrcs" for number in range(2 * count)]
    return volumes, Particles(images, rotations, shifts, 1.0, 32, 300.0, 2.0)
