"""Before the first round: everything checked that can be checked, particles shared out to half sets, the reference."""

import numpy as np

from gradalign.base.randomness import generator
from gradalign.base.spread import spread_numbers
from gradalign.errors import InputError
from gradalign.geometry.rotations import euler_from_rotation
from gradalign.geometry.wedge import check_wedge
from gradalign.io.mrc import ANGSTROM_PER_NM
from gradalign.io.volume_file import SAME_SIZE
from gradalign.particles.entries import Entry
from gradalign.particles.images import check_box, check_headers, inspect, read_map, read_particle
from gradalign.particles.listing import MASK_WORDS, check_files, find_files, wedge_sentence, wedge_source
from gradalign.particles.memory import STATED_ABOVE, memory_mb
from gradalign.particles.particle_ctf import particle_transfer
from gradalign.particles.places import Place
from gradalign.particles.reference_checks import check_mask, check_symmetry, orientation_sentences
from gradalign.particles.rounds import particle_wedge, stated_voxel_size
from gradalign.particles.sample_checks import Sample, check_contrast, check_hand, check_sign, check_starts
from gradalign.particles.search import centred
from gradalign.particles.state import State, make_plan
from gradalign.scores.masks import AUTOMATIC, NONE
from gradalign.search.score import load_score

FIRST_LOW_PASS_SHARE = 1 / 6
"""Low-pass of the reference at the start as a share of the box's edge."""
# tilt range in degrees, below which hardly two particles have anything in common
_NARROWEST = 20.0
# particles on which contrast and spectra are judged, fewer in large boxes
_SAMPLE, _LEAST_SAMPLE, _SAMPLE_BOX = 32, 8, 48


def tilt_axis_angle(text):
    """Return a tilt axis of the configuration in degrees from x towards y.

    Parameters
    ----------
    text : str
        ``"x"``, ``"y"`` or a number.

    Returns
    -------
    float
    """
    return {"x": 0.0, "y": 90.0}[text] if text in ("x", "y") else float(text)


def _wedges(picked, section):
    """Return the tilt range and axis of each particle, NaN where its CTF volume is to tell."""
    source = wedge_source(picked, section)
    if source == "ctf":
        return np.full((len(picked), 3), np.nan)
    if source == "range":
        wedge = (*section["tilt"], tilt_axis_angle(section["tilt_axis"]))
        _check_tilts(wedge, "tilt")
        return np.tile(wedge, (len(picked), 1))
    for row, tilt in zip(picked.rows, picked.tilts, strict=True):
        _check_tilts(tuple(tilt), f"{picked.path}: row {row + 1}")
    return picked.tilts


def _check_tilts(wedge, where):
    """Say so if a tilt range is none, or hardly one."""
    try:
        low, high, _ = check_wedge(wedge)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    if high - low < _NARROWEST:
        raise InputError(
            f"{where}: has a tilt range from {low:g} to {high:g}, where at least {_NARROWEST:g} degrees are needed"
        )


def _voxel_size(picked, section, header, where):
    """Return the voxel size in nm."""
    if section["voxel_size"]:
        return section["voxel_size"]
    stated = 0.0 if picked.pixel_size is None else picked.pixel_size / ANGSTROM_PER_NM
    if stated and header and abs(stated - header) > SAME_SIZE * stated:
        raise InputError(
            f"{where}: has voxels of {header * ANGSTROM_PER_NM:g} Å, where {picked.path} says "
            f"{stated * ANGSTROM_PER_NM:g} Å; set particles.voxel_size to the right one"
        )
    if not (stated or header):
        raise InputError(
            f"{picked.path}: tells no pixel size, nor does {where} (0 and 1 Å count as unknown); set "
            "particles.voxel_size"
        )
    return stated or header


def _halves(picked, seed):
    if picked.subsets is not None:
        return picked.subsets
    shuffled = generator(seed, "half sets").permutation(len(picked))
    halves = np.empty(len(picked), int)
    halves[shuffled] = 1 + np.arange(len(picked)) % 2
    return halves


def _entries(listing, section, voxel_size, box, seed):
    picked = listing.picked
    translations = picked.translations(voxel_size)
    far = np.flatnonzero(np.abs(translations).max(axis=1) >= box / 2)
    if far.size:
        edge = box * voxel_size * ANGSTROM_PER_NM
        row = picked.rows[far[0]] + 1
        raise InputError(f"{picked.path}: the origin of row {row} lies outside its box of {edge:g} Å")
    boxes, rotations, priors = picked.box_rotations(), picked.rotations(), picked.prior_angles()
    translations = np.einsum("nij,nj->ni", boxes, translations)
    starts = np.full((len(picked), 3), np.nan) if rotations is None else euler_from_rotation(rotations)
    priors = np.full((len(picked), 2), np.nan) if priors is None else priors
    turned = np.full((len(picked), 3), np.nan) if picked.box_angles is None else euler_from_rotation(boxes)
    wedges, halves = _wedges(picked, section), _halves(picked, seed)
    ctf_images = listing.ctf_images or [Place("", 0)] * len(picked)
    flags = np.zeros(len(picked), bool) if picked.premultiplied is None else picked.premultiplied
    entries = []
    for n, (image, ctf) in enumerate(zip(listing.images, ctf_images, strict=True)):
        numbers = [*starts[n], *translations[n], *priors[n], *turned[n], *wedges[n]]
        entry = Entry(int(picked.rows[n]) + 1, *image, *ctf, int(halves[n]), *map(float, numbers))
        entries.append(entry._replace(ctf_data="premultiplied") if flags[n] and ctf.file else entry)
    return entries


def _sample(entries, box):
    """Return particles spread over all of them."""
    count = int(np.clip(_SAMPLE * (_SAMPLE_BOX / box) ** 3, _LEAST_SAMPLE, _SAMPLE))
    return [entries[number] for number in spread_numbers(len(entries), count)]


def _read_sample(entries, box, stated, section):
    """Return what can be read of a sample: entries, volumes and tilt ranges; and the contrast transfers."""
    sign = -1.0 if section["contrast"] == "dark" else 1.0
    read, transfers, complaint = [], [], ""
    for entry in entries:
        try:
            volume, wedge = sign * read_particle(entry.image, box, stated, entry.box_rotation), particle_wedge(entry)
            transfer = particle_transfer(entry, section["ctf"], box)
            read.append((entry, volume if transfer is None else transfer.applied(volume), wedge))
            transfers.append(transfer)
        except InputError as error:
            # the round that comes to it says so
            complaint = str(error)
    if not read:
        raise InputError(complaint)
    return read, transfers


def list_particles(picked, section, seed):
    """Check the files of all particles and list them with their tilt ranges, origins and half sets.

    Parameters
    ----------
    picked : gradalign.particles.star.Picked
    section : dict
        Of the configuration, with ``voxel_size``, ``wedge``, ``tilt`` and ``tilt_axis``.
    seed : int

    Returns
    -------
    entries : list of gradalign.particles.entries.Entry
    box : int
        Edge of the subtomograms in voxels.
    voxel_size : float
        In nm.

    Raises
    ------
    InputError
        If a file is missing or damaged, or they differ in size.
    """
    listing = find_files(picked, section)
    places = listing.images
    box, header = inspect(places[0])
    check_box(box, places[0])
    if picked.box is not None and picked.box != box:
        raise InputError(f"{places[0]}: is a cube of {box} voxels, where {picked.path} says {picked.box}")
    voxel_size = _voxel_size(picked, section, header, places[0])
    check_headers(places, box, overruled=bool(section["voxel_size"]))
    return _entries(listing, section, voxel_size, box, seed), box, voxel_size


def open_particles(section, alignment, seed, say):
    """Check all files and return the particles and the state before the first round.

    Parameters
    ----------
    section, alignment : dict
        ``particles`` and ``alignment`` of the configuration.
    seed : int
    say : callable
        Takes lines for the log.

    Returns
    -------
    entries : list of gradalign.particles.entries.Entry
    state : gradalign.particles.state.State

    Raises
    ------
    InputError
        If a file or a setting is unusable; one sentence says which and why.
    """
    picked = check_files(section).picked
    entries, box, voxel_size = list_particles(picked, section, seed)
    reference = read_map(section["reference"], box, voxel_size, "reference", overruled=bool(section["voxel_size"]))
    low_pass = section["initial_low_pass"] or FIRST_LOW_PASS_SHARE * box * voxel_size
    search = section["search"]
    if search == "auto":
        search = "full" if entries[0].prior is None else "axis"
    state = State.first(reference, voxel_size, low_pass, search, section)
    if section["mask"] not in MASK_WORDS:
        check_mask(state.mask, state.references[0], section["mask"])
    alike = check_symmetry(state.references[0], section["symmetry"], box * voxel_size / low_pass)
    say(f"{len(entries)} particles of {box}³ voxels of {voxel_size * ANGSTROM_PER_NM:g} Å, search: {search}")
    say(wedge_sentence(picked, section, "particles"))
    if box > STATED_ABOVE:
        first, most = (memory_mb(box, limit) for limit in (box * voxel_size / state.low_pass, (box - 1) // 2))
        say(
            f"a job of such a box takes about {first:.0f} MB in the first round, up to {most:.0f} MB at full resolution"
        )
    if alike is not None:
        say(f"symmetry {section['symmetry']}: the reference correlates with itself, rotated so, by {alike:.2f}")
    plan = make_plan(state, section | {"score": "rcs"}, alignment)
    sample, transfers = _read_sample(_sample(entries, box), box, stated_voxel_size(section, voxel_size), section)
    _check_sample(Sample(sample, state.references[0], state.mask, plan, seed), picked, low_pass, section, say)
    volumes = [centred(volume, entry.centre) for entry, volume, _ in sample]
    known = load_score(section["score"]).model_of_set(
        volumes, [wedge for *_, wedge in sample], _mask_wish(section, state), transfers
    )
    return entries, state.knowing(known)


def _check_sample(sample, picked, low_pass, section, say):
    """Check on a sample what no file tells, and say by how much it was borne out."""
    surplus = check_contrast(sample)
    say(f"contrast {section['contrast']}: correlates better than its reverse by {surplus:.1f} standard errors")
    if sample.plan.search == "full":
        surplus = check_hand(sample)
        if surplus is not None:
            say(f"hand of the reference: correlates better than the other by {surplus:.1f} standard errors")
    if wedge_source(picked, section) != "ctf":
        surplus = check_sign(sample)
        if surplus is not None:
            say(f"sign of the tilt angles: correlates better than the other by {surplus:.1f} standard errors")
    alike = orientation_sentences(sample.reference, sample.plan.voxel_size, low_pass, sample.plan.search)
    for text in alike:
        say(text)
    if sample.plan.search != "full" and not alike:
        surplus = check_starts(sample)
        if surplus is not None:
            say(f"given orientations: correlate better than random ones by {surplus:.1f} standard errors")


def _mask_wish(section, state):
    """Return the mask under which a score with a model is to see the particles: automatic unless a radius is given."""
    if section["mask"] == "none":
        return NONE
    return state.mask_radius if section["mask_radius"] else AUTOMATIC
