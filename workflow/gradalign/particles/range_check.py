"""Whether the subtomograms' own power ends where their tilt ranges do.

A tilt range or an axis that is given wrongly shows in nothing else: the particles are compared where they hold nothing.
The mean power of a sample, whose missing wedge is empty in most tomograms, is fitted as a CTF volume is. Where
it fills all of Fourier space, or has no wedge, nothing is said.
"""

import numpy as np

from gradalign.base.spread import spread_numbers
from gradalign.errors import InputError
from gradalign.geometry.wedge import measured
from gradalign.particles.ctf_wedge import directions, fit_wedge
from gradalign.particles.rounds import readable

SAMPLE = 32
"""Subtomograms that are looked at."""
# how many of one range it takes, and by how many degrees they may differ
_LEAST, _ALIKE = 4, 5.0
# a power without a wedge, degrees from end to end
_COMPLETE = 165.0
# share of the directions that may be measured by the one range and not by the other; back-projection reaches up to 7°
# beyond both ends, which are 0.075
_LARGEST_DIFFERENCE = 0.12


def range_difference(wedge, other):
    """Return which share of all directions one of two tilt ranges measures and the other does not.

    Parameters
    ----------
    wedge, other : (float, float, float)
        (min, max, axis) in degrees.

    Returns
    -------
    float
    """
    return float(np.mean(measured(directions(), wedge) != measured(directions(), other)))


def range_sentences(entries, state, section, name="particles"):
    """Say so if the power of the subtomograms ends elsewhere than their tilt ranges.

    Parameters
    ----------
    entries : sequence of gradalign.particles.entries.Entry
        After the last round.
    state : gradalign.particles.state.State or gradalign.classes.state.State
    section : dict
        Of the configuration, with ``voxel_size`` and ``contrast``.
    name : str
        Of the section.

    Returns
    -------
    list of str
        One sentence or none.
    """
    # rotated boxes have empty corners
    kept = [entry for entry in entries if not entry.failure and entry.wedge and entry.box_rotation is None]
    if not kept:
        return []
    sample = [kept[number] for number in spread_numbers(len(kept), SAMPLE)]
    stated = np.median([entry.wedge for entry in sample], axis=0)
    alike = [entry for entry in sample if np.abs(entry.wedge - stated).max() <= _ALIKE]
    found = _of_power(alike, state, section)
    if found is None or found[1] - found[0] > _COMPLETE or range_difference(found, stated) < _LARGEST_DIFFERENCE:
        return []
    told, given = (f"from {low:.0f}° to {high:.0f}° about {axis:.0f}°" for low, high, axis in (found, stated))
    return [
        f"The power of {len(alike)} subtomograms reaches {told} (axis from x towards y), where the tilt range is taken "
        f"as {given}: see {name}.tilt, tilt_axis and wedge."
    ]


def _of_power(entries, state, section):
    """Return the tilt range that the mean power of some subtomograms has, None if it has none."""
    from scipy import fft

    powers = [np.abs(fft.rfftn(volume)) ** 2 for _, volume in readable(entries, state, section)]
    if len(powers) < _LEAST:
        return None
    try:
        low, high, axis = fit_wedge(np.sqrt(np.mean(powers, axis=0)), "power")
    except InputError:
        return None
    # the same with the sign of the angles exchanged
    return (-high, -low, axis - 180.0) if axis > 135.0 else (low, high, axis)
