"""Claims on the search itself: steps saved, scans outdone, and what tells the two scores apart."""

import numpy as np

from gradalign.base.randomness import generator
from gradalign.report.claims.claim import (
    FAILS,
    HOLDS,
    UNDECIDED,
    Claim,
    all_of,
    bootstrap,
    is_above,
    is_below,
    mean_log_ratio_of_medians,
    not_measured,
    pooled_median,
)
from gradalign.report.numbers import number
from gradalign.search.registry import score_label
from gradalign.study.columns.optimum import SAME_ROTATION_DEG, SAME_TRANSLATION_VOXEL, is_same_optimum

HALF_A_VOXEL = 0.5
"""Below this the paper sees no translation by FFT, on average."""
_CELL = ["interval_deg", "score", "tilt_deg", "snr"]


def _columns(rows, by, names):
    return [group[names].to_numpy(dtype=float) for _, group in rows.sort_values("pair").groupby(by)]


def fewer_steps(comparisons, seed, interval, low, high):
    """Stochastic parallel refinement takes so many times fewer steps than refining every seed.

    Parameters
    ----------
    comparisons : pandas.DataFrame or None
        Columns of `gradalign.study.columns.speedup.SPEEDUP`.
    seed : int
        The study's seed.
    interval : int
        Of the seed angles, in degrees.
    low, high : int
        The paper's range; the two are the same for a single number.

    Returns
    -------
    Claim
    """
    fold = f"{low} to {high}-fold" if low < high else f"{low}-fold"
    claim = f"With seeds every {interval}° the stochastic search takes {fold} fewer steps than refining every seed."
    criterion = f"the median ratio of the steps, over the pairs of all cells, is {low} or more"
    rows = None if comparisons is None else comparisons[comparisons.interval_deg == interval]
    if rows is None or rows.empty:
        return not_measured(claim, criterion)
    rows = rows.assign(ratio=rows.independent_steps / rows.stochastic_steps)
    columns = _columns(rows, _CELL, "ratio")
    ratio = bootstrap(columns, pooled_median, generator(seed, "claim", "fewer steps", interval))
    medians = [np.median(column) for column in columns]
    same = is_same_optimum(rows.rotation_difference_deg, rows.translation_difference_voxel)
    measured = (
        f"{ratio}-fold; cells from {number(min(medians))} to {number(max(medians))}; both searches end at the same "
        f"optimum in {100 * same.mean():.0f} % of the pairs"
    )
    return Claim(claim, is_above(ratio, low), measured, criterion, min(map(len, columns)))


def steps_taken(comparisons, seed):
    """State how many steps a seed and a stochastic search take.

    Parameters
    ----------
    comparisons : pandas.DataFrame or None
    seed : int

    Returns
    -------
    Claim
    """
    claim = "A seed refined alone takes about 60 steps, a whole stochastic search with seeds every 60° 200 to 300."
    criterion = "the median is 45 to 75 steps a seed, and at most 300 a search"
    rows = None if comparisons is None else comparisons[comparisons.interval_deg == 60]
    if rows is None or rows.empty:
        return not_measured(claim, criterion)
    rows = rows.assign(alone=rows.independent_steps / rows.seeds)
    alone, together = (
        bootstrap(_columns(rows, _CELL, name), pooled_median, generator(seed, "claim", "steps taken", name))
        for name in ("alone", "stochastic_steps")
    )
    verdict = all_of(is_above(alone, 45), is_below(alone, 75), is_below(together, 300.5))
    measured = f"{alone} steps a seed, {together} a search"
    return Claim(claim, verdict, measured, criterion, min(map(len, _columns(rows, _CELL, "alone"))))


def more_precise_than_a_scan(scans, seed, interval):
    """Refinement is more precise than an exhaustive scan at so many degrees.

    Parameters
    ----------
    scans : pandas.DataFrame or None
        Columns of `gradalign.study.columns.scans.SCANS`.
    seed : int
    interval : int
        Of the scan, in degrees.

    Returns
    -------
    Claim
    """
    claim = f"Refinement from seeds every 60° is more precise than an exhaustive scan at {interval}°."
    criterion = "rotation error refined / scanned of the same pairs, geometric mean of the cells' medians, below 1"
    rows = None if scans is None else scans[scans.scan_interval_deg == interval]
    if rows is None or rows.empty:
        return not_measured(claim, criterion)
    names = ["refined_rotation_error_deg", "rotation_error_deg"]
    columns = _columns(rows, ["score", "tilt_deg", "snr"], names)
    ratio = bootstrap(columns, mean_log_ratio_of_medians, generator(seed, "claim", "scan", interval))
    refined, scanned = (number(float(rows[name].median())) for name in names)
    measured = f"refined / scanned = {ratio}; median over all pairs {refined}° against {scanned}°"
    return Claim(claim, is_below(ratio, 1.0), measured, criterion, min(map(len, columns)))


def whole_voxels(scans, seed):
    """Hold translations by FFT, said to be no better than half a voxel on average, against refined ones.

    Parameters
    ----------
    scans : pandas.DataFrame or None
    seed : int

    Returns
    -------
    Claim
    """
    claim = "Translations found by FFT are on average no better than half a voxel; refined ones are."
    criterion = "median translation error of the scans 0.5 voxel or more, of the same pairs refined below it"
    if scans is None or scans.empty:
        return not_measured(claim, criterion)
    finest = scans[scans.scan_interval_deg == _finest_with_most_pairs(scans)]
    by = ["score", "tilt_deg", "snr"]
    scanned, refined = (
        bootstrap(_columns(finest, by, name), pooled_median, generator(seed, "claim", "whole voxels", name))
        for name in ("translation_error_voxel", "refined_translation_error_voxel")
    )
    measured = (
        f"scan at {finest.scan_interval_deg.iloc[0]:g}° {scanned} voxels, refined {refined}; a position rounded "
        "to whole voxels is by itself 0.48 voxel off on average"
    )
    verdict = all_of(is_above(scanned, HALF_A_VOXEL), is_below(refined, HALF_A_VOXEL))
    return Claim(claim, verdict, measured, criterion, min(map(len, _columns(finest, by, "pair"))))


def _finest_with_most_pairs(scans):
    pairs = scans.groupby("scan_interval_deg").pair.nunique()
    return min(pairs.index[pairs == pairs.max()])


def contrast(measurements):
    """RCS is indifferent to a difference in contrast, FCS is not.

    Parameters
    ----------
    measurements : pandas.DataFrame or None
        Columns of `gradalign.study.columns.contrast.CONTRAST`.

    Returns
    -------
    Claim
    """
    claim = "RCS is indifferent to a difference in contrast between the subtomograms, FCS is not."
    criterion = (
        f"with g scaled by 0.5 and 2 no RCS answer moves by more than {SAME_ROTATION_DEG:g}° or "
        f"{SAME_TRANSLATION_VOXEL:g} voxel, and more than half of the FCS answers do"
    )
    rows = None if measurements is None else measurements[measurements.factor != 1]
    if rows is None or set(rows.score) < {"rcs", "fcs"}:
        return not_measured(claim, criterion)
    moved = ~is_same_optimum(rows.moved_deg, rows.moved_voxel)
    share = moved.groupby(rows.score).mean()
    errors = measurements.groupby(["score", "factor"]).rotation_error_deg.median()
    texts = [
        f"{score_label(score)}: {100 * share[score]:.0f} % of the answers move, median rotation error "
        + ", ".join(f"{number(errors[score, factor])}° (×{factor:g})" for factor in sorted(set(measurements.factor)))
        for score in ("rcs", "fcs")
    ]
    verdict = HOLDS if share.rcs == 0 and share.fcs > 0.5 else FAILS
    return Claim(claim, verdict, "; ".join(texts), criterion, int(rows.pair.nunique()))


def cheaper_step(measurements):
    """FCS is cheaper per step, for it moves g less often.

    Parameters
    ----------
    measurements : pandas.DataFrame or None

    Returns
    -------
    Claim
    """
    claim = "FCS is cheaper per step, because it needs fewer rigid transformations."
    criterion = "moves of g in one step of the paper's scheme (finite differences), counted while it runs"
    rows = None if measurements is None else measurements[measurements.factor == 1]
    if rows is None or set(rows.score) < {"rcs", "fcs"}:
        return not_measured(claim, criterion)
    moves = rows.groupby("score").moves_of_g.median()
    measured = (
        f"{moves.fcs:g} moves of g a step with FCS, {moves.rcs:g} with RCS. With this aligner's analytic "
        "derivatives both scores sample g once a step, and neither is cheaper"
    )
    verdict = HOLDS if moves.fcs < moves.rcs else FAILS
    return Claim(claim, verdict, measured, criterion, int(rows.pair.nunique()))


def steadier(measurements, seed):
    """FCS is numerically steadier than RCS.

    Parameters
    ----------
    measurements : pandas.DataFrame or None
    seed : int

    Returns
    -------
    Claim
    """
    claim = "FCS is numerically steadier, for its derivatives with respect to the translation are in closed form."
    criterion = "share of refinement trials that do not lower d, FCS over RCS, below 1"
    rows = None if measurements is None else measurements[measurements.factor == 1]
    if rows is None or set(rows.score) < {"rcs", "fcs"}:
        return not_measured(claim, criterion)
    table = rows.pivot(index="pair", columns="score", values=["refused_trials", "trials"])
    counts = table[[("refused_trials", "fcs"), ("trials", "fcs"), ("refused_trials", "rcs"), ("trials", "rcs")]]

    def ratio_of_shares(columns):
        sums = columns[0].sum(axis=1)
        return (sums[:, 0] / sums[:, 1]) / (sums[:, 2] / sums[:, 3])

    ratio = bootstrap([counts], ratio_of_shares, generator(seed, "claim", "steadier"))
    shares = {
        score: 100 * table["refused_trials"][score].sum() / table["trials"][score].sum() for score in ("fcs", "rcs")
    }
    verdict = is_below(ratio, 1.0)
    measured = (
        f"refused trials: FCS {shares['fcs']:.0f} %, RCS {shares['rcs']:.0f} %, ratio {ratio}; here all "
        "derivatives of both scores are in closed form"
    )
    return Claim(claim, verdict if np.isfinite(ratio.value) else UNDECIDED, measured, criterion, len(counts))
