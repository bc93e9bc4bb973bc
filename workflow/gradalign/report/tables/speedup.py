"""What the comparisons of the two searches say of each cell (Figure 4)."""

import pandas as pd

from gradalign.report.statistics import in_paper_order
from gradalign.study.columns.optimum import is_same_optimum

_CONDITION = ["interval_deg", "score", "tilt_deg", "snr"]
LOST_DEG = 20.0
"""A search that ends further than this from the truth has lost the particle."""
_QUARTILES = {"lower": 0.25, "median": 0.5, "upper": 0.75}


def summarise_speedup(comparisons):
    """Return what Figure 4 shows of each cell.

    Parameters
    ----------
    comparisons : pandas.DataFrame
        One line per pair and cell, with the columns `gradalign.study.columns.speedup.SPEEDUP`.

    Returns
    -------
    pandas.DataFrame
        In the order of the paper's tables: ``interval_deg``, ``score``, ``tilt_deg``, ``snr``, ``n`` (pairs),
        ``seeds``; ``ratio_lower``, ``ratio_median``, ``ratio_upper``, quartiles of the independent steps over the
        stochastic steps to the stop; ``hits``, the pairs whose stochastic search was at the optimum at some step, and
        ``hit_ratio_median``, the same ratio with the steps to the first of these, over those pairs;
        ``same_optimum``, the pairs that end there in both ways; ``independent_lost`` and ``stochastic_lost``, the pairs
        whose ends are over `LOST_DEG` from the truth; medians ``steps_per_seed_median``,
        ``independent_steps_median``, ``stochastic_steps_median``, ``hit_steps_median``.
    """
    rows = []
    for condition, group in comparisons.groupby(_CONDITION, sort=False):
        ratio = group.independent_steps / group.stochastic_steps
        hits = group[group.steps_to_optimum.notna()]
        same = is_same_optimum(group.rotation_difference_deg, group.translation_difference_voxel)
        row = dict(zip(_CONDITION, condition, strict=True)) | {"n": len(group), "seeds": group.seeds.iloc[0]}
        row |= {f"ratio_{name}": ratio.quantile(part) for name, part in _QUARTILES.items()}
        row |= {"hits": len(hits), "same_optimum": int(same.sum())}
        for way in ("independent", "stochastic"):
            row[f"{way}_lost"] = int((group[f"{way}_error_deg"] > LOST_DEG).sum())
        row["hit_ratio_median"] = (hits.independent_steps / hits.steps_to_optimum).median()
        row["steps_per_seed_median"] = (group.independent_steps / group.seeds).median()
        row["independent_steps_median"] = group.independent_steps.median()
        row["stochastic_steps_median"] = group.stochastic_steps.median()
        row["hit_steps_median"] = hits.steps_to_optimum.median()
        rows.append(row)
    return in_paper_order(pd.DataFrame(rows))


def count_safe(rows):
    """Count the cells in which the study's search stands for the refinement of all seeds.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `summarise_speedup`.

    Returns
    -------
    sound : int
        Cells in which the refinement of all seeds loses at most 5 % of the pairs.
    safe : int
        Those of them in which the study's search ends at the same optimum in 95 % of the pairs or more, with at least
        20 times fewer steps.
    """
    sound = rows[rows.independent_lost <= 0.05 * rows.n]
    safe = (sound.same_optimum >= 0.95 * sound.n) & (sound.ratio_median >= 20.0)
    return len(sound), int(safe.sum())


def summarise_seconds(seconds):
    """Return the mean processor times of a pair, cell by cell.

    Parameters
    ----------
    seconds : pandas.DataFrame
        With the columns `gradalign.study.columns.speedup.SPEEDUP_SECONDS`, one line or more per cell.

    Returns
    -------
    pandas.DataFrame
        ``interval_deg``, ``score``, ``tilt_deg``, ``snr``, ``pairs``, the seconds of a pair ``seeding_s``,
        ``independent_s``, ``stochastic_s``, and ``ratio``: of the independent search's whole time over the
        stochastic one's, the seeds' best translations counted in both.
    """
    rows = seconds.groupby(_CONDITION, sort=False).sum().reset_index()
    for name in ("seeding_s", "independent_s", "stochastic_s"):
        rows[name] /= rows.pairs
    rows["ratio"] = (rows.seeding_s + rows.independent_s) / rows.stochastic_s
    return in_paper_order(rows)
