"""What fixes the scale of the noise of an object at a tilt range: variances, found once and kept in a file."""

import json
from pathlib import Path
from typing import NamedTuple

from gradalign.base.files import complete_file
from gradalign.errors import InputError


class Variances(NamedTuple):
    """Variances in the reconstruction, means over volumes that are made for them.

    Parameters
    ----------
    signal : float
        Of the object.
    before, after : float
        Of noise of unit variance in a pixel, before and after the contrast transfer.
    """

    signal: float
    before: float
    after: float


def write_variances(path, tilt, variances):
    """Write the variances of a tilt range.

    Parameters
    ----------
    path : str or path
        The file; it appears once it is complete.
    tilt : (float, float)
        Smallest and largest tilt angle in degrees.
    variances : Variances

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    with complete_file(path) as partial:
        Path(partial).write_text(json.dumps({"tilt_deg": tilt} | variances._asdict()) + "\n", encoding="utf-8")


def read_variances(path):
    """Read what `write_variances` wrote.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    tilt : (float, float)
    variances : Variances
        To the last digit.

    Raises
    ------
    InputError
        If it is no such file.
    """
    try:
        told = json.loads(Path(path).read_text(encoding="utf-8"))
        low, high = told.pop("tilt_deg")
        return (low, high), Variances(**{name: float(value) for name, value in told.items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: does not say how signal and noise vary; remove it to have it made again") from error
