"""The angles of a tilt series: what the configuration is checked with, before anything is computed."""

import numpy as np

from gradalign.errors import InputError
from gradalign.geometry.wedge import check_tilt_range


def tilt_angles(tilt_range, tilt_step):
    """Return the angles of a tilt series.

    Parameters
    ----------
    tilt_range : float or (float, float)
        Half range, or (min, max), in degrees.
    tilt_step : float
        In degrees.

    Returns
    -------
    numpy.ndarray, (n,)
        Angles in degrees from min to max; -90 and +90 show the same image, and only -90 is taken.

    Raises
    ------
    InputError
        If the range is impossible or no multiple of the step.
    """
    low, high = check_tilt_range(tilt_range)
    steps = round((high - low) / tilt_step)
    if steps < 1 or abs(steps * tilt_step - (high - low)) > 1e-6:
        raise InputError(
            f"tilt range ({low:g}, {high:g}) spans no multiple of the tilt step of {tilt_step:g} degrees: "
            "choose a range and a step that fit"
        )
    count = steps if high - low >= 180 else steps + 1
    return low + tilt_step * np.arange(count)
