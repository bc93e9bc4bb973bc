"""Claims on the errors of the phantom: Tables 1 to 4."""

import numpy as np

from gradalign.base.randomness import generator
from gradalign.report.claims.claim import (
    FAILS,
    HOLDS,
    Claim,
    Interval,
    all_of,
    bootstrap,
    each_below,
    is_below,
    mean_log_ratio_of_medians,
    median_bounds,
    not_measured,
)
from gradalign.report.numbers import INACCURATE_DEG, number, snr_label, tilt_label
from gradalign.report.statistics import log_ratio, median_interval
from gradalign.search.registry import score_label

NEARLY = 1.25
"""Errors up to this many times as large are called nearly as good."""
LOST_DEG = 20.0
"""A pair further off than this was not aligned."""
_NARROWEST = 50.0
_NOISIEST = 0.1


def _cells(alignments, search, **wanted):
    """Return the cells of a search down to ±50° as a dict from (interval, score, tilt, snr), in a fixed order."""
    rows = alignments[(alignments.search == search) & (alignments.tilt_deg >= _NARROWEST)]
    for name, value in wanted.items():
        rows = rows[rows[name] == value]
    names = ["interval_deg", "score", "tilt_deg", "snr"]
    return {key: group.sort_values("pair") for key, group in rows.groupby(names)}


def _extreme(cells, pick):
    """Return in words the cell with the extreme median rotation error, its interval and where it is."""
    errors = [group.rotation_error_deg for group in cells.values()]
    place = int(pick([np.median(error) for error in errors]))
    interval, score, tilt, snr = list(cells)[place]
    where = f"{score_label(score)}, {interval:g}°, {tilt_label(tilt)}, SNR {snr_label(snr)}"
    return f"of {len(errors)} medians {median_bounds(errors[place])}° ({where})"


def nearly_as_good(alignments, paper, seed):
    """Seeds every 60° are nearly as good as seeds every 45°.

    Parameters
    ----------
    alignments : pandas.DataFrame
        Of the phantom, from `gradalign.report.statistics.read_alignments`.
    paper : pandas.DataFrame
        From `gradalign.report.statistics.read_paper`.
    seed : int
        The study's seed.

    Returns
    -------
    Claim
    """
    claim = "Seeds every 60° are nearly as good as seeds every 45°."
    criterion = f"rotation error at 60° over that at 45°, geometric mean of the cells' medians, below {NEARLY:g}"
    cells = _cells(alignments[alignments.snr > _NOISIEST], "full")
    columns, printed = [], paper[paper.table == 1].set_index(["interval_deg", "score", "tilt_deg", "snr"])["median"]
    logs = []
    for (interval, *condition), coarse in cells.items():
        fine = cells.get((45, *condition))
        if interval == 60 and fine is not None:
            both = coarse.merge(fine, on="pair", suffixes=("_coarse", "_fine"))
            columns.append(both[["rotation_error_deg_coarse", "rotation_error_deg_fine"]])
            if (60, *condition) in printed.index:
                logs.append(np.log(printed[60, *condition] / printed[45, *condition]))
    if not columns:
        return not_measured(claim, criterion)
    ratio = bootstrap(columns, mean_log_ratio_of_medians, generator(seed, "claim", "nearly as good"))
    measured = f"error at 60° / error at 45° = {ratio}, {len(columns)} cells (±50° and wider, SNR above 0.1)"
    if logs:
        measured += f"; in the paper's tables {number(float(np.exp(np.mean(logs))))}"
    return Claim(claim, is_below(ratio, NEARLY), measured, criterion, min(map(len, columns)))


def printed_value(alignments, paper, seed, score, interval):
    """State an error of the paper's abstract of results: ±70°, SNR 0.5.

    Parameters
    ----------
    alignments, paper : pandas.DataFrame
    seed : int
    score : str
    interval : int
        Of the seed angles, in degrees.

    Returns
    -------
    Claim
        `FAILS` if the error here is larger beyond both sampling errors.
    """
    cell = {"search": "full", "interval_deg": interval, "score": score, "tilt_deg": 70, "snr": 0.5}
    printed = paper[(paper.quantity == "rotation_deg") & (paper[list(cell)] == list(cell.values())).all(axis=1)].iloc[0]
    named = f"{score_label(score)} with seeds every {interval}°"
    claim = f"At ±70° and SNR 0.5, {named} has an error of {printed['median']:g}°."
    criterion = "95 % interval of here/paper, both sampling errors counted, contains 1 or lies below it"
    errors = alignments[(alignments[list(cell)] == list(cell.values())).all(axis=1)].rotation_error_deg
    if len(errors) < 2:
        return not_measured(claim, criterion)
    rng = generator(seed, "claim", "printed value", score, interval)
    ratio = log_ratio(errors, printed["median"], printed["mad"], rng)
    here = Interval(float(errors.median()), *median_interval(errors, rng))
    word = "agrees" if ratio.agrees else "better" if ratio.value < 0 else "worse"
    here_over_paper = "{:.2f} ({:.2f} to {:.2f})".format(*np.exp(ratio))
    measured = f"{here}°; here/paper {here_over_paper}: {word}"
    return Claim(claim, FAILS if word == "worse" else HOLDS, measured, criterion, len(errors))


def accurate_with_normal(alignments):
    """With the surface normal the error stays below 6° down to ±50° even at SNR 0.1.

    Parameters
    ----------
    alignments : pandas.DataFrame

    Returns
    -------
    Claim
    """
    claim = "With the surface normal known, errors at SNR 0.1 stay below 6° down to ±50°."
    criterion = "the median rotation error of each of these cells is below 6°"
    cells = _cells(alignments, "axis", snr=_NOISIEST)
    if not cells:
        return not_measured(claim, criterion)
    errors = [group.rotation_error_deg for group in cells.values()]
    measured = f"largest {_extreme(cells, np.argmax)}"
    return Claim(claim, each_below(errors, 6.0), measured, criterion, min(map(len, errors)))


def inaccurate_without_normal(alignments, paper):
    """Without the surface normal the error at SNR 0.1 is at least 10°.

    Parameters
    ----------
    alignments, paper : pandas.DataFrame

    Returns
    -------
    Claim
    """
    claim = "Without the surface normal, errors at SNR 0.1 are at least 10°."
    criterion = "the median rotation error of each of these cells (±50° and wider) is 10° or more"
    cells = _cells(alignments, "full", snr=_NOISIEST)
    if not cells:
        return not_measured(claim, criterion)
    printed = paper[(paper.table == 1) & (paper.snr == _NOISIEST) & (paper.tilt_deg >= _NARROWEST)]["median"]
    errors = [group.rotation_error_deg for group in cells.values()]
    below = sum(np.median(error) < 10 for error in errors)
    measured = (
        f"smallest {_extreme(cells, np.argmin)}, {below} below 10°; of the paper's own {len(printed)} the smallest is "
        f"{number(printed.min())}°, {(printed < 10).sum()} below 10°"
    )
    # at least 10 is at most −10 of the negative
    verdict = each_below([-error for error in errors], -10.0)
    return Claim(claim, verdict, measured, criterion, min(map(len, errors)))


def few_seeds_about_an_axis(alignments):
    """About one axis 6 to 8 seeds suffice.

    Parameters
    ----------
    alignments : pandas.DataFrame

    Returns
    -------
    Claim
    """
    claim = "About a single axis 6 to 8 seeds suffice."
    criterion = (
        "with 6 and with 8 seeds the median rotation error of each cell (±50° and wider, SNR above 0.1) is below "
        f"{INACCURATE_DEG:g}°"
    )
    verdicts, texts, counts = [], [], []
    for interval, seeds in ((60, 6), (45, 8)):
        cells = _cells(alignments[alignments.snr > _NOISIEST], "axis", interval_deg=interval)
        if not cells:
            return not_measured(claim, criterion)
        errors = [group.rotation_error_deg for group in cells.values()]
        lost = np.mean(np.concatenate(errors) > LOST_DEG)
        verdicts.append(each_below(errors, INACCURATE_DEG))
        texts.append(
            f"{seeds} seeds: largest {_extreme(cells, np.argmax)}, {100 * lost:.1f} % of the pairs more than "
            f"{LOST_DEG:g}° off"
        )
        counts += map(len, errors)
    return Claim(claim, all_of(*verdicts), "; ".join(texts), criterion, min(counts))
