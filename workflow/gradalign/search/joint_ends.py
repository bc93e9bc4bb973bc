"""The joint refinements that end a search: which pairs have one, where it begins, and which end is the likeliest."""

import numpy as np

from gradalign.scores.evaluation import information
from gradalign.search.coarse_to_fine import without_log_terms
from gradalign.search.joint_descent import JointDescent

# after how many transforms in all ends are looked at, and how much less likely than the best one may be to go on
_LOOKS = ((3, 25.0), (6, 8.0), (40, 0.0))


def ends_jointly(fixed, moving):
    """Return whether a search ends with the joint refinement.

    Parameters
    ----------
    fixed, moving : LikelihoodVolume

    Returns
    -------
    bool
        Not if a volume is not prepared for it, nor if both tilt series are complete: where nothing is missing there is
        no edge, and the modes that were left out would be all that differs.
    """
    return bool(fixed.joint and moving.joint) and not (fixed.joint.complete and moving.joint.complete)


def joint_descent(pair, spectra, start, basis):
    """Begin a joint refinement.

    Parameters
    ----------
    pair : gradalign.search.joint.JointRefinement
    spectra : (gradalign.fourier.spectrum.Spectrum, gradalign.fourier.spectrum.Spectrum)
        From `gradalign.search.likelihood_volume.finest_pair`.
    start : tuple
        Rotation (3, 3) and translation (3,) in voxels.
    basis : array_like of shape (6, k)
        The free directions.

    Returns
    -------
    gradalign.search.joint.JointDescent
    """
    held, moved = spectra
    # of −log of the likelihood, about
    curvature = 2.0 * information(without_log_terms(held), moved, *start)
    return JointDescent(pair, start, curvature, basis)


def best_joint_end(pair, spectra, candidates, basis):
    """Return where the likeliest joint refinement of some candidates ends.

    All are looked at, and only those go on that may still become the likeliest.

    Parameters
    ----------
    pair : gradalign.search.joint.JointRefinement
    spectra : (gradalign.fourier.spectrum.Spectrum, gradalign.fourier.spectrum.Spectrum)
        From `gradalign.search.likelihood_volume.finest_pair`.
    candidates : gradalign.search.step.Candidates
        Where the refinements begin.
    basis : array_like of shape (6, k)
        The free directions.

    Returns
    -------
    end : gradalign.search.joint.JointEnd
    ends : gradalign.search.step.Candidates
        All ends; d is −log of their likelihood.
    steps : list of (numpy.ndarray, numpy.ndarray)
        Traces and paths.
    """
    starts = zip(candidates.rotations, candidates.translations, strict=True)
    descents = [joint_descent(pair, spectra, start, basis) for start in starts]
    ends, limit = [descent.end for descent in descents], np.inf
    for most, within in _LOOKS:
        ends = [
            descent.advance(most).end if end.value <= limit else end
            for descent, end in zip(descents, ends, strict=True)
        ]
        limit = min(end.value for end in ends) + within
    values = np.array([end.value for end in ends])
    rotations, translations = (np.array([end[place] for end in ends]) for place in (0, 1))
    rivals = candidates._replace(rotations=rotations, translations=translations, dissimilarities=values)
    return ends[np.argmin(values)], rivals, [(end.trace, end.path) for end in ends]
