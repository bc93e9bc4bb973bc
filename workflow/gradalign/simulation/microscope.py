"""What the electron microscope does to a projection: contrast transfer and detector, in Fourier space."""

from dataclasses import dataclass

import numpy as np

from gradalign.errors import InputError

PHASES = ("cut", "unflipped", "flipped")
"""What the images may hold beyond the first zero of the contrast transfer function, see `Microscope`."""

# CODATA 2022, SI units; SciPy's table of them takes a fifth of a second to load
_CHARGE, _MASS, _LIGHT, _PLANCK = 1.602176634e-19, 9.1093837139e-31, 299792458.0, 6.62607015e-34
_NM_PER_M = 1e9
_NM_PER_MM = 1e6
_NM_PER_UM = 1e3


@dataclass(frozen=True)
class Microscope:
    """Settings of the imaging experiment.

    Parameters
    ----------
    voltage : float
        Acceleration voltage in kV.
    defocus : float
        Defocus in micrometres, negative for underfocus.
    spherical_aberration : float
        Cs in mm.
    tilt_step : float
        Angle between successive images of a tilt series, in degrees.
    phases : str
        What the images hold beyond the first zero of the contrast transfer function: ``"cut"``, nothing;
        ``"unflipped"``, the function as it is, with both signs; ``"flipped"``, its absolute value.

    Raises
    ------
    InputError
        If a value is impossible.
    """

    voltage: float
    defocus: float
    spherical_aberration: float
    tilt_step: float
    phases: str = "cut"

    def __post_init__(self):
        for name, allowed, wish in (
            ("voltage", self.voltage > 0, "a positive number of kV"),
            ("defocus", self.defocus < 0, "a negative number of micrometres (underfocus)"),
            ("spherical_aberration", self.spherical_aberration >= 0, "zero or a positive number of mm"),
            ("tilt_step", self.tilt_step > 0, "a positive number of degrees"),
        ):
            if not (allowed and np.isfinite(getattr(self, name))):
                raise InputError(f"microscope {name}: is {getattr(self, name)}, where {wish} is needed")
        if self.phases not in PHASES:
            raise InputError(f"microscope phases: is {self.phases!r}, where one of {', '.join(PHASES)} is needed")

    @property
    def wavelength(self):
        """Relativistic wavelength of the electrons, in nm: h / sqrt(2 m e V (1 + e V / (2 m c^2)))."""
        energy = _CHARGE * self.voltage * 1e3
        rest = _MASS * _LIGHT**2
        momentum = np.sqrt(2 * _MASS * energy * (1 + energy / (2 * rest)))
        return _NM_PER_M * _PLANCK / momentum


def ctf(k, microscope):
    """Compute the contrast transfer function, protein bright at low frequencies.

    CTF(k) = sin(pi lambda |dz| k^2 + pi/2 Cs lambda^3 k^4) while the phase is below pi; beyond, what the
    microscope's `phases` says.

    Parameters
    ----------
    k : array_like
        Spatial frequency in cycles per nm.
    microscope : Microscope
        The settings.

    Returns
    -------
    numpy.ndarray
        Values from 0 to 1, or from -1 where phases are not flipped; of the shape of `k`.
    """
    wavelength = microscope.wavelength
    k2 = np.square(k)
    phase = np.pi * wavelength * abs(microscope.defocus) * _NM_PER_UM * k2
    phase += np.pi / 2 * microscope.spherical_aberration * _NM_PER_MM * wavelength**3 * k2**2
    if microscope.phases == "cut":
        return np.where(phase < np.pi, np.sin(phase), 0.0)
    return np.abs(np.sin(phase)) if microscope.phases == "flipped" else np.sin(phase)


def mtf(k, voxel_size):
    """Compute the modulation transfer function of the detector.

    MTF = sin(pi w / 2) / (pi w / 2), w being the frequency as a fraction of the Nyquist frequency.

    Parameters
    ----------
    k : array_like
        Spatial frequency in cycles per nm.
    voxel_size : float
        Edge of a pixel in nm.

    Returns
    -------
    numpy.ndarray
        Values of the shape of `k`, 1 at zero frequency.
    """
    fraction = 2 * voxel_size * np.asarray(k)
    return np.sinc(fraction / 2)
