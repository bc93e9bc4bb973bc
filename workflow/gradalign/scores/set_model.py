"""What is known of a set of subtomograms of one object, and from it of one of them and of a reference.

Particles of a set share the shapes of their signal's and of their noise's spectrum, which a sample of them tells. Each
has its own background, unit, and factors of both. The reference to which they are aligned has its own spectrum, in
which the half maps' shell correlation tells the signal from the noise: of the power P of a half map FSC · P is signal,
so that N = S (1/FSC − 1). A given reference has the noise that surrounds it, and a model error.

What stands beside some of the particles is theirs alone: each is judged by itself, and seen under one of two masks. The
reference is prepared for both.
"""

from typing import NamedTuple

import numpy as np

from gradalign.scores.beside import Mask
from gradalign.scores.masks import AUTOMATIC
from gradalign.scores.shared_spectra import POSE_DEVIATION, common_spectra
from gradalign.scores.signal_model import REFERENCE_RATIO, estimate_models, models_of_one

# smallest part of a reference that is signal, and that is noise: without either it would have no scale
_LEAST_SHARE = 1e-3


class SetModel(NamedTuple):
    """What the particles of a set have in common."""

    signal: np.ndarray
    """Power S of a coefficient's signal by shell (cycles per box), for unit mask, in units of the surroundings."""
    noise: np.ndarray
    """Power N of its noise."""
    mask: np.ndarray
    """Under which both hold, float32 (N, N, N)."""
    radius: float
    """Of the particle's support in voxels."""
    crowded: bool
    """Whether the mask is for particles with something else than noise around them."""
    common: tuple | None = None
    """Signal and noise by shell that stand for a particle and the reference; None where there is no reference yet."""
    lone: float | None = None
    """Where the particles end whatever stands beside them, in voxels; None unless the mask was found for that."""
    guarded: "SetModel | None" = None
    """What holds for particles with something beside them; None where the mask is given, or this is that."""
    some_beside: bool = False
    """Whether something stood beside some of the sample, and so may stand beside any, hidden by noise."""

    @property
    def seen(self):
        """What particles are multiplied by, a `gradalign.scores.beside.Mask`."""
        return Mask(self.mask, self.radius, self.crowded, self.lone)


def model_of_set(volumes, tilts, mask=AUTOMATIC, transfers=None):
    """Estimate what the particles of a set have in common, from a sample of them.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)
        Subtomograms [z, y, x], the particle near the centre.
    tilts : sequence
        Their tilt ranges.
    mask : str, float, (float, (float, float, float)) or array_like of shape (N, N, N)
        As for `gradalign.scores.beside.masks_of_set`.
    transfers : sequence of gradalign.fourier.transfer.Transfer or None, optional
        The contrast transfer of each, which is taken out of the spectra; the volumes must have its form already.

    Returns
    -------
    SetModel

    Raises
    ------
    InputError
        If there are no volumes or one is unusable.
    """
    models = estimate_models(volumes, tilts, mask, transfers, guarded=True)
    known, plain = _in_common(models), [model.alone for model in models if model.alone]
    if not plain:
        return known
    some = any(model.beside or model.gold is not None for model in models)
    return _in_common(plain)._replace(guarded=known, some_beside=some)


def _in_common(models):
    """Return what volumes have in common of which each has its model."""
    signal, noise = (
        np.exp(np.mean([np.log(power) for power in powers], axis=0))
        for powers in zip(*(model.untransferred for model in models), strict=True)
    )
    first = models[0]
    return SetModel(signal, noise, first.mask, first.radius, first.crowded, lone=first.lone)


def model_of_reference(volume, known, agreement=None):
    """Return the model of a reference, and what is known of the particles that are aligned to it.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
    known : SetModel
    agreement : array_like, optional
        By shell the part of the reference's power that is signal: the shell correlation of half maps. If left out, the
        noise is that of the reference's surroundings.

    Returns
    -------
    model : gradalign.scores.signal_model.SignalModel
    known : SetModel
        With `SetModel.common`.

    Raises
    ------
    InputError
        If the volume is unusable.
    """
    if known.guarded is None:
        return _model_of_reference(volume, known, agreement)
    alone, plain = _model_of_reference(volume, known, agreement)
    model, guarded = _model_of_reference(volume, known.guarded, agreement)
    return model._replace(alone=alone), plain._replace(guarded=guarded)


def _model_of_reference(volume, known, agreement):
    (own,) = estimate_models([volume], [90.0], known.mask)
    total = own.signal + own.noise
    if agreement is None:
        share = np.minimum(own.signal / total, REFERENCE_RATIO / (1.0 + REFERENCE_RATIO))
    else:
        share = np.clip(agreement[: len(total)], _LEAST_SHARE, 1.0 - _LEAST_SHARE)
    signal, noise = total * share, total * (1.0 - share)
    known = known._replace(common=common_spectra(np.stack([known.signal, signal]), np.stack([known.noise, noise])))
    return own._replace(signal=signal, noise=noise, **_shared(known)), known


def model_of_particle(volume, tilt, known, transfer=None):
    """Return the model of one particle of a set: the set's spectra with its own background, unit and factors.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
    tilt : float, (float, float) or (float, float, float)
    known : SetModel
        From `model_of_reference`.
    transfer : gradalign.fourier.transfer.Transfer, optional
        Its contrast transfer, whose form it must have already.

    Returns
    -------
    gradalign.scores.signal_model.SignalModel
        Where something may stand beside the particle, or the particle may stand aside, with `SignalModel.alone`.

    Raises
    ------
    InputError
        If the volume or the tilt range is unusable.
    """
    plain, guarded = (None, known) if known.crowded else (known, known.guarded)
    if guarded is None or guarded.lone is None:
        # the mask is the user's
        (own,) = estimate_models([volume], [tilt], known.mask, [transfer])
        return _of_set(own, known)
    alone, beside = models_of_one(volume, tilt, plain and plain.seen, guarded.seen, transfer, known.some_beside)
    alone = alone and _of_set(alone, plain)
    return alone if beside is None else _of_set(beside, guarded)._replace(alone=alone)


def _of_set(own, known):
    """Return the model of a particle with the spectra of its set."""
    # the set's spectra, on this particle's scale and with its noise
    signal, noise = known.signal, known.noise
    if own.transfer is not None:
        signal, noise = (power * part for power, part in zip((signal, noise), own.transferred, strict=True))
    # how many coefficients a shell has
    places = np.arange(len(known.signal)) ** 2.0
    noise = noise * np.exp(np.average(np.log(own.noise / noise), weights=places))
    weights = places * signal / (signal + noise) ** 2
    factor = np.log((weights * own.signal).sum() / (weights * signal).sum())
    # a factor that the pose alone may cause is left out
    believed = 1.0 - POSE_DEVIATION**2 / max(factor**2, POSE_DEVIATION**2)
    return own._replace(signal=signal * np.exp(believed * factor), noise=noise, **_shared(known))


def _shared(known):
    return {
        "mask": known.mask,
        "radius": known.radius,
        "common": known.common,
        "crowded": known.crowded,
        "lone": known.lone,
    }
