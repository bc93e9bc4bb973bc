"""Which frequencies a tilt series measures.

The beam is along z and the tilt axis is y unless a third number says otherwise. The projection at tilt angle α
measures the plane of frequencies that contains the tilt axis and the direction (cos α, 0, sin α). A tilt range measures
the double wedge between the planes of its two ends, which two plane normals describe: u, v with (u·ξ)(v·ξ) ≤ 0 inside.
Another tilt axis in the plane of x and y rotates all of this about z.
"""

import numpy as np

from gradalign.errors import InputError

TiltRange = float | tuple[float, float] | tuple[float, float, float]
"""A tilt range in degrees: half range, (min, max), or (min, max, axis), the axis from x towards y."""


def check_tilt_range(tilt_range):
    """Return a tilt range as (min, max) in degrees.

    Parameters
    ----------
    tilt_range : float or (float, float)
        Half range θ for ±θ, or (min, max).

    Returns
    -------
    (float, float)

    Raises
    ------
    InputError
        If a half range is outside (0, 90], or if not −90 ≤ min < max ≤ 90.
    """
    try:
        values = np.atleast_1d(np.asarray(tilt_range, dtype=float))
    except (TypeError, ValueError):
        values = np.zeros(0)
    if values.shape not in ((1,), (2,)):
        raise InputError(f"tilt range {tilt_range!r} is neither a half range nor (min, max) in degrees")
    if values.size == 1:
        if not 0.0 < values[0] <= 90.0:
            raise InputError(f"tilt range {values[0]:g} is impossible: a half range lies above 0 and up to 90 degrees")
        return -float(values[0]), float(values[0])
    low, high = map(float, values)
    if not -90.0 <= low < high <= 90.0:
        raise InputError(f"tilt range ({low:g}, {high:g}) is impossible: give −90 ≤ min < max ≤ 90 degrees")
    return low, high


def check_wedge(tilt_range):
    """Return a tilt range with its axis as (min, max, axis) in degrees.

    Parameters
    ----------
    tilt_range : float, (float, float) or (float, float, float)
        As of `check_tilt_range`, or (min, max, axis): the axis lies at this angle from x towards y, so that 90 is y
        (as it is without the third number) and 0 is x.

    Returns
    -------
    (float, float, float)

    Raises
    ------
    InputError
        As `check_tilt_range` does, or if the axis is no finite number.
    """
    if not (isinstance(tilt_range, (tuple, list, np.ndarray)) and len(tilt_range) == 3):
        return *check_tilt_range(tilt_range), 90.0
    try:
        axis = float(tilt_range[2])
    except (TypeError, ValueError):
        axis = np.nan
    if not np.isfinite(axis):
        raise InputError(f"tilt axis {tilt_range[2]!r} is not a number of degrees")
    return *check_tilt_range(tuple(tilt_range[:2])), axis


def one_for_each(values, count, what, of="volumes"):
    """Return a value for each of some things.

    Parameters
    ----------
    values : object
        One for all, or a list with one for each.
    count : int
        Of the things.
    what, of : str
        How a message calls the values and the things.

    Returns
    -------
    list

    Raises
    ------
    InputError
        If a list has another length.
    """
    if not isinstance(values, list):
        return [values] * count
    if len(values) != count:
        raise InputError(f"{len(values)} {what} were given for {count} {of}: give one, or one for each")
    return values


def each_tilt_range(tilts, count, what="volumes"):
    """Return a tilt range for each of some volumes.

    Parameters
    ----------
    tilts : float, tuple, list of them or array_like of shape (count, 2) or (count, 3)
        One for all as of `check_wedge`, or one for each.
    count : int
        Of the volumes.
    what : str
        How a message calls the volumes.

    Returns
    -------
    list

    Raises
    ------
    InputError
        If there are more or fewer than volumes.
    """
    several = isinstance(tilts, tuple) and any(map(np.ndim, tilts)) or isinstance(tilts, np.ndarray) and tilts.ndim == 2
    each = one_for_each(list(tilts) if several else tilts, count, "tilt ranges", what)
    return [tuple(tilt) if isinstance(tilt, np.ndarray) and tilt.ndim else tilt for tilt in each]


def is_complete(wedge):
    """Return whether a tilt series misses no frequency.

    Parameters
    ----------
    wedge : (float, float, float)
        Tilt range and axis in degrees, from `check_wedge`.

    Returns
    -------
    bool
    """
    low, high, _ = wedge
    return high - low >= 180.0


def wedge_normals(tilt_range):
    """Return the two normals u, v of a tilt range: ξ is measured where (u·ξ)(v·ξ) ≤ 0.

    Parameters
    ----------
    tilt_range : float, (float, float) or (float, float, float)
        Half range, (min, max) or (min, max, axis) in degrees.

    Returns
    -------
    numpy.ndarray of shape (2, 3)
        Vectors (x, y, z). For ±90° the product is −(u·ξ)², so that every frequency is measured.

    Raises
    ------
    InputError
        If the tilt range is impossible.
    """
    wedge = check_wedge(tilt_range)
    low, high, axis = np.radians(wedge)
    normals = np.array([[-np.sin(high), 0.0, np.cos(high)], [-np.sin(low), 0.0, np.cos(low)]])
    if is_complete(wedge):
        normals[1] = -normals[0]
    if axis != np.pi / 2:
        # the direction across the axis, which is x where the axis is y
        normals[:, 0], normals[:, 1] = normals[:, 0] * np.sin(axis), -normals[:, 0] * np.cos(axis)
    return normals


def measured(frequencies, tilt_range):
    """Return which frequencies a tilt range measures, the mask M of Eq. 1.

    Parameters
    ----------
    frequencies : array_like of shape (..., 3)
        Vectors (ξx, ξy, ξz), in any unit.
    tilt_range : float, (float, float) or (float, float, float)
        Half range θ, which measures |ξz| ≤ |ξx| tan θ, or (min, max) or (min, max, axis) in degrees.

    Returns
    -------
    numpy.ndarray of bool, shape (...)

    Raises
    ------
    InputError
        If the tilt range is impossible.
    """
    u, v = wedge_normals(tilt_range)
    frequencies = np.asarray(frequencies)
    return (frequencies @ u) * (frequencies @ v) <= 0.0
