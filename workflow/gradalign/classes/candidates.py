"""Groups of particles that may be classes: from their pairs, with a pose for each particle."""

from itertools import combinations

import numpy as np

from gradalign.classes.similarity import groups, similarity
from gradalign.classes.synchronise import synchronise
from gradalign.fourier.band import band_limit
from gradalign.fourier.spectrum import narrowed
from gradalign.geometry.rotations import relative_transform
from gradalign.scores.evaluation import dissimilarity_at
from gradalign.scores.likelihood import Band, prepare_masked, weighted
from gradalign.scores.signal_model import tempered
from gradalign.search.likelihood import align_bands
from gradalign.search.likelihood_volume import LikelihoodVolume, finest_limit

GROUPS_PER_CLASS = 2
"""A tree is cut into as many groups as there are classes, and into so many times as many: the former may hold two
classes, and the latter fall apart into too few particles. What is one is merged later."""


def prepare_for_pairs(volume, wedge, plan, name="particle"):
    """Return a particle ready to be aligned with others.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
        On mean 0 and variance 1.
    wedge : (float, float, float)
        Tilt range and axis in degrees.
    plan : gradalign.classes.plan.Plan
    name : str
        How messages call it.

    Returns
    -------
    gradalign.search.likelihood_volume.LikelihoodVolume
        Without what the joint refinement needs: a first sorting does without it.

    Raises
    ------
    InputError
        If the volume or its tilt range is unusable.
    """
    settings = plan.pair_settings
    finest = finest_limit(settings)
    band = Band(finest, plan.voxel_size, settings.wedge_softness)
    whole = prepare_masked(volume, wedge, plan.model, band, name)
    coarse = tempered(plan.model, settings.coarse_ratio)
    bands = {finest: weighted(whole, plan.model)}
    for low_pass in {one.low_pass for one in settings.rounds} - {finest}:
        limit = band_limit(plan.box, low_pass, plan.voxel_size)
        bands[low_pass] = weighted(narrowed(whole, limit), coarse)
    return LikelihoodVolume(bands)


def align_pairs(prepared, pairs, plan):
    """Align pairs of prepared particles.

    Parameters
    ----------
    prepared : dict of int to gradalign.search.likelihood_volume.LikelihoodVolume
    pairs : iterable of (int, int)
    plan : gradalign.classes.plan.Plan

    Yields
    ------
    (int, int), gradalign.Alignment
        The pair, and the transform that moves the second onto the first.
    """
    for i, j in pairs:
        yield (
            (i, j),
            align_bands(prepared[i], prepared[j], settings=plan.pair_settings, voxel_size=plan.voxel_size),
        )


def dissimilarities(pairs, numbers):
    """Return the dissimilarities of all pairs as a matrix.

    Parameters
    ----------
    pairs : dict of (int, int) to Alignment
    numbers : sequence of int
        The particles, in the order of the matrix.

    Returns
    -------
    numpy.ndarray of shape (n, n)
    """
    place = {number: k for k, number in enumerate(numbers)}
    matrix = np.zeros((len(numbers), len(numbers)))
    for (i, j), found in pairs.items():
        matrix[place[i], place[j]] = matrix[place[j], place[i]] = found.dissimilarity
    return matrix


def _members(found, cuts, numbers):
    """Return the groups of particles into which a tree falls at some cuts, each once."""
    distinct = {}
    for labels in (groups(found, count) for count in cuts):
        for label in range(1, labels.max(initial=0) + 1):
            members = tuple(number for number, own in zip(numbers, labels.tolist(), strict=True) if own == label)
            distinct.setdefault(members)
    return list(distinct)


def grouped_poses(pairs, numbers, count=None):
    """Group particles by their pairs and give each group's particles poses.

    Parameters
    ----------
    pairs : dict of (int, int) to Alignment
        Of all pairs of `numbers`.
    numbers : sequence of int
    count : int, optional
        Number of classes; as the eigenvalues tell if left out.

    Returns
    -------
    poses : list of dict of int to (rotation, translation)
        For each group the poses of its particles.
    found : gradalign.classes.similarity.Similarity or None
        None for fewer than three particles.
    """
    if len(numbers) < 3:
        return [], None
    found = similarity(dissimilarities(pairs, numbers))
    wanted = count or found.dimensions + 1
    poses = []
    for members in _members(found, (wanted, GROUPS_PER_CLASS * wanted), numbers):
        place = {number: k for k, number in enumerate(members)}
        own = {(place[i], place[j]): pair for (i, j), pair in pairs.items() if i in place and j in place}
        agreed = synchronise(own, count=len(members))
        poses.append({number: (agreed.rotations[k], agreed.translations[k]) for k, number in enumerate(members)})
    return poses, found


def _prepared(observed, numbers, plan):
    for number in numbers:
        yield number, prepare_for_pairs(observed.volumes[number], observed.wedges[number], plan)


def all_pairs_of(observed, numbers, plan):
    """Align all pairs of some particles that are at hand.

    Parameters
    ----------
    observed : gradalign.classes.observed.Observed
    numbers : sequence of int
        Which of them.
    plan : gradalign.classes.plan.Plan

    Returns
    -------
    dict of (int, int) to Alignment
    """
    prepared = dict(_prepared(observed, numbers, plan))
    return dict(align_pairs(prepared, combinations(numbers, 2), plan))


def split_poses(observed, poses, plan):
    """Divide a class by the pairs of its particles, compared as their poses have them.

    No pair is searched: what differs within a class shows better where the particles lie on its map.

    Parameters
    ----------
    observed : gradalign.classes.observed.Observed
    poses : dict of int to (rotation, translation)
        Of the particles of a class.
    plan : gradalign.classes.plan.Plan

    Returns
    -------
    list of dict of int to (rotation, translation)
        The class itself if nothing divides it; particles that stay single are in no part.
    """
    numbers = sorted(poses)
    if len(numbers) < 3:
        return [poses]
    finest = finest_limit(plan.pair_settings)
    prepared = {number: each.bands[finest] for number, each in _prepared(observed, numbers, plan)}
    matrix = np.zeros((len(numbers), len(numbers)))
    for (i, first), (j, second) in combinations(enumerate(numbers), 2):
        place = relative_transform(*poses[first], *poses[second])
        matrix[i, j] = matrix[j, i] = dissimilarity_at(prepared[first], prepared[second], "likelihood", *place)
    found = similarity(matrix)
    if not found.dimensions:
        return [poses]
    parts = [
        {number: poses[number] for number in members} for members in _members(found, (found.dimensions + 1,), numbers)
    ]
    return parts or [poses]
