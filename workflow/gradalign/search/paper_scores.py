"""The paper's two scores, each searched by stochastic parallel refinement."""

import numpy as np

from gradalign.fourier.spectrum import prepare
from gradalign.io.mrc import check_volume
from gradalign.scores.least_squares import score_number
from gradalign.scores.masks import AUTOMATIC
from gradalign.scores.signal_model import SignalModel, estimate_models
from gradalign.search.score import KernelScore, Start
from gradalign.search.seeds import free_directions, seeds_at_best_translation, start_rotations
from gradalign.search.settings import Alignment, Settings
from gradalign.search.step import Candidates
from gradalign.search.stochastic import independent_refinement, stochastic_refinement
from gradalign.search.verdict import covariance_at, judge, rivals

# rivals that are refined to judge an answer, and how far; these steps are none of the search
_RIVALS, _RIVAL_FALL, _RIVAL_STEPS = 3, 1e-3, 15


def align_spectra(
    fixed,
    moving,
    score="rcs",
    interval=60.0,
    settings=None,
    voxel_size=1.0,
    seed=0,
    surface_f=None,
    surface_g=None,
    rotations=None,
):
    """Align two prepared subtomograms, as `align_pair` does.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
        f and g, from `gradalign.fourier.spectrum.prepare`.
    score : str
    interval : float
    settings : Settings, optional
        Its low_pass and wedge_guard belong to `prepare` and are not looked at here.
    voxel_size : float
        In nm.
    seed : int or numpy.random.Generator
    surface_f, surface_g : array_like of shape (3, 3), optional
    rotations : array_like of shape (m, 3, 3), optional
        Seeds to start from in place of those of the interval.

    Returns
    -------
    Alignment
    """
    settings = settings or Settings()
    if rotations is None:
        rotations = start_rotations(interval, surface_f, surface_g)
    candidates = seeds_at_best_translation(fixed, moving, score, rotations, settings, voxel_size)
    best, trace, path = stochastic_refinement(
        fixed,
        moving,
        score_number(score),
        free_directions(surface_f),
        settings.damping,
        settings.rule,
        candidates,
        np.random.default_rng(seed).random(settings.rule.max_steps),
    )
    rotation, translation = candidates.rotations[best].copy(), candidates.translations[best].copy()
    answer = rotation, translation, float(candidates.dissimilarities[best])
    kernel, free = score_number(score), free_directions(surface_f)
    # most rivals were left after few steps
    near = rivals(candidates, *answer[:2], fixed, _RIVALS)
    others = Candidates(*(values[near] for values in candidates))
    independent_refinement(fixed, moving, kernel, free, settings.damping, _RIVAL_FALL, _RIVAL_STEPS, others)
    covariance = covariance_at(fixed, moving, kernel, rotation, translation, free)
    judgement = judge(fixed, moving, kernel, answer, others, covariance, settings.start_reach / voxel_size)
    return Alignment(*answer, len(trace), trace, path, **judgement)


class PaperScore(KernelScore):
    """RCS or FCS: a sum over the overlap of two transforms, up to one band limit."""

    preparation = "transform"

    def estimate(self, volumes, tilts, alike=False, mask=None):
        """Return background, unit and mask of each volume, see `Score.estimate`; no mask unless one is asked for."""
        if alike and mask is None:
            return [None] * len(volumes)
        if mask is None:
            return [_standard(check_volume(volume, f"volume {number}")) for number, volume in enumerate(volumes)]
        return estimate_models(volumes, tilts, mask)

    def prepare(self, volume, tilt_range, settings, voxel_size=1.0, model=None, name="volume", movable=True):
        """Return the transform of a volume, see `Score.prepare`."""
        if model is not None:
            volume = model.standardised(check_volume(volume, name))
            volume = volume if model.mask is None else volume * model.mask
        return prepare(volume, tilt_range, settings.low_pass, voxel_size, settings.wedge_guard, name, movable)

    def search(self, fixed, moving, settings, voxel_size=1.0, start=None, rng=0):
        """Search by stochastic parallel refinement, see `Score.search`."""
        start = start or Start()
        return align_spectra(
            fixed,
            moving,
            self.name,
            start.interval,
            settings,
            voxel_size,
            rng,
            start.surface_f,
            start.surface_g,
            start.rotations,
        )


def _standard(volume):
    """Return a model that brings a volume to mean 0 and deviation 1."""
    volume = volume.astype(float)
    return SignalModel(None, None, None, np.nan, float(volume.mean()), float(volume.std()))


class ContrastScore(PaperScore):
    """FCS: it compares values, so that volumes of different contrast are brought to one first."""

    balances = True

    def estimate(self, volumes, tilts, alike=False, mask=None):
        """Return for each volume a unit on which its signal has the power 1, see `PaperScore.estimate`."""
        if alike and mask is None:
            return [None] * len(volumes)
        models = estimate_models(volumes, tilts, AUTOMATIC if mask is None else mask)
        shells = np.arange(len(models[0].signal))
        powers = [model.mask_power * (shells**2 * model.signal).sum() for model in models]
        shared = {"mask": None} if mask is None else {}
        return [
            model._replace(unit=model.unit * power**0.5, **shared) for model, power in zip(models, powers, strict=True)
        ]


RCS, FCS = PaperScore("rcs"), ContrastScore("fcs")
