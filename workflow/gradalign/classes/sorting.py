"""Particles sorted into classes: each against the map of every class, assigned by its probability."""

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from gradalign.classes.maps import Match, match, prepare_map, prepare_particle

LEAST_AMPLITUDE = 0.5
"""A particle that shows less than this of a class's map is nearer to noise than to the class."""
DEVIATIONS = 4.0
"""Robust standard deviations from a class's median beyond which a particle does not fit it."""
LEAST_WIDTH = 0.2
"""Smallest distance of these limits from the median: in amplitude, and in the residual as a share of it."""
# particles from which on a class's own spread is known
_LEAST_KNOWN = 6
NO_CLASS = 0


class Limits(NamedTuple):
    """What the particles of a class have in common."""

    amplitude: float
    """Smallest amplitude of a particle that fits."""
    residual: float
    """Largest residual of a particle that fits."""


class Sorted(NamedTuple):
    """Where a particle belongs."""

    best: int
    """The class that explains it best."""
    label: int
    """That class, or 0 if the particle fits none."""
    probability: float
    """Of the best class among all."""
    match: Match
    """On the best class's map."""
    values: dict
    """Log-likelihood by class, log of the class's share included."""


def fits(found, limits):
    """Return whether a particle fits the class that explains it best.

    Parameters
    ----------
    found : Match
    limits : Limits or None
        None if nothing is known of the class yet.

    Returns
    -------
    bool
    """
    if limits is None:
        return found.amplitude >= LEAST_AMPLITUDE
    return found.amplitude >= limits.amplitude and found.residual <= limits.residual


def limits_of(matches):
    """Return within which limits the particles of a class fit it.

    Parameters
    ----------
    matches : sequence of Match
        Of the particles of the class, as far as they are known.

    Returns
    -------
    Limits or None
        None if they are too few.
    """
    if len(matches) < _LEAST_KNOWN:
        return None
    amplitudes = np.array([found.amplitude for found in matches])
    residuals = np.array([found.residual for found in matches])
    # particles that are nearer to noise do not tell how the members of the class vary
    kept = amplitudes >= LEAST_AMPLITUDE
    if kept.sum() < _LEAST_KNOWN:
        return None
    amplitudes, residuals = amplitudes[kept], residuals[kept]
    spread = 1.4826 * np.median(np.abs(amplitudes - np.median(amplitudes)))
    width = 1.4826 * np.median(np.abs(residuals - np.median(residuals)))
    middle = float(np.median(residuals))
    return Limits(
        max(LEAST_AMPLITUDE, float(np.median(amplitudes)) - max(DEVIATIONS * spread, LEAST_WIDTH)),
        middle + max(DEVIATIONS * width, LEAST_WIDTH * middle),
    )


def sort_particle(spectra, references, plan, previous=NO_CLASS, limits=None):
    """Find the class that explains a particle best.

    Parameters
    ----------
    spectra : dict of float to gradalign.fourier.spectrum.Spectrum
        From `gradalign.classes.maps.prepare_particle`.
    references : dict of int to gradalign.classes.maps.Reference
        By class, at least one.
    plan : gradalign.classes.plan.Plan
    previous : int
        The class in whose average the particle is; 0 for none.
    limits : dict of int to Limits, optional

    Returns
    -------
    Sorted
    """
    labels = sorted(references)
    matches = [match(spectra, references[label], plan, label == previous) for label in labels]
    total = sum(reference.count for reference in references.values())
    weights = np.array(
        [
            found.log_likelihood + np.log(max(references[label].count, 1) / total)
            for label, found in zip(labels, matches, strict=True)
        ]
    )
    chosen = int(np.argmax(weights))
    best, found = labels[chosen], matches[chosen]
    label = best if fits(found, (limits or {}).get(best)) else NO_CLASS
    values = dict(zip(labels, weights.tolist(), strict=True))
    return Sorted(best, label, float(np.exp(weights[chosen] - logsumexp(weights))), found, values)


def sort_all(observed, numbers, references, plan, previous=None, limits=None):
    """Sort particles that are at hand.

    Parameters
    ----------
    observed : gradalign.classes.observed.Observed
    numbers : iterable of int
        Which of them.
    references : dict of int to gradalign.classes.maps.Reference
    plan : gradalign.classes.plan.Plan
    previous : dict of int to int, optional
        The class in whose average each particle is.
    limits : dict of int to Limits, optional

    Returns
    -------
    dict of int to Sorted
    """
    previous = previous or {}
    return {
        number: sort_particle(
            prepare_particle(observed.volumes[number], observed.wedges[number], plan),
            references,
            plan,
            previous.get(number, NO_CLASS),
            limits,
        )
        for number in numbers
    }


def prepare_maps(maps, plan):
    """Return the maps of classes ready for particles to be compared with.

    Parameters
    ----------
    maps : dict of int to gradalign.classes.maps.ClassMap
    plan : gradalign.classes.plan.Plan

    Returns
    -------
    dict of int to gradalign.classes.maps.Reference
    """
    return {label: prepare_map(found, plan) for label, found in maps.items()}
