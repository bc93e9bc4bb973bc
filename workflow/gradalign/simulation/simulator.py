"""Subtomograms of one object at one tilt range: projected, given noise, reconstructed.

Images are [(projection + n1) CTF + n2] MTF with n1 and n2 white unless the protocol gives them a colour.
"""

import numpy as np
from numpy import fft

from gradalign.errors import InputError
from gradalign.fourier.spectrum import Sampler
from gradalign.io.mrc import check_volume
from gradalign.simulation.angles import tilt_angles
from gradalign.simulation.microscope import ctf, mtf
from gradalign.simulation.reconstruction import BackProjection
from gradalign.simulation.surroundings import Neighbourhood
from gradalign.simulation.tilt_series import Projector, image_frequencies, noise_spectra


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
        density = check_volume(density, "density")
        self._sampler = Sampler(density)
        self._neighbourhood = Neighbourhood(density, self._sampler, voxel_size, protocol.surroundings)
        self._check_room(protocol)
        angles = tilt_angles(tilt_range, microscope.tilt_step)
        self._count = len(angles)
        k = np.hypot(*image_frequencies(image_box)) / voxel_size
        self._after = mtf(k, voxel_size)
        self._before = ctf(k, microscope) * self._after
        self._colour = protocol.noise.amplitude(k, 1.0 / (protocol.box * voxel_size))
        self._project = Projector(angles, self._before)
        self._reconstruct = BackProjection(image_box, protocol.box, angles, microscope.tilt_step)

    def _check_room(self, protocol):
        """Refuse images so small that what stands beside the object would come back in at the other side."""
        needed = 2 * (self._neighbourhood.reach + np.sqrt(3) * protocol.max_shift * protocol.box)
        beside = protocol.surroundings
        if (beside.neighbours or beside.bead) and protocol.simulation_box < needed:
            raise InputError(
                f"simulation_box: is {protocol.simulation_box}, where the surroundings need at least "
                f"{2 * int(np.ceil(needed / 2))} voxels"
            )

    def _images(self, spectra):
        return fft.irfft2(spectra)

    def _noise_spectra(self, scales, rng):
        # the sum of two independent Gaussian fields is one Gaussian field with the sum of their powers
        amplitude = np.hypot(scales[0] * self._before, scales[1] * self._after) * self._colour
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

    def surroundings(self, rotation, translation, rng):
        """Draw what stands beside a posed object.

        Parameters
        ----------
        rotation : array_like, (3, 3)
            R of o(R^-1 (x - a)).
        translation : array_like, (3,)
            a in voxels, ``(x, y, z)``.
        rng : numpy.random.Generator

        Returns
        -------
        list of gradalign.simulation.surroundings.Placed
        """
        return self._neighbourhood.draw(rotation, translation, rng)

    def subtomogram(self, rotation, translation, scales, rng, beside=()):
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
        beside : sequence of gradalign.simulation.surroundings.Placed
            What else stands there, from `surroundings`.

        Returns
        -------
        numpy.ndarray, (box, box, box), float32
            Density ``[z, y, x]``.
        """
        spectra = self._project(self._sampler, rotation, translation)
        for each in beside:
            spectra += self._project(*each)
        if any(scales):
            spectra += self._noise_spectra(scales, rng)
        return self._reconstruct(self._images(spectra))
