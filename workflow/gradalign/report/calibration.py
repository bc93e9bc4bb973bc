"""How far the alternatives of the protocol are from the paper's printed values."""

import numpy as np
import pandas as pd

from gradalign.io.csv_lines import number_text
from gradalign.study.columns.paper import CELL

_VARIANT = ["key", "value"]
# from this part of the printed value on a cell counts as worse
_WORSE = 1.25


def _with_printed(rows, paper):
    """Return the lines of `gradalign.study.calibration.measure` with the printed medians beside theirs."""
    numbers = dict.fromkeys(["interval_deg", "tilt_deg", "snr"], float)
    printed = paper[[*CELL, "median"]].rename(columns={"median": "printed"}).astype(numbers)
    return rows.fillna({"value": ""}).astype(numbers | {"value": str}).merge(printed, on=CELL)


def judge(rows, paper):
    """Return how far each variant is from the printed values.

    Parameters
    ----------
    rows : pandas.DataFrame
        Lines of `gradalign.study.calibration.measure`, of all cells.
    paper : pandas.DataFrame
        From `gradalign.report.statistics.read_paper`.

    Returns
    -------
    pandas.DataFrame
        A line for each variant: ``key``, ``value``; ``fit`` and ``judged``, the root mean square of
        log(here/paper) over the noisy cells of the two halves (without noise the printed errors are those of the
        paper's interpolation and numerical derivatives, which the protocol does not set); ``mean_inf``,
        ``mean_1``, ..., its mean at each signal-to-noise ratio; ``worse``, the share of cells over 1.25 times the
        printed value; ``steps``.
    """
    rows = _with_printed(rows, paper)
    rows["log_ratio"] = np.log(rows["median"] / rows["printed"])
    noisy = np.isfinite(rows.snr)
    lines = []
    for (key, value), group in rows.groupby(_VARIANT, sort=False):
        line = {"key": key, "value": value}
        for name, half in (("fit", 1), ("judged", 2)):
            line[name] = np.sqrt((group.log_ratio[noisy & (group.half == half)] ** 2).mean())
        for snr in sorted(group.snr.unique(), reverse=True):
            line[f"mean_{number_text(snr)}"] = group.log_ratio[group.snr == snr].mean()
        line["worse"] = (group.log_ratio > np.log(_WORSE)).mean()
        line["steps"] = group.steps.mean()
        lines.append(line)
    return pd.DataFrame(lines)


def beside_base(rows, paper, comparison):
    """Return how the medians of each variant compare with those of the configuration itself, on the same pairs.

    Parameters
    ----------
    rows : pandas.DataFrame
        Lines of `gradalign.study.calibration.measure`, of all cells; the first variant is the configuration.
    paper : pandas.DataFrame
        From `gradalign.report.statistics.read_paper`.
    comparison : pandas.DataFrame
        From `gradalign.report.comparison.compare_cells`, of a study: which cells are worse than printed there.

    Returns
    -------
    pandas.DataFrame
        A line for each variant: ``key``, ``value``; ``worse_fit`` and ``worse_judged``, the geometric mean of
        median/base over the study's worse cells in each half; ``others_fit`` and ``others_judged``, that over all
        other cells; ``still_worse`` and ``newly_worse``, how many of the two are over 1.25 times the printed value;
        ``steps``.
    """
    rows = _with_printed(rows, paper)
    verdicts = comparison[[*CELL, "verdict"]].astype(dict.fromkeys(["interval_deg", "tilt_deg", "snr"], float))
    rows = rows.merge(verdicts, on=CELL)
    base = rows[rows.key == rows.key.iloc[0]][[*CELL, "median"]].rename(columns={"median": "base"})
    rows = rows.merge(base, on=CELL)
    rows["log_ratio"] = np.log(rows["median"] / rows["base"])
    lines = []
    for (key, value), group in rows.groupby(_VARIANT, sort=False):
        line = {"key": key, "value": value}
        worse = group.verdict == "worse"
        for name, cells in (("worse", worse), ("others", ~worse)):
            for half, number in (("fit", 1), ("judged", 2)):
                line[f"{name}_{half}"] = np.exp(group.log_ratio[cells & (group.half == number)].mean())
        above = group["median"] > _WORSE * group.printed
        line |= {"still_worse": (above & worse).sum(), "newly_worse": (above & ~worse).sum()}
        lines.append(line | {"steps": group.steps.mean()})
    return pd.DataFrame(lines)
