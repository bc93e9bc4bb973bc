"""Whether particles carry the contrast transfer that their CTF volumes tell.

Half maps agree whatever CTF volumes say, and the reference's spectrum is its own. Particles of different defocus tell:
with s for what a shell k of particle i shows of the other half set's map X,

    s = Σ Re(F X*) / Σ |X|²   over the shell's frequencies that the tilt range measures,

either s = a_i g_k c_ik, with the CTF volume's mean height c_ik (weighted by |X|²), or s = a_i g_k, for particles
without that contrast transfer. Factors of particle and shell are free in both, so that neither the object's spectrum
nor how strong a particle is nor weights that all particles share decide; noise of the other half set is independent of
the particle's. Where all particles have one CTF the two are the same, and nothing is said.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gradalign.averaging.fsc import HALF_SETS_THRESHOLD
from gradalign.averaging.wedge_average import sampler
from gradalign.base.spread import spread_numbers
from gradalign.errors import InputError
from gradalign.fourier.spectrum import prepare
from gradalign.particles.particle_ctf import IGNORED, particle_transfer
from gradalign.particles.rounds import particle_wedge, readable
from gradalign.particles.state import make_plan

# particles that are looked at, and how many it takes
_SAMPLE, _LEAST = 64, 8
# log-likelihood ratio, and its standard errors over the particles, from which CTF volumes are called wrong
_SURE, _ERRORS = 20.0, 4.0
_ITERATIONS = 20


class HalfMaps(NamedTuple):
    """What the particles of one object are held against."""

    maps: dict
    """Of the half sets 1 and 2, (N, N, N) each."""
    mask: Callable
    """The mask of a particle, by where it stands (x, y, z) in voxels."""
    correlations: np.ndarray
    """Of the half maps at 1, 2, ... cycles per box, (n,)."""


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
    if section["ctf"] == IGNORED:
        return []
    halves = HalfMaps({1: state.maps[1], 2: state.maps[2]}, make_plan(state, section, None).mask, state.shells[2])
    return ratio_sentences(
        [(entries, halves)], state, section, section["ctf"], "and particles.ctf: none is right, or the CTF volumes"
    )


def ratio_sentences(groups, state, section, ctf, way_out):
    """Say so if the signal of particles of one object or of several does not follow the heights of their CTF volumes.

    Parameters
    ----------
    groups : iterable of (sequence of gradalign.particles.entries.Entry, HalfMaps)
        The particles of each object, as they stand on its maps, and these.
    state : gradalign.particles.state.State or gradalign.classes.state.State
    section : dict
        ``particles`` or ``classes`` of the configuration.
    ctf : str
        As of `gradalign.particles.particle_ctf.particle_transfer`.
    way_out : str
        What follows if the particles carry no CTF.

    Returns
    -------
    list of str
        One sentence or none.
    """
    seen = [_shell_sums(entries, halves, state, section, ctf) for entries, halves in groups]
    ratios = np.concatenate([np.empty(0), *(transfer_ratio(*sums) for sums in seen if sums is not None)])
    total = ratios.sum()
    if not ratios.size or total < _SURE or total < _ERRORS * np.sqrt(len(ratios)) * ratios.std():
        return []
    return [
        f"The signal of the particles does not vary with the heights of their CTF volumes (log-likelihood ratio "
        f"{total:.0f} from {len(ratios)} particles): they carry no CTF, {way_out} are those of others."
    ]


def _shell_sums(entries, halves, state, section, ctf):
    """Return what `transfer_ratio` needs of a sample, None where there is too little to judge by."""
    shells = 1 + np.flatnonzero(np.nan_to_num(halves.correlations) > HALF_SETS_THRESHOLD)
    kept = [entry for entry in entries if entry.ctf.file and not entry.failure]
    if not shells.size or len(kept) < _LEAST:
        return None
    mask = halves.mask
    others = {half: sampler(halves.maps[3 - half] * mask()) for half in (1, 2)}
    rows = []
    sample = [kept[number] for number in spread_numbers(len(kept), _SAMPLE)]
    for entry, volume in readable(sample, state, section):
        try:
            transfer = particle_transfer(entry, ctf, len(volume))
            wedge = particle_wedge(entry)
        except InputError:
            # it has gone since
            continue
        # what is premultiplied comes with the program's own CTF volumes
        if not transfer.premultiplied:
            volume = volume * mask(entry.pose[1])
            low_pass = _low_pass(shells, len(volume), state.voxel_size)
            fixed = prepare(volume, wedge, low_pass, state.voxel_size, name=str(entry.image), movable=False)
            rows.append(_of_particle(fixed, entry.pose, transfer.heights, others[entry.half], shells))
    if len(rows) < _LEAST:
        return None
    products, squares, heights, powers, counts = (np.array(values) for values in zip(*rows, strict=True))
    return products, squares, heights, powers.sum(axis=0) / counts.sum(axis=0)


def _low_pass(shells, size, voxel_size):
    # shells are rounded: half a cycle beyond the last
    return min(size * voxel_size / (shells[-1] + 0.5), size * voxel_size)


def _of_particle(fixed, pose, heights, other, shells):
    size = fixed.size
    rotation, translation = pose
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
