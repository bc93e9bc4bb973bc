"""How far the alternatives of the protocol are from the paper's printed values."""

import numpy as np
import pandas as pd

from gradalign.io.csv_lines import number_text
from gradalign.study.columns.paper import CELL


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
    numbers = dict.fromkeys(["interval_deg", "tilt_deg", "snr"], float)
    printed = paper[[*CELL, "median"]].rename(columns={"median": "printed"}).astype(numbers)
    rows = rows.fillna({"value": ""}).astype(numbers | {"value": str}).merge(printed, on=CELL)
    rows["log_ratio"] = np.log(rows["median"] / rows["printed"])
    noisy = np.isfinite(rows.snr)
    lines = []
    for (key, value), group in rows.groupby(["key", "value"], sort=False):
        line = {"key": key, "value": value}
        for name, half in (("fit", 1), ("judged", 2)):
            line[name] = np.sqrt((group.log_ratio[noisy & (group.half == half)] ** 2).mean())
        for snr in sorted(group.snr.unique(), reverse=True):
            line[f"mean_{number_text(snr)}"] = group.log_ratio[group.snr == snr].mean()
        line["worse"] = (group.log_ratio > np.log(1.25)).mean()
        line["steps"] = group.steps.mean()
        lines.append(line)
    return pd.DataFrame(lines)
