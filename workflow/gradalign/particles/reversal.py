"""Whether an average is the reverse of its reference in some shells, as contrast transfer of the wrong sign makes it.

Half maps agree whatever signs both were given, so that their shell correlation tells nothing of such a mistake. The
reference does: where the half maps agree, the average of the same object correlates with it.
"""

import numpy as np

from gradalign.averaging.fsc import HALF_SETS_THRESHOLD, fourier_shell_correlation
from gradalign.io.mrc import ANGSTROM_PER_NM
from gradalign.particles.particle_ctf import IGNORED

# correlation with the reference below which a shell counts as reversed, and how many of them must stand side by side
_REVERSED, _SIDE_BY_SIDE = -0.3, 2


def reversed_shells(average, reference, mask, agreement):
    """Return the shells in which the half maps agree and the average is the reverse of the reference.

    Parameters
    ----------
    average, reference, mask : array_like of shape (N, N, N)
        Densities [z, y, x], and what both are multiplied by.
    agreement : array_like of shape (n,)
        Correlation of the half maps at 1, 2, ... cycles per box.

    Returns
    -------
    numpy.ndarray of int
        In cycles per box: the first shells of this kind that stand side by side, at least two; empty if there are none.
    """
    correlations = fourier_shell_correlation(average * mask, reference * mask)[1]
    count = min(len(correlations), len(agreement))
    found = (correlations[:count] < _REVERSED) & (np.asarray(agreement)[:count] > HALF_SETS_THRESHOLD)
    runs = np.split(np.arange(1, count + 1), np.flatnonzero(np.diff(found.astype(int))) + 1)
    return next((run for run in runs if found[run[0] - 1] and len(run) >= _SIDE_BY_SIDE), np.empty(0, int))


def reversal_sentences(entries, state, reference, section):
    """Say so if the average is the reverse of the reference in some shells.

    Parameters
    ----------
    entries : sequence of gradalign.particles.entries.Entry
    state : gradalign.particles.state.State
        After the last round.
    reference : array_like of shape (N, N, N)
        The user's.
    section : dict
        ``particles`` of the configuration.

    Returns
    -------
    list of str
        One sentence or none.
    """
    shells = reversed_shells(state.maps[0], np.asarray(reference, float), state.mask, state.shells[2])
    if not shells.size:
        return []
    coarse, fine = (ANGSTROM_PER_NM * len(reference) * state.voxel_size / shell for shell in shells[[0, -1]])
    if section["ctf"] != IGNORED and any(entry.ctf.file for entry in entries):
        cause = (
            "the CTF volumes have other signs than the particles; set particles.ctf to what these are (flipped, where "
            "their phases were corrected), or to none, where they carry no CTF"
        )
    else:
        cause = "the particles or the reference carry a contrast transfer that is not corrected; see rlnCtfImage"
    return [
        f"From {coarse:.1f} to {fine:.1f} Å the half maps agree, but the average is the reverse of the reference: "
        f"{cause}."
    ]
