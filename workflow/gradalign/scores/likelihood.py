"""The likelihood score: how much better two subtomograms are explained by one object than by two.

For coefficients F and G with signal power S and noise power N in their shell, the logarithm of the ratio of the
probability that both show one object to the probability that they show unrelated ones is, over the overlap Ω,

    Σ_Ω [ |F|²/(S+N) + log((S+N)²/(N(N+2S))) − (S+N)/(N(N+2S)) · |F − ρ G|² ],  ρ = S/(S+N),

since F given G is normal about ρG. It is a least-squares problem with a weight for each shell, to which the price of
every frequency outside the overlap is added: d = Σ_Ω (S+N)/(N(N+2S)) |F − ρ G|² + Σ_{M_f ∖ Ω} [ |F|²/(S+N) + log(…) ].
No term favours a small overlap. A tilt range has a soft edge here: the terms of a frequency near it are weighted by its
share, so that d has no steps where frequencies enter and leave the overlap.

The logarithm is what a match is expected to gain. It tells the right overlap among candidates; but at the wedge's edge,
where coefficients are damped and the match is worse than expected, it pulls every answer towards more overlap. The last
steps of a search go without it: a frequency at the edge then costs on average the same inside and outside.

S and N are estimated from the subtomograms themselves, so that whatever does not repeat from one to the next, errors of
the model among it, counts as noise.
"""

from typing import NamedTuple

import numpy as np

from gradalign.errors import InputError
from gradalign.fourier.overlap import own_shares
from gradalign.fourier.spectrum import prepare
from gradalign.geometry.wedge import check_wedge, is_complete, measured
from gradalign.io.mrc import check_volume

# of the largest mean variance at one radius, above the background's: where the particle ends
_PARTICLE_EDGE = 0.05
# voxels from there to the mask's edge, since a particle need not be centred, and the width of the edge: a narrow one
# would spread the missing wedge's edge over more frequencies
_MARGIN, _SOFT_EDGE = 2.0, 8.0
# below this part of the total a shell's signal or noise is not told from zero
_LEAST_SHARE = 1e-3


class SignalModel(NamedTuple):
    """What a data set says of its signal and noise."""

    signal: np.ndarray
    """Power S of a coefficient's signal by shell (cycles per box), for unit mask."""
    noise: np.ndarray
    """Power N of its noise."""
    mask: np.ndarray
    """Soft sphere under which both hold, float32 (N, N, N)."""
    radius: float
    """Radius of the sphere in voxels, without its soft edge."""

    @property
    def mask_power(self):
        """Sum of the mask's squares: what a power for unit mask is multiplied by."""
        return float((self.mask.astype(float) ** 2).sum())


def _distances(size, centre=(0.0, 0.0, 0.0)):
    x, y, z = (np.arange(size) - size // 2 - place for place in centre)
    return np.sqrt(z[:, None, None] ** 2 + y[:, None] ** 2 + x**2)


def soft_sphere(size, radius, edge=_SOFT_EDGE, centre=(0.0, 0.0, 0.0)):
    """Return a spherical mask with a cosine edge.

    Parameters
    ----------
    size : int
        Box size in voxels.
    radius : float
        Radius within which the mask is 1, in voxels.
    edge : float
        Width over which it falls to 0.
    centre : (float, float, float)
        Where the sphere stands, (x, y, z) in voxels from voxel N//2.

    Returns
    -------
    numpy.ndarray of float32, shape (size, size, size)
    """
    outward = np.clip((_distances(size, centre) - radius) / edge, 0.0, 1.0)
    return (0.5 + 0.5 * np.cos(np.pi * outward)).astype(np.float32)


def particle_radius(volumes):
    """Return the radius at which the particle ends in the mean of many subtomograms.

    That is where the mean square at one distance from the centre has fallen to a twentieth of its peak, the
    background's taken off both.

    Parameters
    ----------
    volumes : array_like of shape (n, N, N, N)

    Returns
    -------
    float
        In voxels; at most half of the box.
    """
    size = volumes[0].shape[0]
    shells = np.rint(_distances(size)).astype(int).ravel()
    squares = np.mean([np.asarray(volume, dtype=float).ravel() ** 2 for volume in volumes], axis=0)
    profile = np.bincount(shells, squares) / np.bincount(shells)
    background = np.median(profile[int(0.4 * size) : size // 2 + 1])
    excess = profile[: size // 2] - background
    # the few voxels of the innermost shells say little
    peak = int(np.argmax(excess[: size // 4]))
    below = np.flatnonzero(excess[peak:] <= _PARTICLE_EDGE * excess[peak])
    end = peak + below[0] if below.size else size // 2
    return float(max(end, size / 8))


def _surroundings(size, radius, axis):
    """Return the mask of what surrounds a particle, within the cylinder about the tilt axis that all images show."""
    along = np.arange(size) - size // 2
    z, y, x = np.meshgrid(along, along, along, indexing="ij")
    aside = x * np.sin(np.radians(axis)) - y * np.cos(np.radians(axis))
    outward = np.clip((np.hypot(aside, z) - size / 2 + 2.0) / 2.0, 0.0, 1.0)
    inside = (0.5 + 0.5 * np.cos(np.pi * outward)).astype(np.float32)
    return inside * (1.0 - soft_sphere(size, radius, 2.0))


def _shell_power(volumes, masks, wedges):
    """Return the mean power of measured coefficients by shell, each divided by its mask's sum of squares."""
    size = masks[0].shape[0]
    axis = np.fft.fftfreq(size, 1.0 / size)
    last = np.fft.rfftfreq(size, 1.0 / size)
    z, y, x = np.meshgrid(axis, axis, last, indexing="ij")
    points = np.stack([x, y, z], axis=-1)
    shells = np.rint(np.sqrt((points**2).sum(axis=-1))).astype(int)
    # those below Nyquist's frequency
    count = (size + 1) // 2
    total, places = np.zeros(count), np.zeros(count)
    insides = {wedge: measured(points, wedge) & (shells < count) for wedge in set(wedges)}
    for volume, mask, wedge in zip(volumes, masks, wedges, strict=True):
        inside = insides[wedge]
        power = np.abs(np.fft.rfftn(volume * mask)) ** 2 / (mask.astype(float) ** 2).sum()
        total += np.bincount(shells[inside], power[inside], count)
        places += np.bincount(shells[inside], minlength=count)
    return total / np.maximum(places, 1)


def estimate_model(volumes, tilts, radius=None):
    """Estimate signal and noise of a data set from its subtomograms alone.

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
    if len(volumes) == 0:
        raise InputError("a signal model needs at least one subtomogram, and there is none")
    volumes = [check_volume(volume, f"volume {number}") for number, volume in enumerate(volumes)]
    size = volumes[0].shape[0]
    radius = particle_radius(volumes) + _MARGIN if radius is None else radius
    mask = soft_sphere(size, radius)
    wedges = [check_wedge(tilt) for tilt in tilts]
    around = {axis: _surroundings(size, radius, axis) for axis in {axis for *_, axis in wedges}}
    total = _shell_power(volumes, [mask] * len(volumes), wedges)
    noise = _shell_power(volumes, [around[axis] for *_, axis in wedges], wedges)
    noise = np.clip(noise, _LEAST_SHARE * total, (1 - _LEAST_SHARE) * total)
    return SignalModel(total - noise, noise, mask, radius)


def tempered(model, ratio):
    """Return a model whose signal is nowhere more than so many times its noise.

    What a seed is off by is not noise of the data: the less of that there is, the fewer seeds would come to the front.

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


def weighted(spectrum, model):
    """Return the transform of a masked volume with the likelihood's weights and prices.

    Parameters
    ----------
    spectrum : gradalign.fourier.spectrum.Spectrum
        From `gradalign.fourier.spectrum.prepare`, of the volume under the model's mask, with its softness.
    model : SignalModel

    Returns
    -------
    gradalign.fourier.spectrum.Spectrum
    """
    shells = np.sqrt((spectrum.lattice**2).sum(axis=1))
    scale = model.mask_power
    signal, noise = (scale * np.interp(shells, np.arange(len(power)), power) for power in (model.signal, model.noise))
    total, own = signal + noise, own_shares(spectrum).astype(float)
    precision = total / (noise * (noise + 2.0 * signal))
    power = (spectrum.values.astype(float) ** 2).sum(axis=0)
    gains = own * np.log(total * precision)
    return spectrum._replace(
        values=(spectrum.values * np.sqrt(own * precision)).astype(np.float32),
        weights=(np.sqrt(own * precision) * signal / total).astype(np.float32),
        prices=(own * power / total + gains).astype(np.float32),
        gains=gains.astype(np.float32),
    )


def prepare_masked(volume, tilt_range, model, low_pass, voxel_size=1.0, softness=0.0, name="volume"):
    """Return the transform of a volume under the model's mask, its missing wedge with a soft edge.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
        Density [z, y, x].
    tilt_range : float, (float, float) or (float, float, float)
        Half range, (min, max) or (min, max, axis) in degrees.
    model : SignalModel
    low_pass : float
        In nm.
    voxel_size : float
        In nm.
    softness : float
        Width of the missing wedge's soft edge, in cycles per box.
    name : str
        How messages call the volume.

    Returns
    -------
    gradalign.fourier.spectrum.Spectrum

    Raises
    ------
    InputError
        As `gradalign.fourier.spectrum.prepare` does.
    """
    complete = is_complete(check_wedge(tilt_range))
    volume = check_volume(volume, name, model.mask.shape[0])
    spectrum = prepare(volume * model.mask, tilt_range, low_pass, voxel_size, 0.0, name)
    # nothing is missing from a full range, and so it has no edge
    return spectrum._replace(softness=0.0 if complete else softness)
