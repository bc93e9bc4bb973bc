"""What the study does with pairs of subtomograms: align them, and keep each result beside the truth.

Pair i of a cell consists of the subtomograms 2i (f) and 2i + 1 (g). Every pair has random numbers of its own,
so that its line does not depend on which pairs are aligned with it.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gradalign.base.randomness import generator
from gradalign.errors import InputError
from gradalign.geometry.membrane import random_surfaces
from gradalign.geometry.rotations import alignment_error, euler_from_rotation, nearest_truth, rotation_angle
from gradalign.io.csv_lines import line
from gradalign.io.star import Particles
from gradalign.search.score import Start, by_preparation, load_score
from gradalign.search.seeds import free_directions
from gradalign.study.columns.alignments import ALIGNMENTS
from gradalign.study.columns.optimum import is_same_optimum
from gradalign.study.columns.regret import is_search_loss

_PURPOSES = {"full": "search", "axis": "axis search"}


class Subtomograms(NamedTuple):
    """The subtomograms of an object at one tilt range and signal-to-noise ratio, two for each pair."""

    volumes: np.ndarray
    """(2 n, box, box, box)"""
    particles: Particles
    """Their poses and voxel size."""
    symmetry: str
    """Point group of the object."""


class Pair(NamedTuple):
    """Two subtomograms, prepared, and where their object truly is."""

    number: int
    """Which pair of its data set."""
    poses: tuple
    """P_f, a_f, P_g, a_g: orientations (3, 3) and translations (3,) in voxels."""
    prepared: dict
    """f and g as each kind of score prepares them, by `gradalign.search.score.Score.shared_preparation`."""

    def of(self, score):
        """Return f and g as a score needs them.

        Parameters
        ----------
        score : str

        Returns
        -------
        fixed, moving : object
        """
        return self.prepared[load_score(score).shared_preparation]


def prepared_pairs(volumes, particles, pairs, cells, settings):
    """Prepare pairs of subtomograms for alignment, one after the other.

    Parameters
    ----------
    volumes : numpy.ndarray of shape (2 n, box, box, box)
        All subtomograms of one tilt range and signal-to-noise ratio: what a score must know of the set it learns from
        all of them.
    particles : gradalign.io.star.Particles
        Their poses.
    pairs : iterable of int
        Which pairs.
    cells : list of gradalign.study.conditions.Cell
        Of one data set and tilt range; the pairs are prepared for their scores.
    settings : gradalign.search.settings.Settings

    Yields
    ------
    Pair

    Raises
    ------
    InputError
        If there is no such pair, or a volume or setting is unusable.
    """
    data_set, tilt = cells[0].data_set, cells[0].tilt
    scores = by_preparation(cell.score for cell in cells)
    models = {kind: score.estimate(volumes, [tilt] * len(volumes), settings.alike) for kind, score in scores.items()}
    for number in pairs:
        members = 2 * number, 2 * number + 1
        if members[1] >= len(volumes):
            raise InputError(f"pair {number} is not among the {len(volumes) // 2} pairs of the data set {data_set}")
        prepared = {
            kind: tuple(
                score.prepare(
                    volumes[member],
                    tilt,
                    settings,
                    particles.voxel_size,
                    models[kind][member],
                    f"subtomogram {member + 1} of {data_set}",
                )
                for member in members
            )
            for kind, score in scores.items()
        }
        poses = (pose[member] for member in members for pose in (particles.rotations, particles.translations))
        yield Pair(number, tuple(poses), prepared)


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
    settings : gradalign.search.settings.Settings
    voxel_size : float
        In nm.
    seed : int
        The study's seed.

    Returns
    -------
    gradalign.search.settings.Alignment
    """
    surfaces = pair_surfaces(pair, cell, seed) if search == "axis" else (None, None)
    rng = search_generator(seed, cell, search, pair.number)
    start = Start(cell.interval, *surfaces)
    return load_score(cell.score).search(*pair.of(cell.score), settings, voxel_size, start, rng)


def regret(score, volumes, found, truth, basis, settings):
    """Return whether a better answer than the search's was there to be found.

    The truth enters after the search and changes nothing of it.

    Parameters
    ----------
    score : gradalign.search.score.Score
    volumes : (object, object)
        f and g, as the score prepares them.
    found : gradalign.search.settings.Alignment
    truth : (array_like of shape (3, 3), array_like of shape (3,))
        The true transform.
    basis : array_like of shape (6, k)
        The search's free directions.
    settings : gradalign.search.settings.Settings

    Returns
    -------
    truth_end_dissimilarity : float
        d where a refinement ends that starts at the truth.
    search_loss : bool
        Whether it ends elsewhere and better, by what the search makes smallest, than one that starts at the answer.
    """
    *end, least = score.refine(*volumes, *truth, settings, basis)
    own_end, loss = (found.rotation, found.translation), False
    # an answer that stands where that one ends needs no refinement to tell
    if not is_same_optimum(*differences(*own_end, *end)):
        *own_end, own_least = score.refine(*volumes, *own_end, settings, basis, found=True)
        loss = is_search_loss(own_least, least, *differences(*own_end, *end))
    return score.value(*volumes, *end), loss


def differences(rotations, translations, rotation, translation):
    """Return by how much transforms differ from another one.

    Parameters
    ----------
    rotations : numpy.ndarray of shape (..., 3, 3)
    translations : numpy.ndarray of shape (..., 3)
        In voxels.
    rotation : numpy.ndarray of shape (3, 3)
    translation : numpy.ndarray of shape (3,)
        In voxels.

    Returns
    -------
    angles, shifts : numpy.ndarray of shape (...)
        In degrees and voxels.
    """
    return rotation_angle(rotation.T @ rotations), np.linalg.norm(translations - translation, axis=-1)


def verdict_values(found, truth, basis):
    """Return what an alignment says of its own certainty, and how large its error is by that.

    Parameters
    ----------
    found : gradalign.search.settings.Alignment
    truth : (array_like of shape (3, 3), array_like of shape (3,))
        The true transform.
    basis : array_like of shape (6, k)
        The search's free directions.

    Returns
    -------
    list
        The last eight of `gradalign.study.columns.alignments.ALIGNMENTS`; None for what a score does not say. A
        quantile is the probability of a smaller error: below 0.68 in 68 of 100 pairs if the covariance is right.
    """
    if found.covariance is None:
        return [None] * 7 + [found.verdict]
    # half of a small job's start would go into loading SciPy, which most jobs never need
    from scipy.spatial.transform import Rotation
    from scipy.special import gammainc

    omega = Rotation.from_matrix(np.asarray(truth[0]) @ found.rotation.T).as_rotvec()
    quantiles = []
    for part, error in ((slice(0, 3), omega), (slice(3, 6), np.asarray(truth[1]) - found.translation)):
        free = np.linalg.matrix_rank(basis[part])
        square = error @ np.linalg.pinv(found.covariance[part, part], rcond=1e-9, hermitian=True) @ error
        quantiles.append(gammainc(free / 2.0, square / 2.0))
    numbers = [*quantiles, found.probability, found.evidence, found.excess]
    numbers = [None if np.isnan(number) else f"{number:.5g}" for number in numbers]
    return [found.rotation_sd, found.translation_sd, *numbers, found.verdict]


def align_pairs(subtomograms, pairs, cells, searches, settings, seed):
    """Align pairs in the cells of one tilt range and signal-to-noise ratio, one pair after the other.

    Parameters
    ----------
    subtomograms : Subtomograms
        All of the cells.
    pairs : iterable of int
        Which pairs.
    cells : list of gradalign.study.conditions.Cell
        Of one data set, tilt range and signal-to-noise ratio.
    searches : sequence of str
        ``"full"``, ``"axis"`` or both.
    settings : gradalign.search.settings.Settings
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
    volumes, particles, symmetry = subtomograms
    settings = replace(settings, symmetry=symmetry)
    for pair in prepared_pairs(volumes, particles, pairs, cells, settings):
        for cell in cells:
            for search in searches:
                found = search_pair(pair, cell, search, settings, particles.voxel_size, seed)
                truth, score = nearest_truth(found.rotation, *pair.poses, symmetry), load_score(cell.score)
                basis = free_directions(pair_surfaces(pair, cell, seed)[0] if search == "axis" else None)
                value, loss = regret(score, pair.of(cell.score), found, truth, basis, settings)
                numbers = np.concatenate(
                    [
                        found.euler_zyz,
                        found.translation,
                        euler_from_rotation(truth[0]),
                        truth[1],
                        alignment_error(found.rotation, found.translation, *pair.poses, symmetry),
                        [found.dissimilarity, score.value(*pair.of(cell.score), *truth)],
                    ]
                )
                condition = [pair.number, cell.tilt, cell.snr, cell.score, cell.interval, search]
                verdict = verdict_values(found, truth, basis)
                yield line(ALIGNMENTS, [*condition, *numbers.tolist(), found.iterations, value, int(loss), *verdict])
