"""The noise that a tilt series leaves in a reconstruction, by frequency."""

from typing import NamedTuple

import numpy as np

from gradalign.simulation.microscope import ctf, mtf
from gradalign.simulation.protocol import Protocol

# mean distance of a square's points from its centre: what a lattice point on the tilt axis averages over
_ON_AXIS = 0.38


class Noise(NamedTuple):
    """The noise of the images, before and after the contrast transfer, as reconstructed volumes show it."""

    scales: tuple
    """Standard deviations of n1 and n2 in a pixel."""
    protocol: Protocol
    """How the volumes are made."""
    voxel_size: float
    """In nm."""

    def power(self, frequencies):
        """Return the mean power of the noise's coefficients.

        Weighted back-projection gives an image's coefficient the weight |k_t| dα, k_t being the part of the frequency
        across the tilt axis, and 1/(|k_t| dα) images fall on a unit of it: N³ dα |k_t| (s1² CTF² + s2²) MTF²,
        times the protocol's colour.

        Parameters
        ----------
        frequencies : array_like of shape (n, 3)
            (ξx, ξy, ξz) in cycles per box, in the frame of the volume's own tilt series, within its tilt range.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Mean of |Σ_x noise(x) e^{−2πi ξ·x/N}|².
        """
        box, microscope = self.protocol.box, self.protocol.microscope
        frequencies = np.asarray(frequencies, dtype=float)
        across = np.maximum(np.hypot(frequencies[:, 0], frequencies[:, 2]), _ON_AXIS) / box
        k = np.linalg.norm(frequencies, axis=1) / (box * self.voxel_size)
        before, after = self.scales
        image = ((before * ctf(k, microscope)) ** 2 + after**2) * mtf(k, self.voxel_size) ** 2
        image *= self.protocol.noise.amplitude(k, 1.0 / (box * self.voxel_size)) ** 2
        return box**3 * np.radians(microscope.tilt_step) * across * image
