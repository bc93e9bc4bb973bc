"""What an alignment is asked for and what it answers."""

from dataclasses import dataclass, field

import numpy as np

from gradalign.geometry import euler_from_rotation
from gradalign.marching import LAST_STEPS, ROUNDS
from gradalign.refinement import Damping
from gradalign.search import StochasticRule


@dataclass(frozen=True)
class Settings:
    """The choices of an alignment that are not the pair's own."""

    low_pass: float = 5.3
    """Resolution limit of the aligner in nm; 0 keeps all frequencies below Nyquist's."""
    wedge_guard: float = 3.0
    """Degrees by which each end of the tilt range is drawn in for the masks M."""
    start_reach: float = 6.0
    """Largest start translation along each axis in nm."""
    start_spacing: float = 2.0
    """Distance of neighbouring start translations in nm."""
    rule: StochasticRule = field(default_factory=StochasticRule)
    """Which candidate is refined next, and when the search ends."""
    damping: Damping = field(default_factory=Damping)
    """How the damping factor λ runs."""
    rounds: tuple = ROUNDS
    """Rounds of the coarse-to-fine search, which the likelihood takes in place of `low_pass` and `rule`."""
    last_steps: int = LAST_STEPS
    """Steps of its best candidate without the expected gain of the overlap."""
    coarse_ratio: float = 10.0
    """Largest ratio of signal to noise that its rounds before the finest band limit count with."""
    wedge_softness: float = 0.6
    """Width of the missing wedge's soft edge in cycles per box, in place of `wedge_guard` for the likelihood."""


@dataclass(frozen=True)
class Alignment:
    """Where g was found on f: f(x) ≈ g(R⁻¹(x − a)) about the centre voxel N//2."""

    rotation: np.ndarray
    """R, 3×3, acting on vectors (x, y, z)."""
    translation: np.ndarray
    """a = (x, y, z) in voxels."""
    dissimilarity: float
    """d at (R, a)."""
    iterations: int
    """Levenberg–Marquardt steps of all candidates together."""
    trace: np.ndarray
    """Smallest d after each step, shape (iterations,)."""
    path: np.ndarray
    """Transform with the smallest d after each step, shape (iterations, 12): R row by row, then a."""

    @property
    def euler_zyz(self):
        """(φ, θ, ψ) in degrees with R = Rz(φ) Ry(θ) Rz(ψ)."""
        return euler_from_rotation(self.rotation)
