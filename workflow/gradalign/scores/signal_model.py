"""What a volume shows: its background, its scale, and the spectra of its signal and its noise.

Every volume has its own. The background, the mean of what surrounds the particle, goes first; then the volume stands on
units of its surroundings' deviation, so that neither an offset nor a factor changes anything. The noise of a shell is
the power of the surroundings, the signal what is more under the mask; contrast transfer, envelope and scale are in it.

The spectra of a set are shared as far as its volumes do not contradict it (`gradalign.scores.shared_spectra`). Where a
volume's contrast transfer is given it is taken out of its spectra first: a map without contrast transfer then has the
shape of the others.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gradalign.fourier.transfer import Seen
from gradalign.geometry.wedge import check_wedge, is_complete, measured
from gradalign.scores.beside import surroundings
from gradalign.scores.cleared import Views, checked, opened_set, opened_volume
from gradalign.scores.masks import AUTOMATIC, MARGIN, particle_radius, soft_sphere
from gradalign.scores.shared_spectra import (
    LEAST_SHARE,
    common_spectra,
    shared_noise,
    shared_signal,
    unknown_transfer,
)

REFERENCE_RATIO = 20.0
"""Largest S/N of a reference: no particle is its reference with a factor by shell, and so a twentieth of the power may
differ."""


class SignalModel(NamedTuple):
    """What is known of the signal and noise of one volume."""

    signal: np.ndarray
    """Power S of a coefficient's signal by shell (cycles per box), for unit mask."""
    noise: np.ndarray
    """Power N of its noise."""
    mask: np.ndarray
    """Soft sphere under which both hold, float32 (N, N, N)."""
    radius: float
    """Radius of the sphere in voxels, without its soft edge."""
    level: float = 0.0
    """The background, which is taken off the volume."""
    unit: float = 1.0
    """What it is then divided by."""
    common: tuple | None = None
    """Signal and noise by shell that stand for all volumes of a set; the volume's own if left out."""
    crowded: bool = False
    """Whether the mask is for volumes with something else than noise around the particle."""
    gold: np.ndarray | None = None
    """Beads and a membrane in the volume, (N, N, N), which are taken off it; None if there are none."""
    transfer: Seen | None = None
    """What its contrast transfer, which is in signal and noise, makes of them; None for a volume without."""
    lone: float | None = None
    """Where the particle ends in spite of what stands beside it, in voxels; None where the mask is not for that."""
    alone: "SignalModel | None" = None
    """What holds if nothing stands beside the particle, which then may not be centred; None where something does."""
    beside: bool = False
    """Whether something else than noise stands beside the particle, or the particle aside, in this very volume."""

    @property
    def coherent(self):
        """The signal by shell for which the mean of the contrast transfer stands, and as noise all the rest."""
        if self.transfer is None:
            return self.signal, self.noise
        signal = self.transfer.coherence[: len(self.signal)] * self.signal
        return signal, self.noise + self.signal - signal

    @property
    def transferred(self):
        """What its contrast transfer, which it must have, makes of the power of signal and noise by shell."""
        shells = slice(len(self.signal))
        return self.transfer.power[shells], self.transfer.level[shells]

    @property
    def untransferred(self):
        """Signal and noise by shell as they are without contrast transfer."""
        if self.transfer is None:
            return self.signal, self.noise
        power, level = self.transferred
        return self.signal / power, self.noise / level

    def seen_through(self, transfer, tilt_range):
        """Return the model of a volume that shows an object of this model with a contrast transfer.

        Parameters
        ----------
        transfer : gradalign.fourier.transfer.Transfer or None
        tilt_range : float, (float, float) or (float, float, float)
            Half range, (min, max) or (min, max, axis) in degrees.

        Returns
        -------
        SignalModel
            Itself without a transfer.
        """
        if transfer is None:
            return self
        seen, shells = transfer.seen(tilt_range, self.mask), slice(len(self.signal))
        return self._replace(
            signal=self.signal * seen.power[shells],
            noise=self.noise * seen.level[shells],
            common=self.common or (self.signal, self.noise),
            transfer=seen,
        )

    @property
    def mask_power(self):
        """Sum of the mask's squares: what a power for unit mask is multiplied by."""
        return float((self.mask.astype(float) ** 2).sum())

    @property
    def filled(self):
        """About the part of the box that the mask fills, and of the coefficients that tell something of their own."""
        squares = self.mask.astype(float) ** 2
        return float(squares.sum() ** 2 / ((squares**2).sum() * squares.size))

    def standardised(self, volume):
        """Return a volume without its background, on the model's unit.

        Parameters
        ----------
        volume : array_like of shape (N, N, N)

        Returns
        -------
        numpy.ndarray of shape (N, N, N)
        """
        if self.level == 0.0 and self.unit == 1.0:
            return np.asarray(volume)
        beads = 0.0 if self.gold is None else self.gold
        return ((np.asarray(volume, dtype=float) - beads - self.level) / self.unit).astype(np.float32)


@lru_cache(maxsize=8)
def _measured_shells(size, wedge):
    """Return the shells of the coefficients of a real transform, and which are measured below Nyquist's frequency."""
    axis = np.fft.fftfreq(size, 1.0 / size)
    last = np.fft.rfftfreq(size, 1.0 / size)
    z, y, x = np.meshgrid(axis, axis, last, indexing="ij")
    points = np.stack([x, y, z], axis=-1)
    shells = np.rint(np.sqrt((points**2).sum(axis=-1))).astype(int)
    inside = measured(points, wedge) & (shells < (size + 1) // 2)
    return shells[inside], inside


def _shell_sums(volumes, masks, wedges):
    """Return the summed power of measured coefficients by shell, each divided by its mask's power, and their number."""
    size = masks[0].shape[0]
    count = (size + 1) // 2
    sums, places = np.zeros((len(volumes), count)), np.zeros((len(volumes), count))
    for row, (volume, mask, wedge) in enumerate(zip(volumes, masks, wedges, strict=True)):
        shells, inside = _measured_shells(size, wedge)
        power = np.abs(np.fft.rfftn(volume * mask)) ** 2 / (mask.astype(float) ** 2).sum()
        sums[row] = np.bincount(shells, power[inside], count)
        places[row] = np.bincount(shells, minlength=count)
    return sums, places


def estimate_model(volumes, tilts, radius=None):
    """Estimate one signal and one noise for a data set of alike volumes: one scale, no background.

    The noise is what surrounds the particle; the signal is what is more under the mask.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)
        Subtomograms [z, y, x] with the particle near the centre.
    tilts : sequence of float or (float, float)
        Their tilt ranges in degrees.
    radius : float, optional
        Within which the mask is 1, in voxels; a little beyond where the particle ends if left out.

    Returns
    -------
    SignalModel

    Raises
    ------
    InputError
        If there are no volumes or one is unusable.
    """
    volumes = checked(volumes)
    size = volumes[0].shape[0]
    radius = particle_radius(volumes) + MARGIN if radius is None else radius
    mask = soft_sphere(size, radius)
    wedges = [check_wedge(tilt) for tilt in tilts]
    around = {axis: surroundings(size, radius, axis) for axis in {axis for *_, axis in wedges}}
    total, noise = (
        sums.sum(axis=0) / np.maximum(places.sum(axis=0), 1)
        for sums, places in (
            _shell_sums(volumes, [mask] * len(volumes), wedges),
            _shell_sums(volumes, [around[axis] for *_, axis in wedges], wedges),
        )
    )
    noise = np.clip(noise, LEAST_SHARE * total, (1 - LEAST_SHARE) * total)
    return SignalModel(total - noise, noise, mask, radius)


def estimate_models(volumes, tilts, mask=AUTOMATIC, transfers=None, guarded=False):
    """Estimate background, scale, signal and noise of each volume of a set of views of one object.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)
        Subtomograms, averages or maps [z, y, x], the particle near the centre.
    tilts : sequence of float or (float, float)
        Their tilt ranges in degrees.
    mask : str, float, (float, (float, float, float)) or array_like of shape (N, N, N)
        As for `gradalign.scores.beside.masks_of_set`.
    transfers : sequence of gradalign.fourier.transfer.Transfer or None, optional
        The contrast transfer of each volume, which must have its form already; none if left out.
    guarded : bool
        As for `gradalign.scores.beside.masks_of_set`.

    Returns
    -------
    list of SignalModel
        One for each volume, with the same mask and the same `SignalModel.common`; and so are all `SignalModel.alone`.

    Raises
    ------
    InputError
        If there are no volumes or one is unusable.
    """
    views, masks = opened_set(volumes, tilts, mask, transfers, guarded)
    models = _models_under(masks.mask, masks.noise, views)
    models = [model._replace(beside=beside) for model, beside in zip(models, masks.beside, strict=True)]
    if masks.alone:
        # a particle that is not centred looks like one that is not alone
        held = [number for number, around in enumerate(masks.around) if around is not None]
        few = Views(*([part[number] for number in held] for part in views))
        for number, alone in zip(held, _models_under(masks.alone, [masks.around[n] for n in held], few), strict=True):
            models[number] = models[number]._replace(alone=alone)
    return models


def _models_under(mask, masks, views):
    """Return the models of volumes of which a mask and its surroundings are known."""
    volumes, beads, wedges, transfers = views
    standards = [_standard(volume, outside) for volume, outside in zip(volumes, masks, strict=True)]
    plain = [(volume - level) / unit for volume, (level, unit) in zip(volumes, standards, strict=True)]
    seen = [
        None if each is None else each.seen(wedge, mask.values) for each, wedge in zip(transfers, wedges, strict=True)
    ]
    signal, noise = _spectra(plain, mask.values, masks, wedges, seen)
    models = [
        SignalModel(*spectra, mask.values, mask.radius, *standard, None, mask.crowded, gold, each, mask.lone)
        for *spectra, standard, gold, each in zip(signal, noise, standards, beads, seen, strict=True)
    ]
    spectra = np.moveaxis(np.array([model.coherent for model in models]), 1, 0)
    common = common_spectra(*spectra, _least_sure(*spectra) if any(seen) else None)
    return [model._replace(common=common) for model in models]


def models_of_one(volume, tilt, plain, guarded, transfer=None, wary=False):
    """Estimate background, scale, signal and noise of a volume of a set whose masks are known.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
    tilt : float, (float, float) or (float, float, float)
    plain : gradalign.scores.beside.Mask or None
        For volumes in which nothing but the particle stands; None if there are none.
    guarded : gradalign.scores.beside.Mask
        For the others, with ``lone``.
    transfer : gradalign.fourier.transfer.Transfer, optional
    wary : bool
        Whether something may stand beside the particle even if noise hides it.

    Returns
    -------
    plain, guarded : SignalModel or None
        Each under its mask; None for one that is not for this volume. Both where all that is no noise lies in the plain
        mask, but stands aside, or may be hidden.

    Raises
    ------
    InputError
        If the volume or the tilt range is unusable.
    """
    views, masks = opened_volume(volume, tilt, plain, guarded, transfer, wary)
    alone = kept_out = None
    if masks.alone:
        (alone,) = _models_under(masks.alone, masks.around, views)
    (beside,) = masks.beside
    if alone is None or beside or wary:
        (kept_out,) = _models_under(guarded, masks.noise, views)
        kept_out = kept_out._replace(beside=beside)
    return alone, kept_out


def _spectra(volumes, mask, masks, wedges, seen):
    """Return signal and noise of each volume by shell, (n, shells) each, shared as far as the volumes are alike."""
    (totals, places), (noises, apart) = (
        _shell_sums(volumes, [mask] * len(volumes), wedges),
        _shell_sums(volumes, masks, wedges),
    )
    totals, noises = totals / np.maximum(places, 1), noises / np.maximum(apart, 1)
    noises = np.clip(noises, LEAST_SHARE * totals, (1 - LEAST_SHARE) * totals)
    # a mask makes neighbouring coefficients depend on each other: it leaves as many as its share of the box
    places = np.maximum(places * (mask.astype(float) ** 2).mean(), 1.0)
    apart = np.maximum(apart * np.array([[(outside.astype(float) ** 2).mean()] for outside in masks]), 1.0)
    powers, levels = _transferred(seen, totals.shape[1])
    noise = shared_noise(noises / levels, apart) * levels
    whole = np.array([is_complete(wedge) for wedge in wedges])
    hidden = ~whole & np.array([each is None for each in seen])
    if whole.any() and hidden.any():
        reference = ((totals - noises) / powers)[whole].mean(axis=0)
        power = unknown_transfer((totals - noises)[hidden], totals[hidden], places[hidden], reference)
        powers[hidden] = np.maximum(np.arange(totals.shape[1]), 1.0) ** power
    signal = shared_signal((totals - noises) / powers, totals / powers, places, powers) * powers
    floor = LEAST_SHARE * (signal + noise)
    noise = np.maximum(noise, floor)
    if not whole.all():
        noise[whole] = np.maximum(noise[whole], signal[whole] / REFERENCE_RATIO)
    return np.maximum(signal, floor), noise


def _least_sure(signal, noise):
    """Return the ratio of noise to signal of each volume: the noisier one is, the less it should be filtered."""
    volume = np.arange(signal.shape[1]) ** 2
    return (noise * volume).sum(axis=1) / (signal * volume).sum(axis=1)


def _transferred(seen, shells):
    """Return by shell what contrast transfers make of the power of signal and noise, (n, shells) each; 1 without."""
    powers, levels = np.ones((2, len(seen), shells))
    for number, each in enumerate(seen):
        if each is not None:
            powers[number], levels[number] = each.power[:shells], each.level[:shells]
    return powers, levels


def _standard(volume, outside):
    """Return the level of a volume's surroundings and their deviation; of a quiet one a part of its own."""
    total = outside.sum(dtype=float)
    level = float((volume * outside).sum() / total)
    deviation = np.sqrt(((volume - level) ** 2 * outside).sum() / total)
    return level, float(max(deviation, LEAST_SHARE * volume.std()))


def tempered(model, ratio):
    """Return a model whose signal is nowhere more than so many times its noise.

    The error of a seed adds to the noise: with little noise in the data a seed near the truth would fit as badly as
    any other.

    Parameters
    ----------
    model : SignalModel
    ratio : float
        Largest S/N.

    Returns
    -------
    SignalModel
    """
    return model._replace(noise=np.maximum(model.noise, model.signal / ratio))
