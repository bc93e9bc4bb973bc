"""Volumes prepared for the search by the likelihood."""

from typing import NamedTuple

from gradalign.errors import InputError
from gradalign.fourier.band import band_limit
from gradalign.fourier.spectrum import narrowed
from gradalign.scores.likelihood import Band, prepare_masked, weighted
from gradalign.scores.signal_model import SignalModel, tempered
from gradalign.search.agreement import CrowdedVolume, cores, surrounded
from gradalign.search.modes import JointVolume, prepare_joint
from gradalign.search.settings import Settings


class LikelihoodVolume(NamedTuple):
    """A volume prepared for the likelihood."""

    bands: dict
    """Its masked transform by band limit in nm."""
    model: SignalModel | None = None
    """Its signal and noise; None where the transforms have their weights already."""
    joint: JointVolume | None = None
    """Itself for the joint refinement; None for a search that ends without it."""
    crowded: CrowdedVolume | None = None
    """Itself for local agreement; None where nothing stands beside the particle, or the mask is given."""
    alone: "LikelihoodVolume | None" = None
    """Itself as if nothing stood beside the particle; None where something does, or it is that."""

    @property
    def guarded(self):
        """Whether its mask is for something beside the particle."""
        return self.model is not None and self.model.crowded


def finest_limit(settings):
    """Return the band limit at which the coarse-to-fine search ends, in nm.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    float

    Raises
    ------
    InputError
        If a round before the last one has a finer limit.
    """
    *before, last = (one.low_pass for one in settings.rounds)
    if any(low_pass < last for low_pass in before):
        raise InputError(
            f"rounds: the last round's low_pass is {last:g} nm and an earlier one's {min(before):g} nm; "
            "a search from coarse to fine ends at the finest limit, that is at the smallest number"
        )
    return settings.rounds[-1].low_pass


def prepare_bands(volume, tilt_range, model, settings=None, voxel_size=1.0, name="volume", movable=True):
    """Return a volume with its masked transforms at the band limits of the coarse-to-fine search.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
        Density [z, y, x].
    tilt_range : float, (float, float) or (float, float, float)
        Half range, (min, max) or (min, max, axis) in degrees.
    model : gradalign.scores.signal_model.SignalModel
    settings : Settings, optional
    voxel_size : float
        In nm.
    name : str
        How messages call the volume.
    movable : bool
        Whether it is to be moved.

    Returns
    -------
    LikelihoodVolume

    Raises
    ------
    InputError
        If the volume, the tilt range or a low-pass is unusable.
    """
    settings = settings or Settings()
    limits = {one.low_pass: band_limit(len(volume), one.low_pass, voxel_size) for one in settings.rounds}
    finest = finest_limit(settings)
    band = Band(finest, voxel_size, settings.wedge_softness)
    whole = prepare_masked(volume, tilt_range, model, band, name, movable)
    bands = {low_pass: narrowed(whole, limits[low_pass]) for low_pass in limits if low_pass != finest}
    # what it takes for noise would be neighbours
    joint = None if model.crowded else prepare_joint(volume, tilt_range, model, finest, voxel_size, name)
    common = settings, voxel_size, name, movable
    crowded, alone = None, model.alone and prepare_bands(volume, tilt_range, model.alone, *common)
    if model.crowded and model.lone and model.transfer is None:
        smaller = tuple(prepare_bands(volume, tilt_range, core, *common) for core in cores(model))
        wide = surrounded(volume, tilt_range, model, band, name)
        crowded = CrowdedVolume(model.standardised(volume), tilt_range, wide, smaller)
    return LikelihoodVolume(bands | {finest: whole}, model, joint, crowded, alone)


def pair_bands(fixed, moving, settings):
    """Return the transforms of a pair with its weights, by band limit.

    Parameters
    ----------
    fixed, moving : LikelihoodVolume
        f and g.
    settings : Settings

    Returns
    -------
    dict of float to (gradalign.fourier.spectrum.Spectrum, gradalign.fourier.spectrum.Spectrum)
    """
    if fixed.model is None:
        return {band: (spectrum, moving.bands[band]) for band, spectrum in fixed.bands.items()}
    finest = min(fixed.bands)
    coarse = [tempered(volume.model, settings.coarse_ratio) for volume in (fixed, moving)]
    return {
        band: (weighted(spectrum, *coarse), moving.bands[band])
        for band, spectrum in fixed.bands.items()
        if band != finest
    } | {finest: finest_pair(fixed, moving)}


def finest_pair(fixed, moving):
    """Return the transforms in which the search of a pair ends, with its weights.

    Parameters
    ----------
    fixed, moving : LikelihoodVolume
        f and g.

    Returns
    -------
    (gradalign.fourier.spectrum.Spectrum, gradalign.fourier.spectrum.Spectrum)
    """
    fixed, moving = under_one_mask(fixed, moving)
    finest = min(fixed.bands)
    held = fixed.bands[finest]
    return held if fixed.model is None else weighted(held, fixed.model, moving.model), moving.bands[finest]


def under_one_mask(fixed, moving):
    """Return a pair as if nothing stood beside the particles where one of the two is not prepared for anything else."""
    if fixed.guarded == moving.guarded:
        return fixed, moving
    return fixed.alone or fixed, moving.alone or moving
