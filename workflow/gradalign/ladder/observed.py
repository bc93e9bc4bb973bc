"""What an aligner is given of a rung, and the truth beside it, which it is not given.

The subtomograms are those of the study's data sets: of the plain condition the first pairs of its cells. Conditions
share their poses with the plain one, so that they differ in the one thing that they are about.
"""

from typing import NamedTuple

import numpy as np

from gradalign.averaging.wedge_average import WedgeAverage, sampler
from gradalign.io.mrc import read_volume
from gradalign.simulation.dataset import Specimen
from gradalign.simulation.maps import resampled
from gradalign.simulation.noise import Noise
from gradalign.simulation.transfer import transfer_volume
from gradalign.study.bounds import PairBound

OTHERS = 64
"""How many other particles, at their true poses, make the reference of the task ``average``."""


class Observed(NamedTuple):
    """Volumes of one rung."""

    fixed: list
    """The volumes f, (N, N, N) each."""
    moving: list
    """The volumes g: one for each f, or the one reference of all."""
    tilt_fixed: object
    """Tilt range of each f as an aligner is told, in degrees."""
    tilt_moving: object
    """Of g; 90 for a reference."""
    voxel_size: float
    """In nm."""
    told: dict
    """What else an aligner is told, see `gradalign.ladder.rungs.Condition`; the transfer function as a volume."""
    poses: list
    """The truth of each f: P_f, a_f, P_g, a_g."""

    @property
    def couples(self):
        """F and g of each alignment."""
        moving = self.moving if len(self.moving) == len(self.fixed) else self.moving * len(self.fixed)
        return list(zip(self.fixed, moving, strict=True))

    def first(self, count):
        """Return what is given to an aligner that makes fewer alignments.

        Parameters
        ----------
        count : int

        Returns
        -------
        Observed
        """
        moving = self.moving[:count] if len(self.moving) == len(self.fixed) else self.moving
        return self._replace(fixed=self.fixed[:count], moving=moving, poses=self.poses[:count])


class Site:
    """All rungs of one object, condition and tilt range: opened once, observed at each signal-to-noise ratio.

    Parameters
    ----------
    name : str
        The object.
    density_path : str or path
        Its map, the fine one if the condition asks for it.
    condition : gradalign.ladder.rungs.Condition
    tilt : float
        Half range of the rungs in degrees.
    seed : int
        The study's seed.
    microscope, subtomograms : dict
        Sections of the configuration, over which the condition is laid.

    Raises
    ------
    InputError
        If the map or a setting is unusable.
    """

    def __init__(self, name, density_path, condition, tilt, seed, microscope, subtomograms):
        self.condition = condition
        self._seed = seed
        self._tilt = condition.tilt or tilt
        self._stated = condition.stated_tilt or self._tilt
        microscope, subtomograms = microscope | condition.microscope, subtomograms | condition.subtomograms
        self.voxel_size = subtomograms["voxel_size"]
        density, map_voxel = read_volume(density_path)
        box = int(np.ceil(len(density) * map_voxel / self.voxel_size / 2)) * 2
        self._density = resampled(density, map_voxel, box, self.voxel_size)
        specimen = Specimen(name, self._density, seed, microscope, subtomograms)
        self._data_set, self._clean = specimen.data_set(self._tilt, 1.0), specimen.data_set(90.0, np.inf)
        self.protocol = self._data_set.protocol

    def observe(self, task, snr, count):
        """Return the volumes of a rung.

        Parameters
        ----------
        task : str
            As of `gradalign.ladder.rungs.Rung`.
        snr : float
        count : int
            How many alignments.

        Returns
        -------
        Observed
        """
        data_set = self._data_set.at_snr(snr)
        even = [data_set.subtomogram(2 * number) for number in range(count)]
        fixed, told = [volume for volume, *_ in even], dict(self.condition.told)
        if told.pop("ctf", False):
            # the wedge is told by the tilt range
            told["ctf"] = transfer_volume(self.protocol, self.voxel_size, 90.0)
        if task == "pairs":
            odd = [data_set.subtomogram(2 * number + 1) for number in range(count)]
            moving, tilt_moving = [volume for volume, *_ in odd], self._stated
            poses = [(*f[1:], *g[1:]) for f, g in zip(even, odd, strict=True)]
        else:
            moving, tilt_moving = [self._reference(task, data_set, count)], 90.0
            poses = [(*pose, np.eye(3), np.zeros(3)) for _, *pose in even]
        return Observed(fixed, moving, self._stated, tilt_moving, self.voxel_size, told, poses)

    def _reference(self, task, data_set, count):
        if task == "map":
            whole = resampled(self._density, self.voxel_size, self.protocol.box, self.voxel_size)
            return self.protocol.second.scaled(whole)
        average = WedgeAverage(self.protocol.box, float(np.abs(self._clean.example()).max()))
        for number in range(OTHERS):
            # those of even index, which are all alike, after those that are aligned
            volume, rotation, translation = data_set.subtomogram(2 * (count + number))
            average.add(sampler(volume), rotation, translation, self._tilt)
        return self.protocol.second.scaled(average.volume())

    def bound(self, task, snr):
        """Return what bounds the alignments of a rung.

        Parameters
        ----------
        task : str
        snr : float

        Returns
        -------
        gradalign.study.bounds.PairBound
            Of the objects alone, whatever stands beside them; a reference counts as free of noise.
        """
        noise, signal = self.noise(snr), self.alone()
        if task != "pairs":
            return PairBound(signal, self._tilt, 90.0, noise, noise._replace(scales=(0.0, 0.0)))
        second = noise._replace(scales=tuple(self.protocol.second.noise * np.array(noise.scales)))
        return PairBound(signal, self._tilt, self._tilt, noise, second)

    def noise(self, snr):
        """Return the noise of the volumes f.

        Parameters
        ----------
        snr : float

        Returns
        -------
        gradalign.simulation.noise.Noise
        """
        return Noise(tuple(self._data_set.at_snr(snr).noise_scales), self.protocol, self.voxel_size)

    def alone(self):
        """Return the object in standard pose, without noise and missing wedge.

        Returns
        -------
        numpy.ndarray of shape (N, N, N)
        """
        return self._clean.example()
