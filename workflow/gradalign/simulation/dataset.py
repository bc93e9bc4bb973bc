"""Data sets of simulated subtomograms: one object, one tilt range, one signal-to-noise ratio.

Images are [(projection + n1) CTF + n2] MTF with white n1 and n2. Both pass through linear steps only, so a
data set needs one scale for each; they are found on volumes of their own.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import fft

from gradalign.base.randomness import generator
from gradalign.errors import InputError
from gradalign.fourier.spectrum import Sampler
from gradalign.geometry.rotations import random_rotations, spread_rotations
from gradalign.geometry.wedge import check_tilt_range
from gradalign.io.mrc import check_volume
from gradalign.io.star import Particles, tomogram_name
from gradalign.simulation.microscope import Microscope, ctf, mtf
from gradalign.simulation.reconstruction import BackProjection
from gradalign.simulation.tilt_series import Projector, image_frequencies, noise_spectra, tilt_angles

# at a narrow tilt range the signal's variance changes by 20 % from pose to pose, the noise's by 3 %
_SIGNAL_VOLUMES = 64
_NOISE_VOLUMES = 16


@dataclass(frozen=True)
class Protocol:
    """How the subtomograms of a study are made.

    Parameters
    ----------
    microscope : Microscope
        Imaging settings.
    box : int
        Edge of a subtomogram in voxels, even.
    simulation_box : int
        Edge of the images in pixels, even and at least `box`; what lies outside `box` is cut off after the
        reconstruction.
    max_shift : float
        Largest displacement of an object along each axis, as a fraction of `box`.

    Raises
    ------
    InputError
        If a value is impossible.
    """

    microscope: Microscope
    box: int = 32
    simulation_box: int = 32
    max_shift: float = 0.05

    def __post_init__(self):
        for name in ("box", "simulation_box"):
            edge = getattr(self, name)
            if edge < 8 or edge % 2:
                raise InputError(f"{name}: is {edge}, where an even number of voxels from 8 up is needed")
        if self.simulation_box < self.box:
            raise InputError(
                f"simulation_box: is {self.simulation_box}, where at least the box of {self.box} is needed"
            )
        if not 0 <= self.max_shift < 0.5:
            raise InputError(f"max_shift: is {self.max_shift}, where a fraction from 0 up to 0.5 is needed")


class Simulator:
    """Subtomograms of one object at one tilt range, prepared once and used for many poses.

    Parameters
    ----------
    density : array_like, (edge, edge, edge)
        The object ``[z, y, x]``, centred on voxel ``edge // 2`` of a box of its own that holds all of it.
    voxel_size : float
        Edge of a voxel in nm, of the density and of the subtomograms.
    tilt_range : float or (float, float)
        Half range, or (min, max), in degrees.
    protocol : Protocol
        The rest.

    Raises
    ------
    InputError
        If the density fails `gradalign.io.mrc.check_volume` or the tilt range does not fit the tilt step.
    """

    def __init__(self, density, voxel_size, tilt_range, protocol):
        microscope, image_box = protocol.microscope, protocol.simulation_box
        self._sampler = Sampler(check_volume(density, "density"))
        angles = tilt_angles(tilt_range, microscope.tilt_step)
        self._count = len(angles)
        k = np.hypot(*image_frequencies(image_box)) / voxel_size
        self._after = mtf(k, voxel_size)
        self._before = ctf(k, microscope) * self._after
        self._project = Projector(angles, self._before)
        self._reconstruct = BackProjection(image_box, protocol.box, angles, microscope.tilt_step)

    def _images(self, spectra):
        return fft.irfft2(spectra, overwrite_x=True)

    def _noise_spectra(self, scales, rng):
        # the sum of two independent Gaussian fields is one Gaussian field with the sum of their powers
        amplitude = np.hypot(scales[0] * self._before, scales[1] * self._after)
        return noise_spectra(rng, self._count, amplitude)

    def signal(self, rotation, translation):
        """Reconstruct the noise-free subtomogram of a posed object.

        Parameters
        ----------
        rotation : array_like, (3, 3)
            R of o(R^-1 (x - a)).
        translation : array_like, (3,)
            a in voxels, ``(x, y, z)``.

        Returns
        -------
        numpy.ndarray, (box, box, box), float32
            Density ``[z, y, x]``.
        """
        return self._reconstruct(self._images(self._project(self._sampler, rotation, translation)))

    def noise(self, scales, rng):
        """Reconstruct images of noise alone.

        Parameters
        ----------
        scales : (float, float)
            Standard deviations of n1 (before the contrast transfer) and n2 (after it) in a pixel.
        rng : numpy.random.Generator

        Returns
        -------
        numpy.ndarray, (box, box, box), float32
            Density ``[z, y, x]``.
        """
        return self._reconstruct(self._images(self._noise_spectra(scales, rng)))

    def subtomogram(self, rotation, translation, scales, rng):
        """Reconstruct the subtomogram of a posed object with noise.

        Parameters
        ----------
        rotation : array_like, (3, 3)
            R of o(R^-1 (x - a)).
        translation : array_like, (3,)
            a in voxels, ``(x, y, z)``.
        scales : (float, float)
            Standard deviations of n1 (before the contrast transfer) and n2 (after it) in a pixel.
        rng : numpy.random.Generator

        Returns
        -------
        numpy.ndarray, (box, box, box), float32
            Density ``[z, y, x]``.
        """
        spectra = self._project(self._sampler, rotation, translation)
        spectra += self._noise_spectra(scales, rng)
        return self._reconstruct(self._images(spectra))


def configured_data_set(name, density, tilt, snr, seed, microscope, subtomograms):
    """Return a data set from the sections of the configuration.

    Parameters
    ----------
    name : str
        The object.
    density : numpy.ndarray of shape (N, N, N)
        Its map.
    tilt, snr : float
    seed : int
    microscope, subtomograms : dict
        Sections of the configuration.

    Returns
    -------
    DataSet

    Raises
    ------
    InputError
        If the map or a setting is unusable.
    """
    settings = {key: value for key, value in subtomograms.items() if key not in ("voxel_size", "keep")}
    protocol = Protocol(Microscope(**microscope), **settings)
    return DataSet(name, density, subtomograms["voxel_size"], tilt, snr, seed, protocol)


class DataSet:
    """The subtomograms of one object at one tilt range and signal-to-noise ratio.

    Every subtomogram has a pose and noise of its own, keyed by the study's seed, the object, the tilt range,
    the signal-to-noise ratio and its index: the same whatever else is computed, and independent from cell to
    cell, as the paper's pairs are.

    Parameters
    ----------
    name : str
        The object's name, a key of the random numbers.
    density : array_like, (edge, edge, edge)
        The object ``[z, y, x]``, centred on voxel ``edge // 2`` of a box of its own that holds all of it.
    voxel_size : float
        Edge of a voxel in nm.
    tilt_range : float or (float, float)
        Half range, or (min, max), in degrees.
    snr : float
        Variance of the signal over variance of the noise in the reconstruction, over the whole box and in
        the mean of the data set; infinity for no noise.
    seed : int
        The study's seed.
    protocol : Protocol
        How subtomograms are made.

    Raises
    ------
    InputError
        If the signal-to-noise ratio is not positive, or `Simulator` refuses the rest.
    """

    def __init__(self, name, density, voxel_size, tilt_range, snr, seed, protocol):
        if not snr > 0:
            raise InputError(f"snr: is {snr}, where a positive number or infinity is needed")
        self.simulator = Simulator(density, voxel_size, tilt_range, protocol)
        self.protocol = protocol
        self.voxel_size = voxel_size
        self._snr = float(snr)
        self._seed = seed
        self._scheme = (name, *check_tilt_range(tilt_range))
        self._max_shift = protocol.max_shift * protocol.box

    def pose(self, index):
        """Return the pose of a subtomogram: rotation uniform over SO(3), translation uniform in a cube.

        Parameters
        ----------
        index : int

        Returns
        -------
        rotation : numpy.ndarray, (3, 3)
        translation : numpy.ndarray, (3,)
            In voxels, ``(x, y, z)``.
        """
        return self._draw_pose("pose", self._snr, index)

    def _draw_pose(self, purpose, *keys):
        rng = generator(self._seed, purpose, *self._scheme, *keys)
        return random_rotations(rng, 1)[0], rng.uniform(-self._max_shift, self._max_shift, 3)

    @cached_property
    def noise_scales(self):
        """Standard deviations of n1 and n2 in a pixel, each giving half of the noise variance.

        Var(noise) = s1^2 v1 + s2^2 v2, v being the variance in the reconstruction of noise of unit variance;
        s^2 v = Var(signal) / (2 snr). The three variances come from volumes of their own.
        """
        if np.isinf(self._snr):
            return 0.0, 0.0
        start, _ = self._draw_pose("noise scale")
        signal = []
        for index, rotation in enumerate(spread_rotations(_SIGNAL_VOLUMES)):
            _, translation = self._draw_pose("noise scale", "signal", index)
            signal.append(self.simulator.signal(rotation @ start, translation).var(dtype=float))
        scales = []
        for kind, unit in (("before", (1.0, 0.0)), ("after", (0.0, 1.0))):
            volumes = (
                self.simulator.noise(unit, generator(self._seed, "noise scale", *self._scheme, kind, index))
                for index in range(_NOISE_VOLUMES)
            )
            unit_variance = np.mean([volume.var(dtype=float) for volume in volumes])
            scales.append(float(np.sqrt(np.mean(signal) / (2 * self._snr * unit_variance))))
        return tuple(scales)

    def subtomogram(self, index):
        """Simulate one subtomogram.

        Parameters
        ----------
        index : int

        Returns
        -------
        volume : numpy.ndarray, (box, box, box), float32
            Density ``[z, y, x]``.
        rotation : numpy.ndarray, (3, 3)
            Its pose, as `pose` gives it.
        translation : numpy.ndarray, (3,)
            In voxels, ``(x, y, z)``.
        """
        rotation, translation = self.pose(index)
        return self._simulate(rotation, translation, "noise", index), rotation, translation

    def example(self):
        """Simulate a subtomogram for show: the object as its density map has it, neither turned nor shifted.

        Returns
        -------
        numpy.ndarray, (box, box, box), float32
            Density ``[z, y, x]``, with noise of its own.
        """
        return self._simulate(np.eye(3), np.zeros(3), "example")

    def _simulate(self, rotation, translation, purpose, *keys):
        if np.isinf(self._snr):
            return self.simulator.signal(rotation, translation)
        rng = generator(self._seed, purpose, *self._scheme, self._snr, *keys)
        return self.simulator.subtomogram(rotation, translation, self.noise_scales, rng)

    def particles(self, poses, image_path):
        """Describe the first subtomograms of the data set for a STAR file.

        Parameters
        ----------
        poses : sequence of (rotation, translation)
            Those of the subtomograms 0, 1, 2, ...; 2 i and 2 i + 1 are the members f and g of pair i.
        image_path : str
            The stack that holds the subtomograms in this order.

        Returns
        -------
        gradalign.io.star.Particles
            With the pair, the member, the tilt range and the signal-to-noise ratio as further columns.
        """
        name, low, high = self._scheme
        count = len(poses)
        tomogram = tomogram_name(name, (low, high), self._snr)
        return Particles(
            images=[f"{index + 1:06d}@{image_path}" for index in range(count)],
            rotations=np.array([rotation for rotation, _ in poses]),
            translations=np.array([translation for _, translation in poses]),
            voxel_size=self.voxel_size,
            box=self.protocol.box,
            voltage=self.protocol.microscope.voltage,
            spherical_aberration=self.protocol.microscope.spherical_aberration,
            columns={
                "rlnTomoName": [tomogram] * count,
                "rlnTomoParticleName": [f"{tomogram}/{index + 1}" for index in range(count)],
                "gradalignPair": [str(index // 2) for index in range(count)],
                "gradalignMember": ["fg"[index % 2] for index in range(count)],
                "gradalignTiltMin": [f"{low:g}"] * count,
                "gradalignTiltMax": [f"{high:g}"] * count,
                "gradalignSnr": [f"{self._snr:g}"] * count,
            },
        )
