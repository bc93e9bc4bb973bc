"""Where a search starts, and in which directions it may move."""

from functools import lru_cache

import numpy as np

from gradalign.errors import InputError
from gradalign.geometry.rotations import axis_seed_angles, rotation_from_euler, seed_rotations, spread_rotations
from gradalign.scores.least_squares import score_number
from gradalign.search.stochastic import place_seeds

SPREAD_FACTOR = 4
"""Spread seeds for each of the grid's: one at the lowest band limit costs a tenth of a step at the highest."""


@lru_cache(maxsize=8)
def _full_seeds(interval, spread):
    grid = seed_rotations(interval)
    return spread_rotations(SPREAD_FACTOR * len(grid)) if spread else grid


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


def start_rotations(interval, surface_f=None, surface_g=None, spread=False):
    """Return the rotations from which a search starts.

    Parameters
    ----------
    interval : float
        Of the seed angles, in degrees; divides 180.
    surface_f, surface_g : array_like of shape (3, 3), optional
        R_f and R_g of Eq. 22: R = R_f⁻¹ R_n R_g, R_n about z. Both or neither.
    spread : bool
        For the search from coarse to fine: `SPREAD_FACTOR` times as many as the grid has, evenly spread. About one
        axis the grid is even.

    Returns
    -------
    numpy.ndarray of shape (m, 3, 3)
        108 rotations at 60°, 256 at 45°, spread 432 and 1024; about one axis 6 and 8.

    Raises
    ------
    InputError
        If the interval does not divide 180, or only one of the surfaces is given.
    """
    if (surface_f is None) != (surface_g is None):
        raise InputError("surface_f and surface_g belong together: give both rotations or neither")
    if surface_f is None:
        return _full_seeds(interval, spread)
    turns = rotation_from_euler(axis_seed_angles(interval), 0.0, 0.0)
    return np.asarray(surface_f, dtype=float).T @ turns @ np.asarray(surface_g, dtype=float)


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
        float(settings.start_reach / voxel_size),
        float(settings.start_spacing / voxel_size),
        settings.damping,
    )
