"""Run times and peak memory of the study's rules, from Snakemake's benchmark files."""

import re
from pathlib import Path

import pandas as pd

from gradalign.errors import InputError

COLUMNS = ("rule", "jobs", "seconds", "cpu_seconds", "longest_s", "peak_memory_mb")
"""Columns of the table of run times."""

_HEADER = ["Rule", "Jobs", "Seconds, all jobs", "Processor seconds", "Longest job (s)", "Peak memory (MB)"]


def read_benchmark(path):
    """Read one of Snakemake's benchmark files.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    dict of str to float
        ``seconds``, ``cpu_seconds`` and ``peak_memory_mb``; NaN for what a very short job was not measured for.

    Raises
    ------
    InputError
        If it is no such file.
    """
    try:
        lines = pd.read_csv(path, sep="\t")
        numbers = lines[["s", "cpu_time", "max_rss"]].apply(pd.to_numeric, errors="coerce")
        seconds, cpu_seconds, memory = numbers.iloc[-1]
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise InputError(f"{path}: is no benchmark file of Snakemake; remove it and run its job again") from error
    return {"seconds": float(seconds), "cpu_seconds": float(cpu_seconds), "peak_memory_mb": float(memory)}


def run_times(folder, patterns):
    """Return run times and peak memory, rule by rule.

    Parameters
    ----------
    folder : str or path
        The study's benchmark files.
    patterns : dict of str to str
        For each rule the regular expression of its benchmark files' paths.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`, the longest rules first, and a line ``all``; rules without any file are left out.

    Raises
    ------
    InputError
        If a file is damaged.
    """
    paths = sorted(path.as_posix() for path in Path(folder).rglob("*.tsv"))
    rows = []
    for rule, pattern in patterns.items():
        jobs = [read_benchmark(path) for path in paths if re.fullmatch(pattern, path)]
        if jobs:
            rows.append(_summary(rule, pd.DataFrame(jobs)))
    table = pd.DataFrame(rows, columns=COLUMNS).sort_values(["seconds", "rule"], ascending=[False, True])
    if table.empty:
        return table
    total = {"rule": "all"} | {name: table[name].sum() for name in ("jobs", "seconds", "cpu_seconds")}
    total |= {name: table[name].max() for name in ("longest_s", "peak_memory_mb")}
    return pd.concat([table, pd.DataFrame([total])], ignore_index=True)


def _summary(rule, jobs):
    return {
        "rule": rule,
        "jobs": len(jobs),
        "seconds": jobs.seconds.sum(),
        "cpu_seconds": jobs.cpu_seconds.sum(),
        "longest_s": jobs.seconds.max(),
        "peak_memory_mb": jobs.peak_memory_mb.max(),
    }


def run_times_part(table):
    """Return the table of run times for `gradalign.report.html.write_page`.

    Parameters
    ----------
    table : pandas.DataFrame
        From `run_times`.

    Returns
    -------
    (str, list of str, list of list of str)
    """
    lines = []
    for row in table.itertuples(index=False):
        numbers = (f"{getattr(row, name):.1f}" for name in COLUMNS[2:5])
        memory = "–" if pd.isna(row.peak_memory_mb) else f"{row.peak_memory_mb:.0f}"
        lines.append([row.rule, str(row.jobs), *numbers, memory])
    return "Rules", _HEADER, lines
