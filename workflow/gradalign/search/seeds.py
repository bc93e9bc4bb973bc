"""Where a search starts, and in which directions it may move."""

from functools import lru_cache

import numpy as np

from gradalign.errors import InputError
from gradalign.geometry.rotations import axis_seed_angles, rotation_from_euler, seed_rotations, spread_rotations
from gradalign.scores.least_squares import score_number
from gradalign.search.stochastic import place_seeds

SPREAD_FACTOR = 8
"""Spread seeds for each of the grid's: one at the lowest band limit costs a seventh of a step at the highest."""


@lru_cache(maxsize=8)
def _full_seeds(interval, factor):
    grid = seed_rotations(interval)
    return spread_rotations(factor * len(grid)) if factor else grid


def free_directions(surface_f=None):
    """Return the directions in which a search may move, among the rotation vector ω and the translation a.

    Parameters
    ----------
    surface_f : array_like of shape (3, 3), optional
        R_f of Eq. 22; with it only rotations about R_f⁻¹ẑ are free.

    Returns
    -------
    numpy.ndarray of shape (6, 6) or (6, 4)
    """
    if surface_f is None:
        return np.eye(6)
    basis = np.zeros((6, 4))
    basis[:3, 0] = np.asarray(surface_f, dtype=float)[2]
    basis[3:, 1:] = np.eye(3)
    return basis


def start_rotations(interval, surface_f=None, surface_g=None, spread=False, denser=1):
    """Return the rotations from which a search starts.

    Parameters
    ----------
    interval : float
        Of the seed angles, in degrees; divides 180.
    surface_f, surface_g : array_like of shape (3, 3), optional
        R_f and R_g of Eq. 22: R = R_f⁻¹ R_n R_g, R_n about z. Both or neither.
    spread : bool
        For the search from coarse to fine: `SPREAD_FACTOR` times as many as the grid has, evenly spread.
    denser : int
        How many times as many of these.

    Returns
    -------
    numpy.ndarray of shape (m, 3, 3)
        108 rotations at 60°, 256 at 45°, spread 864 and 2048; about one axis 6 and 8, spread 48 and 64.

    Raises
    ------
    InputError
        If the interval does not divide 180, or only one of the surfaces is given.
    """
    if (surface_f is None) != (surface_g is None):
        raise InputError("surface_f and surface_g belong together: give both rotations or neither")
    if surface_f is None:
        return _full_seeds(interval, denser * SPREAD_FACTOR if spread else 0)
    angles = axis_seed_angles(interval)
    if spread:
        count = denser * SPREAD_FACTOR * len(angles)
        angles = 360.0 / count * np.arange(count)
    rotations = rotation_from_euler(angles, 0.0, 0.0)
    return np.asarray(surface_f, dtype=float).T @ rotations @ np.asarray(surface_g, dtype=float)


def start_grid(settings, size, voxel_size):
    """Return the grid of start translations in voxels.

    Parameters
    ----------
    settings : gradalign.search.settings.Settings
    size : int
        Of the box in voxels.
    voxel_size : float
        In nm.

    Returns
    -------
    reach, spacing : float
        Largest translation along each axis, and the distance of neighbours.

    Raises
    ------
    InputError
        If the reach is no length within half of the box, or the spacing none.
    """
    reach, spacing = settings.start_reach, settings.start_spacing
    if not 0.0 <= reach < 0.5 * size * voxel_size:
        raise InputError(
            f"reach: is {reach:g} nm, where a length from 0 to half of the box is needed, below "
            f"{0.5 * size * voxel_size:g} nm: further off a box shows the same again"
        )
    if not 0.0 < spacing < np.inf:
        raise InputError(f"start_spacing: is {spacing:g} nm, where a length is needed")
    return float(reach / voxel_size), float(spacing / voxel_size)


def seeds_at_best_translation(fixed, moving, score, rotations, settings, voxel_size=1.0):
    """Return the candidates of a search before its first step.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
    score : str
    rotations : array_like of shape (m, 3, 3)
    settings : Settings
    voxel_size : float
        In nm.

    Returns
    -------
    gradalign.search.step.Candidates

    Raises
    ------
    InputError
        If the two volumes differ in size or the score is not known.
    """
    if fixed.size != moving.size:
        raise InputError(
            f"the two volumes have {fixed.size} and {moving.size} voxels a side: boxes of one size are needed"
        )
    return place_seeds(
        fixed,
        moving,
        score_number(score),
        np.ascontiguousarray(rotations, dtype=float),
        *start_grid(settings, fixed.size, voxel_size),
        settings.damping,
    )
