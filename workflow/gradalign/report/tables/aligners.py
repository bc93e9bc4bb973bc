"""Other aligners in the tables: beside the study's own scores, with the pairs that they have no answer for."""

import numpy as np
import pandas as pd

from gradalign.aligners.declared import OWN_INTERVAL
from gradalign.errors import InputError
from gradalign.report.csv_tables import read_columns
from gradalign.study.columns.paper import ERRORS

_ERRORS = [*ERRORS.values(), "axis_error_deg"]
_NEEDED = ["object", "search", "interval_deg", "score", "tilt_deg", "snr", *_ERRORS, "missing"]


def with_others(alignments, paths, data_set):
    """Return the study's own alignments of a data set and those of other aligners, ready to be summarised.

    Parameters
    ----------
    alignments : pandas.DataFrame
        From `gradalign.report.statistics.read_alignments`.
    paths : list of str or path
        The file of all other aligners, or nothing if there are none.
    data_set : str

    Returns
    -------
    pandas.DataFrame
        With a column ``missing`` where there are other aligners. The errors of a missing pair are infinite: it was
        aligned as badly as can be.

    Raises
    ------
    InputError
        If a file cannot be read or lacks a column.
    """
    frames = [alignments]
    for path in paths:
        frame = read_columns(path, _NEEDED)
        frame = frame[frame.object == data_set].reset_index(drop=True)
        absent = frame.missing.notna()
        frame[_ERRORS] = frame[_ERRORS].apply(pd.to_numeric, errors="coerce").astype(float)
        if not np.isfinite(frame.loc[~absent, _ERRORS]).all(axis=None):
            raise InputError(f"{path}: holds an error that is not a finite number; remove it to have it made again")
        frame.loc[absent, _ERRORS] = np.inf
        if len(frame):
            frames.append(frame.dropna(axis="columns", how="all"))
    return pd.concat(frames, ignore_index=True)


def block_title(interval):
    """Return what stands above the cells of one interval.

    Parameters
    ----------
    interval : float
        In degrees.

    Returns
    -------
    str
    """
    return "Other aligners" if interval == OWN_INTERVAL else f"{interval:g}° angle interval"


def others(rows):
    """Return the rows of other aligners.

    Parameters
    ----------
    rows : pandas.DataFrame
        With a column ``interval_deg``.

    Returns
    -------
    pandas.DataFrame
    """
    return rows[rows.interval_deg == OWN_INTERVAL]


def answers(row):
    """Return in words how many pairs stand behind a cell of another aligner.

    Parameters
    ----------
    row : named tuple
        With ``interval_deg``, ``n`` and ``missing``.

    Returns
    -------
    str
        Such as ``"n = 10, 2 missing"``; empty for the study's own cells, whose captions say it.
    """
    if row.interval_deg != OWN_INTERVAL:
        return ""
    return f"n = {row.n}, {row.missing} missing" if row.missing else f"n = {row.n}"


def others_caption(rows):
    """Return what a caption says of other aligners.

    Parameters
    ----------
    rows : pandas.DataFrame
        With ``interval_deg``.

    Returns
    -------
    str
        Empty if there are none.
    """
    if others(rows).empty:
        return ""
    return (
        " Other aligners: n pairs, and how many of them are missing: for want of an answer, of one that is a rotation "
        "and a translation, or of one within the time limit. A missing pair counts as infinitely wrong; ∞ is a median "
        "that falls on one."
    )
