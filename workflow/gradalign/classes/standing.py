"""Where each particle stands: its class, its pose on the class's map, and how well it fits."""

from typing import NamedTuple

import numpy as np

from gradalign.geometry.rotations import euler_from_rotation, rotation_angle, rotation_from_euler
from gradalign.io.named_rows import read_rows, write_rows

MEMBER, UNDECIDED, NO_FIT, UNUSABLE = "member", "undecided", "no_fit", "unusable"
"""Verdicts: fits one class; fits more than one about as well; fits none; could not be read."""
DECIDED = 0.9
"""Probability from which a particle is a member of its class rather than undecided."""


class Standing(NamedTuple):
    """What a round says of one particle; NaN stands for what is not known."""

    particle: int
    """Its number."""
    half: int
    """Half set, 1 or 2."""
    label: int = 0
    """Class that it belongs to; 0 for none."""
    best: int = 0
    """Class that explains it best, even if it does not fit."""
    probability: float = np.nan
    """Of the best class."""
    phi_deg: float = np.nan
    theta_deg: float = np.nan
    psi_deg: float = np.nan
    x_voxel: float = np.nan
    y_voxel: float = np.nan
    z_voxel: float = np.nan
    amplitude: float = np.nan
    """By how much the class's map must be multiplied to fit it best."""
    residual: float = np.nan
    """Mean square of what is left, in units of what is expected."""
    rotation_change_deg: float = np.nan
    """Since the round before, if it stayed in its class."""
    failure: str = ""
    """Why it could not be used."""

    @property
    def pose(self):
        """P and p of particle(x) = map(P⁻¹(x − p))."""
        rotation = rotation_from_euler(self.phi_deg, self.theta_deg, self.psi_deg)
        return rotation, np.array([self.x_voxel, self.y_voxel, self.z_voxel])

    @property
    def verdict(self):
        """One of the verdicts."""
        if self.failure:
            return UNUSABLE
        if not self.label:
            return NO_FIT
        return MEMBER if self.probability >= DECIDED else UNDECIDED

    def sorted_as(self, found):
        """Return the standing after a round.

        Parameters
        ----------
        found : gradalign.classes.sorting.Sorted

        Returns
        -------
        Standing
        """
        turned = np.nan
        if self.label and self.label == found.label:
            turned = float(rotation_angle(found.match.rotation.T @ self.pose[0]))
        angles, place = euler_from_rotation(found.match.rotation).tolist(), found.match.translation.tolist()
        numbers = (*angles, *place, found.match.amplitude, found.match.residual, turned)
        return Standing(self.particle, self.half, found.label, found.best, found.probability, *numbers)


def of_class(standings, label):
    """Return the particles of a class, and those that it explains best though they fit none.

    Parameters
    ----------
    standings : iterable of Standing
    label : int

    Returns
    -------
    members, beyond : list of Standing
    """
    standings = list(standings)
    members = [standing for standing in standings if standing.label == label]
    beyond = [standing for standing in standings if not standing.label and standing.best == label]
    return members, [standing for standing in beyond if standing.verdict == NO_FIT]


def write_standings(path, standings):
    """Write standings as CSV, see `gradalign.io.named_rows.write_rows`.

    Parameters
    ----------
    path : str or path
    standings : iterable of Standing
    """
    write_rows(path, Standing, standings)


def read_standings(path):
    """Read the standings that `write_standings` wrote, see `gradalign.io.named_rows.read_rows`.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    list of Standing
    """
    return read_rows(path, Standing)
