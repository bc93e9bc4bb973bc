"""How exactly the kernel samples a spectrum and its gradient: against direct summation over all voxels."""

import numpy as np
import pandas as pd

from gradalign.benchmarks.loops import sample_all
from gradalign.benchmarks.workload import LOW_PASSES, TILT
from gradalign.fourier.overlap import POINT, SAMPLES, VALUES, matched, work_space
from gradalign.fourier.spectrum import prepare
from gradalign.geometry.rotations import random_rotations

_ROTATIONS = 4


def direct_sum(volume, frequencies, gradient_axis=None):
    """Return Σ f(x) e^{−2πi ξ·x/N} about the centre voxel, or its derivative along one axis of ξ.

    Parameters
    ----------
    volume : numpy.ndarray of shape (N, N, N)
        Density [z, y, x].
    frequencies : numpy.ndarray of shape (n, 3)
        ξ = (x, y, z) in cycles per box.
    gradient_axis : int, optional
        0, 1 or 2 for ∂/∂ξ_x, ∂/∂ξ_y, ∂/∂ξ_z.

    Returns
    -------
    numpy.ndarray of complex128, shape (n,)
    """
    size = len(volume)
    position = np.arange(size) - size // 2
    waves = [np.exp(-2j * np.pi * np.outer(frequencies[:, axis], position) / size) for axis in range(3)]
    if gradient_axis is not None:
        waves[gradient_axis] = waves[gradient_axis] * (-2j * np.pi * position / size)
    total = waves[2] @ volume.astype(float).reshape(size, -1)
    total = np.einsum("kyx,ky->kx", total.reshape(-1, size, size), waves[1])
    return (total * waves[0]).sum(axis=1)


def without_edge_level(volume):
    """Return a volume less the mean over the faces of its box, as `gradalign.fourier.spectrum.prepare` takes it."""
    faces = np.ones(volume.shape, bool)
    faces[1:-1, 1:-1, 1:-1] = False
    return volume - volume[faces].mean(dtype=float)


def sampled(spectrum, rotation):
    """Return what the kernel samples for one rotation.

    Parameters
    ----------
    spectrum : gradalign.fourier.spectrum.Spectrum
    rotation : numpy.ndarray of shape (3, 3)

    Returns
    -------
    frequencies : numpy.ndarray of shape (n, 3)
        R⁻¹ξ in cycles per box.
    values : numpy.ndarray of complex64, shape (n, 4)
        The transform and its three derivatives.
    """
    work = work_space(spectrum)
    count = sample_all(matched(spectrum, spectrum), rotation[None], work)
    values = work.lines[SAMPLES : SAMPLES + VALUES, :count].T.reshape(count, 4, 2)
    return work.lines[POINT : POINT + 3, :count].T @ rotation, values[..., 0] + 1j * values[..., 1]


def sampling_errors(volume, tilt, low_pass, voxel_size, rotation):
    """Return the relative L2 errors of the sampled spectrum and of its gradient over the band.

    Parameters
    ----------
    volume : numpy.ndarray of shape (N, N, N)
    tilt : float
        Half tilt range in degrees.
    low_pass, voxel_size : float
        In nm.
    rotation : numpy.ndarray of shape (3, 3)

    Returns
    -------
    value_error, gradient_error : float
    """
    frequencies, values = sampled(prepare(volume, tilt, low_pass, voxel_size), rotation)
    level = without_edge_level(volume)
    exact = np.stack([direct_sum(level, frequencies, axis) for axis in (None, 0, 1, 2)], axis=1)
    errors = values - exact
    return tuple(
        float(np.linalg.norm(errors[:, part]) / np.linalg.norm(exact[:, part])) for part in (slice(1), slice(1, 4))
    )


def measure_accuracy(workload, pairs):
    """Compare the sampled spectra of noisy subtomograms and of white noise with direct sums.

    Parameters
    ----------
    workload : gradalign.benchmarks.workload.Workload
    pairs : list of (numpy.ndarray, numpy.ndarray)
        The subtomograms.

    Returns
    -------
    pandas.DataFrame
        A line for each kind of volume and resolution limit with the largest error of the value and of the gradient
        among volumes and rotations.
    """
    rng = np.random.default_rng(workload.config["seed"])
    noisy = [volume for pair in pairs for volume in pair]
    white = [rng.standard_normal(volume.shape, dtype=np.float32) for volume in noisy]
    rotations = random_rotations(rng, _ROTATIONS)
    rows = []
    for name, volumes in (("noisy subtomograms", noisy), ("white noise", white)):
        for low_pass in dict.fromkeys((*LOW_PASSES, workload.settings.low_pass)):
            errors = [
                sampling_errors(volume, TILT, low_pass, workload.voxel_size, rotation)
                for volume in volumes
                for rotation in rotations
            ]
            value, gradient = np.max(errors, axis=0)
            line = {"volumes": name, "low_pass_nm": low_pass, "spectra": len(errors)}
            rows.append(line | {"value_error": float(value), "gradient_error": float(gradient)})
    return pd.DataFrame(rows)
