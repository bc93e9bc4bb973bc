"""Which frequencies a tilt series measures.

The beam is along z and the tilt axis is y. The projection at tilt angle α measures the plane of frequencies that
contains the tilt axis and the direction (cos α, 0, sin α). A tilt range measures the double wedge between the
planes of its two ends, which two plane normals describe: u, v with (u·ξ)(v·ξ) ≤ 0 inside.
"""

import numpy as np

from gradalign.errors import InputError


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


def wedge_normals(tilt_range):
    """Return the two normals u, v of a tilt range: ξ is measured where (u·ξ)(v·ξ) ≤ 0.

    Parameters
    ----------
    tilt_range : float or (float, float)
        Half range or (min, max) in degrees.

    Returns
    -------
    numpy.ndarray of shape (2, 3)
        Vectors (x, y, z). For ±90° the product is −(u·ξ)², so that every frequency is measured.

    Raises
    ------
    InputError
        If the tilt range is impossible.
    """
    low, high = np.radians(check_tilt_range(tilt_range))
    normals = np.array([[-np.sin(high), 0.0, np.cos(high)], [-np.sin(low), 0.0, np.cos(low)]])
    if high - low >= np.pi:
        normals[1] = -normals[0]
    return normals


def measured(frequencies, tilt_range):
    """Return which frequencies a tilt range measures, the mask M of Eq. 1.

    Parameters
    ----------
    frequencies : array_like of shape (..., 3)
        Vectors (ξx, ξy, ξz), in any unit.
    tilt_range : float or (float, float)
        Half range θ, which measures |ξz| ≤ |ξx| tan θ, or (min, max) in degrees.

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
