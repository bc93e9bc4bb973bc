"""How well the alignments judge themselves: their intervals, and their probabilities of lost and found pairs."""

import numpy as np
import pandas as pd

from gradalign.base.files import write_text
from gradalign.report.markdown import markdown_table
from gradalign.report.numbers import ABSENT, snr_label, tilt_label
from gradalign.report.tables.regret import CONDITION, in_order
from gradalign.report.tables.speedup import LOST_DEG
from gradalign.search.registry import score_label

LEVELS = (0.68, 0.95)
"""Of the intervals."""
SOME_LOST = (0.05, 0.5)
"""Part of lost pairs between which lost and found ones can be told apart at all."""

CAPTION = (
    "How well the alignments judge themselves. 68 % and 95 %: part of the pairs that are not lost (over 20°) whose "
    "error is within the interval of that level, by the answer's own covariance. ROC area: chance that a found pair "
    "has a larger probability than a lost one, in cells with 5 to 50 % lost."
)
"""Says how the table is to be read."""

_HEADER = ["Object", "Search", "Score", "Interval", "Tilt", "SNR", "Pairs", "Lost", "Determined", "of these lost"]
_INTERVALS = [f"{quantity}_{100 * level:.0f}" for quantity in ("rotation", "translation") for level in LEVELS]
_TITLES = ["Rotation 68 %", "95 %", "Translation 68 %", "95 %", "ROC area"]


def roc_area(lost, found):
    """Return the chance that a found pair has a larger value than a lost one, ties counting half.

    Parameters
    ----------
    lost, found : array_like

    Returns
    -------
    float
        NaN if there are none of one kind.
    """
    lost, found = np.asarray(lost, dtype=float), np.asarray(found, dtype=float)
    if not (len(lost) and len(found)):
        return np.nan
    above, same = found[:, None] > lost, found[:, None] == lost
    return float((above + 0.5 * same).mean())


def summarise_certainty(alignments):
    """Return how well the alignments of each cell judge themselves.

    Parameters
    ----------
    alignments : dict of str to pandas.DataFrame
        By object, with the columns `gradalign.study.columns.alignments.ALIGNMENTS`; alignments of older versions and of
        other aligners, which do not judge themselves, are left out.

    Returns
    -------
    pandas.DataFrame
        ``object``, ``search``, ``score``, ``interval_deg``, ``tilt_deg``, ``snr``, ``n``, ``lost``, ``determined``,
        ``determined_lost``; ``rotation_68``, ``rotation_95``, ``translation_68``, ``translation_95``; ``roc_area``, NaN
        where not `SOME_LOST` are.
    """
    rows = []
    for name, each in alignments.items():
        if "probability" not in each:
            continue
        known = each[each.probability.notna()].assign(object=name)
        for condition, cell in known.groupby(CONDITION, sort=False):
            lost, sure = cell.rotation_error_deg > LOST_DEG, cell.verdict == "determined"
            quantiles = cell.loc[~lost, ["rotation_quantile", "translation_quantile"]]
            held = [(quantiles[name] <= level).mean() for name in quantiles for level in LEVELS]
            area = roc_area(cell.probability[lost], cell.probability[~lost])
            area = area if SOME_LOST[0] <= lost.mean() <= SOME_LOST[1] else np.nan
            counts = [len(cell), int(lost.sum()), int(sure.sum()), int((sure & lost).sum())]
            rows.append([*condition, *counts, *held, area])
    counts = ["n", "lost", "determined", "determined_lost"]
    table = pd.DataFrame(rows, columns=[*CONDITION, *counts, *_INTERVALS, "roc_area"])
    return in_order(table, list(alignments))


def write_certainty_markdown(rows, path):
    """Write the table as Markdown.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `summarise_certainty`.
    path : str or path

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    if rows.empty:
        write_text(path, "These alignments do not judge themselves.\n")
        return
    lines = []
    for row in rows.itertuples(index=False):
        condition = [f"{row.interval_deg:g}°", tilt_label(row.tilt_deg), snr_label(row.snr)]
        counts = [str(value) for value in (row.n, row.lost, row.determined, row.determined_lost)]
        held = [_text(getattr(row, name)) for name in (*_INTERVALS, "roc_area")]
        lines.append([row.object, row.search, score_label(row.score), *condition, *counts, *held])
    write_text(path, f"{CAPTION}\n\n{markdown_table([*_HEADER, *_TITLES], lines)}\n")


def _text(value):
    return ABSENT if np.isnan(value) else f"{value:.2f}"
