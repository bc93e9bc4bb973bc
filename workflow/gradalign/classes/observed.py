"""Particles as they were observed."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np


class Observed(NamedTuple):
    """The subtomogram and the tilt range of each particle, both indexed by its number."""

    volumes: Mapping[int, np.ndarray] | Sequence[np.ndarray]
    """Densities [z, y, x], (N, N, N), on mean 0 and variance 1; they may be read as they are asked for."""
    wedges: Mapping[int, tuple] | Sequence[tuple]
    """Tilt range and axis in degrees, (float, float, float)."""
