"""What one round of picked particles hands on to the next, and how the next goes about it."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gradalign.errors import InputError
from gradalign.io.states import load_tuple, save_tuple
from gradalign.particles.filters import low_pass_factors, shell_filtered
from gradalign.particles.images import read_map
from gradalign.particles.listing import MASK_WORDS
from gradalign.particles.search import EDGE_SHARE, Plan
from gradalign.scores.set_model import SetModel
from gradalign.search.settings import Settings, alignment_settings

HISTORY = (
    "round",
    "particles",
    "left_out",
    "low_pass_nm",
    "resolution_nm",
    "median_dissimilarity",
    "median_rotation_change_deg",
    "median_shift_change_voxel",
)
"""What is kept of each round."""


class State(NamedTuple):
    """What one round hands on to the next."""

    references: np.ndarray
    """One for each half set, float32 (2, N, N, N)."""
    maps: np.ndarray
    """The average and the averages of the half sets of this round, float32 (3, N, N, N); empty at the start."""
    mask: np.ndarray
    """Laid over the references, float32 (N, N, N)."""
    shells: np.ndarray
    """Cycles per voxel, and the correlation of the half maps there without and under the mask, (3, n)."""
    history: np.ndarray
    """A row of `HISTORY` for each round."""
    agreement: np.ndarray
    """By shell the part of the references' power that is signal, (n,); empty where their surroundings tell."""
    spectra: np.ndarray
    """Signal and noise of the particles by shell, and if need be once more of those with something beside them,
    (m, 2, n); empty for a score without a model of them."""
    particle_masks: np.ndarray
    """Under which these hold, float32 (m, N, N, N)."""
    particle_radii: np.ndarray
    """Of the particles' support in voxels (m,)."""
    crowded: np.ndarray
    """Which of these are for particles with something else than noise around them (m,)."""
    lone_radius: float
    """Where the particles end whatever stands beside them, in voxels; NaN if that is not looked for."""
    some_beside: bool
    """Whether something stands beside some of them."""
    voxel_size: float
    """In nm."""
    low_pass: float
    """Band limit of the next round in nm."""
    initial_low_pass: float
    """That of the reference at the start."""
    mask_radius: float
    """Of the sphere on the particles in voxels; 0 for none."""
    search: str
    """``"full"``, ``"local"`` or ``"axis"``."""
    converged: bool
    """Whether the particles stay where they are, so that no further round is needed."""

    @classmethod
    def first(cls, reference, voxel_size, low_pass, search, section):
        """Return the state before the first round.

        Parameters
        ----------
        reference : numpy.ndarray of shape (N, N, N)
            The user's.
        voxel_size, low_pass : float
            In nm.
        search : str
        section : dict
            ``particles`` of the configuration.

        Returns
        -------
        State

        Raises
        ------
        InputError
            If the low-pass, the mask or its radius does not fit the box.
        """
        box = len(reference)
        edge = box * voxel_size
        for key, value in (("initial_low_pass", low_pass), ("low_pass", section["low_pass"])):
            if value > edge:
                raise InputError(
                    f"particles.{key}: is {value:g} nm, where at most the box's edge of {edge:g} nm is needed"
                )
        largest = box * (0.5 - EDGE_SHARE)
        radius = section["mask_radius"] / voxel_size or largest
        if radius > largest + 0.5:
            raise InputError(
                f"particles.mask_radius: is {section['mask_radius']:g} nm, where the box has room for at most "
                f"{largest * voxel_size:g} nm and the soft edge"
            )
        if section["mask"] == "none":
            radius = 0.0
        mask = _read_mask(section, box, voxel_size)
        smooth = first_reference(reference, voxel_size, low_pass)
        state = cls(
            references=np.stack([smooth, smooth]).astype(np.float32),
            maps=np.empty(0, np.float32),
            mask=mask,
            shells=np.empty((3, 0)),
            history=np.empty((0, len(HISTORY))),
            agreement=np.empty(0),
            spectra=np.empty((0, 2, 0)),
            particle_masks=np.empty((0, 0, 0, 0), np.float32),
            particle_radii=np.empty(0),
            crowded=np.empty(0, bool),
            lone_radius=np.nan,
            some_beside=False,
            voxel_size=voxel_size,
            low_pass=section["low_pass"] or low_pass,
            initial_low_pass=low_pass,
            mask_radius=radius,
            search=search,
            converged=False,
        )
        return state if mask.size else state._replace(mask=make_plan(state, section, None).mask())

    @property
    def box(self):
        """Edge of the subtomograms in voxels."""
        return self.references.shape[-1]

    @property
    def known(self):
        """What the score knows of the particles, a `gradalign.scores.set_model.SetModel`, or None."""
        if not len(self.spectra):
            return None
        guarded = None
        parts = self.spectra, self.particle_masks, self.particle_radii, self.crowded
        for spectra, mask, radius, crowded in reversed(list(zip(*parts, strict=True))):
            lone = float(self.lone_radius) if crowded and np.isfinite(self.lone_radius) else None
            guarded = SetModel(*spectra, mask, float(radius), bool(crowded), lone=lone, guarded=guarded)
        return guarded._replace(some_beside=bool(self.some_beside))

    def knowing(self, known):
        """Return the state with what the score knows of the particles.

        Parameters
        ----------
        known : gradalign.scores.set_model.SetModel or None

        Returns
        -------
        State
        """
        if known is None:
            return self
        parts = [known] if known.guarded is None else [known, known.guarded]
        lone = parts[-1].lone
        return self._replace(
            spectra=np.array([[part.signal, part.noise] for part in parts]),
            particle_masks=np.array([part.mask for part in parts]),
            particle_radii=np.array([part.radius for part in parts], float),
            crowded=np.array([part.crowded for part in parts]),
            lone_radius=np.nan if lone is None else float(lone),
            some_beside=bool(known.some_beside),
        )


def first_reference(reference, voxel_size, low_pass):
    """Return the user's reference as the first round has it.

    Parameters
    ----------
    reference : numpy.ndarray of shape (N, N, N)
    voxel_size, low_pass : float
        In nm.

    Returns
    -------
    numpy.ndarray of shape (N, N, N)
        Low-passed, on zero mean and unit variance.
    """
    size = len(reference)
    smooth = shell_filtered(reference, low_pass_factors(size, size * voxel_size / low_pass))
    return (smooth - smooth.mean()) / smooth.std()


def _read_mask(section, box, voxel_size):
    """Return the mask of a file; empty where the configuration has a word instead."""
    mask = section["mask"]
    if mask in MASK_WORDS:
        return np.empty(0, np.float32)
    volume = read_map(mask, box, voxel_size, "mask", overruled=bool(section["voxel_size"]))
    if volume.min() < 0 or volume.max() > 1.001:
        raise InputError(f"{mask}: the mask reaches from {volume.min():g} to {volume.max():g}, not 0 to 1")
    return volume


def make_plan(state, section, alignment):
    """Return how the particles of the next round are aligned.

    Parameters
    ----------
    state : State
    section, alignment : dict
        ``particles`` and ``alignment`` of the configuration; without the latter only the mask is of use.

    Returns
    -------
    gradalign.particles.search.Plan
    """
    box = state.box
    settings = alignment_settings(alignment) if alignment else Settings()
    return Plan(
        box=box,
        voxel_size=state.voxel_size,
        score=section["score"],
        search=state.search,
        interval=section["interval"],
        local_range=section["local_range"],
        symmetry=section["symmetry"],
        low_pass=state.low_pass,
        mask_radius=state.mask_radius,
        settings=replace(settings, start_reach=section["reach"] * box * state.voxel_size),
    )


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
