"""What a score is: it prepares a volume, searches a pair and tells its value at a transform.

To add one, write a module with such an object and register it by a line of `gradalign.search.registry`.
"""

from abc import ABC, abstractmethod
from dataclasses import replace
from importlib import import_module
from typing import NamedTuple

import numpy as np

from gradalign.search.registry import find


def load_score(name):
    """Return the object of a score.

    Parameters
    ----------
    name : str

    Returns
    -------
    Score

    Raises
    ------
    InputError
        If there is no such score.
    """
    module, _, attribute = find(name).home.partition(":")
    return getattr(import_module(module), attribute)


def by_preparation(names):
    """Return one score for each way of preparing volumes, which serves all that share it.

    Parameters
    ----------
    names : iterable of str

    Returns
    -------
    dict of str to Score
        By `Score.shared_preparation`.
    """
    scores = {}
    for name in names:
        score = load_score(name)
        if score.balances or score.shared_preparation not in scores:
            scores[score.shared_preparation] = score
    return scores


class Start(NamedTuple):
    """Where a search starts."""

    interval: float = 60.0
    """Of the seed angles in degrees; divides 180."""
    surface_f: np.ndarray | None = None
    """R_f of Eq. 22, (3, 3): with it only the rotation about the surface normal is searched."""
    surface_g: np.ndarray | None = None
    """R_g of Eq. 22."""
    rotations: np.ndarray | None = None
    """Seeds (m, 3, 3) in place of those of the interval."""


class Score(ABC):
    """A score, whatever it is made of.

    Parameters
    ----------
    name : str
        As registered.
    """

    preparation = None
    """Scores that name the same here share prepared volumes; None for one that shares with nobody."""

    uses_model = False
    """Whether it learns from a set of volumes what `prepare` must know, even where they are alike."""

    balances = False
    """Whether its `estimate` serves the other scores of its preparation, too."""

    spread_seeds = False
    """Whether a search over all rotations starts from more seeds, evenly spread."""

    refines_seeds = False
    """Whether it has `refine_all_seeds`, whose steps Figure 4 counts."""

    def __init__(self, name):
        self.name = name

    @property
    def label(self):
        """How tables and figures print it."""
        return find(self.name).label

    @property
    def shared_preparation(self):
        """The key under which its prepared volumes are kept."""
        return self.preparation or self.name

    def estimate(self, volumes, tilts, alike=False, mask=None, transfers=None):
        """Return what a set of volumes says of the signal and noise of each, for `prepare`.

        Parameters
        ----------
        volumes : sequence of array_like of shape (N, N, N)
        tilts : sequence
            A tilt range for each.
        alike : bool
            Whether they are known to stand on one scale, with one noise and one contrast transfer.
        mask : str, float, (float, (float, float, float)) or array_like of shape (N, N, N), optional
            As for `gradalign.scores.beside.masks_of_set`; the score's own way if left out.
        transfers : sequence of gradalign.fourier.transfer.Transfer or None, optional
            The contrast transfer of each volume, which must have its form already; left out if none has one.

        Returns
        -------
        list
            A model for each volume; None for a score that uses none.
        """
        return [None] * len(volumes)

    def model_of_set(self, volumes, tilts, mask=None, transfers=None):
        """Return what a sample of the particles of a set says of all of them.

        Parameters
        ----------
        volumes : sequence of array_like of shape (N, N, N)
        tilts : sequence
            A tilt range for each.
        mask : str, float or array_like of shape (N, N, N), optional
            As for `estimate`.
        transfers : sequence of gradalign.fourier.transfer.Transfer or None, optional
            As for `estimate`.

        Returns
        -------
        gradalign.scores.set_model.SetModel or None
            None for a score that needs nothing of this: it is given volumes that are masked already.
        """
        return None

    def model_of_reference(self, volume, known, agreement=None):
        """Return the model of a reference, and what is known of the particles that are aligned to it.

        Parameters
        ----------
        volume : array_like of shape (N, N, N)
        known : gradalign.scores.set_model.SetModel or None
            From `model_of_set`.
        agreement : array_like, optional
            By shell the part of its power that is signal; its surroundings tell if left out.

        Returns
        -------
        model : object
            For `prepare`.
        known : gradalign.scores.set_model.SetModel or None
            For `model_of_particle`.
        """
        return None, known

    def model_of_particle(self, volume, tilt, known, transfer=None):
        """Return the model of one particle of a set, for `prepare`.

        Parameters
        ----------
        volume : array_like of shape (N, N, N)
        tilt : float, (float, float) or (float, float, float)
        known : gradalign.scores.set_model.SetModel or None
            From `model_of_reference`.
        transfer : gradalign.fourier.transfer.Transfer, optional
            Its contrast transfer, whose form it must have already.

        Returns
        -------
        object
        """
        return None

    def on_unit_power(self, prepared):
        """Return a prepared volume on the scale on which volumes without a model are compared.

        Parameters
        ----------
        prepared : object
            From `prepare`.

        Returns
        -------
        object
            With unit power for a score that compares values; as it is for all others.
        """
        return prepared

    def limited(self, settings, low_pass, extent=np.inf):
        """Return settings with another band limit.

        Parameters
        ----------
        settings : gradalign.search.settings.Settings
        low_pass : float
            Resolution limit in nm; 0 for none.
        extent : float
            Edge of the boxes in nm, which says how coarse a search from coarse to fine has to begin.

        Returns
        -------
        gradalign.search.settings.Settings

        Raises
        ------
        InputError
            If the score cannot take it.
        """
        return replace(settings, low_pass=low_pass)

    def own_limit(self, settings):
        """Return the finest band limit of a search, in nm.

        Parameters
        ----------
        settings : gradalign.search.settings.Settings

        Returns
        -------
        float
        """
        return settings.low_pass

    @abstractmethod
    def prepare(self, volume, tilt_range, settings, voxel_size=1.0, model=None, name="volume", movable=True):
        """Return a volume as `search` and `value` need it.

        Parameters
        ----------
        volume : array_like of shape (N, N, N)
            Density [z, y, x].
        tilt_range : float, (float, float) or (float, float, float)
            Half range, (min, max) or (min, max, axis) in degrees.
        settings : gradalign.search.settings.Settings
        voxel_size : float
            In nm.
        model : object, optional
            The volume's own, from `estimate`.
        name : str
            How messages call the volume.
        movable : bool
            Whether it is to be moved; a volume that stays needs less.

        Returns
        -------
        object

        Raises
        ------
        InputError
            If the volume or the tilt range is unusable.
        """

    @abstractmethod
    def search(self, fixed, moving, settings, voxel_size=1.0, start=None, rng=0):
        """Find the transform that moves one prepared volume onto another.

        Parameters
        ----------
        fixed, moving : object
            f and g, from `prepare`.
        settings : gradalign.search.settings.Settings
        voxel_size : float
            In nm.
        start : Start, optional
        rng : int or numpy.random.Generator
            Of a search that draws.

        Returns
        -------
        gradalign.search.settings.Alignment

        Raises
        ------
        InputError
            If the start is unusable or the volumes do not fit.
        """

    @abstractmethod
    def value(self, fixed, moving, rotation, translation):
        """Return d at a transform.

        Parameters
        ----------
        fixed, moving : object
            From `prepare`.
        rotation : array_like of shape (3, 3)
        translation : array_like of shape (3,)
            In voxels.

        Returns
        -------
        float
        """

    def refine(self, fixed, moving, rotation, translation, settings, basis=None, found=False):
        """Refine a transform to convergence, in the way in which a search ends.

        Parameters
        ----------
        fixed, moving : object
            f and g, from `prepare`.
        rotation : array_like of shape (3, 3)
        translation : array_like of shape (3,)
            In voxels.
        settings : gradalign.search.settings.Settings
        basis : array_like of shape (6, k), optional
            The free directions; all if left out.
        found : bool
            Whether it is where a search ended.

        Returns
        -------
        rotation : numpy.ndarray of shape (3, 3)
        translation : numpy.ndarray of shape (3,)
        value : float
            What the refinement makes smallest: d, or what a search compares its ends by. A score that cannot refine
            leaves the transform as it is.
        """
        rotation, translation = np.asarray(rotation, dtype=float), np.asarray(translation, dtype=float)
        return rotation, translation, self.value(fixed, moving, rotation, translation)
