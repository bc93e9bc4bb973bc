"""The search by the likelihood: from coarse to fine, and at the end jointly."""

from dataclasses import replace

import numpy as np

from gradalign.errors import InputError
from gradalign.scores.evaluation import dissimilarity_at
from gradalign.scores.least_squares import score_number
from gradalign.scores.likelihood import Band
from gradalign.scores.masks import AUTOMATIC
from gradalign.scores.set_model import model_of_particle, model_of_reference, model_of_set
from gradalign.scores.signal_model import estimate_model, estimate_models
from gradalign.search.agreement import LEAST_AGREEMENT, Agreement, search_by_agreement
from gradalign.search.coarse_to_fine import (
    best_distinct,
    coarse_to_fine,
    refine_each,
    rounds_to,
    with_log_terms,
    without_log_terms,
)
from gradalign.search.joint import JointRefinement
from gradalign.search.joint_covariance import joint_covariance_at
from gradalign.search.joint_ends import best_joint_end, ends_jointly, joint_descent
from gradalign.search.kernel_score import KernelScore, refined_on
from gradalign.search.likelihood_volume import finest_limit, finest_pair, pair_bands, prepare_bands, under_one_mask
from gradalign.search.score import Start
from gradalign.search.seeds import free_directions, start_rotations
from gradalign.search.settings import Alignment, Settings
from gradalign.search.step import joined
from gradalign.search.stochastic import place_candidates
from gradalign.search.verdict import (
    LARGEST_EXCESS,
    LEAST_EVIDENCE,
    Asked,
    Compared,
    Evidence,
    covariance_at,
    expected_value,
    judge,
)

# what is left of the logarithm's terms where the end is a joint one: in full they favour large overlaps, most of all
# of small particles, whose spectrum a wedge's edge blurs most
_GUIDING_SHARE = 0.5
# d counts the coefficients of a masked volume as if each told something of its own. Where the mask fills less than this
# part of the box, differences of d are the larger
_FILLED = 0.6
# a search that begins anew has so many times as many candidates, with so many times the difference of d; more seeds
# would only bring these nearer to each other
_WIDER, _FURTHER = 4, 2.0
# evidence from which no search begins anew: one that had missed the right answer had come to 24
_CLEAR = LEAST_EVIDENCE + 10.0
# candidates that are refined to the end: those whose d is at most so much larger than the smallest
_MOST_ENDS, _NEAR = 4, 10.0
# where the end is a joint one; d leaves out what a mask and the overlap's edge take, so that it is a rough guide there
_MOST_JOINT_ENDS, _NEAR_JOINTLY = 64, 60.0


def align_bands(fixed, moving, settings=None, voxel_size=1.0, start=None):
    """Align two subtomograms by the likelihood: from coarse to fine, and jointly where both are prepared for it.

    Parameters
    ----------
    fixed, moving : LikelihoodVolume
        f and g, from `prepare_bands`.
    settings : Settings, optional
    voxel_size : float
        In nm.
    start : gradalign.search.score.Start, optional

    Returns
    -------
    Alignment

    Raises
    ------
    InputError
        If the interval does not divide 180, or only one of the surfaces is given.
    """
    settings, start = settings or Settings(), start or Start()
    fixed, moving = under_one_mask(fixed, moving)
    if fixed.alone and moving.alone:
        found = align_bands(fixed.alone, moving.alone, settings, voxel_size, start)
        beside = fixed.model.beside or moving.model.beside
        # with something beside the particle d would be far above its expectation
        if not found.reason or not beside and not found.excess > LARGEST_EXCESS:
            return found
    basis, seeds = free_directions(start.surface_f), (start.interval, start.surface_f, start.surface_g)
    rotations = start_rotations(*seeds, spread=True) if start.rotations is None else start.rotations
    if fixed.crowded and moving.crowded:
        return _agreeing(fixed, moving, rotations, basis, settings, voxel_size)
    pair = guide = pair_bands(fixed, moving, settings)
    # where most pairs are unlike, more ends would be refined of those that have no right one
    if settings.deeper < np.inf:
        settings = _by_mask(settings, fixed.model, moving.model)
        guide = _guiding(pair) if ends_jointly(fixed, moving) else pair
    common = basis, settings, voxel_size
    candidates, *steps = _searched(guide, rotations, *common)
    if not _far_off(*guide[min(guide)], candidates, settings.deeper):
        found = _finished(fixed, moving, [candidates], steps, *common)
        if settings.deeper == np.inf or found.evidence >= _CLEAR:
            return found
    # by d itself: what one guide misses the other finds
    more = _with_more(settings, _WIDER, _FURTHER)
    deeper, *further = _searched(pair, rotations, basis, more, voxel_size)
    steps = [np.concatenate(parts) for parts in zip(steps, further, strict=True)]
    return _finished(fixed, moving, [candidates, deeper], steps, *common)


def _guiding(pair):
    """Return the transforms of a pair by band limit, with the d that leads to the joint refinements."""
    return {band: (with_log_terms(held, _GUIDING_SHARE), moved) for band, (held, moved) in pair.items()}


def _with_more(settings, count, difference):
    """Return settings whose rounds go on with so many times as many candidates, whose d may differ so much more."""
    rounds = (
        one._replace(keep=count * one.keep, most=count * one.most, within=difference * one.within)
        for one in settings.rounds
    )
    return replace(settings, rounds=tuple(rounds))


def _by_mask(settings, *models):
    """Return settings for the differences that d has under the masks of two volumes."""
    fills = [model.filled for model in models if model is not None]
    return _with_more(settings, 1, max(1.0, _FILLED / min(fills, default=1.0)))


def _searched(pair, rotations, basis, settings, voxel_size):
    rotations = np.ascontiguousarray(rotations, dtype=float)
    return coarse_to_fine(pair, score_number("likelihood"), rotations, basis, settings, voxel_size)


def _far_off(fixed, moving, candidates, deviations):
    """Return whether the smallest d is further above its expectation than a right answer's is likely to be."""
    best = np.argmin(candidates.dissimilarities)
    mean, deviation = expected_value(fixed, moving, candidates.rotations[best])
    return candidates.dissimilarities[best] - mean > deviations * deviation


def _agreeing(fixed, moving, rotations, basis, settings, voxel_size):
    """Search a pair with something beside its particle by what the two share, and answer with the best end."""
    seen = [(fixed, moving), *zip(fixed.crowded.cores, moving.crowded.cores, strict=True)]
    pairs = [pair_bands(*each, settings) for each in seen]
    rotations = np.ascontiguousarray(rotations, dtype=float)
    band = Band(finest_limit(settings), voxel_size, settings.wedge_softness)
    agreement = Agreement(fixed.crowded, moving.crowded, (fixed.model, moving.model), band, settings)
    ends, steps = search_by_agreement(agreement, pairs, rotations, basis, settings, voxel_size)
    *place, shared = agreement.converged(ends.rotations[0], ends.translations[0], basis)
    value = agreement.value(*place)
    covariance = covariance_at(_compared(shared), *place, basis)
    spectra, asked = finest_pair(fixed, moving), Asked.by(settings, voxel_size)
    return _answered(
        spectra, (*place, -value), ends, steps, (covariance, Evidence(value, LEAST_AGREEMENT, True)), asked
    )


def _finished(fixed, moving, searched, steps, basis, settings, voxel_size):
    """Refine the best candidates of some searches to the end, and answer with the best of the ends."""
    whole, moved = spectra = finest_pair(fixed, moving)
    number, held = score_number("likelihood"), without_log_terms(whole)
    low_pass, size, jointly = finest_limit(settings), whole.size, ends_jointly(fixed, moving)
    most, near = (_MOST_JOINT_ENDS, _NEAR_JOINTLY) if jointly else (_MOST_ENDS, _NEAR)
    # each search has a d of its own where the ends are joint
    searched = searched if jointly else [joined(searched)]
    best = joined([best_distinct(each, 1, most, near, low_pass, voxel_size, size) for each in searched])
    last = place_candidates(held, moved, number, best.rotations, best.translations, settings.damping)
    parts = [steps, refine_each(held, moved, number, basis, settings.damping, settings.last_steps, last)]
    if jointly:
        if len(searched) > 1:
            every = len(last.damping)
            last = best_distinct(last, every, every, 0.0, low_pass, voxel_size, size)
        pair = JointRefinement(fixed.joint, moving.joint)
        end, rivals, further = best_joint_end(pair, spectra, last, basis)
        parts += further
        answer = end.rotation, end.translation, end.value
        covariance = joint_covariance_at(fixed.joint, moving.joint, (*answer[:2], end.centre), basis)
        evidence = Evidence(pair.unrelated(end) - end.value)
    else:
        values = [dissimilarity_at(whole, moved, "likelihood", *place) for place in zip(*last[:2], strict=True)]
        first = int(np.argmin(values))
        # the rounds have left their candidates at d with the logarithm's terms
        answer = last.rotations[first], last.translations[first], float(best.dissimilarities[first])
        (rivals,) = searched
        covariance, evidence = covariance_at(_compared(spectra), *answer[:2], basis), None
    asked = Asked.by(settings, voxel_size)
    return _answered(spectra, answer, rivals, parts, (covariance, evidence), asked)


def _compared(spectra):
    return Compared(*spectra, score_number("likelihood"))


def _answered(spectra, answer, rivals, parts, certainty, asked):
    """Return the alignment of an answer among its rivals, `certainty` being its covariance and evidence."""
    rotation, translation, _ = answer
    trace, path = (np.concatenate(values) for values in zip(*parts, strict=True))
    # whatever was tried last, the path ends at the answer
    path[-1] = np.concatenate([rotation.ravel(), translation])
    judgement = judge(_compared(spectra), answer, rivals, certainty[0], asked, certainty[1])
    value = dissimilarity_at(*spectra, "likelihood", rotation, translation)
    return Alignment(rotation.copy(), translation.copy(), value, len(trace), trace, path, **judgement)


# gradient at which a joint refinement has converged, in standard deviations of the answer
_CONVERGED = 1e-3


class LikelihoodScore(KernelScore):
    """The likelihood: searched from coarse to fine, and at the end jointly."""

    uses_model = True
    spread_seeds = True

    def estimate(self, volumes, tilts, alike=False, mask=None, transfers=None):
        """Return signal and noise of each volume of a set, see `Score.estimate`."""
        if alike and mask is None and not transfers:
            return [estimate_model(volumes, tilts)] * len(volumes)
        return estimate_models(volumes, tilts, AUTOMATIC if mask is None else mask, transfers)

    def model_of_set(self, volumes, tilts, mask=None, transfers=None):
        """Return the spectra and the mask of a set, see `Score.model_of_set`."""
        return model_of_set(volumes, tilts, AUTOMATIC if mask is None else mask, transfers)

    def model_of_reference(self, volume, known, agreement=None):
        """Return signal and noise of a reference, see `Score.model_of_reference`."""
        return model_of_reference(volume, known, agreement)

    def model_of_particle(self, volume, tilt, known, transfer=None):
        """Return signal and noise of a particle, see `Score.model_of_particle`."""
        return model_of_particle(volume, tilt, known, transfer)

    def limited(self, settings, low_pass, extent=np.inf):
        """Return settings whose rounds end at another band limit, see `Score.limited`."""
        if not 0.0 < low_pass < np.inf:
            raise InputError(
                f"low_pass: is {low_pass:g} nm, where the likelihood needs a length in nm for its last round"
            )
        finest_limit(settings)
        return replace(settings, low_pass=low_pass, rounds=rounds_to(settings.rounds, low_pass, extent))

    def own_limit(self, settings):
        """Return the band limit of the last round, see `Score.own_limit`."""
        return finest_limit(settings)

    def prepare(self, volume, tilt_range, settings, voxel_size=1.0, model=None, name="volume", movable=True):
        """Return a volume's transforms at the band limits of the search, see `Score.prepare`."""
        return prepare_bands(volume, tilt_range, model, settings, voxel_size, name, movable)

    def search(self, fixed, moving, settings, voxel_size=1.0, start=None, rng=0):
        """Search from coarse to fine, see `Score.search`; nothing is drawn."""
        return align_bands(fixed, moving, settings, voxel_size, start)

    def at_finest(self, fixed, moving):
        """Return the weighted transforms in which a search ends."""
        return finest_pair(fixed, moving)

    def refine(self, fixed, moving, rotation, translation, settings, basis=None, found=False):
        """Refine a transform without the logarithm's terms, and then jointly, see `Score.refine`."""
        fixed, moving = under_one_mask(fixed, moving)
        held, moved = finest_pair(fixed, moving)
        held = without_log_terms(held)
        basis = free_directions() if basis is None else basis
        jointly = ends_jointly(fixed, moving)
        # a search that ends jointly has left the optimum of d behind
        if not (jointly and found):
            rotation, translation, value = refined_on(
                held, moved, self.kernel, rotation, translation, settings.damping, basis
            )
        if jointly:
            pair, start = JointRefinement(fixed.joint, moving.joint), (rotation, translation)
            end = joint_descent(pair, (held, moved), start, basis).advance(tolerance=_CONVERGED).end
            rotation, translation, value = end.rotation, end.translation, end.value
        return rotation, translation, value


LIKELIHOOD = LikelihoodScore("likelihood")
