"""Named tuples as lines of CSV files, read back as they were: what jobs hand on about each particle."""

import csv

import numpy as np

from gradalign.base.files import complete_file
from gradalign.errors import InputError

# names of files may hold bytes that are no text
_TEXT = {"encoding": "utf-8", "errors": "surrogateescape"}


def _text(value):
    if isinstance(value, float):
        # adding zero turns -0 into 0
        return "" if np.isnan(value) else f"{round(value, 8) + 0.0:.8g}"
    return str(value)


def write_rows(path, kind, rows):
    """Write named tuples as CSV.

    Parameters
    ----------
    path : str or path
    kind : type
        A `typing.NamedTuple` whose fields are numbers and texts.
    rows : iterable of kind
        NaN is left empty; numbers have eight digits and at most eight decimals.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    with complete_file(path) as partial, open(partial, "w", newline="", **_TEXT) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(kind._fields)
        writer.writerows([_text(value) for value in row] for row in rows)


def read_rows(path, kind):
    """Read the named tuples that `write_rows` wrote.

    Parameters
    ----------
    path : str or path
    kind : type
        As of `write_rows`.

    Returns
    -------
    list of kind

    Raises
    ------
    InputError
        If the file is missing or damaged.
    """
    kinds = [kind.__annotations__[name] for name in kind._fields]
    try:
        with open(path, newline="", **_TEXT) as file:
            rows = list(csv.reader(file))
        if not rows or tuple(rows[0]) != kind._fields:
            raise ValueError("other columns")
        return [
            kind(*(np.nan if one is float and not text else one(text) for one, text in zip(kinds, row, strict=True)))
            for row in rows[1:]
        ]
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: is no complete table of particles; remove it to have it made again") from error
