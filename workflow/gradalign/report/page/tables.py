"""Tables of results for a page: titles with units, values as people write them, order as numbers."""

import math
from typing import NamedTuple

from gradalign.io.mrc import ANGSTROM_PER_NM
from gradalign.report.numbers import number, snr_label, with_minus
from gradalign.report.page.parts import Cell, Column, Table
from gradalign.search.registry import score_label

MOST_ROWS = 500
"""Particles that a table gives."""
_TITLES = {
    "tilt_deg": "Tilt range (±\u2060°)",
    "snr": "SNR",
    "interval_deg": "Seed interval (°)",
    "seed_interval_deg": "Seed interval (°)",
    "scan_interval_deg": "Scan interval (°)",
    "score": "Score",
    "search": "Search",
    "n": "n",
    "missing": "Missing",
    "median": "Median",
    "mad": "MAD",
    "paper_median": "Paper",
    "paper_mad": "Paper's MAD",
    "bound": "Bound",
    "bound_known": "Bound, signal known",
    "ratio": "Here/paper",
    "ratio_low": "Lower end (95 %)",
    "ratio_high": "Upper end (95 %)",
    "verdict": "Verdict",
    "object": "Object",
    "title": "Object",
    "point_group": "Symmetry",
    "cpu_ms": "CPU (ms)",
    "peak_memory_mb": "Peak memory (MB)",
    "cpu_seconds": "CPU (s)",
    "longest_s": "Longest job (s)",
    "truth_resolution_nm": "Resolution with the truth (nm)",
    "halves_resolution_nm": "Resolution of the halves (nm)",
    "half1": "Half set 1",
    "half2": "Half set 2",
    "half": "Half set",
    # of the ladder
    "rotation_median": "Rotation median (°)",
    "rotation_mad": "Rotation MAD (°)",
    "translation_median": "Translation median (voxels)",
    "translation_mad": "Translation MAD (voxels)",
    "bound_rotation": "Bound, rotation (°)",
    "bound_translation": "Bound, translation (voxels)",
    "bound_known_rotation": "Bound, signal known, rotation (°)",
    "bound_known_translation": "Bound, signal known, translation (voxels)",
    "coverage_68": "Within the 68 % interval",
    "coverage_95": "Within the 95 % interval",
    "rotation_68": "Rotation, 68 %",
    "rotation_95": "Rotation, 95 %",
    "translation_68": "Translation, 68 %",
    "translation_95": "Translation, 95 %",
    "determined_lost": "Determined, lost",
    "lost_by_search": "Lost by the search",
    "rotation_sd_deg": "Rotation SD (°)",
    "translation_sd_voxel": "Translation SD (voxels)",
    "agreement_deviations": "Agreement (deviations)",
    "label": "Class",
    "best": "Nearest class",
}
_UNITS = {"deg": "°", "voxel": "voxels", "nm": "nm", "s": "s", "ms": "ms", "mb": "MB", "us": "µs", "A": "Å"}
_WORDS = {"mad": "MAD", "rand": "Rand", "roc": "ROC"}
_VERDICTS = {"better": "▼ better", "worse": "▲ worse", "agrees": "≈ agrees"}
_LOOKS = {"better": "good", "worse": "bad", "holds": "good", "does not hold": "bad"}
_LOOKS |= {"undecided": "open", "not measured": "open"}
_PROSE = 40
# columns with names of files, which may be long
_FILES = ("image",)
# what a table's title says
_TITLED = ("quantity", "search", "table")


def column_title(name):
    """Return what a column is called, with its unit.

    Parameters
    ----------
    name : str
        As in the CSV file.

    Returns
    -------
    str
    """
    if name in _TITLES:
        return _TITLES[name]
    *words, unit = name.split("_")
    if unit not in _UNITS or not words:
        words, unit = [*words, unit], ""
    title = " ".join(_WORDS.get(word, word) for word in words)
    return title[:1].upper() + title[1:] + (f" ({_UNITS[unit]})" if unit else "")


def cell(name, value, fractions=False):
    """Return a cell of a table.

    Parameters
    ----------
    name : str
        Of its column.
    value : object
    fractions : bool
        Whether the column has numbers that are not whole: then zeros at the end are digits that were measured.

    Returns
    -------
    gradalign.report.page.parts.Cell
    """
    if value is None or value == "" or value != value:
        return Cell("–", "")
    if name == "score":
        return Cell(score_label(str(value)), str(value))
    if name == "snr":
        return Cell(snr_label(float(value)), "1e99" if math.isinf(value) else f"{value:g}")
    if isinstance(value, bool):
        return Cell("yes" if value else "no", str(int(value)))
    if isinstance(value, (int, float)):
        # the paper prints two digits
        text = number(value) if name.startswith("paper_") else with_minus(_short(value, fractions))
        return Cell(text, f"{value:.10g}")
    text = _VERDICTS.get(str(value), str(value))
    return Cell(text, text, _LOOKS.get(str(value), ""))


def _short(value, fractions):
    """Return a number with three significant digits, or as a whole one without exponent."""
    if isinstance(value, int) or math.isinf(value):
        return "∞" if value == math.inf else str(value)
    if value == 0 or abs(value) >= 1000:
        return f"{value:.0f}"
    return f"{value:#.3g}".rstrip(".") if fractions else f"{value:.3g}"


def _has_fractions(values):
    """Return whether a column has a number that is not whole."""
    if values.dtype.kind != "f":
        return False
    finite = values[values.abs() < math.inf]
    return bool((finite % 1 != 0).any())


class Look(NamedTuple):
    """How a table looks."""

    title: str
    first: tuple
    """Columns that come first, in this order; the others follow as the file has them."""
    filters: tuple
    """Columns that a list of their values filters."""
    left_out: tuple = ()
    """Columns that the page does not give."""
    legend: dict = {}
    """What columns hold, told below the table."""


def table_part(key, look, caption, rows, minor=(), links=()):
    """Return a table of a page.

    Parameters
    ----------
    key : str
    look : Look
    caption : str
    rows : pandas.DataFrame
    minor : collection of str
        Columns that are left out where the table does not fit, until they are asked for.
    links : sequence of (str, str)

    Returns
    -------
    gradalign.report.page.parts.Table
    """
    told = set(look.first) | set(look.filters)
    names = [name for name in look.first if name in rows]
    names += [
        name for name in rows if name not in names and name not in look.left_out and _tells(rows[name], name, told)
    ]
    # one by one: a row as a whole would turn whole numbers into fractions
    columns = [
        [cell(name, value, fractions) for value in rows[name].tolist()]
        for name, fractions in ((name, _has_fractions(rows[name])) for name in names)
    ]
    heads = []
    for name, cells in zip(names, columns, strict=True):
        longest = max((len(one.text) for one in cells), default=0)
        kind = "number" if rows[name].dtype.kind in "iufb" else "prose" if longest > _PROSE else "word"
        kind = "file" if name in _FILES else kind
        heads.append(Column(column_title(name), f"{kind} minor" if name in minor else kind))
    lines = [list(row) for row in zip(*columns, strict=True)]
    places = [names.index(name) for name in look.filters if name in names and rows[name].nunique() > 1]
    legend = [(column_title(name), look.legend[name]) for name in names if name in look.legend]
    return Table(key, look.title, caption, heads, lines, places, list(links), legend=legend)


def _tells(values, name, told):
    """Return whether a column tells anything, more than that nothing is missing or what the title says."""
    empty = values.isna().all() or (name == "missing" and not values.any())
    return name in told or not empty and name not in _TITLED


def in_angstrom(rows):
    """Return a table with its lengths in nm given in Å, as a microscopist reads them.

    Parameters
    ----------
    rows : pandas.DataFrame

    Returns
    -------
    pandas.DataFrame
    """
    lengths = [name for name in rows if name.endswith("_nm")]
    changed = rows.assign(**{name: ANGSTROM_PER_NM * rows[name] for name in lengths})
    return changed.rename(columns={name: f"{name.removesuffix('_nm')}_A" for name in lengths})
