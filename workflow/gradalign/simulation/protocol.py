"""How the subtomograms of a data set are made: box and images, surroundings, noise, and how g differs from f."""

from dataclasses import dataclass, field

import numpy as np

from gradalign.errors import InputError
from gradalign.simulation.microscope import Microscope
from gradalign.simulation.surroundings import Surroundings


@dataclass(frozen=True)
class NoiseColour:
    """How the power of the images' noise, before its transfer, depends on frequency; white unless said otherwise.

    Parameters
    ----------
    exponent : float
        The power falls as 1/k to this exponent; below one cycle per box of the subtomogram it rises no more.
    low_pass : float
        Resolution d in nm beyond which there is little: the power is multiplied by exp(−(k d)²). 0 for none.

    Raises
    ------
    InputError
        If a value is negative or no number.
    """

    exponent: float = 0.0
    low_pass: float = 0.0

    def __post_init__(self):
        for name in ("exponent", "low_pass"):
            if not (getattr(self, name) >= 0 and np.isfinite(getattr(self, name))):
                raise InputError(f"noise {name}: is {getattr(self, name)}, where zero or a positive number is needed")

    def amplitude(self, k, lowest):
        """Return what the amplitude of white noise is multiplied by.

        Parameters
        ----------
        k : array_like
            Spatial frequency in cycles per nm.
        lowest : float
            One cycle per box of the subtomogram, in cycles per nm; the factor of the power is 1 there but for the
            low-pass.

        Returns
        -------
        numpy.ndarray
            Of the shape of `k`.
        """
        k = np.asarray(k, dtype=float)
        return (np.maximum(k, lowest) / lowest) ** (-self.exponent / 2) * np.exp(-0.5 * (k * self.low_pass) ** 2)


@dataclass(frozen=True)
class SecondVolume:
    """How the second volume of each pair, g, differs from the first.

    Parameters
    ----------
    noise : float
        Its noise's standard deviation is this many times that of f.
    gain : float
        It is multiplied by this, not 0,
    offset : float
        and so many of its own standard deviations are added.

    Raises
    ------
    InputError
        If a value is impossible.
    """

    noise: float = 1.0
    gain: float = 1.0
    offset: float = 0.0

    def __post_init__(self):
        if not (self.noise >= 0 and np.isfinite(self.noise)):
            raise InputError(f"noise of the second volume: is {self.noise}, where a factor from 0 up is needed")
        if not (self.gain and np.isfinite(self.gain)):
            raise InputError(f"gain of the second volume: is {self.gain}, where a number other than 0 is needed")
        if not np.isfinite(self.offset):
            raise InputError(f"offset of the second volume: is {self.offset}, where a number is needed")

    def scaled(self, volume):
        """Return a volume with the gain and the offset.

        Parameters
        ----------
        volume : numpy.ndarray

        Returns
        -------
        numpy.ndarray
            gain · (volume + offset · its standard deviation), float32.
        """
        if (self.gain, self.offset) == (1.0, 0.0):
            return volume
        return (self.gain * (volume + self.offset * volume.std(dtype=float))).astype(np.float32)


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
    surroundings : Surroundings
        What stands beside the object.
    noise : NoiseColour
        How the noise's power depends on frequency.
    second : SecondVolume
        How the subtomograms of odd index, g of each pair, differ from those of even index.

    Raises
    ------
    InputError
        If a value is impossible.
    """

    microscope: Microscope
    box: int = 32
    simulation_box: int = 32
    max_shift: float = 0.05
    surroundings: Surroundings = field(default_factory=Surroundings)
    noise: NoiseColour = field(default_factory=NoiseColour)
    second: SecondVolume = field(default_factory=SecondVolume)

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


def configured_protocol(microscope, subtomograms):
    """Return the protocol of the sections of the configuration.

    Parameters
    ----------
    microscope : dict
    subtomograms : dict
        ``surroundings``, ``noise`` and ``second`` are sections of their own, and may be left out.

    Returns
    -------
    Protocol

    Raises
    ------
    InputError
        If a setting is unusable.
    """
    settings = {key: value for key, value in subtomograms.items() if key not in ("voxel_size", "keep")}
    for name, kind in (("surroundings", Surroundings), ("noise", NoiseColour), ("second", SecondVolume)):
        settings[name] = kind(**settings.get(name, {}))
    return Protocol(Microscope(**microscope), **settings)
