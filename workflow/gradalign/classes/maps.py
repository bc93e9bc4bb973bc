"""The map of a class, and how well a particle fits it.

The map m is an average of n particles; at each frequency it holds the class's signal and noise of power N/w, w being
how many particles measured it. Its posterior mean is G = h·m with Wiener's factor h = SSNR/(1 + SSNR) by shell, and its
posterior variance is h N/w. A particle F then has the log-likelihood

    −Σ_ξ [ |F − G|²/V + log V ],  V = N (1 + h/w).

A particle that is itself in the average finds its own noise there. Without it the average would be (w m − F)/(w − 1),
so that F − G grows by 1 + h/(w − 1) where h ≈ 1: its residual is taken with that factor.
"""

from typing import NamedTuple

import numpy as np

from gradalign.averaging.wedge_average import WedgeAverage, sampler
from gradalign.fourier.spectrum import prepare
from gradalign.particles.filters import shell_filtered, shell_power
from gradalign.scores.evaluation import dissimilarity_at
from gradalign.search.likelihood import align_bands
from gradalign.search.likelihood_volume import LikelihoodVolume
from gradalign.search.score import Start

# particles stand on unit variance
_LARGEST_DENSITY = 16.0


class ClassMap(NamedTuple):
    """The average of some particles of one class."""

    volume: np.ndarray
    """Density [z, y, x], float32 (N, N, N)."""
    measured: np.ndarray
    """How many particles measured a frequency, mean by shell."""
    count: int
    """Number of particles."""


class Reference(NamedTuple):
    """The map of a class, ready for particles to be compared with."""

    spectra: dict
    """Transform of its posterior mean by band limit in nm."""
    variance: np.ndarray
    """V by shell for unit mask."""
    inclusion: np.ndarray
    """Factor by shell on the residual of a particle that is in the average."""
    count: int
    """Number of particles."""


class Match(NamedTuple):
    """Where a particle was found on the map of a class."""

    rotation: np.ndarray
    """P, (3, 3): particle(x) ≈ map(P⁻¹(x − p))."""
    translation: np.ndarray
    """p in voxels, (3,)."""
    log_likelihood: float
    """Up to what is the same for all classes; of independent coefficients."""
    amplitude: float
    """By how much the map must be multiplied to fit the particle best: 1 for a member, 0 for noise."""
    residual: float
    """Mean of |F − G|²/V: 1 for a member."""
    explained: float
    """By how much the log-likelihood is above that of an empty map."""


def empty_average(box):
    """Return the average of no particle.

    Parameters
    ----------
    box : int

    Returns
    -------
    gradalign.averaging.WedgeAverage
    """
    return WedgeAverage(box, _LARGEST_DENSITY)


def class_map(average):
    """Return the map of a class from the sums over its particles.

    Parameters
    ----------
    average : gradalign.averaging.WedgeAverage

    Returns
    -------
    ClassMap
    """
    return ClassMap(average.volume(), average.measured(), average.count)


def averaged(observed, poses, box):
    """Return the average of particles.

    Parameters
    ----------
    observed : gradalign.classes.observed.Observed
    poses : dict of int to (rotation, translation)
        Of the particles that are averaged.
    box : int

    Returns
    -------
    gradalign.averaging.WedgeAverage
    """
    average = empty_average(box)
    for number in sorted(poses):
        average.add(sampler(observed.volumes[number]), *poses[number], observed.wedges[number])
    return average


def wiener_factors(found, plan):
    """Return h by shell: how far each shell of a map is to be believed.

    Parameters
    ----------
    found : ClassMap
    plan : gradalign.classes.plan.Plan

    Returns
    -------
    numpy.ndarray of shape (shells,)
        For the shells of `plan.noise`.
    """
    shells = len(plan.noise)
    power = shell_power(found.volume * plan.model.mask)[:shells] / plan.model.mask_power
    noise = plan.noise / np.maximum(found.measured[:shells], 1.0)
    ratio = np.maximum(power / noise - 1.0, 0.0)
    return ratio / (1.0 + ratio)


def prepare_map(found, plan):
    """Return the map of a class ready for particles to be compared with.

    Parameters
    ----------
    found : ClassMap
    plan : gradalign.classes.plan.Plan

    Returns
    -------
    Reference
    """
    factors = wiener_factors(found, plan)
    measured = np.maximum(found.measured[: len(factors)], 1.0)
    believed = shell_filtered(found.volume * plan.model.mask, np.append(factors, 0.0))
    spectra = {band: prepare(believed, 90.0, band, plan.voxel_size, 0.0, "a class's map") for band in plan.bands}
    inclusion = 1.0 + factors / np.maximum(measured - 1.0, 1.0)
    return Reference(spectra, plan.noise * (1.0 + factors / measured), inclusion, found.count)


def prepare_particle(volume, wedge, plan, name="particle"):
    """Return the transforms of a particle under the mask by band limit.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
    wedge : (float, float, float)
        Tilt range and axis in degrees.
    plan : gradalign.classes.plan.Plan
    name : str

    Returns
    -------
    dict of float to gradalign.fourier.spectrum.Spectrum

    Raises
    ------
    InputError
        If the volume or its tilt range is unusable.
    """
    masked = np.asarray(volume, dtype=np.float32) * plan.model.mask
    spectra = {}
    for band in plan.bands:
        spectra[band] = prepare(masked, wedge, band, plan.voxel_size, plan.settings.wedge_guard, name, movable=False)
    return spectra


def _weighted(spectra, variance, plan):
    """Return transforms in units of √V, at coarse band limits with a signal of at most so many times V.

    The error of a seed adds to the noise, see `gradalign.scores.signal_model.tempered`.
    """
    weighted, finest = {}, min(spectra)
    coarse = np.maximum(variance, plan.model.signal / plan.settings.coarse_ratio)
    for band, spectrum in spectra.items():
        shells = np.sqrt((spectrum.lattice**2).sum(axis=1))
        power = np.interp(shells, np.arange(len(variance)), variance if band == finest else coarse)
        weights = 1.0 / np.sqrt(plan.model.mask_power * power)
        weighted[band] = spectrum._replace(
            values=(spectrum.values * weights).astype(np.float32), weights=weights.astype(np.float32)
        )
    return weighted


def match(spectra, reference, plan, included=False, rotations=None):
    """Find the best pose of a particle on the map of a class.

    Parameters
    ----------
    spectra : dict of float to gradalign.fourier.spectrum.Spectrum
        From `prepare_particle`.
    reference : Reference
    plan : gradalign.classes.plan.Plan
    included : bool
        Whether the particle is in the average.
    rotations : array_like of shape (m, 3, 3), optional
        To start from; all rotations if left out.

    Returns
    -------
    Match
    """
    variance = reference.variance / (reference.inclusion**2 if included else 1.0)
    weighted = _weighted(spectra, variance, plan)
    found = align_bands(
        LikelihoodVolume(weighted),
        LikelihoodVolume(reference.spectra),
        settings=plan.map_settings,
        voxel_size=plan.voxel_size,
        start=Start(rotations=rotations),
    )
    return _judged(found.rotation, found.translation, found.dissimilarity, weighted, reference, plan)


def _judged(rotation, translation, value, weighted, reference, plan):
    finest = min(weighted)
    fixed, moving = weighted[finest], reference.spectra[finest]
    own = float((fixed.values.astype(float) ** 2).sum())
    empty = fixed._replace(values=np.zeros_like(fixed.values))
    power = dissimilarity_at(empty, moving, "likelihood", rotation, translation)
    amplitude = (own + power - value) / (2.0 * power) if power > 0 else 0.0
    shells = np.sqrt((fixed.lattice**2).sum(axis=1))
    widths = np.log(np.interp(shells, np.arange(len(reference.variance)), reference.variance)).sum()
    return Match(
        rotation,
        translation,
        -plan.independent * (value + float(widths)),
        float(amplitude),
        value / len(shells),
        plan.independent * (own - value),
    )
