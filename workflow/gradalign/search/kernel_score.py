"""A score that the compiled kernels know: its value, its seeds one by one, and its refinement."""

import time
from typing import NamedTuple

import numpy as np

from gradalign.scores.evaluation import dissimilarity_at
from gradalign.scores.least_squares import score_number
from gradalign.search.score import Score
from gradalign.search.seeds import free_directions, seeds_at_best_translation, start_rotations
from gradalign.search.step import Candidates
from gradalign.search.stochastic import independent_refinement, place_candidates

# a step that lowers d is never refused here: twenty would do
_TO_CONVERGENCE = 100


class Ends(NamedTuple):
    """Where the independent refinement of all seeds ends."""

    candidates: Candidates
    """Of each seed."""
    steps: np.ndarray
    """How many it took, (m,)."""
    seconds: np.ndarray
    """Processor time of the seeds' best translations and of the refinement."""


class KernelScore(Score):
    """A score whose value and normal equations the compiled kernels know.

    Its prepared volumes are transforms, or hold the one in which a search ends.
    """

    refines_seeds = True

    @property
    def kernel(self):
        """The number by which the kernels know it."""
        return score_number(self.name)

    def at_finest(self, fixed, moving):
        """Return the transforms in which a search ends.

        Parameters
        ----------
        fixed, moving : object
            f and g, from `prepare`.

        Returns
        -------
        (gradalign.fourier.spectrum.Spectrum, gradalign.fourier.spectrum.Spectrum)
        """
        return fixed, moving

    def in_large_overlaps(self, moving, settings):
        """Return g's transform as it is compared in a search of all rotations, where a small overlap may be refused.

        Parameters
        ----------
        moving : gradalign.fourier.spectrum.Spectrum
            g, from `at_finest`.
        settings : gradalign.search.settings.Settings

        Returns
        -------
        gradalign.fourier.spectrum.Spectrum
        """
        return moving

    def value(self, fixed, moving, rotation, translation):
        """Return d at a transform, see `Score.value`."""
        return dissimilarity_at(*self.at_finest(fixed, moving), self.name, rotation, translation)

    def refine_all_seeds(self, fixed, moving, interval, settings, voxel_size, fall, most_steps):
        """Refine every seed of the grid by itself.

        Parameters
        ----------
        fixed, moving : object
            f and g, from `prepare`.
        interval : float
            Of the seed angles, in degrees.
        settings : gradalign.search.settings.Settings
        voxel_size : float
            In nm.
        fall : float
            Relative fall of d in an accepted step below which a seed's refinement ends.
        most_steps : int
            Of a seed.

        Returns
        -------
        Ends
        """
        held, moved = self.at_finest(fixed, moving)
        moved = self.in_large_overlaps(moved, settings)
        clock = [time.process_time()]
        seeds = seeds_at_best_translation(held, moved, self.name, start_rotations(interval), settings, voxel_size)
        clock.append(time.process_time())
        free = free_directions()
        steps = independent_refinement(held, moved, self.kernel, free, settings.damping, fall, most_steps, seeds)
        clock.append(time.process_time())
        return Ends(seeds, steps, np.diff(clock))

    def refine(self, fixed, moving, rotation, translation, settings, basis=None, found=False):
        """Refine a transform by d to convergence, see `Score.refine`."""
        held, moved = self.at_finest(fixed, moving)
        return refined_on(held, moved, self.kernel, rotation, translation, settings.damping, basis)


def refined_on(held, moved, kernel, rotation, translation, damping, basis=None):
    """Refine one transform by d alone, to convergence.

    Parameters
    ----------
    held, moved : gradalign.fourier.spectrum.Spectrum
    kernel : int
    rotation : array_like of shape (3, 3)
    translation : array_like of shape (3,)
        In voxels.
    damping : gradalign.search.settings.Damping
    basis : array_like of shape (6, k), optional
        The free directions; all if left out.

    Returns
    -------
    rotation : numpy.ndarray of shape (3, 3)
    translation : numpy.ndarray of shape (3,)
    dissimilarity : float
    """
    start = (np.array(part, dtype=float)[None] for part in (rotation, translation))
    end = place_candidates(held, moved, kernel, *start, damping)
    basis = free_directions() if basis is None else basis
    independent_refinement(held, moved, kernel, basis, damping, 0.0, _TO_CONVERGENCE, end)
    return end.rotations[0], end.translations[0], float(end.dissimilarities[0])
