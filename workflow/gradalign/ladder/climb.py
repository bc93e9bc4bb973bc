"""The lines of a rung: each alignment's errors, regret and cost, and the bound that no aligner passes."""

import numpy as np

from gradalign.base.randomness import generator
from gradalign.geometry.rotations import alignment_error, nearest_truth
from gradalign.io.csv_lines import line
from gradalign.ladder.observed import Site
from gradalign.search.seeds import free_directions
from gradalign.study.bounds import drawn_errors
from gradalign.study.columns.ladder import LADDER_BOUNDS, LADDER_LINES


def climb(observed, contestant, rung, seed, symmetry):
    """Let an aligner align the volumes of a rung.

    Parameters
    ----------
    observed : gradalign.ladder.observed.Observed
    contestant : object
        One of `gradalign.ladder.contestants.contestants`.
    rung : gradalign.ladder.rungs.Rung
    seed : int
        The study's seed.
    symmetry : str
        Point group of the object.

    Yields
    ------
    dict
        A text for each of `LADDER_LINES`.
    """
    for number, answer in enumerate(contestant.align(observed, seed, symmetry)):
        poses = observed.poses[number]
        truth = nearest_truth(answer.rotation, *poses, symmetry)
        angle, shift, _ = alignment_error(answer.rotation, answer.translation, *poses, symmetry)
        frobenius = float(np.linalg.norm(answer.rotation - truth[0]))
        told = (frobenius, answer.search_loss, *_verdict(answer, truth))
        texts = ("" if value is None else f"{value:.5g}" for value in told)
        costs = answer.last_change, f"{1e3 * answer.cpu_seconds:.5g}"
        yield line(LADDER_LINES, [*rung, contestant.name, number, angle, shift, *texts, *costs])


def _verdict(answer, truth):
    """Return the error in the metric of the alignment's own covariance, and the probability that it states."""
    covariance = getattr(answer.alignment, "covariance", None)
    if covariance is None:
        return None, None
    # half of a small job's start would go into loading SciPy, which most jobs never need
    from scipy.spatial.transform import Rotation

    change = Rotation.from_matrix(truth[0] @ answer.rotation.T).as_rotvec()
    error = np.concatenate([change, truth[1] - answer.translation])
    return float(error @ np.linalg.solve(covariance, error)), answer.alignment.probability


def bounds(site, rung, observed, seed, symmetry, aligners=()):
    """Return the bounds of a rung: medians of the errors of an aligner that attains them.

    Parameters
    ----------
    site : gradalign.ladder.observed.Site
    rung : gradalign.ladder.rungs.Rung
    observed : gradalign.ladder.observed.Observed
    seed : int
        The study's seed.
    symmetry : str
        Point group of the object.
    aligners : sequence of str, optional
        Who was asked to climb the rung.

    Returns
    -------
    dict
        A text for each of `LADDER_BOUNDS`.
    """
    bound = site.bound(rung.task, rung.snr)
    errors = {"bound_known": [], "bound": []}
    for number, poses in enumerate(observed.poses):
        for kind, matrix in bound.information(poses).items():
            # the same numbers for both kinds
            rng = generator(seed, "ladder bound", rung.object, rung.condition, rung.task, rung.tilt, rung.snr, number)
            errors[kind].append(drawn_errors(matrix, free_directions(), poses, symmetry, rng)[:, :2])
    medians = [np.median(np.concatenate(errors[kind]), axis=0) for kind in ("bound", "bound_known")]
    return line(LADDER_BOUNDS, [*rung, *(f"{value:.5g}" for value in np.concatenate(medians)), " ".join(aligners)])


def open_site(rung, condition, maps, config):
    """Return the site of a rung.

    Parameters
    ----------
    rung : gradalign.ladder.rungs.Rung
    condition : gradalign.ladder.rungs.Condition
    maps : dict of (str, bool) to path
        Density maps by object and whether they are fine.
    config : dict
        ``seed``, ``microscope`` and ``subtomograms`` of the configuration.

    Returns
    -------
    gradalign.ladder.observed.Site
    """
    path = maps[rung.object, condition.fine]
    return Site(rung.object, path, condition, rung.tilt, config["seed"], config["microscope"], config["subtomograms"])
