"""Columns of a user's STAR file: their names, and their entries as numbers and texts, blank told from wrong."""

import numpy as np

from gradalign.errors import InputError
from gradalign.io.star import POSE_LABELS

ANGLES, ORIGINS = POSE_LABELS[:3], POSE_LABELS[3:]
IMAGE, CTF_IMAGE, SUBSET, GROUP = "rlnImageName", "rlnCtfImage", "rlnRandomSubset", "rlnOpticsGroup"
CLASS = "rlnClassNumber"
PRIORS = ("rlnAngleTiltPrior", "rlnAnglePsiPrior")
TILTS = ("gradalignTiltMin", "gradalignTiltMax")
TILT_AXIS = "gradalignTiltAxis"
# before RELION 3.1, in pixels
PIXEL_ORIGINS = ("rlnOriginX", "rlnOriginY", "rlnOriginZ")
BOX_ANGLES = ("rlnTomoSubtomogramRot", "rlnTomoSubtomogramTilt", "rlnTomoSubtomogramPsi")
PREMULTIPLIED = "rlnCtfDataAreCtfPremultiplied"
TOMOGRAM = "rlnTomoName"
PARTICLES_FILE = "rlnTomoParticlesFile"
TOMOGRAMS_FILE = "rlnTomoTomogramsFile"
COORDINATES = ("rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ")
"""Places in a tomogram, in pixels of the tilt series, from its first voxel."""
CENTRED = ("rlnCenteredCoordinateXAngst", "rlnCenteredCoordinateYAngst", "rlnCenteredCoordinateZAngst")
"""The same since RELION 5, in Å from the tomogram's centre."""

_BLANK = {"", ".", "?", "none", "nan", "null", "na", "n/a", "<na>"}
_LARGEST_ANGLE = 1e5


def blank(text):
    """Return whether an entry says that there is no value.

    Parameters
    ----------
    text : str

    Returns
    -------
    bool
        True for None, nan and their like, as programs write them into columns that they leave empty.
    """
    return text.strip().lower() in _BLANK


def _number(text):
    try:
        return float(text) if "_" not in text else np.nan
    except ValueError:
        return np.nan


def _column(path, label, column):
    found = np.fromiter(map(_number, column), float, len(column))
    wrong = np.flatnonzero(~np.isfinite(found))
    if wrong.size:
        row = wrong[0]
        raise InputError(f"{path}: _{label} of row {row + 1} is {column[row]!r}, where a number is needed")
    return found


def numbers(path, table, labels):
    """Return columns of numbers that belong together.

    Parameters
    ----------
    path : str or path
        The file, for messages.
    table : dict of str to list of str
    labels : sequence of str

    Returns
    -------
    numpy.ndarray of shape (n, len(labels)), or None
        None where none of the columns is there, or all of them are blank in every row.

    Raises
    ------
    InputError
        If some of the columns are missing, or an entry is no number.
    """
    found = [label for label in labels if label in table and not all(map(blank, table[label]))]
    if not found:
        return None
    missing = [label for label in labels if label not in table]
    if missing:
        raise InputError(f"{path}: has the column _{found[0]} but lacks _{missing[0]}, where both are needed")
    return np.column_stack([_column(path, label, table[label]) for label in labels]).reshape(-1, len(labels))


def angles(path, table, labels):
    """Return columns of angles in degrees, as `numbers` does.

    Parameters
    ----------
    path : str or path
    table : dict of str to list of str
    labels : sequence of str

    Returns
    -------
    numpy.ndarray of shape (n, len(labels)), or None

    Raises
    ------
    InputError
        As `numbers` does, or if one is far from any angle.
    """
    found = numbers(path, table, labels)
    if found is not None and (np.abs(found) > _LARGEST_ANGLE).any():
        row, column = np.argwhere(np.abs(found) > _LARGEST_ANGLE)[0]
        raise InputError(
            f"{path}: _{labels[column]} of row {row + 1} is {found[row, column]:g}, where degrees are needed"
        )
    return found


def texts(path, table, label):
    """Return a column of texts that may be left blank.

    Parameters
    ----------
    path : str or path
    table : dict of str to list of str
    label : str

    Returns
    -------
    list of str, or None
        None where there is no such column, or it is blank in every row.

    Raises
    ------
    InputError
        If it is blank in some rows.
    """
    column = table.get(label)
    if column is None or all(map(blank, column)):
        return None
    for row, text in enumerate(column):
        if blank(text):
            raise InputError(f"{path}: _{label} of row {row + 1} is {text!r}, where the other rows have a value")
    return column


def group_number(text):
    """Return the number of an optics group, for which 1 and 1.0 are the same.

    Parameters
    ----------
    text : str

    Returns
    -------
    float or str
        The text itself where it is no number.
    """
    try:
        return float(text)
    except ValueError:
        return text
