"""How well particles can be placed at all: the Cramér–Rao bound for a known reference, from what a run has found.

The average under its sphere, each shell weighted by how far the half maps agree, stands for the signal s. What it
leaves of the particles at their places is noise N by shell, the median of a sample, since a lost particle leaves more;
errors of the model are in it. A particle then tells of its transform the information Σ 2/N Re(∂s* ∂sᵀ) over the
frequencies that its tilt range measures (`gradalign.study.bounds`), which needs no truth.
"""

import numpy as np

from gradalign.averaging.wedge_average import sampler
from gradalign.base.randomness import generator
from gradalign.base.spread import spread_numbers
from gradalign.fourier.spectrum import prepare
from gradalign.particles.particle_ctf import particle_transfer
from gradalign.particles.results import filtered_average
from gradalign.particles.rounds import readable
from gradalign.particles.search import prior_surface
from gradalign.particles.state import make_plan
from gradalign.scores.evaluation import information
from gradalign.search.seeds import free_directions
from gradalign.study.bounds import drawn_errors

# particles that are looked at, and errors drawn for each
_SAMPLE, _DRAWS = 16, 100
# part of the noise that is taken to be there where the contrast transfer vanishes
_LEAST_NOISE = 0.01


def known_reference_bound(entries, state, section, seed):
    """Return the errors that noise would leave an aligner that knows the reference exactly.

    Parameters
    ----------
    entries : list of gradalign.particles.entries.Entry
        All particles after the last round.
    state : gradalign.particles.state.State
    section : dict
        ``particles`` of the configuration.
    seed : int

    Returns
    -------
    (float, float)
        Medians over a sample of the particles: of the orientation in degrees, of the place in voxels. NaN where the
        half maps agree nowhere, or no particle of the sample can be read.
    """
    if not (state.shells[2] > 0.0).any():
        return np.nan, np.nan
    average = filtered_average(state) * make_plan(state, section, None).mask()
    sample, noise = _transforms(entries, average, state, section)
    signal, errors = prepare(average, name="the average"), []
    for entry, fixed in sample:
        shells = np.rint(np.sqrt((fixed.lattice**2).sum(axis=1))).astype(int)
        weighted = fixed._replace(weights=(fixed.weights * np.sqrt(2.0 / noise[shells])).astype(np.float32))
        basis = free_directions(prior_surface(*entry.prior) if state.search == "axis" else None)
        rng = generator(seed, "known reference", entry.particle)
        poses = (*entry.pose, np.eye(3), np.zeros(3))
        matrix = information(weighted, signal, *entry.pose)
        errors.append(drawn_errors(matrix, basis, poses, section["symmetry"], rng, _DRAWS)[:, :2])
    return tuple(np.median(np.concatenate(errors), axis=0).tolist()) if errors else (np.nan, np.nan)


def bound_sentence(bound):
    """Return in a sentence how well a known reference could place the particles.

    Parameters
    ----------
    bound : (float, float)
        From `known_reference_bound`.

    Returns
    -------
    str
    """
    if np.isnan(bound[0]):
        return "No bound of the errors is known: the half maps agree nowhere."
    return (
        "Cramér–Rao bound: against an exactly known reference the noise of these particles would leave errors of "
        f"{bound[0]:.2f}° and {bound[1]:.3f} voxels (median); the average stands for that reference."
    )


def _transforms(entries, average, state, section):
    """Return a sample's particles with their transforms, and by shell the power that the average leaves of them."""
    kept = [entry for entry in entries if not entry.failure]
    moved, size, sample, powers = sampler(average), len(average), [], []
    looked_at = [kept[number] for number in spread_numbers(len(kept), _SAMPLE)]
    for entry, volume in readable(looked_at, state, section):
        transfer = particle_transfer(entry, section["ctf"], size)
        volume = volume if transfer is None else transfer.applied(volume)
        fixed = _on_white_noise(prepare(volume, entry.wedge, name=str(entry.image), movable=False), transfer)
        rotation, translation = entry.pose
        waves = np.exp(-2j * np.pi / size * (fixed.lattice @ translation))
        shown = fixed.weights * waves * moved.sample(fixed.lattice @ rotation / size)
        rest = fixed.values[0] + 1j * fixed.values[1] - shown
        shells = np.rint(np.sqrt((fixed.lattice**2).sum(axis=1))).astype(int)
        powers.append(np.bincount(shells, np.abs(rest) ** 2, size) / np.maximum(np.bincount(shells, minlength=size), 1))
        sample.append((entry, fixed))
    return sample, np.median(powers, axis=0) if sample else None


def _on_white_noise(spectrum, transfer):
    """Return a transform over the noise of its contrast transfer, with what that leaves of the object as weights."""
    if transfer is None:
        return spectrum
    x, y, z = spectrum.lattice.T
    root = np.sqrt(np.maximum(transfer.noise[z, y, x], _LEAST_NOISE))
    return spectrum._replace(values=spectrum.values / root, weights=transfer.amplitude[z, y, x] / root)
