"""The peak memory of each kind of job of a study, from the benchmark files that Snakemake keeps."""

from pathlib import Path

import pandas as pd

from gradalign.errors import InputError
from gradalign.study.configuration import RESERVED_NAMES

COLUMNS = ("study", "job", "jobs", "largest_mb", "median_mb", "longest_s")
# Snakemake's MB are of 2^20 bytes
_MIB = 2**20 / 1e6


def _kind(path, folder):
    """Return what a job makes: its folder, and whether it is one part of several or a whole."""
    parts = path.relative_to(folder).parts
    return parts[0] if len(parts) <= 2 else f"{parts[0]}, parts"


def job_memory(study):
    """Summarise the benchmark files of a study by kind of job.

    Parameters
    ----------
    study : str or path
        results/<study>

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`: kind of job, number of jobs, largest and median of their peak memory in MB (of all processes
        of a job together; Snakemake looks every half second), longest run time in s. Largest first.

    Raises
    ------
    InputError
        If the study has no benchmark files.
    """
    study = Path(study)
    folder = study / "benchmarks"
    paths = sorted(folder.rglob("*.tsv"))
    if not paths:
        raise InputError(f"{folder}: holds no benchmark files of jobs; run the study first")
    jobs = pd.concat(pd.read_csv(path, sep="\t", na_values=["-"]).assign(job=_kind(path, folder)) for path in paths)
    jobs["max_rss"] *= _MIB
    # a job that ended before Snakemake looked has no memory
    table = jobs.groupby("job").agg(
        jobs=("s", "size"), largest_mb=("max_rss", "max"), median_mb=("max_rss", "median"), longest_s=("s", "max")
    )
    table = table.reset_index().assign(study=study.name)
    return table.sort_values("largest_mb", ascending=False)[list(COLUMNS)].reset_index(drop=True)


def memory_of_studies(results):
    """Summarise the benchmark files of all studies that have been run.

    Parameters
    ----------
    results : str or path
        Folder of the studies.

    Returns
    -------
    pandas.DataFrame
        `job_memory` of each.

    Raises
    ------
    InputError
        If no study has been run.
    """
    folders = sorted(path.parent for path in Path(results).glob("*/benchmarks"))
    studies = [folder for folder in folders if folder.name not in RESERVED_NAMES]
    if not studies:
        raise InputError(f"{results}: holds no study whose jobs could be looked at; run `make quick` first")
    return pd.concat([job_memory(study) for study in studies], ignore_index=True)
