"""The contrast transfer of a picked particle, out of the CTF volume that its list names."""

from gradalign.fourier.transfer import read_transfer
from gradalign.particles.images import load

IGNORED, AS_LISTED = "none", "auto"
"""What ``particles.ctf`` may say in place of what the subtomograms are."""


def particle_transfer(entry, ctf, box):
    """Return the contrast transfer of a particle.

    Parameters
    ----------
    entry : gradalign.particles.entries.Entry
    ctf : str
        What the subtomograms are, see `gradalign.fourier.transfer.DATA`; or that the list tells it or else the form of
        the CTF volume, or that heights are not used.
    box : int
        Edge of the subtomograms in voxels.

    Returns
    -------
    gradalign.fourier.transfer.Transfer or None
        In the axes of the tomogram; None where it is not known or not to be used.

    Raises
    ------
    InputError
        If the CTF volume is damaged or does not fit.
    """
    if ctf == IGNORED or not entry.ctf.file:
        return None
    data = (entry.ctf_data or None) if ctf == AS_LISTED else ctf
    transfer = read_transfer(load(entry.ctf)[0], data, box, entry.ctf)
    return transfer if entry.box_rotation is None else transfer.turned(entry.box_rotation)


def summed(volume, transfer):
    """Return a particle as an average adds it up.

    Parameters
    ----------
    volume : numpy.ndarray of shape (N, N, N)
        On unit variance.
    transfer : gradalign.fourier.transfer.Transfer or None

    Returns
    -------
    volume : numpy.ndarray of shape (N, N, N)
    weights : numpy.ndarray of shape (N, N, N//2 + 1) or None
        As of `gradalign.fourier.transfer.Transfer.summed`; None without contrast transfer.
    """
    # premultiplied volumes came on unit variance, as if their noise were that of the others
    return (volume, None) if transfer is None else transfer.summed(transfer.deviation * volume)
