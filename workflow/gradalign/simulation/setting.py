"""The standard setting of a dihedral assembly: principal axis z, a twofold axis on x, by superposing chains.

A point group fixes this setting only up to rotations that map the group's axes onto each other. What is left open
is settled by the protein, so that the setting depends neither on the file's frame nor on chance:

- of the two kinds of half-axes at multiples of π/n, x is of the kind with more mass far out,
  Σ m ρⁿ cos(nφ) > 0;
- the first chain stands at z > 0, within π/n of x in azimuth.
"""

import numpy as np
from scipy.spatial.transform import Rotation

from gradalign.errors import InputError
from gradalign.geometry.rotations import point_group

LARGEST_RESIDUAL = 0.3
"""Cα RMSD in nm above which an assembly does not count as symmetric."""


def standard_setting(c_alpha, positions, masses, group, label):
    """Return the transform to the standard setting of a dihedral group and how well the symmetry holds.

    The operators are found by superposing the first chain on every chain, then the whole assembly on itself
    with the chains permuted accordingly. Axes are the means over the operators. A point x stands at R(x − c)
    afterwards.

    Parameters
    ----------
    c_alpha : numpy.ndarray, (chains, residues, 3)
        Cα positions in nm, the same residues in each chain.
    positions : numpy.ndarray, (n, 3)
        Positions of all atoms in nm.
    masses : numpy.ndarray, (n,)
    group : str
        ``"Dn"`` with n ≥ 3.
    label : str or path
        What messages call the structure.

    Returns
    -------
    rotation : numpy.ndarray, (3, 3)
        R.
    centre : numpy.ndarray, (3,)
        c, the symmetry centre in nm: the point that all superpositions keep, which is the mean of the Cα.
    residuals : numpy.ndarray, (2n,)
        Cα RMSD in nm of each operator of ``point_group(group)`` in the standard setting.

    Raises
    ------
    InputError
        If the group is no such one, the assembly has not 2n chains, or an operator's residual is `LARGEST_RESIDUAL` or
        more.
    """
    fold = int(group[1:])
    if group[0] != "D" or fold < 3:
        raise InputError(f"{label}: has the point group {group}, where C1 or Dn with n ≥ 3 is needed.")
    if len(c_alpha) != 2 * fold or c_alpha.shape[1] < 3:
        raise InputError(
            f"{label}: has {len(c_alpha)} chains with {c_alpha.shape[1]} residues in common, "
            f"where {group} needs {2 * fold} like chains."
        )
    centre = c_alpha.mean(axis=(0, 1))
    centred = c_alpha - centre
    operators = _self_superpositions(centred, group, label)
    axes = _axes(operators, fold, group, label)
    rotation = _settle(axes, (positions - centre) @ axes.T, masses, centred[0].mean(axis=0), fold)
    residuals = symmetry_residuals(centred @ rotation.T, group, label)
    if residuals.max() >= LARGEST_RESIDUAL:
        raise InputError(
            f"{label}: departs from {group} symmetry by {residuals.max():.2f} nm Cα RMSD, "
            f"where less than {LARGEST_RESIDUAL} nm is needed."
        )
    return rotation, centre, residuals


def symmetry_residuals(c_alpha, group, label):
    """Return how well each operator of a point group maps an assembly in standard setting onto itself.

    Parameters
    ----------
    c_alpha : numpy.ndarray, (chains, residues, 3)
        Cα positions in nm, symmetry centre in the origin.
    group : str
    label : str or path
        What messages call the structure.

    Returns
    -------
    numpy.ndarray, (order,)
        Cα RMSD in nm between the moved assembly and the chains its chains fall on, operator by operator.

    Raises
    ------
    InputError
        If an operator does not take every chain to a chain of its own.
    """
    residuals = []
    for operator in point_group(group):
        moved = c_alpha @ operator.T
        targets = c_alpha[_targets(moved, c_alpha, group, label)]
        residuals.append(np.sqrt(((moved - targets) ** 2).sum(axis=2).mean()))
    return np.array(residuals)


def _targets(moved, c_alpha, group, label):
    """Return for each moved chain the number of the chain it falls on."""
    separation = moved.mean(axis=1)[:, None] - c_alpha.mean(axis=1)[None]
    targets = np.argmin((separation**2).sum(axis=2), axis=1)
    if len(set(targets)) != len(targets):
        raise InputError(f"{label}: its chains are not placed with {group} symmetry.")
    return targets


def _self_superpositions(centred, group, label):
    """Return, for each chain, the rotation of the assembly onto itself that takes the first chain there."""
    first = centred[0] - centred[0].mean(axis=0)
    operators = []
    for chain in centred:
        rotation, _ = Rotation.align_vectors(chain - chain.mean(axis=0), first)
        moved = centred @ rotation.as_matrix().T
        targets = centred[_targets(moved, centred, group, label)]
        refined, _ = Rotation.align_vectors(targets.reshape(-1, 3), centred.reshape(-1, 3))
        operators.append(refined.as_rotvec())
    return np.array(operators)


def _axes(operators, fold, group, label):
    """Return the directions x, y, z (rows) of some setting with z on the n-fold and x on a twofold axis.

    `operators` are rotation vectors (2n, 3).
    """
    angles = np.linalg.norm(operators, axis=1)
    # below this lie only rotations about the n-fold axis: 2π/n, 4π/n, ...; its twofold, if any, is left out
    near_180 = np.pi * (1 - 1 / (2 * fold))
    ring = operators[(angles > np.pi / fold) & (angles < near_180)]
    ring = ring / np.linalg.norm(ring, axis=1, keepdims=True)
    z = np.linalg.eigh(ring.T @ ring)[1][:, -1]
    twofolds = operators[angles >= near_180]
    twofolds = twofolds[np.abs(twofolds @ z) < np.pi / 2]
    if len(ring) != fold - 1 - (fold % 2 == 0) or len(twofolds) != fold:
        raise InputError(f"{label}: the rotations that superpose its chains are not those of {group}.")
    start = twofolds[0] - (twofolds[0] @ z) * z
    start /= np.linalg.norm(start)
    across = np.cross(z, start)
    # axes a multiple of π/n apart add up in phase
    phase = np.angle(np.exp(2j * fold * np.arctan2(twofolds @ across, twofolds @ start)).sum()) / (2 * fold)
    x = np.cos(phase) * start + np.sin(phase) * across
    return np.array([x, np.cross(z, x), z])


def _settle(axes, positions, masses, first, fold):
    """Return `axes` rotated to the one setting that the module's rules single out.

    `positions` are those of all atoms in the frame of `axes`, `first` the centre of the first chain before.
    """
    about_z = (positions[:, 0] + 1j * positions[:, 1]) ** fold
    if (masses * about_z.real).sum() < 0:
        axes = _rotation_about_z(-np.pi / fold) @ axes
    if (axes @ first)[2] < 0:
        axes = np.diag([1.0, -1.0, -1.0]) @ axes
    x, y, _ = axes @ first
    steps = np.round(np.arctan2(y, x) / (2 * np.pi / fold))
    return _rotation_about_z(-steps * 2 * np.pi / fold) @ axes


def _rotation_about_z(angle):
    return Rotation.from_rotvec([0.0, 0.0, angle]).as_matrix()
