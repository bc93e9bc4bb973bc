"""One map on another: where it lies, how alike they are, and whether that is more than chance."""

from typing import NamedTuple

import numpy as np

from gradalign.averaging.fsc import fourier_shell_correlation
from gradalign.averaging.wedge_average import sampler
from gradalign.classes.maps import empty_average, match, prepare_map, prepare_particle
from gradalign.geometry.wedge import check_wedge

TRIALS = 12
"""Maps with random phases that a pair of half maps must outdo."""
_COMPLETE = check_wedge(90.0)


class Agreement(NamedTuple):
    """How the half maps of a class agree."""

    rotation: np.ndarray
    """P, (3, 3): second(x) ≈ first(P⁻¹(x − p))."""
    translation: np.ndarray
    """p in voxels, (3,)."""
    correlation: float
    """Of the two in the band under the mask."""
    likeness: float
    """Amplitude of the one on the other, the smaller of both ways: 1 if they show the same object."""
    surplus: float
    """By how many standard deviations that is more than what random phases reach."""


def place_map(moved, fixed, plan):
    """Find the map of one class on that of another.

    Parameters
    ----------
    moved, fixed : gradalign.classes.maps.ClassMap
    plan : gradalign.classes.plan.Plan

    Returns
    -------
    gradalign.classes.maps.Match
        moved(x) ≈ fixed(P⁻¹(x − p)); its amplitude is 1 if they show the same object.
    """
    spectra = prepare_particle(moved.volume, _COMPLETE, plan, "a class's map")
    return match(spectra, prepare_map(fixed, plan), plan)


def moved_back(volume, rotation, translation):
    """Return the object o of a map m(x) = o(P⁻¹(x − p)).

    Parameters
    ----------
    volume : numpy.ndarray of shape (N, N, N)
    rotation : array_like of shape (3, 3)
    translation : array_like of shape (3,)
        In voxels.

    Returns
    -------
    numpy.ndarray of shape (N, N, N), float32
    """
    average = empty_average(len(volume))
    average.add(sampler(volume), rotation, translation, _COMPLETE)
    return average.volume()


def band_correlation(left, right, plan):
    """Return the correlation of two maps up to the band limit, under the mask.

    Parameters
    ----------
    left, right : numpy.ndarray of shape (N, N, N)
    plan : gradalign.classes.plan.Plan

    Returns
    -------
    float
        Mean of the shells' correlations, by their number of frequencies.
    """
    mask = plan.model.mask
    frequencies, correlations = fourier_shell_correlation(left * mask, right * mask)
    shells = np.arange(1, len(frequencies) + 1)
    inside = frequencies <= plan.voxel_size / plan.low_pass + 1e-9
    return float(np.average(correlations[inside], weights=shells[inside] ** 2))


def _with_random_phases(volume, rng):
    transform = np.fft.rfftn(volume)
    waves = np.fft.rfftn(rng.standard_normal(volume.shape))
    waves /= np.maximum(np.abs(waves), np.finfo(float).tiny)
    return np.fft.irfftn(np.abs(transform) * waves, s=volume.shape, axes=(0, 1, 2)).astype(np.float32)


def agreement(first, second, plan, rng):
    """Say how far two half maps agree, beyond what a search makes of any two.

    Each of some maps that have the second's power, but random phases, is placed on the first as the second is.

    Parameters
    ----------
    first, second : gradalign.classes.maps.ClassMap
        Found without each other.
    plan : gradalign.classes.plan.Plan
    rng : numpy.random.Generator

    Returns
    -------
    Agreement
    numpy.ndarray of shape (N, N, N), float32
        The second map in the frame of the first.
    """

    def placed(found):
        place = place_map(found, first, plan)
        back = moved_back(found.volume, place.rotation, place.translation)
        return place, back, band_correlation(first.volume, back, plan)

    place, moved, correlation = placed(second)
    masked = second.volume * plan.model.mask
    others = [placed(second._replace(volume=_with_random_phases(masked, rng)))[2] for _ in range(TRIALS)]
    surplus = (correlation - np.mean(others)) / max(np.std(others, ddof=1), 1e-6)
    likeness = min(place.amplitude, place_map(first, second, plan).amplitude)
    return Agreement(place.rotation, place.translation, correlation, likeness, float(surplus)), moved
