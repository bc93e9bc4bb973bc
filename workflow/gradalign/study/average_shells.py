"""Averages before any subtomogram is added, and finished, with their shell correlations."""

import numpy as np

from gradalign.averaging.fsc import fourier_shell_correlation
from gradalign.averaging.wedge_average import WedgeAverage, merge_saved
from gradalign.errors import InputError
from gradalign.study.columns.averages import HALVES


def empty_averages(reference, scores):
    """Return the averages of one set of subtomograms before any is added.

    Parameters
    ----------
    reference : numpy.ndarray of shape (N, N, N)
        The template, which sets the scale.
    scores : list of str

    Returns
    -------
    dict of str to gradalign.averaging.wedge_average.WedgeAverage
        ``"rcs/even"``, ``"rcs/odd"``, ...
    """
    scale = float(np.abs(reference).max())
    return {f"{score}/{half}": WedgeAverage(len(reference), scale) for score in scores for half in HALVES}


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
    list of dict
        A line for each shell: `about`, then ``comparison`` (``"truth"`` or ``"halves"``), ``frequency_per_nm`` and
        ``correlation``.
    """
    lines = []
    for comparison, pair in (("truth", (volume, truth)), ("halves", halves)):
        frequencies, correlations = fourier_shell_correlation(*pair)
        lines += [
            about | {"comparison": comparison, "frequency_per_nm": frequency / voxel_size, "correlation": correlation}
            for frequency, correlation in zip(frequencies.tolist(), correlations.tolist(), strict=True)
        ]
    return lines


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
    shells : list of dict
        Lines of `shell_rows`, with `about` and ``score``.

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
        shells += shell_rows(volumes[-1], halves, template, voxel_size, **about, score=score)
    return volumes, shells
