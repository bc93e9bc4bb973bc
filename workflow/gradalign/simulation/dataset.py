"""Data sets of simulated subtomograms: one object, one tilt range, one signal-to-noise ratio.

Both noises of the images, before and after the contrast transfer, pass through linear steps only, so a data set needs
one scale for each; they are found on volumes of their own, or were found before (`gradalign.simulation.noise_scale`).
"""

from collections.abc import Mapping
from copy import copy
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from gradalign.base.randomness import generator
from gradalign.errors import InputError
from gradalign.geometry.rotations import random_rotations, spread_rotations
from gradalign.geometry.wedge import check_tilt_range
from gradalign.io.mrc import read_volume
from gradalign.io.star import Particles, tomogram_name
from gradalign.simulation.noise_scale import Variances, read_variances
from gradalign.simulation.protocol import configured_protocol
from gradalign.simulation.simulator import Simulator

# at a narrow tilt range the signal's variance changes by 20 % from pose to pose, the noise's by 3 %
_SIGNAL_VOLUMES = 64
_NOISE_VOLUMES = 16


def _checked_snr(snr):
    if not snr > 0:
        raise InputError(f"snr: is {snr}, where a positive number or infinity is needed")
    return float(snr)


class Specimen(NamedTuple):
    """An object and how it is imaged: what all data sets of it have in common.

    Parameters
    ----------
    name : str
        The object, a key of the random numbers.
    density : numpy.ndarray of shape (N, N, N)
        Its map ``[z, y, x]``.
    seed : int
        The study's seed.
    microscope, subtomograms : dict
        Sections of the configuration.
    variances : dict of (float, float) to gradalign.simulation.noise_scale.Variances
        By tilt range, as far as they are known.
    """

    name: str
    density: np.ndarray
    seed: int
    microscope: dict
    subtomograms: dict
    variances: Mapping = MappingProxyType({})

    @classmethod
    def read(cls, name, density_path, seed, microscope, subtomograms, scale_paths=()):
        """Return the specimen whose density map is in a file.

        Parameters
        ----------
        name : str
        density_path : str or path
        seed : int
        microscope, subtomograms : dict
        scale_paths : sequence of str or path
            Files of `gradalign.simulation.noise_scale.write_variances`.

        Returns
        -------
        Specimen

        Raises
        ------
        InputError
            If a file is missing or damaged.
        """
        variances = dict(map(read_variances, scale_paths))
        return cls(name, read_volume(density_path)[0], seed, microscope, subtomograms, variances)

    def data_set(self, tilt, snr):
        """Return the data set of one tilt range and signal-to-noise ratio.

        Parameters
        ----------
        tilt, snr : float

        Returns
        -------
        DataSet

        Raises
        ------
        InputError
            If the map or a setting is unusable.
        """
        protocol = configured_protocol(self.microscope, self.subtomograms)
        data_set = DataSet(self.name, self.density, self.subtomograms["voxel_size"], tilt, snr, self.seed, protocol)
        if data_set.tilt_range in self.variances:
            data_set.variances = self.variances[data_set.tilt_range]
        return data_set

    def template(self):
        """Return what a perfect average would be: the noise-free reconstruction in standard pose from ±90°.

        Returns
        -------
        numpy.ndarray of shape (box, box, box), float32
            Density ``[z, y, x]``, with the study's contrast transfer and detector, on the scale of the data.

        Raises
        ------
        InputError
            As `data_set`.
        """
        return self.data_set(90.0, np.inf).example()


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
        self._snr = _checked_snr(snr)
        self.simulator = Simulator(density, voxel_size, tilt_range, protocol)
        self.protocol = protocol
        self.voxel_size = voxel_size
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

    @property
    def tilt_range(self):
        """Smallest and largest tilt angle in degrees."""
        return self._scheme[1:]

    @cached_property
    def variances(self):
        """What fixes the noise's scale: `gradalign.simulation.noise_scale.Variances`, of n1 before and n2 after.

        They take 96 volumes of their own; who knows them may set them.
        """
        start, _ = self._draw_pose("noise scale")
        signal = []
        for index, rotation in enumerate(spread_rotations(_SIGNAL_VOLUMES)):
            _, translation = self._draw_pose("noise scale", "signal", index)
            signal.append(self.simulator.signal(rotation @ start, translation).var(dtype=float))
        variances = [np.mean(signal)]
        for kind, unit in (("before", (1.0, 0.0)), ("after", (0.0, 1.0))):
            volumes = (
                self.simulator.noise(unit, generator(self._seed, "noise scale", *self._scheme, kind, index))
                for index in range(_NOISE_VOLUMES)
            )
            variances.append(np.mean([volume.var(dtype=float) for volume in volumes]))
        return Variances(*map(float, variances))

    @property
    def noise_scales(self):
        """Standard deviations of n1 and n2 in a pixel, each giving half of the noise variance.

        Var(noise) = s1^2 v1 + s2^2 v2, v being the variance in the reconstruction of noise of unit variance;
        s^2 v = Var(signal) / (2 snr).
        """
        if np.isinf(self._snr):
            return 0.0, 0.0
        signal, *noises = self.variances
        return tuple(float(np.sqrt(signal / (2 * self._snr * noise))) for noise in noises)

    def at_snr(self, snr):
        """Return the data set of the same object and tilt range at another signal-to-noise ratio.

        Parameters
        ----------
        snr : float

        Returns
        -------
        DataSet
            It shares what it has in common with this one, whose variances are found first.

        Raises
        ------
        InputError
            If the signal-to-noise ratio is not positive.
        """
        # looked up, so that the copy has them
        _ = self.variances
        other = copy(self)
        other._snr = _checked_snr(snr)
        return other

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
        rng = generator(self._seed, "surroundings", *self._scheme, self._snr, index)
        beside = self.simulator.surroundings(rotation, translation, rng)
        if index % 2 == 0:
            return self._simulate(rotation, translation, beside, 1.0, "noise", index), rotation, translation
        second = self.protocol.second
        volume = self._simulate(rotation, translation, beside, second.noise, "noise", index)
        return second.scaled(volume), rotation, translation

    def example(self):
        """Simulate a subtomogram for show: the object as its density map has it, neither rotated nor shifted.

        Returns
        -------
        numpy.ndarray, (box, box, box), float32
            Density ``[z, y, x]``, with noise of its own.
        """
        return self._simulate(np.eye(3), np.zeros(3), (), 1.0, "example")

    def _simulate(self, rotation, translation, beside, times, purpose, *keys):
        scales = tuple(times * scale for scale in self.noise_scales)
        rng = generator(self._seed, purpose, *self._scheme, self._snr, *keys)
        return self.simulator.subtomogram(rotation, translation, scales, rng, beside)

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
