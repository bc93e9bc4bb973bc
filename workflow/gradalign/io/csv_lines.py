"""Results of single pairs as lines of CSV files: how their numbers are written, and one file from many jobs' parts."""

import csv

from gradalign.base.files import complete_file
from gradalign.errors import InputError

TRANSFORM_COLUMNS = ("phi_deg", "theta_deg", "psi_deg", "shift_x_voxel", "shift_y_voxel", "shift_z_voxel")
"""Columns of a transform: ZYZ angles and the translation."""

ESTIMATE_COLUMNS = (
    *TRANSFORM_COLUMNS,
    *(f"true_{name}" for name in TRANSFORM_COLUMNS),
    "rotation_error_deg",
    "translation_error_voxel",
    "axis_error_deg",
)
"""Columns of an estimate, of the truth and of what lies between them."""

# beyond what any question about the study needs, and short of what two kinds of processor may differ in
_DECIMALS = {"deg": 4, "voxel": 5}
_DIGITS = 8
_CONDITIONS = ("tilt_deg", "snr", "interval_deg", "scan_interval_deg", "seed_interval_deg")


def number_text(value):
    """Return how a number is written in file names and tables: 60, 0.5, inf.

    Parameters
    ----------
    value : float

    Returns
    -------
    str
        Without trailing zeros, so that 60 and 60.0 are the same cell.
    """
    return f"{float(value):.12g}"


def line(columns, values):
    """Return one line of a file of results.

    Parameters
    ----------
    columns : sequence of str
        The name of a column says how its number is written: an angle (``_deg``) with four decimals, a length
        (``_voxel``) with five, a dissimilarity with eight digits, a condition of the cell as in file names.
    values : sequence of float, int or str
        As many; None for what there is not.

    Returns
    -------
    dict of str to str
    """
    return {name: _text(name, value) for name, value in zip(columns, values, strict=True)}


def _text(name, value):
    decimals = _DECIMALS.get(name.rsplit("_", 1)[-1])
    if value is None:
        return ""
    if name in _CONDITIONS:
        return number_text(value)
    if decimals:
        # adding zero turns -0 into 0
        return f"{round(value, decimals) + 0.0:.{decimals}f}"
    return f"{value:.{_DIGITS}g}" if "dissimilarity" in name else str(value)


def write_records(path, columns, rows):
    """Write results as CSV.

    Parameters
    ----------
    path : str or path
        The file; it appears once it is complete.
    columns : sequence of str
    rows : iterable of dict
        From `line`.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    with complete_file(path) as partial, open(partial, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def join_records(parts, path, columns, count):
    """Write the results of several files as one, in their order.

    Parameters
    ----------
    parts : list of str or path
        Files of `write_records`.
    path : str or path
    columns : sequence of str
        Those each part must have.
    count : int
        How many lines there must be.

    Raises
    ------
    InputError
        If a part is missing or is no such file, or they hold another number of lines.
    """
    rows = []
    for part in parts:
        try:
            with open(part, encoding="utf-8", newline="") as file:
                reader = csv.DictReader(file)
                rows += list(reader)
        except (OSError, ValueError) as error:
            raise InputError(f"{part}: could not be read ({error})") from error
        # too few values leave None, too many a key None
        if reader.fieldnames != list(columns) or any(None in row or None in row.values() for row in rows):
            raise InputError(f"{part}: is no complete file of results; remove it to have it made again")
    if len(rows) != count:
        raise InputError(f"{path}: would get {len(rows)} lines where {count} are needed; remove its parts")
    write_records(path, columns, rows)
