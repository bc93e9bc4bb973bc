"""The reference: the small outputs of one full run, kept with their checksums, and new runs held against it."""

import hashlib
import json
import lzma
import shutil
from pathlib import Path

import numpy as np
import yaml

from gradalign.base.files import complete_file
from gradalign.errors import InputError
from gradalign.report.csv_tables import read_csv
from gradalign.report.numbers import snr_label, tilt_label
from gradalign.report.statistics import read_alignments
from gradalign.search.registry import score_label
from gradalign.study.columns.paper import CELL, ERRORS

LARGEST_MB = 19.0
"""Most that a reference may hold."""
MANIFEST = "manifest.json"
BENCHMARK = "benchmark"
"""Folder of what `make bench` measured."""
PARTS = (
    "config.yaml",
    "alignments/*.csv",
    "averages/*_shells.csv",
    "benchmarks/run_times.csv",
    "bounds/*.csv",
    "classification/classes.csv",
    "density/*.json",
    "figures/*.png",
    "pictures/*.npz",
    "scanning/pairs.csv",
    "speedup/pairs.csv",
    "tables/*",
    "*.csv",
    "claims.*",
)
"""What of a study goes into the reference: no volumes."""
PACKED = ("alignments/", "scanning/", "speedup/")
"""Folders whose long tables a reference holds compressed, under names that end in ``.xz``."""

_LEVEL = 0.95
_CONDITION = ["search", "interval_deg", "score", "tilt_deg", "snr"]


def digest(path):
    """Return the SHA-256 of a file.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    str
        Hexadecimal.
    """
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _files(study):
    """Return the files of a study that a reference holds, by their path within it."""
    study = Path(study)
    found = {path for part in PARTS for path in study.glob(part) if path.is_file() and not path.name.startswith(".")}
    return {path.relative_to(study).as_posix(): path for path in sorted(found)}


def store(study, reference, lock, paper):
    """Copy the small outputs of a finished full run, in place of an older reference.

    What `make bench` wrote into the folder ``benchmark`` beside the study, or else beside the older reference's files,
    goes with them.

    Parameters
    ----------
    study, reference : str or path
        Folders such as results/paper and results/reference.
    lock : str or path
        The locked versions of all packages; its checksum is kept.
    paper : pandas.DataFrame
        From `gradalign.report.statistics.read_paper`: all its cells must be there.

    Returns
    -------
    dict
        The manifest: ``study``, ``seed``, ``pairs``, ``lock_sha256``, and the SHA-256 of each of the ``files``.

    Raises
    ------
    InputError
        If the run is not complete, or its outputs are too large.
    """
    files = _files(study)
    for needed in ("config.yaml", "tables/comparison.csv", "claims.csv", "alignments/phantom.csv"):
        if needed not in files:
            raise InputError(f"{study}/{needed}: is missing, where a reference needs a finished run")
    cells = len(read_csv(files["tables/comparison.csv"]))
    if cells != len(paper):
        raise InputError(
            f"{files['tables/comparison.csv']}: holds {cells} cells, where a reference needs the paper's {len(paper)}"
        )
    config = yaml.safe_load(files["config.yaml"].read_text(encoding="utf-8"))
    manifest = {name: config[key] for name, key in (("study", "name"), ("seed", "seed"), ("pairs", "pairs"))}
    partial = Path(f"{reference}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    kept = _pack(files, partial)
    sizes = {name: path.stat().st_size / 1e6 for name, path in kept.items()}
    total = sum(sizes.values())
    if total > LARGEST_MB:
        shutil.rmtree(partial)
        raise InputError(
            f"{study}: would make a reference of {total:.1f} MB, where {LARGEST_MB:g} MB is the most; the largest file "
            f"is {max(sizes, key=sizes.get)}"
        )
    manifest |= {"lock_sha256": digest(lock), "files": {name: digest(path) for name, path in kept.items()}}
    (partial / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    # no study makes it; that of `make bench` stays until a newer one lies beside the study
    for folder in (Path(study).parent / BENCHMARK, Path(reference) / BENCHMARK):
        if folder.is_dir():
            shutil.copytree(folder, partial / BENCHMARK)
            break
    shutil.rmtree(reference, ignore_errors=True)
    partial.rename(reference)
    return manifest


def _pack(files, folder):
    """Copy files, the long tables compressed; return the copies by name."""
    kept = {}
    for name, path in files.items():
        packed = name.startswith(PACKED)
        target = folder / (f"{name}.xz" if packed else name)
        target.parent.mkdir(parents=True, exist_ok=True)
        # no time in the header: the same table gives the same bytes
        target.write_bytes(lzma.compress(path.read_bytes()) if packed else path.read_bytes())
        kept[target.relative_to(folder).as_posix()] = target
    return kept


def check_reference(reference):
    """Return the manifest of a reference whose files are all there and unchanged.

    Parameters
    ----------
    reference : str or path

    Returns
    -------
    dict
        As from `store`.

    Raises
    ------
    InputError
        If there is no reference, or one of its files is missing or was changed.
    """
    path = Path(reference) / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        files = manifest["files"]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path}: is missing or damaged, where the manifest of a reference is needed") from error
    for name, expected in files.items():
        file = Path(reference) / name
        if not file.is_file():
            raise InputError(f"{file}: is missing from the reference")
        if digest(file) != expected:
            raise InputError(f"{file}: was changed since the reference was made; its checksum is another")
    return manifest


def unpack(reference, study):
    """Copy a reference to where its tables and figures can be made anew.

    Parameters
    ----------
    reference, study : str or path
        Folders; what is in the second is removed.

    Raises
    ------
    InputError
        As `check_reference`.
    """
    names = check_reference(reference)["files"]
    shutil.rmtree(study, ignore_errors=True)
    for name in names:
        content = (Path(reference) / name).read_bytes()
        target = Path(study) / name.removesuffix(".xz")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(lzma.decompress(content) if name.endswith(".xz") else content)


def bootstrap_bounds(values, level):
    """Return the bootstrap interval of a median, to which the percentiles of ever more resamples tend.

    The k-th smallest of n values is at least the median of a resample with the probability that n draws hold at least
    half of their number among the k smallest: a binomial sum, for which nothing need be drawn (Efron 1979).

    Parameters
    ----------
    values : array_like of shape (n,)
    level : float
        Confidence level.

    Returns
    -------
    low, high : float
        Two of the values.
    """
    # takes longer to load than most jobs that import this module take
    from scipy import stats

    values = np.sort(np.asarray(values, dtype=float))
    n = len(values)
    at_least_half = stats.binom.sf((n + 1) // 2 - 1, n, np.arange(1, n + 1) / n)
    place = int(np.argmax(at_least_half > (1 - level) / 2))
    return float(values[place]), float(values[n - 1 - place])


def _cell_name(row):
    return (
        f"Table {row.table}, {row.interval_deg:g}°, {score_label(row.score)}, {tilt_label(row.tilt_deg)}, "
        f"SNR {snr_label(row.snr)}"
    )


def _tables(folder):
    """Yield the rows of Tables 1 to 4 that a run has."""
    for path in sorted(Path(folder).glob("tables/table[1-4].csv")):
        yield from read_csv(path).itertuples(index=False)


def differences(reference, study):
    """Hold the tables of a run against the reference.

    Each median must lie in the reference's 95 % bootstrap interval, widened for as many comparisons as there are cells
    (Bonferroni), and stand on as many alignments; the other files of alignments must have as many lines.

    Parameters
    ----------
    reference, study : str or path

    Returns
    -------
    list of str
        A sentence for each cell or file that differs.

    Raises
    ------
    InputError
        If the reference is damaged, or a file of the run cannot be read.
    """
    manifest = check_reference(reference)
    reference, study = Path(reference), Path(study)
    if not (study / "tables").is_dir():
        raise InputError(f"{study}: holds no tables to be compared; run the study first")
    alignments = read_alignments(reference / "alignments" / "phantom.csv.xz")
    groups = dict(list(alignments.groupby(_CONDITION, sort=False)))
    here = {tuple(getattr(row, name) for name in CELL): row for row in _tables(study)}
    cells = list(_tables(reference))
    level = 1 - (1 - _LEVEL) / len(cells)
    found = []
    for row in cells:
        new = here.get(tuple(getattr(row, name) for name in CELL))
        if new is None:
            found.append(f"{_cell_name(row)}: is missing.")
            continue
        if new.n != row.n:
            found.append(f"{_cell_name(row)}: stands on {new.n} alignments, the reference on {row.n}.")
        errors = groups[tuple(getattr(row, name) for name in _CONDITION)][ERRORS[row.quantity]]
        low, high = bootstrap_bounds(errors, level)
        # the tables have six digits
        if not low * (1 - 1e-5) <= new.median <= high * (1 + 1e-5):
            found.append(
                f"{_cell_name(row)}: {new.median:.4g} is outside {low:.4g} to {high:.4g}, the reference having "
                f"{row.median:.4g}."
            )
    return found + list(_line_counts(manifest, reference, study))


def _line_counts(manifest, reference, study):
    for packed in manifest["files"]:
        if not packed.startswith("alignments/"):
            continue
        name = packed.removesuffix(".xz")
        if not (study / name).is_file():
            yield f"{name}: is missing."
            continue
        here, there = len(read_csv(study / name)), len(read_csv(reference / packed))
        if here != there:
            yield f"{name}: has {here} alignments, the reference {there}."


def write_config(config, path):
    """Write the configuration of a run, all of its keys.

    Parameters
    ----------
    config : dict
        As checked.
    path : str or path

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    with complete_file(path) as partial:
        Path(partial).write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True), encoding="utf-8")
