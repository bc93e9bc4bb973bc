"""The likelihood score: how much better two subtomograms are explained by one object than by two.

For coefficients F and G with signal power S and noise power N in their shell, the logarithm of the ratio of the
probability that both show one object to the probability that they show unrelated ones is, over the overlap Ω,

    Σ_Ω [ |F|²/(S+N) + log((S+N)²/(N(N+2S))) − (S+N)/(N(N+2S)) · |F − ρ G|² ],  ρ = S/(S+N),

since F given G is normal about ρG. It is a least-squares problem with a weight for each shell, to which the price of
every frequency outside the overlap is added: d = Σ_Ω (S+N)/(N(N+2S)) |F − ρ G|² + Σ_{M_f ∖ Ω} [ |F|²/(S+N) + log(…) ].
No term favours a small overlap. S and N are estimated from the subtomograms themselves, so that whatever does not
repeat from one to the next, errors of the model among it, counts as noise.
"""

from typing import NamedTuple

import numpy as np

from gradalign.errors import InputError
from gradalign.spectrum import band_limit, prepare
from gradalign.volumes import check_volume
from gradalign.wedge import check_wedge, measured

# of the largest mean variance at one radius, above the background's: where the particle ends
_PARTICLE_EDGE = 0.05
_SOFT_EDGE = 4
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
        In voxels; at most what leaves room for the mask's soft edge.
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
    return float(np.clip(end, size / 8, size / 2 - _SOFT_EDGE))


def _shell_power(volumes, mask, tilts, limit):
    """Return the mean power of measured coefficients by shell, divided by the mask's sum of squares."""
    size = mask.shape[0]
    axis = np.fft.fftfreq(size, 1.0 / size)
    last = np.fft.rfftfreq(size, 1.0 / size)
    z, y, x = np.meshgrid(axis, axis, last, indexing="ij")
    points = np.stack([x, y, z], axis=-1)
    shells = np.rint(np.sqrt((points**2).sum(axis=-1))).astype(int)
    count = int(np.ceil(limit)) + 2
    total, places = np.zeros(count), np.zeros(count)
    for volume, tilt in zip(volumes, tilts, strict=True):
        inside = measured(points, tilt) & (shells < count)
        power = np.abs(np.fft.rfftn(volume * mask)) ** 2
        total += np.bincount(shells[inside], power[inside], count)
        places += np.bincount(shells[inside], minlength=count)
    return total / np.maximum(places, 1) / (mask.astype(float) ** 2).sum()


def estimate_model(volumes, tilts, low_pass, voxel_size=1.0, radius=None):
    """Estimate signal and noise of a data set from its subtomograms alone.

    The noise is what surrounds the particle; the signal is what is more under the mask.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)
        Subtomograms [z, y, x] with the particle near the centre.
    tilts : sequence of float or (float, float)
        Their tilt ranges in degrees.
    low_pass : float
        Resolution limit in nm.
    voxel_size : float
        In nm.
    radius : float, optional
        Of the mask in voxels; where the particle ends if left out.

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
    limit = band_limit(size, low_pass, voxel_size)
    radius = particle_radius(volumes) if radius is None else radius
    mask = soft_sphere(size, radius)
    around = 1.0 - soft_sphere(size, radius + 2.0, 2.0)
    total = _shell_power(volumes, mask, tilts, limit)
    noise = np.clip(_shell_power(volumes, around, tilts, limit), _LEAST_SHARE * total, (1 - _LEAST_SHARE) * total)
    return SignalModel(total - noise, noise, mask, radius)


def prepare_weighted(volume, tilt_range, model, low_pass, voxel_size=1.0, wedge_guard=0.0, name="volume"):
    """Return the transform of a masked volume with the likelihood's weights.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
        Density [z, y, x].
    tilt_range : float or (float, float)
        In degrees.
    model : SignalModel
    low_pass : float
        In nm.
    voxel_size : float
        In nm.
    wedge_guard : float
        In degrees.
    name : str
        How messages call the volume.

    Returns
    -------
    gradalign.spectrum.Spectrum

    Raises
    ------
    InputError
        As `gradalign.spectrum.prepare` does.
    """
    check_wedge(tilt_range)
    volume = check_volume(volume, name, model.mask.shape[0])
    spectrum = prepare(volume * model.mask, tilt_range, low_pass, voxel_size, wedge_guard, name)
    shells = np.sqrt((spectrum.lattice**2).sum(axis=1))
    scale = (model.mask.astype(float) ** 2).sum()
    signal, noise = (scale * np.interp(shells, np.arange(len(power)), power) for power in (model.signal, model.noise))
    total = signal + noise
    precision = total / (noise * (noise + 2.0 * signal))
    power = (spectrum.values.astype(float) ** 2).sum(axis=0)
    return spectrum._replace(
        values=(spectrum.values * np.sqrt(precision)).astype(np.float32),
        weights=(np.sqrt(precision) * signal / total).astype(np.float32),
        prices=(power / total + np.log(total * precision)).astype(np.float32),
    )
