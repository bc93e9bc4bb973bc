"""What the particles of classes say of the CTF volumes and tilt ranges that their list gives."""

from functools import partial

from gradalign.base.spread import spread_numbers
from gradalign.classes.plan import EDGE_SHARE
from gradalign.classes.results import pose_in_file
from gradalign.errors import InputError
from gradalign.geometry.rotations import euler_from_rotation
from gradalign.particles.particle_ctf import AS_LISTED
from gradalign.particles.range_check import SAMPLE, range_sentences
from gradalign.particles.rounds import particle_wedge
from gradalign.particles.transfer_check import HalfMaps, ratio_sentences
from gradalign.scores.masks import soft_sphere

SECTION = "classes"


def input_sentences(entries, standings, state, section):
    """Say so if the particles contradict their CTF volumes or their tilt ranges.

    Parameters
    ----------
    entries : sequence of gradalign.particles.entries.Entry
    standings : sequence of gradalign.classes.standing.Standing
        After the last round.
    state : gradalign.classes.state.State
    section : dict
        ``classes`` of the configuration.

    Returns
    -------
    list of str
        Two sentences at most.
    """
    by_number = {entry.particle: entry for entry in entries}
    groups = []
    for label in state.labels:
        placed = [_placed(by_number[standing.particle], standing) for standing in standings if standing.label == label]
        groups.append((placed, _half_maps(state, label)))
    said = ratio_sentences(groups, state, section, AS_LISTED, "or the CTF volumes, and with them the tilt ranges,")
    failed = {standing.particle for standing in standings if standing.failure}
    return said + range_sentences(_of_known_range(entries, failed), state, section, SECTION)


def _placed(entry, standing):
    """Return a particle as it stands on the map of its class."""
    rotation, shift = pose_in_file(entry, standing)
    phi, theta, psi = map(float, euler_from_rotation(rotation))
    x, y, z = map(float, shift)
    return entry._replace(phi_deg=phi, theta_deg=theta, psi_deg=psi, x_voxel=x, y_voxel=y, z_voxel=z)


def _half_maps(state, label):
    mask = partial(soft_sphere, state.box, state.radius, EDGE_SHARE * state.box)
    _, first, second = state.maps[label - 1]
    return HalfMaps({1: first, 2: second}, lambda centre=(0.0, 0.0, 0.0): mask(centre), state.correlations[label - 1])


def _of_known_range(entries, failed):
    """Return a sample of the particles that could be used, with the tilt ranges of their CTF volumes if need be."""
    usable = [entry for entry in entries if entry.particle not in failed]
    known = []
    for number in spread_numbers(len(usable), SAMPLE) if usable else ():
        try:
            low, high, axis = particle_wedge(usable[number])
        except InputError:
            # it has gone since
            continue
        known.append(usable[number]._replace(tilt_min_deg=low, tilt_max_deg=high, tilt_axis_deg=axis))
    return known
