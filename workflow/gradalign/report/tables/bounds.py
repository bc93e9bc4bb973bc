"""The Cramér–Rao bounds beside the errors of the tables."""

import numpy as np
import pandas as pd

from gradalign.report.csv_tables import read_columns
from gradalign.report.markdown import markdown_table
from gradalign.report.numbers import number, snr_label, tilt_label

BOUNDS = ["bound_known", "bound"]
"""Columns of the bounds: for a known signal, and for an unknown one of known spectrum."""
NOTE = (
    "Bound: the Cramér–Rao bound of these pairs for a signal of which the spectrum alone is known, as the median error "
    "of an aligner that attains it."
)
"""What captions say of the bound."""

_CELL = ["search", "quantity", "tilt_deg", "snr"]
# what stands before the names of the bounds where a row holds all errors
_PREFIXES = {"rotation_deg": "", "axis_deg": "axis_", "translation_voxel": "translation_"}


def read_bounds(path):
    """Read the bounds of one data set.

    Parameters
    ----------
    path : str or path
        A CSV file that the rule ``bounds`` wrote.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    InputError
        If the file cannot be read, lacks a column or is empty.
    """
    return read_columns(path, [*_CELL, *BOUNDS])


def with_bounds(rows, bounds):
    """Return the cells of the paper's tables with their bounds.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `gradalign.report.statistics.summarise`, or with its columns.
    bounds : pandas.DataFrame
        From `read_bounds`.

    Returns
    -------
    pandas.DataFrame
        `rows` and ``bound_known``, ``bound``: NaN where `bounds` has no such cell.
    """
    # a column of whole numbers, such as a lone SNR of 1, is read as integers
    bounds = bounds[[*_CELL, *BOUNDS]].astype({"tilt_deg": float, "snr": float})
    return rows.merge(bounds, on=_CELL, how="left", validate="many_to_one")


def complexes_with_bounds(rows, bounds):
    """Return the errors of the complexes with their bounds.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `gradalign.report.statistics.summarise_complexes`.
    bounds : dict of str to pandas.DataFrame
        From `read_bounds`, by the complex's name in the study.

    Returns
    -------
    pandas.DataFrame
        `rows` and ``bound_known``, ``bound`` of the rotation error in degrees, ``axis_bound_known``, ``axis_bound`` of
        the axis error (NaN without a symmetry axis), and ``translation_bound_known``, ``translation_bound`` in voxels.
    """
    frame = pd.concat([part.assign(object=name) for name, part in bounds.items()])
    rows = _with_prefixed(rows, frame, ["object", "tilt_deg", "snr"])
    rows.loc[rows.axis_median_deg.isna(), ["axis_bound_known", "axis_bound"]] = np.nan
    return rows


def scans_with_bounds(rows, bounds):
    """Return the errors of the scans with their bounds.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `gradalign.report.tables.scans.summarise_scans`.
    bounds : pandas.DataFrame
        From `read_bounds`, of the phantom.

    Returns
    -------
    pandas.DataFrame
        `rows` and the columns that `complexes_with_bounds` adds, but for the axis; NaN where `bounds` has no such cell.
    """
    rows = _with_prefixed(rows, bounds[bounds.search == "full"], ["tilt_deg", "snr"])
    return rows.drop(columns=["axis_bound_known", "axis_bound"])


def _with_prefixed(rows, bounds, keys):
    """Return rows that hold all errors of a cell with the bound of each."""
    numbers = {"tilt_deg": float, "snr": float}
    for quantity, prefix in _PREFIXES.items():
        part = bounds[bounds.quantity == quantity][[*keys, *BOUNDS]].astype(numbers)
        part = part.rename(columns={name: prefix + name for name in BOUNDS})
        rows = rows.astype(numbers).merge(part, on=keys, how="left", validate="many_to_one")
    return rows


def bounds_markdown(rows):
    """Return the bounds of one of the paper's tables as Markdown: no bound depends on score or interval.

    Parameters
    ----------
    rows : pandas.DataFrame
        One table of `with_bounds`.

    Returns
    -------
    str
    """
    tilts, snrs = (sorted(set(rows[name]), reverse=True) for name in ("tilt_deg", "snr"))
    cells = {(row.tilt_deg, row.snr): row for row in rows.itertuples(index=False)}
    lines = [[tilt_label(tilt), *(_cell(cells.get((tilt, snr))) for snr in snrs)] for tilt in tilts]
    header = ["Tilt", *(f"SNR {snr_label(snr)}" for snr in snrs)]
    return f"**Bound**, in brackets for a known signal\n\n{markdown_table(header, lines)}"


def _cell(row, prefix=""):
    if row is None:
        return number(np.nan)
    known, unknown = (getattr(row, prefix + name) for name in BOUNDS)
    return number(unknown) if np.isnan(unknown) else f"{number(unknown)} ({number(known)})"


def complexes_bounds_markdown(rows):
    """Return the bounds of the complexes as Markdown.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `complexes_with_bounds`.

    Returns
    -------
    str
    """
    lines = [
        [row.title, tilt_label(row.tilt_deg), snr_label(row.snr)]
        + [_cell(row, prefix) for prefix in _PREFIXES.values()]
        for row in rows.drop_duplicates(["object", "tilt_deg", "snr"]).itertuples(index=False)
    ]
    header = ["Complex", "Tilt", "SNR", "Rotation (°)", "Axis tilt (°)", "Translation (voxels)"]
    return f"**Bound**, in brackets for a known signal\n\n{markdown_table(header, lines)}"
