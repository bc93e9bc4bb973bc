"""What is known of each picked particle, round by round: the lines of the workflow's tables of them."""

from typing import NamedTuple

import numpy as np

from gradalign.geometry.rotations import rotation_from_euler
from gradalign.io.named_rows import read_rows, write_rows
from gradalign.particles.places import Place


class Entry(NamedTuple):
    """One particle; NaN or an empty text stands for what is not known."""

    particle: int
    """Its row in the STAR file, from 1."""
    image_file: str
    image_number: int
    ctf_file: str
    ctf_number: int
    half: int
    """Half set, 1 or 2."""
    start_phi_deg: float
    start_theta_deg: float
    start_psi_deg: float
    start_x_voxel: float
    start_y_voxel: float
    start_z_voxel: float
    prior_tilt_deg: float
    prior_psi_deg: float
    box_phi_deg: float
    """Of the rotation from the box's axes to its tomogram's, if they differ. All else is in the tomogram's axes."""
    box_theta_deg: float
    box_psi_deg: float
    tilt_min_deg: float
    tilt_max_deg: float
    tilt_axis_deg: float
    phi_deg: float = np.nan
    theta_deg: float = np.nan
    psi_deg: float = np.nan
    x_voxel: float = np.nan
    y_voxel: float = np.nan
    z_voxel: float = np.nan
    dissimilarity: float = np.nan
    dissimilarity_change: float = np.nan
    rotation_change_deg: float = np.nan
    shift_change_voxel: float = np.nan
    probability: float = np.nan
    """Of the answer among its rivals."""
    rotation_sd_deg: float = np.nan
    """Standard error of the orientation."""
    translation_sd_voxel: float = np.nan
    excess: float = np.nan
    """Standard deviations by which the dissimilarity is above its expectation."""
    verdict: str = ""
    """As `gradalign.search.settings.Alignment` has it."""
    ctf_data: str = ""
    """What the list says that the subtomogram is, see `gradalign.fourier.transfer.DATA`."""
    failure: str = ""
    """Why it was left out."""

    @property
    def image(self):
        """Where the subtomogram is, a `gradalign.particles.places.Place`."""
        return Place(self.image_file, self.image_number)

    @property
    def ctf(self):
        """Where its CTF volume is."""
        return Place(self.ctf_file, self.ctf_number)

    @property
    def start(self):
        """Given orientation, 3×3, or None."""
        angles = self.start_phi_deg, self.start_theta_deg, self.start_psi_deg
        return None if np.isnan(angles).any() else rotation_from_euler(*angles)

    @property
    def centre(self):
        """Given translation a₀ in voxels."""
        return np.array([self.start_x_voxel, self.start_y_voxel, self.start_z_voxel])

    @property
    def prior(self):
        """Prior tilt and psi in degrees, or None."""
        return None if np.isnan(self.prior_tilt_deg) else (self.prior_tilt_deg, self.prior_psi_deg)

    @property
    def box_rotation(self):
        """Rotation from the box's axes to its tomogram's, 3×3, or None where they are the same."""
        angles = self.box_phi_deg, self.box_theta_deg, self.box_psi_deg
        return None if np.isnan(angles).any() else rotation_from_euler(*angles)

    @property
    def wedge(self):
        """Tilt range and axis in degrees, or None."""
        wedge = self.tilt_min_deg, self.tilt_max_deg, self.tilt_axis_deg
        return None if np.isnan(wedge).any() else wedge

    @property
    def pose(self):
        """R and a of the last round, or None."""
        if np.isnan(self.phi_deg):
            return None
        rotation = rotation_from_euler(self.phi_deg, self.theta_deg, self.psi_deg)
        return rotation, np.array([self.x_voxel, self.y_voxel, self.z_voxel])

    def placed(self, found, changes):
        """Return the entry with what a round found.

        Parameters
        ----------
        found : gradalign.search.settings.Alignment
        changes : (float, float, float)
            Of the dissimilarity, the orientation (degrees) and the translation (voxels).

        Returns
        -------
        Entry
        """
        pose = (*found.euler_zyz, *found.translation, found.dissimilarity, *changes)
        judged = (found.probability, found.rotation_sd, found.translation_sd, found.excess)
        names = self._fields[self._fields.index("phi_deg") : self._fields.index("verdict")]
        numbers = dict(zip(names, map(float, (*pose, *judged)), strict=True))
        return self._replace(**numbers, verdict=found.verdict)


def write_entries(path, entries):
    """Write particles as CSV, see `gradalign.io.named_rows.write_rows`.

    Parameters
    ----------
    path : str or path
    entries : iterable of Entry
    """
    write_rows(path, Entry, entries)


def read_entries(path):
    """Read the particles that `write_entries` wrote, see `gradalign.io.named_rows.read_rows`.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    list of Entry
    """
    return read_rows(path, Entry)
