"""A user's particles for classes: what can be checked before any work is done, and volumes as they are asked for."""

import numpy as np

from gradalign.base.files import no_file
from gradalign.base.spread import spread_numbers
from gradalign.classes.checks import SECTION
from gradalign.classes.observed import Observed
from gradalign.classes.standing import Standing
from gradalign.classes.start import FEWEST_SAMPLED, MODEL_SAMPLE, check_count, check_particles, first_state, samples
from gradalign.errors import InputError
from gradalign.io.mrc import ANGSTROM_PER_NM
from gradalign.particles.boxes import plan_boxes
from gradalign.particles.images import read_particle
from gradalign.particles.listing import check_wedges, digest, find_files, wedge_sentence
from gradalign.particles.opening import list_particles
from gradalign.particles.places import is_file
from gradalign.particles.rounds import particle_wedge, stated_voxel_size
from gradalign.particles.star import read_picked

CTF_UNUSED = "The list names CTF volumes: classes take the tilt ranges from them, but not their heights and signs."


def check_star(section):
    """Check what can be checked without reading a volume.

    Parameters
    ----------
    section : dict
        ``classes`` of the configuration.

    Returns
    -------
    gradalign.particles.star.Picked

    Raises
    ------
    InputError
        If the STAR file is missing, damaged, or lacks what the section asks for.
    """
    if not is_file(section["star"]):
        raise no_file(section["star"], "a STAR file", "classes.star")
    picked = read_picked(section["star"], files=section["subtomograms"])
    check_wedges(picked, section, SECTION)
    return picked


def sample_sizes(picked, section):
    """Return how many particles of each half set the sample has, if all can be used.

    Parameters
    ----------
    picked : gradalign.particles.star.Picked
    section : dict
        ``classes`` of the configuration.

    Returns
    -------
    (int, int)
    """
    count = len(picked)
    first = (count + 1) // 2 if picked.subsets is None else int((np.asarray(picked.subsets) == 1).sum())
    return tuple(min(size, section["sample"] // 2) for size in (first, count - first))


def _check_enough(picked, section):
    """Say so if a list has too few particles, before any of them is read."""
    check_count(len(picked), section["classes"], section["star"])
    fewest = min(sample_sizes(picked, section))
    if fewest < FEWEST_SAMPLED:
        raise InputError(
            f"{section['star']}: a half set has {fewest} particles in the sample, too few for classes: at least "
            f"{FEWEST_SAMPLED} are needed"
        )


def check_input(section, folder):
    """Check what can be checked without reading a volume, of a list of volumes or of places.

    Parameters
    ----------
    section : dict
        ``classes`` of the configuration.
    folder : str or path
        Where boxes are to be put.

    Returns
    -------
    listing : gradalign.particles.listing.Listing
    boxes : gradalign.particles.boxes.Boxes or None
        None for a list of volumes.
    digest : str
        Another text once the list, a volume or a tomogram has changed.

    Raises
    ------
    InputError
        As of `check_star`, `gradalign.particles.listing.find_files` and `gradalign.particles.boxes.plan_boxes`, or if
        there are too few particles for classes.
    """
    boxes = plan_boxes(section, folder)
    if boxes:
        check_wedges(boxes.listing.picked, section, SECTION)
        _check_enough(boxes.listing.picked, section)
        return boxes.listing, boxes, boxes.digest
    picked = check_star(section)
    _check_enough(picked, section)
    listing = find_files(picked, section)
    return listing, None, digest(listing, section)


def centred_volume(volume, centre):
    """Return a subtomogram with its particle moved to the centre.

    Parameters
    ----------
    volume : numpy.ndarray of shape (N, N, N)
    centre : array_like of shape (3,)
        Where the particle stands, (x, y, z) in voxels.

    Returns
    -------
    numpy.ndarray of shape (N, N, N), float32
        What leaves the box on one side comes in on the other.
    """
    if not np.any(centre):
        return volume
    size = len(volume)
    whole, half = np.fft.fftfreq(size), np.fft.rfftfreq(size)
    x, y, z = centre
    phase = half * x + whole[:, None] * y + whole[:, None, None] * z
    moved = np.fft.irfftn(np.fft.rfftn(volume) * np.exp(2j * np.pi * phase), s=volume.shape, axes=(0, 1, 2))
    return moved.astype(np.float32)


class Volumes:
    """The subtomograms of a list of particles, read as they are asked for.

    Parameters
    ----------
    entries : iterable of gradalign.particles.entries.Entry
    box : int
    section : dict
        ``classes`` of the configuration.
    voxel_size : float
        In nm.
    """

    def __init__(self, entries, box, section, voxel_size):
        self._entries = {entry.particle: entry for entry in entries}
        self._box, self._stated = box, stated_voxel_size(section, voxel_size)
        self._sign = -1.0 if section["contrast"] == "dark" else 1.0

    def __getitem__(self, number):
        entry = self._entries[number]
        volume = read_particle(entry.image, self._box, self._stated, entry.box_rotation)
        return centred_volume(self._sign * volume, entry.centre)


class Wedges:
    """The tilt ranges of a list of particles, from their CTF volumes if they are not known otherwise.

    Parameters
    ----------
    entries : iterable of gradalign.particles.entries.Entry
    """

    def __init__(self, entries):
        self._entries = {entry.particle: entry for entry in entries}
        self._known = {}

    def __getitem__(self, number):
        if number not in self._known:
            self._known[number] = particle_wedge(self._entries[number])
        return self._known[number]


def observed_entries(entries, box, section, voxel_size):
    """Return the particles of a list as they were observed.

    Parameters
    ----------
    entries : iterable of gradalign.particles.entries.Entry
    box : int
    section : dict
        ``classes`` of the configuration.
    voxel_size : float
        In nm.

    Returns
    -------
    gradalign.classes.observed.Observed
        Volumes and CTF volumes are read as they are asked for.
    """
    return Observed(Volumes(entries, box, section, voxel_size), Wedges(entries))


def open_for_classes(section, seed, say):
    """Check all files and return the particles, the sample and the state before any class is found.

    Parameters
    ----------
    section : dict
        ``classes`` of the configuration.
    seed : int
    say : callable
        Takes lines for the log.

    Returns
    -------
    entries : list of gradalign.particles.entries.Entry
    standings : list of gradalign.classes.standing.Standing
    numbers : (list of int, list of int)
        The sample's particles by half set.
    state : gradalign.classes.state.State

    Raises
    ------
    InputError
        If a file or a setting is unusable; one sentence says which and why.
    """
    picked = check_star(section)
    entries, box, voxel_size = list_particles(picked, section, seed)
    observed = observed_entries(entries, box, section, voxel_size)
    if any(entry.ctf_file for entry in entries):
        say(CTF_UNUSED)
    say(wedge_sentence(picked, section, SECTION))
    standings = [Standing(entry.particle, entry.half) for entry in entries]
    halves = {standing.particle: standing.half for standing in standings}
    numbers, unusable = samples(halves, section["sample"], seed), {}
    usable = []
    for number in sorted(set(numbers[0]) | set(numbers[1])):
        try:
            observed.volumes[number], observed.wedges[number]
            usable.append(number)
        except InputError as error:
            unusable[number] = str(error)
    if not usable:
        raise InputError(next(iter(unusable.values())))
    for number, reason in unusable.items():
        say(f"particle {number} is left out of the sample: {reason}")
    numbers = tuple([number for number in chosen if number not in unusable] for chosen in numbers)
    spread = spread_numbers(len(usable), MODEL_SAMPLE)
    some = [usable[place] for place in spread]
    chosen = Observed(*([each[number] for number in some] for each in observed))
    check_particles(chosen.volumes, len(entries), section["classes"])
    if min(map(len, numbers)) < FEWEST_SAMPLED:
        raise InputError(
            f"{section['star']}: a half set has {min(map(len, numbers))} usable particles in the sample, too few for "
            "classes"
        )
    state = first_state(chosen, voxel_size, section["low_pass"], section["mask_radius"])
    voxel = voxel_size * ANGSTROM_PER_NM
    say(
        f"{len(entries)} particles of {box}³ voxels of {voxel:g} Å; a sample of {sum(map(len, numbers))}, "
        f"compared within {state.radius * voxel:.0f} Å and up to {state.low_pass * ANGSTROM_PER_NM:.1f} Å"
    )
    return entries, standings, numbers, state
