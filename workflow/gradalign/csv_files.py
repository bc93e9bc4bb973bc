"""Files of results, read with a sentence for what is wrong with them."""

import os

import pandas as pd

from gradalign.errors import InputError


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
        return pd.read_csv(path)
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
