"""The paper's two scores, searched by stochastic parallel refinement or, if asked for, from coarse to fine."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gradalign.errors import InputError
from gradalign.fourier.band import band_limit
from gradalign.fourier.spectrum import Spectrum, narrowed, prepare
from gradalign.fourier.transfer import Seen
from gradalign.io.mrc import check_numbers
from gradalign.scores.least_squares import score_number
from gradalign.scores.masks import AUTOMATIC
from gradalign.scores.signal_model import SignalModel, estimate_models
from gradalign.search.coarse_to_fine import best_distinct, coarse_to_fine, rounds_to
from gradalign.search.kernel_score import KernelScore, refined_on
from gradalign.search.score import Start
from gradalign.search.seeds import free_directions, seeds_at_best_translation, start_rotations
from gradalign.search.settings import COARSE_TO_FINE, STOCHASTIC, Alignment, Settings
from gradalign.search.step import chosen
from gradalign.search.stochastic import independent_refinement, stochastic_refinement
from gradalign.search.verdict import Asked, Compared, covariance_at, judge, rivals

# candidates that are refined at the end of a search from coarse to fine
_ENDS = 40
# rivals that are refined to judge an answer, and how far; these steps are none of the search
_RIVALS, _RIVAL_FALL, _RIVAL_STEPS = 3, 1e-3, 15


def align_spectra(fixed, moving, score="rcs", settings=None, voxel_size=1.0, seed=0, start=None):
    """Align two prepared subtomograms, as `align_pair` does.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
        f and g, from `gradalign.fourier.spectrum.prepare`.
    score : str
    settings : Settings, optional
        Its low_pass and wedge_guard belong to `prepare` and are not looked at here.
    voxel_size : float
        In nm.
    seed : int or numpy.random.Generator
    start : gradalign.search.score.Start, optional

    Returns
    -------
    Alignment
    """
    settings, start = settings or Settings(), start or Start()
    if settings.search not in _SEARCHES:
        raise InputError(f"search: is {settings.search!r}, where {' or '.join(map(repr, _SEARCHES))} is needed")
    free = free_directions(start.surface_f)
    everywhere = start.rotations is None
    deep = settings.search == COARSE_TO_FINE
    seeds = start.interval, start.surface_f, start.surface_g
    rotations = start_rotations(*seeds, spread=deep) if everywhere else start.rotations
    # about a known axis or near known rotations few candidates are alike by chance
    least = settings.least_overlap if everywhere and start.surface_f is None else 0.0
    pair, candidates = _placed(fixed, moving, least, score, rotations, settings, voxel_size)
    mean = float(np.mean(candidates.dissimilarities))
    search = _SEARCHES[settings.search]
    candidates, best, trace, path = search(pair, candidates, free, settings, voxel_size, seed)
    rotation, translation = candidates.rotations[best].copy(), candidates.translations[best].copy()
    answer = rotation, translation, float(candidates.dissimilarities[best])
    # most rivals were left after few steps
    asked = Asked.by(settings, voxel_size)
    near = rivals(candidates, *answer[:2], fixed, _RIVALS + asked.equivalents)
    others = chosen(candidates, near)
    independent_refinement(*pair, free, settings.damping, _RIVAL_FALL, _RIVAL_STEPS, others)
    # what is near the answer may have a smaller overlap
    pair = pair._replace(moving=moving)
    covariance = covariance_at(pair, rotation, translation, free)
    # given seeds may all be near the answer
    mean = mean if everywhere else None
    judgement = judge(pair, answer, others, covariance, asked, mean=mean)
    return Alignment(*answer, len(trace), trace, path, **judgement)


def _placed(fixed, moving, least, score, rotations, settings, voxel_size):
    """Return a pair and its seeds, those of a large enough overlap; where none has it, all however small it is."""
    for each in (moving._replace(least_overlap=least), moving):
        candidates = seeds_at_best_translation(fixed, each, score, rotations, settings, voxel_size)
        overlaps = np.isfinite(candidates.dissimilarities)
        if overlaps.any():
            return Compared(fixed, each, score_number(score)), chosen(candidates, overlaps)
    return Compared(fixed, moving, score_number(score)), candidates


def _stochastic(pair, candidates, free, settings, voxel_size, seed):
    """Return the candidates of the paper's search, which of them is best, and its trace and path."""
    uniforms = np.random.default_rng(seed).random(settings.rule.max_steps)
    return candidates, *stochastic_refinement(*pair, free, settings.damping, settings.rule, candidates, uniforms)


def _coarse_to_fine(pair, candidates, free, settings, voxel_size, seed):
    """Return what `_stochastic` does of a search from coarse to fine; nothing is drawn."""
    fixed, moving, number = pair
    size = fixed.size
    rounds = rounds_to(settings.rounds, settings.low_pass or 2.0 * voxel_size, size * voxel_size)
    finest = rounds[-1].low_pass
    limits = {each.low_pass: band_limit(size, each.low_pass, voxel_size) for each in rounds}
    # both: an overlap is held against what each has measured up to the limit
    bands = {low_pass: (narrowed(fixed, limit), narrowed(moving, limit)) for low_pass, limit in limits.items()}
    bands |= {finest: pair[:2]}
    settings = replace(settings, rounds=rounds)
    found, trace, path = coarse_to_fine(bands, number, candidates.rotations, free, settings, voxel_size)
    # a round's steps end by falls of a log-likelihood, which these scores are not
    found = best_distinct(found, _ENDS, _ENDS, 0.0, finest, voxel_size, size)
    independent_refinement(*pair, free, settings.damping, _RIVAL_FALL, _RIVAL_STEPS, found)
    best = int(np.argmin(found.dissimilarities))
    rotation, translation, value = refined_on(
        *pair, found.rotations[best], found.translations[best], settings.damping, free
    )
    found.rotations[best], found.translations[best] = rotation, translation
    found.dissimilarities[best] = trace[-1] = value
    path[-1] = np.concatenate([rotation.ravel(), translation])
    return found, best, trace, path


_SEARCHES = {STOCHASTIC: _stochastic, COARSE_TO_FINE: _coarse_to_fine}


class TransferredSpectrum(NamedTuple):
    """A transform whose volume has a contrast transfer."""

    spectrum: Spectrum
    transfer: Seen


def both_transferred(fixed, moving):
    """Return the transforms of a pair, each multiplied by the other's contrast transfer and over its own noise's.

    With the transfers A and the noise's powers B of the two (`gradalign.fourier.transfer`) the fixed volume's
    coefficients are multiplied by A_g/√(B_f B_g) and the moved one's by A_f/√(B_f B_g): both show the object times
    A_f A_g. A_f and B_f are those of each frequency, A_g and B_g the means of its shell.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum or TransferredSpectrum

    Returns
    -------
    (gradalign.fourier.spectrum.Spectrum, gradalign.fourier.spectrum.Spectrum)
    """
    seen_f, seen_g = (getattr(each, "transfer", None) for each in (fixed, moving))
    held, moved = (getattr(each, "spectrum", each) for each in (fixed, moving))
    if seen_f is None and seen_g is None:
        return held, moved
    lengths = np.sqrt((held.lattice**2).sum(axis=1))
    own = other = root = 1.0
    if seen_f is not None:
        signal, noise = seen_f.at(held.lattice)
        own = np.sqrt(signal * np.interp(lengths, np.arange(len(seen_f.power)), seen_f.power))
        root = np.sqrt(noise * np.interp(lengths, np.arange(len(seen_f.level)), seen_f.level))
    if seen_g is not None:
        shells = np.arange(len(seen_g.power))
        other = np.interp(lengths, shells, np.sqrt(seen_g.power * seen_g.coherence))
        root = root * np.sqrt(np.interp(lengths, shells, seen_g.level))
    values = (held.values * (other / root)).astype(np.float32)
    weights = (held.weights * (own / root)).astype(np.float32)
    return held._replace(values=values, weights=weights), moved


class PaperScore(KernelScore):
    """RCS or FCS: a sum over the overlap of two transforms, up to one band limit."""

    preparation = "transform"

    def estimate(self, volumes, tilts, alike=False, mask=None, transfers=None):
        """Return background, unit and mask of each volume, see `Score.estimate`; no mask unless one is asked for."""
        if mask is not None:
            return estimate_models(volumes, tilts, mask, transfers)
        if alike and not transfers:
            return [None] * len(volumes)
        models = [_standard(check_numbers(volume, f"volume {number}")) for number, volume in enumerate(volumes)]
        return [
            model if each is None else model._replace(transfer=each.seen(tilt))
            for model, each, tilt in zip(models, transfers or [None] * len(models), tilts, strict=True)
        ]

    def model_of_particle(self, volume, tilt, known, transfer=None):
        """Return what there is to know of a particle: its contrast transfer, see `Score.model_of_particle`."""
        return None if transfer is None else SignalModel(None, None, None, np.nan, transfer=transfer.seen(tilt))

    def prepare(self, volume, tilt_range, settings, voxel_size=1.0, model=None, name="volume", movable=True):
        """Return the transform of a volume, see `Score.prepare`."""
        if model is not None:
            volume = model.standardised(check_numbers(volume, name))
            volume = volume if model.mask is None else volume * model.mask
        spectrum = prepare(volume, tilt_range, settings.low_pass, voxel_size, settings.wedge_guard, name, movable)
        transfer = None if model is None else model.transfer
        return spectrum if transfer is None else TransferredSpectrum(spectrum, transfer)

    def at_finest(self, fixed, moving):
        """Return the transforms that are compared, see `KernelScore.at_finest`."""
        return both_transferred(fixed, moving)

    def in_large_overlaps(self, moving, settings):
        """Return g's transform, which counts a small overlap as none, see `KernelScore.in_large_overlaps`."""
        return moving._replace(least_overlap=settings.least_overlap)

    def search(self, fixed, moving, settings, voxel_size=1.0, start=None, rng=0):
        """Search by stochastic parallel refinement, see `Score.search`."""
        return align_spectra(*self.at_finest(fixed, moving), self.name, settings, voxel_size, rng, start)


def _standard(volume):
    """Return a model that brings a volume to mean 0 and deviation 1."""
    volume = volume.astype(float)
    return SignalModel(None, None, None, np.nan, float(volume.mean()), float(volume.std()))


class ContrastScore(PaperScore):
    """FCS: it compares values, so that volumes of different contrast are brought to one first."""

    balances = True

    def estimate(self, volumes, tilts, alike=False, mask=None, transfers=None):
        """Return for each volume a unit on which its signal has the power 1, see `PaperScore.estimate`."""
        if alike and mask is None and not transfers:
            return [None] * len(volumes)
        models = estimate_models(volumes, tilts, AUTOMATIC if mask is None else mask, transfers)
        shells = np.arange(len(models[0].signal))
        powers = [model.mask_power * (shells**2 * _untransferred(model)).sum() for model in models]
        shared = {"mask": None} if mask is None else {}
        return [
            model._replace(unit=model.unit * power**0.5, **shared) for model, power in zip(models, powers, strict=True)
        ]

    def on_unit_power(self, prepared):
        """Return a transform on unit variance in the band; its mean, at frequency 0, is never compared."""
        if isinstance(prepared, TransferredSpectrum):
            return prepared._replace(spectrum=_on_shown_power(prepared))
        power = (prepared.values.astype(float) ** 2).sum(axis=0).mean()
        factor = np.float32(1.0 / np.sqrt(max(power, np.finfo(np.float32).tiny)))
        return prepared._replace(values=prepared.values * factor, grid=prepared.grid * factor)


def _on_shown_power(prepared):
    """Return a transform on the power that its contrast transfer leaves of a volume of unit power."""
    spectrum, seen = prepared
    power = (spectrum.values.astype(float) ** 2).sum(axis=0)
    lengths = np.sqrt((spectrum.lattice**2).sum(axis=1))
    by_shell = (np.interp(lengths, np.arange(len(part)), part) for part in (seen.power, seen.level))
    signal, noise = (ratio * part for ratio, part in zip(seen.at(spectrum.lattice), by_shell, strict=True))
    factor = np.sqrt((signal / noise).mean() / max((power / noise).mean(), np.finfo(np.float32).tiny))
    return spectrum._replace(values=(spectrum.values * factor).astype(np.float32))


def _untransferred(model):
    """Return the power of the signal by shell as it is without contrast transfer."""
    return model.signal if model.transfer is None else model.signal / model.transfer.power[: len(model.signal)]


RCS, FCS = PaperScore("rcs"), ContrastScore("fcs")
