"""How long other aligners take."""

import pandas as pd

from gradalign.report.csv_tables import read_columns
from gradalign.study.columns.aligners import ALIGNER_SECONDS


def summarise_seconds(paths):
    """Return the times of all called aligners, condition by condition.

    Parameters
    ----------
    paths : list of str or path
        Files with lines of `gradalign.aligners.lines.seconds_line`.

    Returns
    -------
    pandas.DataFrame
        ``aligner``, ``object``, ``tilt_deg``, ``snr``, ``pairs``, the ``answers`` among them, and of these the medians
        ``seconds`` and ``cpu_seconds``.

    Raises
    ------
    InputError
        If a file cannot be read or lacks a column.
    """
    rows = []
    for path in paths:
        frame = read_columns(path, ALIGNER_SECONDS)
        row = {name: frame[name].iloc[0] for name in ALIGNER_SECONDS[:4]} | {"pairs": len(frame)}
        row["answers"] = int(frame.seconds.notna().sum())
        rows.append(row | {name: frame[name].median() for name in ALIGNER_SECONDS[5:]})
    return pd.DataFrame(rows, columns=[*ALIGNER_SECONDS[:4], "pairs", "answers", *ALIGNER_SECONDS[5:]])
