"""What is the same for all particles that are sorted into classes."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gradalign.errors import InputError
from gradalign.scores.signal_model import SignalModel
from gradalign.search.coarse_to_fine import rounds_to
from gradalign.search.settings import Round, Settings

EDGE_SHARE = 1 / 8
"""Width of the mask's soft edge as a share of the box."""
FINEST_SHARE = 1 / 8
"""Band limit as a share of the box's edge where none is given."""
SPACING_SHARE = 2 / 7
"""Largest distance of neighbouring start translations as a share of the first band limit."""
# band limits in units of the finest, candidates kept and steps of each, from coarse to fine; where the box has fewer
# than 4.5 cycles an object may look symmetric, and its wrong poses fill all candidates
PAIR_ROUNDS = ((16 / 9, 60, 1), (1.375, 20, 1), (1.0, 6, 5))
MAP_ROUNDS = ((16 / 9, 60, 1), (1.375, 10, 2), (1.0, 4, 5))
MAP_LAST_STEPS = 3


@dataclass(frozen=True)
class Plan:
    """How particles are compared, with each other and with the maps of classes."""

    voxel_size: float
    """In nm."""
    low_pass: float
    """Finest band limit in nm."""
    model: SignalModel
    """Signal and noise of the particles, with the mask under which they are compared."""
    settings: Settings
    """The aligner's."""

    def __post_init__(self):
        edge = self.box * self.voxel_size
        if not 2 * self.voxel_size <= self.low_pass <= edge / 2:
            raise InputError(
                f"low_pass: is {self.low_pass:g} nm, where a box of {edge:g} nm with voxels of {self.voxel_size:g} nm "
                f"allows {2 * self.voxel_size:g} to {edge / 2:g} nm; lengths are in nm, not in Å"
            )

    @property
    def box(self):
        """Edge of the subtomograms in voxels."""
        return len(self.model.mask)

    @property
    def noise(self):
        """Noise power by shell for unit mask."""
        return self.model.noise

    @cached_property
    def independent(self):
        """Share of the coefficients under the mask that are independent: it is narrower than the box."""
        return self.model.mask_power / self.model.mask.size

    def _search(self, rounds, **changes):
        edge = self.box * self.voxel_size
        widest = max(self.low_pass, FINEST_SHARE * edge)
        rounds = [Round(min(share * widest, edge), *rest) for share, *rest in rounds]
        if self.low_pass < widest:
            rounds = rounds_to(rounds, self.low_pass, edge)
        reach = self.settings.start_reach
        places = max(1, int(np.ceil(reach / (SPACING_SHARE * rounds[0].low_pass))))
        return replace(
            self.settings,
            rounds=tuple(rounds),
            start_spacing=reach / places or self.voxel_size,
            low_pass=self.low_pass,
            # what shows another object is far off with more seeds, too, and a class does not need each of its pairs
            deeper=np.inf,
            **changes,
        )

    @cached_property
    def pair_settings(self):
        """The search of a pair."""
        return self._search(PAIR_ROUNDS)

    @cached_property
    def map_settings(self):
        """The search of a particle against the map of a class."""
        return self._search(MAP_ROUNDS, last_steps=MAP_LAST_STEPS)

    @property
    def bands(self):
        """The band limits of `map_settings` in nm."""
        return tuple(dict.fromkeys(one.low_pass for one in self.map_settings.rounds))


def standardised(volume):
    """Return a volume with mean 0 and variance 1, so that contrast does not tell classes apart.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)

    Returns
    -------
    numpy.ndarray of shape (N, N, N), float32

    Raises
    ------
    InputError
        If the volume is constant.
    """
    volume = np.asarray(volume, dtype=float)
    volume = volume - volume.mean()
    deviation = volume.std()
    if not deviation > 0:
        raise InputError("a subtomogram is constant, where a density that varies is needed")
    return (volume / deviation).astype(np.float32)
