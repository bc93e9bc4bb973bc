"""What is known of a set of subtomograms of one object, and from it of one of them and of a reference.

Particles of a set share the shapes of their signal's and of their noise's spectrum, which a sample of them tells. Each
has its own background, unit, and factors of both. The reference to which they are aligned has its own spectrum, in
which the half maps' shell correlation tells the signal from the noise: of the power P of a half map FSC · P is signal,
so that N = S (1/FSC − 1). A given reference has the noise that surrounds it.
"""

from typing import NamedTuple

import numpy as np

from gradalign.scores.masks import AUTOMATIC
from gradalign.scores.shared_spectra import POSE_DEVIATION, common_spectra
from gradalign.scores.signal_model import estimate_models

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
    """Whether something else than noise stands around the mask."""
    common: tuple | None = None
    """Signal and noise by shell that stand for a particle and the reference; None where there is no reference yet."""


def model_of_set(volumes, tilts, mask=AUTOMATIC, transfers=None):
    """Estimate what the particles of a set have in common, from a sample of them.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)
        Subtomograms [z, y, x], the particle near the centre.
    tilts : sequence
        Their tilt ranges.
    mask : str, float, (float, (float, float, float)) or array_like of shape (N, N, N)
        As for `gradalign.scores.masks.make_mask`.
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
    models = estimate_models(volumes, tilts, mask, transfers)
    signal, noise = (
        np.exp(np.mean([np.log(power) for power in powers], axis=0))
        for powers in zip(*(model.untransferred for model in models), strict=True)
    )
    return SetModel(signal, noise, models[0].mask, models[0].radius, models[0].crowded)


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
    (own,) = estimate_models([volume], [90.0], known.mask)
    signal, noise = own.signal, own.noise
    if agreement is not None:
        share = np.clip(agreement[: len(signal)], _LEAST_SHARE, 1.0 - _LEAST_SHARE)
        signal, noise = (signal + noise) * share, (signal + noise) * (1.0 - share)
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

    Raises
    ------
    InputError
        If the volume or the tilt range is unusable.
    """
    (own,) = estimate_models([volume], [tilt], known.mask, [transfer])
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
    return {"mask": known.mask, "radius": known.radius, "common": known.common, "crowded": known.crowded}
