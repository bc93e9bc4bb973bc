"""Rounds of alignment and averaging with the half sets kept apart.

Each half set is aligned to the average of its own particles. Two things are common to both: the user's reference, low-
passed, at the start, and ever after what lies below that low-pass, so that the two averages keep one orientation. What
they agree on beyond it is found by each alone.
"""

import numpy as np

from gradalign.averaging.fsc import HALF_SETS_THRESHOLD, fourier_shell_correlation, resolution
from gradalign.averaging.wedge_average import WedgeAverage, merge_saved, sampler
from gradalign.base.randomness import generator
from gradalign.errors import InputError
from gradalign.geometry.rotations import point_group, rotation_angle
from gradalign.particles.ctf_wedge import fit_wedge
from gradalign.particles.filters import low_pass_factors, merit_factors, reference_agreement, shell_filtered
from gradalign.particles.images import load, read_particle
from gradalign.particles.particle_ctf import particle_transfer, summed
from gradalign.particles.search import align_particle, prepare_particle, prepare_reference
from gradalign.particles.state import make_plan

HALVES = (1, 2)
# particles stand on unit variance
_LARGEST_DENSITY = 16.0


def empty_sums(box, symmetry):
    """Return the averages of the half sets before any particle is added.

    Parameters
    ----------
    box : int
    symmetry : str

    Returns
    -------
    dict of str to gradalign.averaging.wedge_average.WedgeAverage
        ``"1"`` and ``"2"``.
    """
    return {str(half): WedgeAverage(box, _LARGEST_DENSITY, symmetry) for half in HALVES}


def particle_wedge(entry):
    """Return the tilt range and axis of a particle, from its CTF volume if it is not known yet.

    Parameters
    ----------
    entry : gradalign.particles.entries.Entry

    Returns
    -------
    (float, float, float)
        In degrees.

    Raises
    ------
    InputError
        If the CTF volume is damaged or no wedge.
    """
    return entry.wedge or fit_wedge(load(entry.ctf)[0], entry.ctf, entry.box_rotation)


def stated_voxel_size(section, voxel_size):
    """Return the voxel size that the headers of the subtomograms must agree with.

    Parameters
    ----------
    section : dict
        ``particles`` of the configuration.
    voxel_size : float
        In nm.

    Returns
    -------
    float
        In nm; 0 where the configuration overrules them.
    """
    return 0.0 if section["voxel_size"] else voxel_size


def read_entry(entry, state, section):
    """Return the volume of a particle, density bright, see `gradalign.particles.images.read_particle`.

    Parameters
    ----------
    entry : gradalign.particles.entries.Entry
    state : gradalign.particles.state.State or gradalign.classes.state.State
    section : dict
        ``particles`` or ``classes`` of the configuration.

    Returns
    -------
    numpy.ndarray of shape (N, N, N), float32

    Raises
    ------
    InputError
        If the file is damaged or the volume unusable.
    """
    stated = stated_voxel_size(section, state.voxel_size)
    volume = read_particle(entry.image, state.box, stated, entry.box_rotation)
    return -volume if section["contrast"] == "dark" else volume


def readable(entries, state, section):
    """Yield particles with their volumes, without those that can no longer be read.

    Parameters
    ----------
    entries, state, section
        As for `read_entry`, of which there are several.

    Yields
    ------
    entry : gradalign.particles.entries.Entry
    volume : numpy.ndarray of shape (N, N, N), float32
    """
    for entry in entries:
        try:
            volume = read_entry(entry, state, section)
        except InputError:
            continue
        yield entry, volume


def align_chunk(entries, state, section, alignment, seed, sums):
    """Align particles and add them to the averages of their half sets, one after the other.

    A particle that cannot be read or aligned is named and left out; the others go on.

    Parameters
    ----------
    entries : list of gradalign.particles.entries.Entry
        As the round before left them.
    state : gradalign.particles.state.State
    section, alignment : dict
        ``particles`` and ``alignment`` of the configuration.
    seed : int
        The study's.
    sums : dict of str to gradalign.averaging.wedge_average.WedgeAverage
        From `empty_sums`; changed in place.

    Yields
    ------
    gradalign.particles.entries.Entry
        Half set by half set, so that one reference at a time is held.
    """
    plan = make_plan(state, section, alignment)
    agreement = state.agreement if state.agreement.size else None
    for half in HALVES:
        members = [entry for entry in entries if entry.half == half]
        if not members:
            continue
        reference = prepare_reference(state.references[half - 1], state.mask, plan, state.known, agreement)
        for entry in members:
            if not entry.failure:
                try:
                    volume = read_entry(entry, state, section)
                    rng = generator(seed, "particle", len(state.history), entry.particle)
                    transfer = particle_transfer(entry, section["ctf"], plan.box)
                    entry = _align_entry(entry, volume, transfer, reference, rng, sums)
                except Exception as error:
                    # whatever is wrong with one particle, the others are not to suffer
                    said = isinstance(error, InputError)
                    reason = str(error) if said else f"{entry.image}: {type(error).__name__}: {error}"
                    entry = entry._replace(failure=" ".join(reason.split()))
            yield entry


def _align_entry(entry, volume, transfer, reference, rng, sums):
    wedge, (added, weights) = particle_wedge(entry), summed(volume, transfer)
    volume = volume if transfer is None else transfer.applied(volume)
    fixed = prepare_particle(volume, wedge, entry.centre, reference, str(entry.image), transfer)
    last = entry.pose
    found = align_particle(fixed, reference, entry.centre, entry.start, entry.prior, last, rng)
    sums[str(entry.half)].add(sampler(added), found.rotation, found.translation, wedge, weights)
    changes = (np.nan, np.nan, np.nan)
    if last is not None:
        angles = rotation_angle(found.rotation.T @ last[0] @ point_group(reference.plan.symmetry))
        shift = np.linalg.norm(found.translation - last[1])
        changes = found.dissimilarity - entry.dissimilarity, np.min(angles), shift
    names = ("tilt_min_deg", "tilt_max_deg", "tilt_axis_deg")
    return entry._replace(**dict(zip(names, wedge, strict=True))).placed(found, changes)


def finish_round(entries, sum_files, state, section):
    """Average a round and say whether another is needed.

    Parameters
    ----------
    entries : list of gradalign.particles.entries.Entry
        All particles, as `align_chunk` left them.
    sum_files : list of str or path
        Files of `gradalign.averaging.wedge_average.save_averages`.
    state : gradalign.particles.state.State
        The one that the particles were aligned to.
    section : dict
        ``particles`` of the configuration.

    Returns
    -------
    gradalign.particles.state.State

    Raises
    ------
    InputError
        If a half set has no particle left, or a file is damaged.
    """
    box, kept = state.references.shape[-1], [entry for entry in entries if not entry.failure]
    maps = _averages(entries, sum_files, empty_sums(box, section["symmetry"]))
    halves = maps[1:]
    sphere = make_plan(state, section, None).mask()
    frequencies, plain = fourier_shell_correlation(*halves)
    masked = fourier_shell_correlation(*(half * sphere for half in halves))[1]
    reached = resolution(frequencies, masked, HALF_SETS_THRESHOLD, state.voxel_size)
    medians = [
        float(np.nanmedian([getattr(entry, name) for entry in kept]))
        if len(state.history) or name == "dissimilarity"
        else np.nan
        for name in ("dissimilarity", "rotation_change_deg", "shift_change_voxel")
    ]
    row = [len(state.history) + 1, len(kept), len(entries) - len(kept), state.low_pass, reached, *medians]
    edge = box * state.voxel_size
    low_pass = section["low_pass"] or min(reached if np.isfinite(reached) else np.inf, state.initial_low_pass)
    settled = medians[1] <= section["angle_tolerance"] and medians[2] <= section["shift_tolerance"]
    return state._replace(
        references=_next_references(maps, masked, edge / state.initial_low_pass, weighted=state.known is None),
        agreement=reference_agreement(masked, low_pass_factors(box, edge / state.initial_low_pass)),
        maps=maps,
        shells=np.stack([frequencies, plain, masked]),
        history=np.concatenate([state.history, [row]]),
        low_pass=low_pass,
        # a band that grows may move them on
        converged=bool(settled and int(edge / low_pass) <= int(edge / state.low_pass)),
    )


def _averages(entries, sum_files, sums):
    """Return the average of all particles and those of the half sets, float32 (3, N, N, N)."""
    for path in sum_files:
        merge_saved(path, sums)
    failures = [entry.failure for entry in entries if entry.failure]
    for half, average in sums.items():
        if average.count == 0:
            failed = next(iter(failures), "none was listed")
            raise InputError(f"half set {half} has no particle that could be used: {failed}")
    halves = [average.volume() for average in sums.values()]
    first, second = sums.values()
    first.merge(second)
    wanted = len(entries) - len(failures)
    if first.count != wanted:
        raise InputError(f"an average would be of {first.count} particles, where {wanted} are needed")
    return np.stack([first.volume(), *halves])


def _next_references(maps, correlations, common, weighted):
    """Return the half maps with the low frequencies of the average of both, weighted by how far they agree.

    A score that knows signal and noise of the references weights them itself.
    """
    box = maps.shape[-1]
    shared = low_pass_factors(box, common)
    merit = np.zeros(box)
    factors = merit_factors(correlations)[:box]
    merit[: len(factors)] = factors
    merit = np.maximum(merit, shared) if weighted else np.ones(box)
    base = shell_filtered(maps[0], merit * shared)
    return np.stack([base + shell_filtered(half, merit * (1.0 - shared)) for half in maps[1:]])
