"""What an alignment is asked for and what it answers."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from gradalign.geometry.rotations import euler_from_rotation


class StochasticRule(NamedTuple):
    """Which candidate is refined next, which are dropped, and when the search ends."""

    threshold: float = 3.0
    """t of Eq. 11: the best candidate is at least 10^t times as likely as the worst."""
    duplicate_distance: float = 0.3
    """γ: of two candidates nearer than this (Eq. 12) the worse is dropped."""
    window: int = 100
    """w: steps over which the slope is taken."""
    tolerance: float = 1e-3
    """t_regress, against slope × w."""
    max_steps: int = 1000
    """n_max_iter: steps after which the search ends in any case."""


class Damping(NamedTuple):
    """How the damping factor λ of Eq. 7 runs."""

    start: float = 1e-2
    """λ of a candidate's first step."""
    decrease: float = 0.1
    """Factor after an accepted step."""
    increase: float = 10.0
    """Factor after a rejected step."""


class Round(NamedTuple):
    """One round of the search."""

    low_pass: float
    """Band limit in nm."""
    keep: int
    """How many of the best candidates go into the round at least."""
    steps: int
    """Steps that each takes at most."""
    most: int = 0
    """How many of the best candidates go into the round at most, if that is more than `keep`."""
    within: float = 0.0
    """How much larger than the smallest d that of a candidate beyond `keep` may be: d is the negative logarithm of a
    likelihood, under masks that fill the box. Narrower ones let it differ more."""


ROUNDS = (
    Round(7.0, 40, 1, 400, 45.0),
    Round(5.5, 16, 2, 240, 30.0),
    Round(4.0, 8, 2, 60, 25.0),
    Round(4.0, 3, 5, 16, 10.0),
)
"""The rounds of a full search."""
STOCHASTIC, COARSE_TO_FINE = "stochastic", "coarse to fine"
"""Searches of RCS and FCS."""
LAST_STEPS = 8
"""Steps of the best candidate without the logarithm's terms."""


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
    least_overlap: float = 0.3
    """Share of the measured coefficients, of the volume that has fewer, below which RCS and FCS compare nothing in a
    search of all rotations: few coefficients are alike by chance."""
    search: str = STOCHASTIC
    """How RCS and FCS are searched: ``"stochastic"`` as the paper has it, or ``"coarse to fine"`` as the likelihood
    is, which finds more and costs more."""
    rounds: tuple = ROUNDS
    """Rounds of the coarse-to-fine search, which the likelihood takes in place of `low_pass` and `rule`; RCS and FCS
    take them in proportion, so that the last ends at `low_pass`."""
    last_steps: int = LAST_STEPS
    """Steps of its best candidate without the logarithm's terms of the overlap."""
    coarse_ratio: float = 10.0
    """Largest ratio of signal to noise that its rounds before the finest band limit count with."""
    deeper: float = 5.0
    """Standard deviations by which d may be above its expectation before its search begins anew, with more candidates,
    as it does where chance may match the answer; infinite: never."""
    wedge_softness: float = 0.6
    """Width of the missing wedge's soft edge in cycles per box, in place of `wedge_guard` for the likelihood."""
    alike: bool = False
    """Whether the volumes are known to stand on one scale, with one noise and one contrast transfer: FCS then compares
    their values as they are, as the paper has it, and the likelihood takes one signal and one noise for all."""
    symmetry: str = "C1"
    """Point group of the object, Cn or Dn: answers that differ by its elements are no rivals, wherever its axes are. It
    says how certain an answer is and changes none."""


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
    covariance: np.ndarray | None = None
    """Of ω in R ← exp([ω]×) R, radians, and of the translation in voxels, shape (6, 6)."""
    probability: float = np.nan
    """Of the answer among its distinct rivals: the other candidates of the search, and what chance matches."""
    evidence: float = np.nan
    """Logarithm of how much likelier the two show one object, moved like this, than two."""
    excess: float = np.nan
    """Standard deviations by which d is above what is expected of one object; only the likelihood knows."""
    reason: str | None = None
    """Why the answer is undetermined, in a sentence; empty if it is determined."""

    @property
    def verdict(self):
        """``"determined"``, ``"undetermined"``, or ``"unjudged"`` by a score that judges nothing."""
        return "unjudged" if self.reason is None else "undetermined" if self.reason else "determined"

    @property
    def rotation_sd(self):
        """Standard error of the rotation in degrees: the root mean square angle."""
        return np.nan if self.covariance is None else float(np.degrees(np.sqrt(np.trace(self.covariance[:3, :3]))))

    @property
    def translation_sd(self):
        """Standard error of the translation in voxels: the root mean square distance."""
        return np.nan if self.covariance is None else float(np.sqrt(np.trace(self.covariance[3:, 3:])))

    def __repr__(self):
        angles, shift = (" ".join(f"{number:.2f}" for number in part) for part in (self.euler_zyz, self.translation))
        return (
            f"Alignment: d = {self.dissimilarity:.6g} after {self.iterations} steps\n"
            f"  rotation (ZYZ, degrees)  {angles}\n"
            f"  translation (voxels)     {shift}"
        )

    @property
    def euler_zyz(self):
        """(φ, θ, ψ) in degrees with R = Rz(φ) Ry(θ) Rz(ψ)."""
        return euler_from_rotation(self.rotation)


def alignment_settings(section):
    """Return the aligner's settings from the section ``alignment`` of the configuration.

    Parameters
    ----------
    section : dict

    Returns
    -------
    Settings
    """
    section = dict(section)
    rule, damping, likelihood = (dict(section.pop(name)) for name in ("rule", "damping", "likelihood"))
    return Settings(
        rule=StochasticRule(**rule),
        damping=Damping(**damping),
        rounds=tuple(Round(**one) for one in likelihood.pop("rounds")),
        **likelihood,
        **section,
    )
