"""Finished averages and their shell correlations, with the truth and between half sets."""

import pandas as pd

from gradalign.averaging.fsc import fourier_shell_correlation, resolution
from gradalign.averaging.wedge_average import merge_saved
from gradalign.errors import InputError
from gradalign.study.columns import COMPARISONS, HALVES
from gradalign.study.templates import empty_averages


def shell_rows(volume, halves, truth, voxel_size, **about):
    """Return the shell correlations of one average.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
        The average.
    halves : (array_like, array_like)
        Averages of its half sets.
    truth : array_like of shape (N, N, N)
    voxel_size : float
        In nm.
    **about
        What the average is of: columns that come first.

    Returns
    -------
    pandas.DataFrame
        `about`, then ``comparison`` (``"truth"`` or ``"halves"``), ``frequency_per_nm`` and ``correlation``.
    """
    parts = []
    for comparison, pair in (("truth", (volume, truth)), ("halves", halves)):
        frequencies, correlations = fourier_shell_correlation(*pair)
        columns = {"frequency_per_nm": frequencies / voxel_size, "correlation": correlations}
        parts.append(pd.DataFrame(about | {"comparison": comparison} | columns))
    return pd.concat(parts, ignore_index=True)


def finish_averages(sums, template, scores, count, voxel_size, **about):
    """Return the averages of one set of subtomograms from the sums of many jobs.

    Parameters
    ----------
    sums : list of str or path
        Files of `gradalign.averaging.wedge_average.save_averages`.
    template : numpy.ndarray of shape (N, N, N)
        The true map too.
    scores : list of str
    count : int
        How many subtomograms there must be.
    voxel_size : float
        In nm.
    **about
        What is averaged: further columns.

    Returns
    -------
    volumes : list of numpy.ndarray of shape (N, N, N)
        The average of each score.
    shells : pandas.DataFrame
        From `shell_rows`, with `about` and ``score``.

    Raises
    ------
    InputError
        If a file is damaged, or they hold another number of subtomograms.
    """
    averages = empty_averages(template, scores)
    for path in sums:
        merge_saved(path, averages)
    volumes, shells = [], []
    for score in scores:
        even, odd = (averages[f"{score}/{half}"] for half in HALVES)
        halves = even.volume(), odd.volume()
        even.merge(odd)
        if even.count != count:
            raise InputError(f"an average would be of {even.count} subtomograms, where {count} are needed")
        volumes.append(even.volume())
        shells.append(shell_rows(volumes[-1], halves, template, voxel_size, **about, score=score))
    return volumes, pd.concat(shells, ignore_index=True)


def resolution_of(rows):
    """Return the resolution at the threshold of its comparison.

    Parameters
    ----------
    rows : pandas.DataFrame
        The shells of one average and comparison, from `shell_rows`.

    Returns
    -------
    float
        In nm; NaN if there is none.
    """
    threshold = COMPARISONS[rows.comparison.iloc[0]]
    return resolution(rows.frequency_per_nm, rows.correlation, threshold, 1.0)
