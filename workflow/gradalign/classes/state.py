"""What one round of sorting hands on to the next."""

from typing import NamedTuple

import numpy as np

from gradalign.classes.maps import ClassMap
from gradalign.classes.plan import EDGE_SHARE, Plan
from gradalign.classes.sorting import Limits
from gradalign.io.states import load_tuple, save_tuple
from gradalign.scores.masks import soft_sphere
from gradalign.scores.signal_model import SignalModel

HISTORY = ("round", "classes", "in_classes", "in_none", "changed_share", "median_rotation_change_deg", "low_pass_nm")
"""What is kept of each round."""
SORTING, REFINING, SETTLED = 0, 1, 2
"""Stages: classes may still come and go; their maps grow finer; nothing moves any more."""


class State(NamedTuple):
    """The classes as a round leaves them, K of them."""

    maps: np.ndarray
    """Average and half maps, float32 (K, 3, N, N, N); the second half map in the frame of the first."""
    measured: np.ndarray
    """How many particles of either half set measured a frequency, mean by shell, (K, 2, shells)."""
    counts: np.ndarray
    """Particles of either half set, int (K, 2)."""
    limits: np.ndarray
    """Smallest amplitude and largest residual of a particle that fits, (K, 2); NaN if not known."""
    correlations: np.ndarray
    """Of the half maps under the mask at 1, 2, ... cycles per box, (K, n)."""
    surplus: np.ndarray
    """By how many deviations the half maps agreed beyond chance when the class was found, (K,)."""
    members: np.ndarray
    """Particles whose images are in the maps, with their classes, int (m, 2); empty if it is those of the round."""
    names: np.ndarray
    """What became of the classes by which the round's particles were sorted: number then and now, int (m, 2)."""
    model: np.ndarray
    """Signal and noise by shell, (2, shells)."""
    radius: float
    """Of the mask, in voxels."""
    voxel_size: float
    """In nm."""
    low_pass: float
    """Band limit of the next round, in nm."""
    history: np.ndarray
    """A row of `HISTORY` for each round."""
    revisions: int
    """How often classes were looked for anew."""
    stage: int
    """One of the stages."""

    @property
    def classes(self):
        """How many there are."""
        return len(self.counts)

    @property
    def labels(self):
        """The classes' numbers, from 1."""
        return range(1, len(self.counts) + 1)

    def plan(self, settings):
        """Return how particles are compared in the next round.

        Parameters
        ----------
        settings : gradalign.Settings
            The aligner's.

        Returns
        -------
        gradalign.classes.plan.Plan
        """
        return make_plan(
            SignalModel(*self.model, None, self.radius), self.box, self.voxel_size, self.low_pass, settings
        )

    @property
    def box(self):
        """Edge of the subtomograms in voxels."""
        return self.maps.shape[-1]

    def half_maps(self, half):
        """Return the maps of a half set by class.

        Parameters
        ----------
        half : int
            1 or 2.

        Returns
        -------
        dict of int to gradalign.classes.maps.ClassMap
        """
        return {
            label: ClassMap(
                self.maps[label - 1, half], self.measured[label - 1, half - 1], int(self.counts[label - 1, half - 1])
            )
            for label in self.labels
        }

    def known_limits(self):
        """Return within which limits particles fit, for the classes of which that is known.

        Returns
        -------
        dict of int to gradalign.classes.sorting.Limits
        """
        return {
            label: Limits(*map(float, limits))
            for label, limits in zip(self.labels, self.limits, strict=True)
            if np.isfinite(limits).all()
        }


def make_plan(model, box, voxel_size, low_pass, settings):
    """Return how particles are compared.

    Parameters
    ----------
    model : gradalign.scores.signal_model.SignalModel
        Its mask is made anew, with an edge that leaves neighbours out.
    box : int
    voxel_size, low_pass : float
        In nm.
    settings : gradalign.Settings

    Returns
    -------
    gradalign.classes.plan.Plan
    """
    mask = soft_sphere(box, model.radius, EDGE_SHARE * box)
    return Plan(voxel_size, low_pass, model._replace(mask=mask), settings)


def save_state(path, state):
    """Write a state.

    Parameters
    ----------
    path : str or path
        A ``.npz`` file.
    state : State

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    save_tuple(path, state)


def load_state(path):
    """Read a state.

    Parameters
    ----------
    path : str or path
        From `save_state`.

    Returns
    -------
    State

    Raises
    ------
    InputError
        If the file is missing or damaged.
    """
    return load_tuple(path, State)


def is_settled(path):
    """Return whether the rounds have come to their end, without reading the maps.

    Parameters
    ----------
    path : str or path
        From `save_state`.

    Returns
    -------
    bool
    """
    with np.load(path, allow_pickle=False) as arrays:
        return int(arrays["stage"]) == SETTLED
