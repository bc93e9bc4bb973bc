"""Columns of a user's STAR file as numbers and texts, what is left blank told from what is wrong."""

import numpy as np

from gradalign.errors import InputError

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


def _number(path, label, row, text):
    try:
        value = float(text) if "_" not in text else np.nan
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise InputError(f"{path}: _{label} of row {row + 1} is {text!r}, where a number is needed")
    return value


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
    columns = [[_number(path, label, row, text) for row, text in enumerate(table[label])] for label in labels]
    return np.array(columns, dtype=float).T.reshape(-1, len(labels))


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
