import numpy as np
import pytest

from gradalign.simulation.microscope import Microscope
from gradalign.simulation.phantom import phantom
from gradalign.simulation.protocol import Protocol
from gradalign.simulation.simulator import Simulator
from gradalign.simulation.transfer import transfer_volume


# on the lattice a missing wedge has a sharp edge, in a box a smeared one
@pytest.mark.parametrize(
    ("tilt", "defocus", "phases", "tolerance"),
    [(90, -4.0, "cut", 0.01), (90, -9.0, "unflipped", 0.01), ((-40, 60), -9.0, "unflipped", 0.25)],
)
def test_the_transfer_volume_takes_an_object_to_its_subtomogram(tilt, defocus, phases, tolerance):
    protocol = Protocol(Microscope(300, defocus, 2.0, 1.0, phases))
    density = phantom(12, 32)
    simulated = Simulator(density, 1.0, tilt, protocol).signal(np.eye(3), np.zeros(3))
    spectrum = np.fft.fftshift(np.fft.fftn(np.fft.ifftshift(density)))
    made = np.fft.fftshift(np.fft.ifftn(np.fft.ifftshift(spectrum * transfer_volume(protocol, 1.0, tilt)))).real
    difference = made - (simulated - simulated.mean() + made.mean())
    assert np.std(difference) < tolerance * np.std(simulated)
