"""The likelihood score: how much better two subtomograms are explained by one object than by two.

Each volume shows the object's transform Z in its own way, F = γ_f C_f Z + n_f and G = γ_g C_g Z + n_g, with its own
scale γ, contrast transfer C and noise n. With the powers S_f = γ_f² C_f² ⟨|Z|²⟩ and N_f of signal and noise in F's
shell, and S_g and N_g in G's, F given G is normal about ρ G with the variance V,

    ρ = √(S_f S_g)/(S_g + N_g),   V = N_f + S_f N_g/(S_g + N_g),

and the logarithm of the ratio of the probability that both show one object to the probability that they show unrelated
ones is, over the overlap Ω,

    Σ_Ω [ |F|²/(S_f + N_f) + log((S_f + N_f)/V) − |F − ρ G|²/V ].

It is a least-squares problem with a weight for each coefficient, to which the penalty of every frequency outside the
overlap is added: d = Σ_Ω |F − ρ G|²/V + Σ_{M_f ∖ Ω} [ |F|²/(S_f + N_f) + log((S_f + N_f)/V) ]. No term favours a small
overlap. Since |F − ρ G|²/V + |G|²/(S_g + N_g) is the quadratic form of both, the exchange of f and g changes d by a
constant. Between alike volumes ρ = S/(S + N) and V = N (N + 2S)/(S + N); against a reference without noise
ρ = √(S_f/S_g) and V = N_f. A tilt range has a soft edge here: the terms of a frequency near it are weighted by its
share, so that d has no steps where frequencies enter and leave the overlap.

The logarithm is what a match is worth on average. It tells the right overlap among candidates. At the wedge's edge,
however, coefficients are damped and the match is worse than expected, so that it biases every answer towards more
overlap. The last steps of a search go without it: a frequency at the edge then costs on average the same inside and
outside.

S and N are estimated from the volumes themselves (`gradalign.scores.signal_model`), so that whatever does not repeat
from one to the next, errors of the model among it, counts as noise.
"""

from typing import NamedTuple

import numpy as np

from gradalign.fourier.overlap import own_shares
from gradalign.fourier.spectrum import prepare
from gradalign.geometry.wedge import check_wedge, is_complete
from gradalign.io.mrc import check_numbers


def _powers(model, spectra, shells):
    """Return signal and noise of a masked volume at frequencies of these lengths."""
    scale = model.mask_power
    return (scale * np.interp(shells, np.arange(len(power)), power) for power in spectra)


def weighted(spectrum, model, moved=None):
    """Return the transform of a masked volume with the likelihood's weights and penalties.

    Parameters
    ----------
    spectrum : gradalign.fourier.spectrum.Spectrum
        From `gradalign.fourier.spectrum.prepare`, of the volume under the model's mask, with its softness.
    model : gradalign.scores.signal_model.SignalModel
        Its own.
    moved : gradalign.scores.signal_model.SignalModel, optional
        Of the volume that is moved onto it; the same if left out.

    Returns
    -------
    gradalign.fourier.spectrum.Spectrum
    """
    shells = np.sqrt((spectrum.lattice**2).sum(axis=1))
    own = own_shares(spectrum).astype(float)
    moved = model if moved is None else moved
    signal, noise = _powers(model, (model.signal, model.noise), shells)
    # a contrast transfer is known point by point on the lattice of the volume that stays, of the other by shell
    signal_moved, noise_moved = _powers(moved, moved.coherent, shells)
    if model.transfer is not None:
        ratios = model.transfer.at(spectrum.lattice)
        signal, noise = (power * ratio for power, ratio in zip((signal, noise), ratios, strict=True))
    total, total_moved = signal + noise, signal_moved + noise_moved
    # the powers may lie far apart
    variance = noise + signal * (noise_moved / total_moved)
    slope = np.sqrt(signal / total_moved) * np.sqrt(signal_moved / total_moved)
    power = (spectrum.values.astype(float) ** 2).sum(axis=0)
    log_terms = own * np.log(total / variance)
    root = np.sqrt(own / variance)
    return spectrum._replace(
        values=(spectrum.values * root).astype(np.float32),
        weights=(root * slope).astype(np.float32),
        penalties=(own * power / total + log_terms).astype(np.float32),
        log_terms=log_terms.astype(np.float32),
    )


class Band(NamedTuple):
    """Which frequencies of a subtomogram are compared."""

    low_pass: float
    """Resolution limit in nm."""
    voxel_size: float = 1.0
    """In nm."""
    softness: float = 0.0
    """Width of the missing wedge's soft edge, in cycles per box."""


def prepare_masked(volume, tilt_range, model, band, name="volume", movable=True):
    """Return the transform of a volume under the model's mask, its missing wedge with a soft edge.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
        Density [z, y, x].
    tilt_range : float, (float, float) or (float, float, float)
        Half range, (min, max) or (min, max, axis) in degrees.
    model : gradalign.scores.signal_model.SignalModel
    band : Band
    name : str
        How messages call the volume.
    movable : bool
        Whether it is to be moved.

    Returns
    -------
    gradalign.fourier.spectrum.Spectrum

    Raises
    ------
    InputError
        As `gradalign.fourier.spectrum.prepare` does.
    """
    complete = is_complete(check_wedge(tilt_range))
    volume = check_numbers(volume, name, model.mask.shape[0])
    masked = model.standardised(volume) * model.mask
    spectrum = prepare(masked, tilt_range, band.low_pass, band.voxel_size, 0.0, name, movable)
    # nothing is missing from a full range, and so it has no edge
    return spectrum._replace(softness=0.0 if complete else band.softness)
