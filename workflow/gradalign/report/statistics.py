"""What tables say of alignments: medians, their spread and uncertainty, the paper's values beside them."""

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import pandas as pd

from gradalign.base.medians import median_and_deviation
from gradalign.base.randomness import generator
from gradalign.errors import InputError
from gradalign.geometry.rotations import point_group
from gradalign.report.csv_tables import read_columns
from gradalign.search.registry import score_order
from gradalign.study.columns.paper import CELL, ERRORS, PAPER_ALIGNMENTS, TABLES

_CONDITION = ["interval_deg", "score", "tilt_deg", "snr"]
_NEEDED = ["search", *_CONDITION, *ERRORS.values(), "axis_error_deg"]
# of a normal distribution: standard deviation over median absolute deviation, and standard error of the
# median over that of the mean
_SIGMA_PER_MAD = 1.48
_MEDIAN_PER_MEAN = 1.25
_RESAMPLES = 2000
# half of the last decimal of an angle in the alignments
_LEAST_ERROR = 5e-5


class LogRatio(NamedTuple):
    """Natural logarithm of a median of this study over the paper's, with its confidence interval."""

    value: float
    """log(here/paper)."""
    low: float
    """Lower end of the interval."""
    high: float
    """Upper end of the interval."""

    @property
    def agrees(self):
        """Whether the interval contains 0."""
        return bool(self.low <= 0.0 <= self.high)


def read_alignments(path):
    """Read the alignments of one data set.

    Parameters
    ----------
    path : str or path
        A CSV file with one line per alignment.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    InputError
        If the file cannot be read, lacks a column that the tables need, is empty, or holds an error that is
        no finite number.
    """
    frame = read_columns(path, _NEEDED)
    for name in (*ERRORS.values(), "axis_error_deg"):
        if not (pd.api.types.is_numeric_dtype(frame[name]) and np.isfinite(frame[name]).all()):
            raise InputError(f"{path}: the column {name} holds something that is not a finite number")
    return frame


def read_paper(path):
    """Read the values printed in the paper.

    Parameters
    ----------
    path : str or path
        A CSV file with the columns of `CELL`, ``median`` and ``mad``.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    InputError
        If the file cannot be read, lacks a column or is empty.
    """
    return read_columns(path, [*CELL, "median", "mad"])


def summarise(alignments, paper):
    """Return the cells of the paper's tables: medians and deviations here, the printed ones beside them.

    Parameters
    ----------
    alignments : pandas.DataFrame
        One line per alignment, from `read_alignments`; a column ``missing`` says of which there is none.
    paper : pandas.DataFrame
        From `read_paper`.

    Returns
    -------
    pandas.DataFrame
        Columns of `CELL`, ``median``, ``mad``, ``n``, ``missing``, ``paper_median`` and ``paper_mad``, the last two NaN
        where the paper has no such cell; in the order of the paper. ``rows[rows.table == 1]`` is Table 1; the full
        search makes Tables 1 and 2, that about one axis 3 and 4.

    Raises
    ------
    InputError
        If there are no alignments.
    """
    cells = []
    for (search, *condition), group in alignments.groupby(["search", *_CONDITION], sort=False):
        for quantity, column in ERRORS.items():
            values = (*median_and_deviation(group[column]), len(group), _missing(group))
            cells.append((TABLES[search, quantity], quantity, search, *condition, *values))
    if not cells:
        raise InputError("there are no alignments to summarise")
    rows = pd.DataFrame(cells, columns=[*CELL, "median", "mad", "n", "missing"])
    printed = paper[[*CELL, "median", "mad"]].rename(columns={"median": "paper_median", "mad": "paper_mad"})
    # a column of whole numbers, such as a lone SNR of 1, is read as integers
    numbers = dict.fromkeys(["interval_deg", "tilt_deg", "snr"], float)
    rows = rows.astype(numbers).merge(printed.astype(numbers), on=CELL, how="left", validate="one_to_one")
    return in_paper_order(rows, ["table"])


def _missing(group):
    """Return how many lines stand for an alignment that there is not."""
    return int(group.missing.notna().sum()) if "missing" in group else 0


def in_paper_order(rows, first=()):
    """Sort cells as the paper prints them: wide intervals, RCS, wide tilt ranges and high SNR first.

    Parameters
    ----------
    rows : pandas.DataFrame
        With the columns ``interval_deg``, ``score``, ``tilt_deg`` and ``snr``.
    first : sequence of str
        Columns that come before these, the smallest value first.

    Returns
    -------
    pandas.DataFrame
    """
    keys = [*first, *_CONDITION]
    ascending = [name in first or name == "score" for name in keys]
    return rows.sort_values(keys, ascending=ascending, kind="stable", ignore_index=True, key=_sort_key)


def _sort_key(column):
    return column.map(score_order) if column.name == "score" else column


def random_azimuth_error(symmetry):
    """Return the median rotation error of an azimuth that is pure chance, the principal axis being right.

    A rotation by a uniformly random angle about an n-fold axis is at most 180°/n from the nearest equivalent one,
    and uniformly so: its median is 90°/n, 12.9° under D7.

    Parameters
    ----------
    symmetry : str
        Point group Cn or Dn.

    Returns
    -------
    float
        In degrees.

    Raises
    ------
    InputError
        If the point group is not known.
    """
    # the rotations that keep the direction of z are those about z
    fold = int(np.isclose(point_group(symmetry)[:, 2, 2], 1.0).sum())
    return 90.0 / fold


def summarise_complexes(alignments, objects):
    """Return the errors of the complexes, the tilt of the principal axis apart.

    Parameters
    ----------
    alignments : dict of str to pandas.DataFrame
        Alignments of each complex, by its name in the study, from `read_alignments`.
    objects : dict of str to dict
        What each complex is, by the keys of its map's provenance: ``title`` such as ``"GroEL (1MNF)"``,
        ``point_group`` such as ``"D7"``, and ``stand_in_for``, the paper's entry if this is another, or None.

    Returns
    -------
    pandas.DataFrame
        One row per complex and condition, complexes in the order of `alignments`: ``object``, ``title``,
        ``point_group``, ``stand_in_for``, ``interval_deg``, ``score``, ``tilt_deg``, ``snr``, ``n``,
        ``missing``, and medians with deviations ``rotation_median_deg``, ``rotation_mad_deg``, ``axis_median_deg``,
        ``axis_mad_deg``, ``translation_median_voxel``, ``translation_mad_voxel``; then
        ``random_azimuth_deg``, from `random_azimuth_error`. What belongs to the symmetry axis is NaN under C1.

    Raises
    ------
    InputError
        If there are no alignments, or a point group is not known.
    """
    rows = []
    for place, (name, frame) in enumerate(alignments.items()):
        about = objects[name]
        has_axis = len(point_group(about["point_group"])) > 1
        for condition, group in frame.groupby(_CONDITION, sort=False):
            row = {"place": place, "object": name} | {key: about[key] for key in ("title", "point_group")}
            row["stand_in_for"] = about["stand_in_for"] or ""
            row |= dict(zip(_CONDITION, condition, strict=True)) | {"n": len(group), "missing": _missing(group)}
            for kind, unit in (("rotation", "deg"), ("axis", "deg"), ("translation", "voxel")):
                pair = median_and_deviation(group[f"{kind}_error_{unit}"])
                median, deviation = pair if has_axis or kind != "axis" else (np.nan, np.nan)
                row |= {f"{kind}_median_{unit}": median, f"{kind}_mad_{unit}": deviation}
            chance = random_azimuth_error(about["point_group"]) if has_axis else np.nan
            rows.append(row | {"random_azimuth_deg": chance})
    if not rows:
        raise InputError("there are no alignments of complexes to summarise")
    return in_paper_order(pd.DataFrame(rows), ["place"]).drop(columns="place")


def _bootstrap(values, statistic, rng, level):
    # takes longer to load than most jobs that import this module take
    from scipy import stats

    # sorted: the draws shall not depend on the order of the alignments
    values = np.sort(np.asarray(values, dtype=float))
    if values.size < 2:
        raise InputError(f"a bootstrap interval needs at least 2 alignments, and there is {values.size}")
    return stats.bootstrap(
        (values,), statistic, n_resamples=_RESAMPLES, confidence_level=level, method="percentile", rng=rng
    )


def _log_median(sample, axis):
    return np.log(np.median(sample, axis=axis))


def median_interval(values, rng, level=0.95):
    """Return the bootstrap confidence interval of a median (percentile method).

    Parameters
    ----------
    values : array_like of shape (n,)
    rng : numpy.random.Generator
        Keyed to the cell, see `gradalign.base.randomness.generator`.
    level : float
        Confidence level.

    Returns
    -------
    low, high : float

    Raises
    ------
    InputError
        If there are fewer than two values.
    """
    interval = _bootstrap(values, np.median, rng, level).confidence_interval
    return float(interval.low), float(interval.high)


def median_standard_error(deviation, count):
    """Return the standard error of a median from the median absolute deviation: 1.25 · 1.48 · MAD / √n.

    Exact for large samples of a normal distribution; all that can be had from a printed table.

    Parameters
    ----------
    deviation : float
    count : int

    Returns
    -------
    float
    """
    return _MEDIAN_PER_MEAN * _SIGMA_PER_MAD * deviation / np.sqrt(count)


def log_ratio(values, paper_median, paper_deviation, rng, level=0.95):
    """Compare the median of some errors with a printed one.

    The interval is log(here/paper) ± z √(s² + (1.25·1.48·MAD/√100 / median)²), s being the bootstrap standard
    error of the logarithm of the median here and the second term the printed cell's.

    Parameters
    ----------
    values : array_like of shape (n,)
        Errors of this study; 0 counts as half of the last decimal that alignments are written with.
    paper_median, paper_deviation : float
        As printed.
    rng : numpy.random.Generator
    level : float
        Confidence level.

    Returns
    -------
    LogRatio

    Raises
    ------
    InputError
        If there are fewer than two values or one is negative.
    """
    values = np.asarray(values, dtype=float)
    if not (values >= 0).all():
        raise InputError("an error is the size of a difference and not negative, and one is")
    values = np.maximum(values, _LEAST_ERROR)
    here = _bootstrap(values, _log_median, rng, level).standard_error
    there = median_standard_error(paper_deviation, PAPER_ALIGNMENTS) / paper_median
    value = float(np.log(np.median(values) / paper_median))
    half = float(NormalDist().inv_cdf(0.5 + level / 2) * np.hypot(here, there))
    return LogRatio(value, value - half, value + half)


def compare(alignments, rows, study_seed, level=0.95):
    """Return the cells that the paper prints with the ratio here/paper and whether the two agree.

    Parameters
    ----------
    alignments : pandas.DataFrame
        From `read_alignments`.
    rows : pandas.DataFrame
        From `summarise`, of the same alignments.
    study_seed : int
        Of the bootstrap's random numbers.
    level : float
        Confidence level.

    Returns
    -------
    pandas.DataFrame
        `rows` without the cells that the paper lacks, and with ``ratio``, ``ratio_low``, ``ratio_high`` and
        ``agrees``.

    Raises
    ------
    InputError
        As `log_ratio`.
    """
    groups = dict(list(alignments.groupby(["search", *_CONDITION], sort=False)))
    rows = rows[rows.paper_median.notna()].reset_index(drop=True)
    results = []
    for row in rows.itertuples(index=False):
        condition = tuple(getattr(row, name) for name in ("search", *_CONDITION))
        rng = generator(study_seed, "bootstrap", row.quantity, *condition)
        errors = groups[condition][ERRORS[row.quantity]]
        results.append(log_ratio(errors, row.paper_median, row.paper_mad, rng, level))
    values = np.exp(np.array([tuple(result) for result in results]).reshape(-1, 3))
    return rows.assign(
        ratio=values[:, 0],
        ratio_low=values[:, 1],
        ratio_high=values[:, 2],
        agrees=[result.agrees for result in results],
    )
