"""What the study does with pairs of subtomograms: align them, and keep each result beside the truth.

Pair i of a cell consists of the subtomograms 2i (f) and 2i + 1 (g). Every pair has random numbers of its own,
so that its line does not depend on which pairs are aligned with it.
"""

from typing import NamedTuple

import numpy as np

from gradalign.base.randomness import generator
from gradalign.errors import InputError
from gradalign.fourier.spectrum import Spectrum, prepare
from gradalign.geometry.membrane import random_surfaces
from gradalign.geometry.rotations import alignment_error, euler_from_rotation, nearest_truth
from gradalign.io.csv_lines import line
from gradalign.io.mrc import read_stack
from gradalign.io.star import read_particles
from gradalign.scores.evaluation import dissimilarity_at
from gradalign.scores.likelihood import estimate_model
from gradalign.search.likelihood import align_bands, prepare_bands
from gradalign.search.pair import align_spectra
from gradalign.study.columns import ALIGNMENTS
from gradalign.study.conditions import PRINTED_SCORES

_PURPOSES = {"full": "search", "axis": "axis search"}


class Pair(NamedTuple):
    """Two subtomograms, prepared, and where their object truly is."""

    number: int
    """Which pair of its data set."""
    fixed: Spectrum
    """f."""
    moving: Spectrum
    """g."""
    poses: tuple
    """P_f, a_f, P_g, a_g: orientations (3, 3) and translations (3,) in voxels."""
    bands: tuple = ()
    """f and g for the likelihood, from `gradalign.search.likelihood.prepare_bands`; empty where it is not asked for."""


def read_pairs(stack_path, particles_path):
    """Read the subtomograms of a cell and their poses.

    Parameters
    ----------
    stack_path : str or path
        MRC volume stack.
    particles_path : str or path
        STAR file with the poses, in the order of the stack.

    Returns
    -------
    volumes : numpy.ndarray of shape (2 n, box, box, box)
        Densities [volume, z, y, x].
    particles : gradalign.io.star.Particles
        Their poses and voxel size.

    Raises
    ------
    InputError
        If a file is missing or damaged, or the two do not fit.
    """
    particles = read_particles(particles_path)
    volumes, _ = read_stack(stack_path, particles.box)
    if len(volumes) != len(particles.images):
        raise InputError(
            f"{stack_path}: holds {len(volumes)} subtomograms, where {particles_path} has the poses of "
            f"{len(particles.images)}"
        )
    return volumes, particles


def prepared_pairs(volumes, particles, pairs, data_set, tilt, settings, model=None):
    """Prepare pairs of subtomograms for alignment, one after the other.

    Parameters
    ----------
    volumes : numpy.ndarray of shape (2 n, box, box, box)
        All subtomograms of one tilt range and signal-to-noise ratio.
    particles : gradalign.io.star.Particles
        Their poses.
    pairs : iterable of int
        Which pairs.
    data_set : str
        Their object, for messages.
    tilt : float
        Half range of their tilt series in degrees.
    settings : gradalign.search.pair.Settings
    model : gradalign.scores.likelihood.SignalModel, optional
        Of all subtomograms; with it the pairs are prepared for the likelihood too.

    Yields
    ------
    Pair

    Raises
    ------
    InputError
        If there is no such pair, or a volume or setting is unusable.
    """
    for number in pairs:
        members = 2 * number, 2 * number + 1
        if members[1] >= len(volumes):
            raise InputError(f"pair {number} is not among the {len(volumes) // 2} pairs of the data set {data_set}")
        names = [f"subtomogram {member + 1} of {data_set}" for member in members]
        scale = settings.low_pass, particles.voxel_size, settings.wedge_guard
        fixed, moving = (
            prepare(volumes[member], tilt, *scale, name) for member, name in zip(members, names, strict=True)
        )
        poses = (pose[member] for member in members for pose in (particles.rotations, particles.translations))
        bands = (
            prepare_bands(volumes[member], tilt, model, settings, particles.voxel_size, name)
            for member, name in zip(members, names, strict=True)
            if model
        )
        yield Pair(number, fixed, moving, tuple(poses), tuple(bands))


def search_generator(seed, cell, search, pair):
    """Return the random numbers of one search.

    Parameters
    ----------
    seed : int
        The study's seed.
    cell : gradalign.study.conditions.Cell
    search : str
        ``"full"`` or ``"axis"``.
    pair : int

    Returns
    -------
    numpy.random.Generator
    """
    return generator(seed, _PURPOSES[search], cell.data_set, cell.tilt, cell.snr, cell.score, cell.interval, pair)


def pair_surfaces(pair, cell, seed):
    """Return R_f and R_g of Eq. 22 for a pair: the same for all scores and intervals.

    Parameters
    ----------
    pair : Pair
    cell : gradalign.study.conditions.Cell
    seed : int
        The study's seed.

    Returns
    -------
    surface_f, surface_g : numpy.ndarray of shape (3, 3)
    """
    rng = generator(seed, "surface normal", cell.data_set, cell.tilt, cell.snr, pair.number)
    return random_surfaces(pair.poses[0], pair.poses[2], rng)


def search_pair(pair, cell, search, settings, voxel_size, seed):
    """Align one pair of a cell.

    Parameters
    ----------
    pair : Pair
    cell : gradalign.study.conditions.Cell
    search : str
        ``"full"``, or ``"axis"`` for the rotations about the surface normal alone.
    settings : gradalign.search.pair.Settings
    voxel_size : float
        In nm.
    seed : int
        The study's seed.

    Returns
    -------
    gradalign.search.pair.Alignment
    """
    surfaces = pair_surfaces(pair, cell, seed) if search == "axis" else (None, None)
    if cell.score not in PRINTED_SCORES:
        return align_bands(*pair.bands, cell.interval, settings, voxel_size, *surfaces)
    rng = search_generator(seed, cell, search, pair.number)
    return align_spectra(pair.fixed, pair.moving, cell.score, cell.interval, settings, voxel_size, rng, *surfaces)


def _dissimilarity(pair, score, transform):
    if score in PRINTED_SCORES:
        return dissimilarity_at(pair.fixed, pair.moving, score, *transform)
    return dissimilarity_at(*(volume.finest for volume in pair.bands), score, *transform)


def align_pairs(volumes, particles, pairs, cells, searches, symmetry, settings, seed):
    """Align pairs in the cells of one tilt range and signal-to-noise ratio, one pair after the other.

    Parameters
    ----------
    volumes : numpy.ndarray of shape (2 n, box, box, box)
        All subtomograms of the cells.
    particles : gradalign.io.star.Particles
        Their poses.
    pairs : iterable of int
        Which pairs.
    cells : list of gradalign.study.conditions.Cell
        Of one data set, tilt range and signal-to-noise ratio.
    searches : sequence of str
        ``"full"``, ``"axis"`` or both.
    symmetry : str
        Point group of the object.
    settings : gradalign.search.pair.Settings
    seed : int
        The study's seed.

    Yields
    ------
    dict
        A text for each of `ALIGNMENTS`; the cells and searches of a pair follow each other.

    Raises
    ------
    InputError
        If there is no such pair, or a volume or setting is unusable.
    """
    data_set, tilt = cells[0].data_set, cells[0].tilt
    printed = all(cell.score in PRINTED_SCORES for cell in cells)
    model = None if printed else estimate_model(volumes, [tilt] * len(volumes))
    for pair in prepared_pairs(volumes, particles, pairs, data_set, tilt, settings, model):
        for cell in cells:
            for search in searches:
                found = search_pair(pair, cell, search, settings, particles.voxel_size, seed)
                truth = nearest_truth(found.rotation, *pair.poses, symmetry)
                numbers = np.concatenate(
                    [
                        found.euler_zyz,
                        found.translation,
                        euler_from_rotation(truth[0]),
                        truth[1],
                        alignment_error(found.rotation, found.translation, *pair.poses, symmetry),
                        [found.dissimilarity, _dissimilarity(pair, cell.score, truth)],
                    ]
                )
                condition = [pair.number, cell.tilt, cell.snr, cell.score, cell.interval, search]
                yield line(ALIGNMENTS, [*condition, *numbers.tolist(), found.iterations])
