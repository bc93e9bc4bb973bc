"""Whether particles carry the contrast transfer that their CTF volumes tell.

Half maps agree whatever CTF volumes say, and the reference's spectrum is its own. Particles of different defocus tell:
with s for what a shell k of particle i shows of the other half set's map X,

    s = Σ Re(F X*) / Σ |X|²   over the shell's frequencies that the tilt range measures,

either s = a_i g_k c_ik, with the CTF volume's mean height c_ik (weighted by |X|²), or s = a_i g_k, for particles
without that contrast transfer. Factors of particle and shell are free in both, so that neither the object's spectrum
nor how strong a particle is nor weights that all particles share decide; noise of the other half set is independent of
the particle's. Where all particles have one CTF the two are the same, and nothing is said.
"""

import numpy as np

from gradalign.averaging.fsc import HALF_SETS_THRESHOLD
from gradalign.averaging.wedge_average import sampler
from gradalign.base.spread import spread_numbers
from gradalign.errors import InputError
from gradalign.fourier.spectrum import prepare
from gradalign.particles.particle_ctf import IGNORED, particle_transfer
from gradalign.particles.rounds import readable
from gradalign.particles.state import make_plan

# particles that are looked at, and how many it takes
_SAMPLE, _LEAST = 64, 8
# log-likelihood ratio, and its standard errors over the particles, from which CTF volumes are called wrong
_SURE, _ERRORS = 20.0, 4.0
_ITERATIONS = 20


def transfer_ratio(products, squares, heights, noise):
    """Return for each particle the log-likelihood ratio of a shell's signal without the heights to that with them.

    Parameters
    ----------
    products, squares, heights : array_like of shape (n, m)
        Of n particles in m shells Σ Re(F X*), Σ |X|², and the mean height of the CTF.
    noise : array_like of shape (m,)
        Mean power of the particles' noise.

    Returns
    -------
    numpy.ndarray of shape (n,)
        Above zero where the particle's signal is more likely without the heights.
    """
    without = _likelihoods(products, squares, np.ones_like(heights), noise)
    return without - _likelihoods(products, squares, heights, noise)


def _likelihoods(products, squares, heights, noise):
    """Return by how much a_i g_k heights of X explain each particle, (n,), in units of log-likelihood."""
    strengths = np.ones(len(products))
    for _ in range(_ITERATIONS):
        moved = strengths[:, None] * heights
        shells = (products * moved).sum(axis=0) / np.maximum((squares * moved**2).sum(axis=0), 1e-30)
        shown = heights * shells
        fitting = (products * shown / noise).sum(axis=1)
        strengths = fitting / np.maximum((squares * shown**2 / noise).sum(axis=1), 1e-30)
    shown = strengths[:, None] * heights * shells
    return ((2.0 * products * shown - squares * shown**2) / noise).sum(axis=1)


def transfer_sentences(entries, state, section):
    """Say so if the particles' signal does not follow the heights of their CTF volumes.

    Parameters
    ----------
    entries : sequence of gradalign.particles.entries.Entry
        After the last round.
    state : gradalign.particles.state.State
    section : dict
        ``particles`` of the configuration.

    Returns
    -------
    list of str
        One sentence or none.
    """
    seen = _shell_sums(entries, state, section)
    if seen is None:
        return []
    ratios = transfer_ratio(*seen)
    total = ratios.sum()
    if total < _SURE or total < _ERRORS * np.sqrt(len(ratios)) * ratios.std():
        return []
    return [
        f"The signal of the particles does not vary with the heights of their CTF volumes (log-likelihood ratio "
        f"{total:.0f} from {len(ratios)} particles): they carry no CTF, and particles.ctf: none is right, or the CTF "
        "volumes are those of others."
    ]


def _shell_sums(entries, state, section):
    """Return what `transfer_ratio` needs of a sample, None where there is too little to judge by."""
    shells = 1 + np.flatnonzero(np.nan_to_num(state.shells[2]) > HALF_SETS_THRESHOLD)
    kept = [entry for entry in entries if entry.ctf.file and not entry.failure]
    if section["ctf"] == IGNORED or not shells.size or len(kept) < _LEAST:
        return None
    mask = make_plan(state, section, None).mask
    others = {1: sampler(state.maps[2] * mask()), 2: sampler(state.maps[1] * mask())}
    rows = []
    sample = [kept[number] for number in spread_numbers(len(kept), _SAMPLE)]
    for entry, volume in readable(sample, state, section):
        try:
            transfer = particle_transfer(entry, section["ctf"], len(volume))
        except InputError:
            # it has gone since
            continue
        # what is premultiplied comes with the program's own CTF volumes
        if not transfer.premultiplied:
            volume = volume * mask(entry.pose[1])
            rows.append(_of_particle(entry, volume, transfer.heights, others[entry.half], shells, state.voxel_size))
    if len(rows) < _LEAST:
        return None
    products, squares, heights, powers, counts = (np.array(values) for values in zip(*rows, strict=True))
    return products, squares, heights, powers.sum(axis=0) / counts.sum(axis=0)


def _of_particle(entry, volume, heights, other, shells, voxel_size):
    size = len(volume)
    # shells are rounded: half a cycle beyond the last
    low_pass = min(size * voxel_size / (shells[-1] + 0.5), size * voxel_size)
    fixed = prepare(volume, entry.wedge, low_pass, voxel_size, name=str(entry.image), movable=False)
    rotation, translation = entry.pose
    waves = np.exp(-2j * np.pi / size * (fixed.lattice @ translation))
    shown = waves * other.sample(fixed.lattice @ rotation / size)
    own, squares = fixed.values[0] + 1j * fixed.values[1], np.abs(shown) ** 2
    x, y, z = fixed.lattice.T
    numbers = np.rint(np.sqrt((fixed.lattice**2).sum(axis=1))).astype(int)

    def summed(values):
        return np.bincount(numbers, values, shells[-1] + 1)[shells]

    total = np.maximum(summed(squares), 1e-30)
    means = summed(heights[z, y, x] * squares) / total
    return summed((own * shown.conj()).real), total, means, summed(np.abs(own) ** 2), summed(np.ones(len(numbers)))
