"""Rounds of alignment and averaging with the half sets kept apart.

Each half set is aligned to the average of its own particles. Two things are common to both: the user's reference, low-
passed, at the start, and ever after what lies below that low-pass, so that the two averages keep one orientation. What
they agree on beyond it is found by each alone.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gradalign.alignment import Settings
from gradalign.averaging import WedgeAverage, fourier_shell_correlation, merge_saved, resolution, sampler
from gradalign.errors import InputError
from gradalign.geometry import point_group, rotation_angle
from gradalign.picked.ctf_wedge import fit_wedge
from gradalign.picked.filters import low_pass_factors, merit_factors, shell_filtered
from gradalign.picked.images import load, read_map, read_particle
from gradalign.picked.search import (
    EDGE_SHARE,
    Plan,
    align_particle,
    model_from_arrays,
    prepare_particle,
    prepare_reference,
)
from gradalign.randomness import generator
from gradalign.study import alignment_settings
from gradalign.volumes import complete_file

HALVES = (1, 2)
THRESHOLD = 0.143
"""Shell correlation of the half maps at which their resolution is read."""
HISTORY = (
    "round",
    "particles",
    "left_out",
    "low_pass_nm",
    "resolution_nm",
    "median_dissimilarity",
    "median_rotation_change_deg",
    "median_shift_change_voxel",
)
"""What is kept of each round."""
# particles stand on unit variance
_LARGEST_DENSITY = 16.0


class State(NamedTuple):
    """What one round hands on to the next."""

    references: np.ndarray
    """One for each half set, float32 (2, N, N, N)."""
    maps: np.ndarray
    """The average and the averages of the half sets of this round, float32 (3, N, N, N); empty at the start."""
    mask: np.ndarray
    """Laid over the references, float32 (N, N, N)."""
    shells: np.ndarray
    """Cycles per voxel, and the correlation of the half maps there without and under the mask, (3, n)."""
    history: np.ndarray
    """A row of `HISTORY` for each round."""
    model: np.ndarray
    """Signal and noise by shell for the likelihood, (2, n); empty for the other scores."""
    voxel_size: float
    """In nm."""
    low_pass: float
    """Band limit of the next round in nm."""
    initial_low_pass: float
    """That of the reference at the start."""
    mask_radius: float
    """Of the sphere on the particles in voxels; 0 for none."""
    search: str
    """``"full"``, ``"local"`` or ``"axis"``."""
    converged: bool
    """Whether the particles stay where they are, so that no further round is needed."""

    @classmethod
    def first(cls, reference, voxel_size, low_pass, search, section):
        """Return the state before the first round.

        Parameters
        ----------
        reference : numpy.ndarray of shape (N, N, N)
            The user's.
        voxel_size, low_pass : float
            In nm.
        search : str
        section : dict
            ``particles`` of the configuration.

        Returns
        -------
        State

        Raises
        ------
        InputError
            If the low-pass, the mask or its radius does not fit the box.
        """
        box = len(reference)
        edge = box * voxel_size
        for key, value in (("initial_low_pass", low_pass), ("low_pass", section["low_pass"])):
            if value > edge:
                raise InputError(
                    f"particles.{key}: is {value:g} nm, where at most the box's edge of {edge:g} nm is needed"
                )
        largest = box * (0.5 - EDGE_SHARE)
        radius = section["mask_radius"] / voxel_size or largest
        if radius > largest + 0.5:
            raise InputError(
                f"particles.mask_radius: is {section['mask_radius']:g} nm, where the box has room for at most "
                f"{largest * voxel_size:g} nm and the soft edge"
            )
        if section["mask"] == "none" and section["score"] != "likelihood":
            radius = 0.0
        mask = np.empty(0, np.float32)
        if section["mask"] not in ("sphere", "none"):
            mask = read_map(section["mask"], box, voxel_size, "mask")
            if mask.min() < 0 or mask.max() > 1.001:
                raise InputError(
                    f"{section['mask']}: the mask reaches from {mask.min():g} to {mask.max():g}, not 0 to 1"
                )
        smooth = shell_filtered(reference, low_pass_factors(box, edge / low_pass))
        smooth = (smooth - smooth.mean()) / smooth.std()
        state = cls(
            references=np.stack([smooth, smooth]).astype(np.float32),
            maps=np.empty(0, np.float32),
            mask=mask,
            shells=np.empty((3, 0)),
            history=np.empty((0, len(HISTORY))),
            model=np.empty(0),
            voxel_size=voxel_size,
            low_pass=section["low_pass"] or low_pass,
            initial_low_pass=low_pass,
            mask_radius=radius,
            search=search,
            converged=False,
        )
        return state if mask.size else state._replace(mask=make_plan(state, section, None).mask())


def make_plan(state, section, alignment):
    """Return how the particles of the next round are aligned.

    Parameters
    ----------
    state : State
    section, alignment : dict
        ``particles`` and ``alignment`` of the configuration; without the latter only the mask is of use.

    Returns
    -------
    gradalign.picked.search.Plan
    """
    box = state.references.shape[-1]
    settings = alignment_settings(alignment) if alignment else Settings()
    return Plan(
        box=box,
        voxel_size=state.voxel_size,
        score=section["score"],
        search=state.search,
        interval=section["interval"],
        local_range=section["local_range"],
        symmetry=section["symmetry"],
        low_pass=state.low_pass,
        mask_radius=state.mask_radius,
        settings=replace(settings, start_reach=section["reach"] * box * state.voxel_size),
    )


def save_state(path, state):
    """Write a state.

    Parameters
    ----------
    path : str or path
        A ``.npz`` file.
    state : State

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    with complete_file(path) as partial, open(partial, "wb") as file:
        np.savez(file, **state._asdict())


def load_state(path):
    """Read a state.

    Parameters
    ----------
    path : str or path
        From `save_state`.

    Returns
    -------
    State

    Raises
    ------
    InputError
        If the file is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            fields = {name: arrays[name] for name in State._fields}
    except Exception as error:
        # zipfile and NumPy raise many kinds for a damaged file
        raise InputError(f"{path}: holds no complete round; remove it to have it made again") from error
    return State(**{name: value if value.ndim else value.item() for name, value in fields.items()})


def has_converged(path):
    """Return whether a saved state needs no further round, without reading its maps.

    Parameters
    ----------
    path : str or path
        From `save_state`.

    Returns
    -------
    bool

    Raises
    ------
    InputError
        If the file is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return bool(arrays["converged"])
    except Exception as error:
        raise InputError(f"{path}: holds no complete round; remove it to have it made again") from error


def empty_sums(box, symmetry):
    """Return the averages of the half sets before any particle is added.

    Parameters
    ----------
    box : int
    symmetry : str

    Returns
    -------
    dict of str to gradalign.averaging.WedgeAverage
        ``"1"`` and ``"2"``.
    """
    return {str(half): WedgeAverage(box, _LARGEST_DENSITY, symmetry) for half in HALVES}


def particle_wedge(entry):
    """Return the tilt range and axis of a particle, from its CTF volume if it is not known yet.

    Parameters
    ----------
    entry : gradalign.picked.entries.Entry

    Returns
    -------
    (float, float, float)
        In degrees.

    Raises
    ------
    InputError
        If the CTF volume is damaged or no wedge.
    """
    return entry.wedge or fit_wedge(load(entry.ctf)[0], entry.ctf)


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


def align_chunk(entries, state, section, alignment, seed, sums):
    """Align particles and add them to the averages of their half sets, one after the other.

    A particle that cannot be read or aligned is named and left out; the others go on.

    Parameters
    ----------
    entries : list of gradalign.picked.entries.Entry
        As the round before left them.
    state : State
    section, alignment : dict
        ``particles`` and ``alignment`` of the configuration.
    seed : int
        The study's.
    sums : dict of str to gradalign.averaging.WedgeAverage
        From `empty_sums`; changed in place.

    Yields
    ------
    gradalign.picked.entries.Entry
        Half set by half set, so that one reference at a time is held.
    """
    plan, model = make_plan(state, section, alignment), model_from_arrays(state.model)
    for half in HALVES:
        members = [entry for entry in entries if entry.half == half]
        moving = prepare_reference(state.references[half - 1], state.mask, plan, model) if members else None
        for entry in members:
            if not entry.failure:
                try:
                    volume = read_particle(entry.image, plan.box, stated_voxel_size(section, plan.voxel_size))
                    volume = -volume if section["contrast"] == "dark" else volume
                    rng = generator(seed, "particle", len(state.history), entry.particle)
                    entry = _align_entry(entry, volume, moving, plan, model, rng, sums)
                except Exception as error:
                    # whatever is wrong with one particle, the others are not to suffer
                    known = isinstance(error, InputError)
                    reason = str(error) if known else f"{entry.image}: {type(error).__name__}: {error}"
                    entry = entry._replace(failure=" ".join(reason.split()))
            yield entry


def _align_entry(entry, volume, moving, plan, model, rng, sums):
    wedge = particle_wedge(entry)
    fixed = prepare_particle(volume, wedge, entry.centre, plan, model, str(entry.image))
    last = entry.pose
    rotation, translation, value = align_particle(
        fixed, moving, plan, entry.centre, entry.start, entry.prior, last, rng
    )
    sums[str(entry.half)].add(sampler(volume), rotation, translation, wedge)
    changes = (np.nan, np.nan, np.nan)
    if last is not None:
        turns = rotation_angle(rotation.T @ last[0] @ point_group(plan.symmetry))
        changes = value - entry.dissimilarity, np.min(turns), np.linalg.norm(translation - last[1])
    names = ("tilt_min_deg", "tilt_max_deg", "tilt_axis_deg")
    return entry._replace(**dict(zip(names, wedge, strict=True))).placed(rotation, translation, value, changes)


def finish_round(entries, sum_files, state, section):
    """Average a round and say whether another is needed.

    Parameters
    ----------
    entries : list of gradalign.picked.entries.Entry
        All particles, as `align_chunk` left them.
    sum_files : list of str or path
        Files of `gradalign.averaging.save_averages`.
    state : State
        The one that the particles were aligned to.
    section : dict
        ``particles`` of the configuration.

    Returns
    -------
    State

    Raises
    ------
    InputError
        If a half set has no particle left, or a file is damaged.
    """
    box = state.references.shape[-1]
    sums = empty_sums(box, section["symmetry"])
    for path in sum_files:
        merge_saved(path, sums)
    kept = [entry for entry in entries if not entry.failure]
    for half, average in sums.items():
        if average.count == 0:
            failed = next((entry.failure for entry in entries if entry.failure), "none was listed")
            raise InputError(f"half set {half} has no particle that could be used: {failed}")
    halves = [average.volume() for average in sums.values()]
    first, second = sums.values()
    first.merge(second)
    if first.count != len(kept):
        raise InputError(f"an average would be of {first.count} particles, where {len(kept)} are needed")
    maps = np.stack([first.volume(), *halves])
    sphere = make_plan(state, section, None).mask()
    frequencies, plain = fourier_shell_correlation(*halves)
    masked = fourier_shell_correlation(*(half * sphere for half in halves))[1]
    reached = resolution(frequencies, masked, THRESHOLD, state.voxel_size)
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
        references=_next_references(maps, masked, edge / state.initial_low_pass),
        maps=maps,
        shells=np.stack([frequencies, plain, masked]),
        history=np.concatenate([state.history, [row]]),
        low_pass=low_pass,
        # a band that grows may move them on
        converged=bool(settled and int(edge / low_pass) <= int(edge / state.low_pass)),
    )


def _next_references(maps, correlations, common):
    """Return the half maps, weighted by how far they agree, with the low frequencies of the average of both."""
    box = maps.shape[-1]
    shared = low_pass_factors(box, common)
    merit = np.zeros(box)
    factors = merit_factors(correlations)[:box]
    merit[: len(factors)] = factors
    merit = np.maximum(merit, shared)
    base = shell_filtered(maps[0], merit * shared)
    return np.stack([base + shell_filtered(half, merit * (1.0 - shared)) for half in maps[1:]])
