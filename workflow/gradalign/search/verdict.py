"""How certain an answer is: its covariance, its rivals, and whether the volumes say anything of it at all.

Where a search ends the derivative of d vanishes, b = Jᵀr = 0, r being the residual. Noise moves b by the covariance
V = ½ σ² JᵀJ, σ² being the mean of |r|² of a coefficient, and b moves with the transform by its curvature H = −∂b/∂β,
so that the answer has the covariance H⁻¹ V H⁻¹ (Huber 1967). JᵀJ holds the noise of both volumes and H, in the mean,
the signal alone: with little signal that is more than (JᵀJ)⁻¹ V, which takes the noise of g for structure.

The answer's rivals are the other candidates that place a particle elsewhere. With the log-likelihood ratios Δ of the
answer and each of them its probability among them is 1/(1 + Σ exp(−Δ)). For the likelihood Δ is the difference of d;
for a sum of squares over n coefficients with unknown noise it is n times that of log d. Where ends of joint refinements
are compared it is the difference of their likelihoods. One rival more is what chance matches: a transform, somewhere
among those that a search tries, with `LEAST_EVIDENCE`.
"""

from typing import NamedTuple

import numpy as np

from gradalign.fourier.overlap import own_shares
from gradalign.fourier.products import FIXED, MOVED
from gradalign.fourier.spectrum import Spectrum
from gradalign.geometry.rotations import point_group
from gradalign.scores.evaluation import evaluate
from gradalign.scores.least_squares import LIKELIHOOD
from gradalign.search.equivalents import equivalent, shared_group

# of central differences, in radians and voxels
_STEPS = np.array([2e-3] * 3 + [2e-2] * 3)
# [e]× of the axes, and rotations about them by a step (Rodrigues)
_CROSS = np.cross(np.eye(3)[:, None], np.eye(3)).transpose(0, 2, 1)
_TURNS = np.eye(3) + np.sin(_STEPS[0]) * _CROSS + (1.0 - np.cos(_STEPS[0])) * _CROSS @ _CROSS
# standard deviations of an answer of which nothing is known: radians, and as a part of the box
_PRIOR_ANGLE, _PRIOR_SHIFT = 1.8, 0.25
# part of the resolution by which a rival places the particle elsewhere
_ELSEWHERE = 0.5
# standard errors of the rotation within which two answers differ by an element of a point group
_SCATTER = 3.0

MOST_RIVALS = 10
"""Largest number of rivals that count: further ones have next to no probability."""
LEAST_HEIGHT = 6.0
"""By how many standard deviations, of what noise makes of d, an answer must be below the mean rotation: chance comes to
four or five in ten thousand rotations."""
LEAST_COEFFICIENTS = 60
"""Fewer in the overlap say nothing of six numbers."""
LEAST_EVIDENCE = 20.0
"""Logarithm of how much likelier one object must be than two: a search tries some ten thousand transforms, and the best
of these comes so far by chance."""
LARGEST_SD_DEG = 20.0
"""Standard error of the rotation from which on the answer is anywhere."""
LEAST_PROBABILITY = 0.9
"""Of the answer among its rivals."""
LARGEST_EXCESS = 15.0
"""Standard deviations by which d may be above its expectation."""


class Evidence(NamedTuple):
    """How much likelier it is that two volumes show one object than that they show two."""

    value: float
    """The logarithm."""
    least: float = LEAST_EVIDENCE
    """What chance may come to."""
    beside: bool = False
    """Whether something stands beside the particles: d then holds that, too, and its expectation does not."""


class Asked(NamedTuple):
    """What an answer is asked for."""

    reach: float
    """Of the start translations, in voxels."""
    symmetry: str = "C1"
    """Point group of the object: what differs by its elements is one answer."""

    @classmethod
    def by(cls, settings, voxel_size):
        """Return what settings ask.

        Parameters
        ----------
        settings : gradalign.search.settings.Settings
        voxel_size : float
            In nm.

        Returns
        -------
        Asked
        """
        return cls(settings.start_reach / voxel_size, settings.symmetry)

    @property
    def equivalents(self):
        """How many other transforms are the same answer, and leave no place for a rival."""
        return len(point_group(self.symmetry)) - 1


class Compared(NamedTuple):
    """A pair of prepared subtomograms, and the score by which it is compared."""

    fixed: Spectrum
    """f."""
    moving: Spectrum
    """g."""
    kernel: int
    """The score's number."""


def _around(rotation, translation):
    """Return a transform, and what it becomes by each step ahead and back."""
    rotations, translations = np.tile(rotation, (13, 1, 1)), np.tile(translation, (13, 1))
    rotations[1:4], rotations[7:10] = _TURNS @ rotation, _TURNS.transpose(0, 2, 1) @ rotation
    translations[4:7] += np.diag(_STEPS[3:])
    translations[10:13] -= np.diag(_STEPS[3:])
    return rotations, translations


def covariance_at(pair, rotation, translation, basis):
    """Return the covariance of the transform at which a search ended.

    Parameters
    ----------
    pair : Compared
    rotation : array_like of shape (3, 3)
    translation : array_like of shape (3,)
        In voxels.
    basis : array_like of shape (6, k)
        The free directions, see `gradalign.search.step.step`.

    Returns
    -------
    numpy.ndarray of shape (6, 6)
        Of ω in R ← exp([ω]×) R, radians, and the translation in voxels; 0 in directions that were not free. Where the
        volumes say nothing it is that of any rotation and of a quarter of the box.
    """
    basis = np.asarray(basis, dtype=float)
    values, matrices, vectors, counts, _ = evaluate(*pair, *_around(rotation, translation))
    slopes = (vectors[7:] - vectors[1:7]) / (2.0 * _STEPS[:, None])
    # of |r|²: known to the likelihood, else from what is left
    variance = 1.0 if pair.kernel == LIKELIHOOD else values[0] / counts[0] if counts[0] else 0.0
    curvature, noise = (basis.T @ part @ basis for part in (0.5 * (slopes + slopes.T), 0.5 * variance * matrices[0]))
    return covariance_of(curvature, noise, basis, pair.fixed.size)


def covariance_of(curvature, noise, basis, size, most=np.inf):
    """Return the covariance of a transform at which the derivative of d or Q vanishes.

    Parameters
    ----------
    curvature, noise : array_like of shape (k, k)
        H and V: derivatives of the derivatives, and their covariance.
    basis : array_like of shape (6, k)
        The free directions.
    size : int
        N.
    most : float
        How many times H at most V is taken for in any direction.

    Returns
    -------
    numpy.ndarray of shape (6, 6)
        As of `covariance_at`.
    """
    scale = _known_before(size, basis)
    curvature, noise = without_maxima(scale @ curvature @ scale), scale @ noise @ scale
    if most < np.inf:
        noise = _limited(noise, curvature, most)
    # where next to nothing is left, as of few coefficients, the information stays a finite number
    floor = max(1e-12 * np.trace(noise), 1e-24 * np.trace(curvature)) + 1e-300
    information = curvature @ np.linalg.solve(noise + floor * np.eye(len(scale)), curvature)
    return basis @ scale @ _spread(information) @ scale @ basis.T


def _known_before(size, basis):
    """Return the standard deviations of an answer of which nothing is known, in the free directions."""
    before = np.diag([_PRIOR_ANGLE] * 3 + [_PRIOR_SHIFT * size] * 3)
    return basis.T @ before @ basis


def _spread(information):
    """Return (1 + information)⁻¹, positive however large it is, without the directions in which there is no minimum."""
    values, vectors = np.linalg.eigh(0.5 * (information + information.T))
    return (vectors / (1.0 + np.maximum(values, 0.0))) @ vectors.T


def _limited(noise, curvature, most):
    """Return a covariance of the derivatives that is in no direction more than so many times the curvature."""
    curvatures, ways = np.linalg.eigh(curvature)
    roots = np.sqrt(np.maximum(curvatures, 1e-12 * curvatures.max() + 1e-300))
    ratios, turns = np.linalg.eigh((ways / roots).T @ noise @ (ways / roots))
    root = (ways * roots) @ turns
    return (root * np.minimum(ratios, most)) @ root.T


def without_maxima(curvature):
    """Return a curvature without the directions in which there is no minimum: they say nothing."""
    values, vectors = np.linalg.eigh(curvature)
    return (vectors * np.maximum(values, 0.0)) @ vectors.T


def expected_value(fixed, moving, rotation):
    """Return what d of the likelihood is expected to be where two volumes show one object.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
        Weighted, from `gradalign.scores.likelihood.weighted`.
    rotation : array_like of shape (3, 3)

    Returns
    -------
    mean, deviation : float
        Each coefficient adds 1 with deviation 1, and outside the overlap the logarithm's term.
    """
    own = own_shares(fixed).astype(float)
    turned = np.ascontiguousarray(moving.normals @ np.asarray(rotation, dtype=float).T)
    inside = own_shares(moving._replace(lattice=fixed.lattice, normals=turned)).astype(float)
    return float((own + (1.0 - inside) * fixed.log_terms).sum()), float(np.sqrt((own**2).sum()))


def rivals(candidates, rotation, translation, fixed, most=MOST_RIVALS):
    """Return the candidates that place a particle elsewhere than an answer.

    Parameters
    ----------
    candidates : gradalign.search.step.Candidates
    rotation : array_like of shape (3, 3)
    translation : array_like of shape (3,)
        In voxels.
    fixed : gradalign.fourier.spectrum.Spectrum
        Of which the resolution is taken: half of it is elsewhere.
    most : int
        How many.

    Returns
    -------
    numpy.ndarray of int
        Their numbers, the best first, none that places the particle like a better one.
    """
    resolution = fixed.size / np.sqrt((fixed.lattice**2).sum(axis=1).max())
    order = np.argsort(candidates.dissimilarities, kind="stable")
    rotations, shifts = candidates.rotations[order], candidates.translations[order]

    def elsewhere(own, shift):
        traces = rotations.reshape(-1, 9) @ np.ravel(own)
        angles = np.arccos(np.clip(0.5 * (traces - 1.0), -1.0, 1.0))
        apart = fixed.size / 4.0 * angles + np.linalg.norm(shifts - shift, axis=1)
        return apart > _ELSEWHERE * resolution

    left, numbers = elsewhere(rotation, translation), []
    while left.any() and len(numbers) < most:
        first = int(np.argmax(left))
        numbers.append(order[first])
        left &= elsewhere(rotations[first], shifts[first])
    return np.array(numbers, int)


def judge(pair, answer, candidates, covariance, asked, evidence=None, mean=None):
    """Judge where a search ended.

    Parameters
    ----------
    pair : Compared
    answer : (array_like of shape (3, 3), array_like of shape (3,), float)
        Rotation, translation in voxels, and the d by which it was chosen among the candidates; for the likelihood any
        negative logarithm of it.
    candidates : gradalign.search.step.Candidates
        With their d.
    covariance : array_like of shape (6, 6)
        From `covariance_at` or `joint_covariance_at`.
    asked : Asked
    evidence : Evidence, optional
        Where the search knows it; else from d.
    mean : float, optional
        Of d over rotations, each at its best translation, for a sum of squares whose answer is to stand out of them.

    Returns
    -------
    dict
        What `gradalign.search.settings.Alignment` says of it: covariance, probability, evidence, excess and reason.
    """
    rotation, translation, value = answer
    fixed, moving, kernel = pair
    values, *_, counts, products = evaluate(*pair, rotation[None], translation[None])
    at, count = products[0], int(counts[0])
    numbers = rivals(candidates, rotation, translation, fixed, MOST_RIVALS + asked.equivalents)
    others = candidates.dissimilarities[numbers]
    if kernel == LIKELIHOOD:
        ratios = others - value
        expected, deviation = expected_value(fixed, moving, rotation)
        excess = (values[0] - expected) / deviation
        by_overlap = float(fixed.penalties.sum(dtype=float)) - values[0]
    else:
        ratios = count * np.log(np.maximum(others, 1e-300) / max(value, 1e-300))
        norm = np.sqrt(at[MOVED, MOVED] * at[FIXED, FIXED])
        likeness = max(at[MOVED, FIXED], 0.0) / norm if norm > 0.0 else 0.0
        excess, by_overlap = np.nan, -count * np.log(max(1.0 - likeness**2, 1e-12))
    evidence = Evidence(by_overlap) if evidence is None else evidence
    if evidence.beside:
        excess = np.nan
    spread = np.degrees(np.sqrt(np.trace(covariance[:3, :3])))
    turns, shares = rotation.T @ candidates.rotations[numbers], np.exp(-np.clip(ratios, -700.0, 700.0))
    same = equivalent(turns, shares, asked.symmetry, _SCATTER * spread)
    # each of these says so much of one object that chance does not
    mates = turns[(ratios < evidence.value - evidence.least) & ~same]
    # what chance alone may match is a rival, too
    chance = np.exp(-np.clip(evidence.value - evidence.least, -700.0, 700.0))
    own = 1.0 + shares[same].sum()
    probability = float(own / (own + shares[~same].sum() + chance))
    reason = (
        _too_few(count)
        or _misplaced(translation, asked.reach, fixed.size)
        or _uncertain(evidence, spread)
        or _rivalled(probability, mates, spread)
        or _far_off(excess)
        or _unremarkable(value, mean, count)
    )
    return {
        "covariance": covariance,
        "probability": probability,
        "evidence": float(evidence.value),
        "excess": float(excess),
        "reason": reason,
    }


def _too_few(count):
    """Return in a sentence that too few coefficients are compared; nothing if there are enough."""
    if count < LEAST_COEFFICIENTS:
        return f"only {count} coefficients are compared, where {LEAST_COEFFICIENTS} are needed"
    return ""


def _misplaced(translation, reach, size):
    """Return in a sentence why a translation is no answer; nothing if it is one."""
    furthest = float(np.abs(translation).max())
    if furthest >= size / 2.0:
        return f"the translation of {furthest:.1f} voxels leads out of the box of {size}"
    if furthest > reach + 1.0:
        return f"the translation of {furthest:.1f} voxels is beyond the reach of {reach:g}"
    return ""


def _uncertain(evidence, spread):
    """Return in a sentence why an answer is undetermined; nothing if it is determined."""
    if not evidence.value >= evidence.least:
        return "the volumes are explained hardly better by one object than by two"
    if not spread <= LARGEST_SD_DEG:
        return f"the rotation has a standard error of {spread:.0f} degrees"
    return ""


def _rivalled(probability, mates, spread):
    """Return in a sentence that a rival is nearly as likely, and what symmetry makes it so; nothing if none is."""
    if probability >= LEAST_PROBABILITY:
        return ""
    reason = f"another transform is nearly as likely: this one has a probability of {probability:.2f}"
    group = shared_group(mates, _SCATTER * spread)
    if group:
        reason += (
            f"; all likely ones differ by rotations of {group}, and are one answer if the object has this symmetry"
        )
    return reason


def _far_off(excess):
    """Return in a sentence that d is far above its expectation; nothing if it is not, or none is known."""
    if excess > LARGEST_EXCESS:
        return f"d is {excess:.0f} standard deviations above what is expected of one object"
    return ""


def _unremarkable(value, mean, count):
    """Return in a sentence that d does not stand out of its mean over rotations; nothing if it does, or none is given.

    What no rotation changes, as of a sphere, is in d and its mean. The rest are n independent complex coefficients,
    whose sum of squares deviates by 1/√(2n) of itself.
    """
    if mean is not None and np.log(mean / max(value, 1e-300)) * np.sqrt(2.0 * count) < LEAST_HEIGHT:
        return "the rotation stands out of the others no more than noise might make it"
    return ""
