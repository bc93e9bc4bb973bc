"""Files of results, written whole and read with a sentence for what is wrong with them."""

import os

import pandas as pd

from gradalign.base.files import complete_file
from gradalign.errors import InputError

# names of files may hold bytes that are no text
_KEPT = "surrogateescape"


def read_frame(path):
    """Read a CSV file, if its last line is complete.

    Parameters
    ----------
    path : str or path
        Its name may end in ``.xz``.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    InputError
        If the file cannot be read, or is cut off within a line: pandas would fill that up.
    """
    try:
        if not str(path).endswith(".xz"):
            _check_end(path)
        return pd.read_csv(path, encoding_errors=_KEPT)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: is no readable CSV file ({str(error).strip()})") from error


def _check_end(path):
    with open(path, "rb") as file:
        file.seek(0, os.SEEK_END)
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read() != b"\n":
                raise ValueError("it is cut off within its last line; remove it to have it made again")


def read_columns(path, columns):
    """Read a file of results.

    Parameters
    ----------
    path : str or path
        A CSV file.
    columns : sequence of str
        Columns that it must have.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    InputError
        If the file cannot be read, lacks a column or is empty.
    """
    frame = read_frame(path)
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise InputError(f"{path}: lacks the column(s) {', '.join(missing)}")
    if frame.empty:
        raise InputError(f"{path}: holds no line below its header, where at least one is needed")
    return frame


def write_csv(rows, path):
    """Write rows as CSV, six significant digits, the signal-to-noise ratio ∞ as ``inf``.

    Parameters
    ----------
    rows : pandas.DataFrame
    path : str or path

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    with complete_file(path) as partial:
        rows.to_csv(partial, index=False, float_format="%.6g", lineterminator="\n", errors=_KEPT)


def read_csv(path):
    """Read rows that `write_csv` wrote.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    rows = read_frame(path)
    # an empty text comes back as NaN
    return rows.fillna({"stand_in_for": ""}) if "stand_in_for" in rows else rows
