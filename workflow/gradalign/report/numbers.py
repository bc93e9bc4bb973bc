"""How numbers are written in tables, captions and figures."""

import math

INACCURATE_DEG = 5.0
"""Rotation errors above this are printed in bold: the paper calls them inaccurate."""


ABSENT = "–"
"""What stands where there is nothing."""


def number(value):
    """Return a number with two significant digits, as the paper prints it: 0.035, 2.6, 3, 14, 123.

    Parameters
    ----------
    value : float
        Not negative.

    Returns
    -------
    str
        Without exponent and without zeros after the last digit; a dash for NaN.
    """
    if math.isnan(value):
        return ABSENT
    if value == 0 or math.isinf(value):
        return "∞" if value else "0"
    digits = max(1 - math.floor(math.log10(value)), 0)
    text = f"{value:.{digits}f}"
    # 9.96 becomes 10.0 by rounding up
    if digits and float(text) >= 10.0 ** (2 - digits):
        text = f"{value:.{digits - 1}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def spread(median, deviation):
    """Return ``median ± deviation``, each with two significant digits; a dash for NaN, ∞ alone if it is infinite.

    Parameters
    ----------
    median, deviation : float

    Returns
    -------
    str
    """
    return number(median) if math.isnan(deviation) else f"{number(median)} ± {number(deviation)}"


def with_minus(text):
    """Return a number's text with a minus sign in place of its hyphens.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    return text.replace("-", "−")


def snr_label(snr):
    """Return how a signal-to-noise ratio is printed: ∞, 1, 0.5.

    Parameters
    ----------
    snr : float

    Returns
    -------
    str
    """
    return "∞" if math.isinf(snr) else f"{snr:g}"


def tilt_label(tilt):
    """Return how a half tilt range is printed: ±60°.

    Parameters
    ----------
    tilt : float
        In degrees.

    Returns
    -------
    str
    """
    return f"±{tilt:g}°"


def is_inaccurate(quantity, median):
    """Return whether a cell is printed in bold.

    Parameters
    ----------
    quantity : str
        ``"rotation_deg"`` or ``"translation_voxel"``; only rotations are.
    median : float

    Returns
    -------
    bool
    """
    return quantity == "rotation_deg" and median > INACCURATE_DEG
