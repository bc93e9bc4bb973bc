"""Tables of numbers in the notes under docs/, filled in from the files that hold the numbers."""

import re

import pandas as pd

from gradalign.errors import InputError
from gradalign.report.markdown import markdown_table
from gradalign.report.numbers import number
from gradalign.simulation.complexes import find_complex

_LOADED_RULES = 6


def with_tables(text, tables):
    """Return a note with its tables filled in.

    A table stands between the lines ``<!-- table NAME -->`` and ``<!-- end -->``.

    Parameters
    ----------
    text : str
        The note, in Markdown.
    tables : dict of str to str
        By name.

    Returns
    -------
    str

    Raises
    ------
    InputError
        If the note has no place for a table.
    """
    for name, table in tables.items():
        place = re.compile(rf"(<!-- table {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not place.search(text):
            raise InputError(f"the note has no place for the table {name}: '<!-- table {name} -->' and '<!-- end -->'")
        text = place.sub(lambda found, table=table: f"{found[1]}\n{table}\n\n{found[2]}", text)
    return text


def calibration_table(rows):
    """Return the calibration's alternatives as a table.

    Parameters
    ----------
    rows : pandas.DataFrame
        docs/calibration.csv.

    Returns
    -------
    str
        Markdown.
    """
    header = ["key", "value", "fit", "judged", "SNR ∞", "SNR 1", "SNR 0.5", "SNR 0.1", "worse", "steps"]
    lines = []
    for row in rows.to_dict("records"):
        value = "" if pd.isna(row["value"]) else f"{row['value']:g}"
        means = [f"{row[f'mean_{snr}']:.2f}" for snr in ("inf", "1", "0.5", "0.1")]
        fit = [f"{row[name]:.2f}" for name in ("fit", "judged")]
        lines.append([f"`{row['key']}`", value, *fit, *means, f"{row['worse']:.0%}", f"{row['steps']:.0f}"])
    return markdown_table(header, lines)


def worse_cells_table(rows):
    """Return what alternatives do to the cells that are worse than printed, and to all others, as a table.

    Parameters
    ----------
    rows : pandas.DataFrame
        docs/calibration_worse_cells.csv.

    Returns
    -------
    str
        Markdown.
    """
    halves = ["worse_fit", "worse_judged", "others_fit", "others_judged"]
    titles = ["worse cells, fit", "judged", "other cells, fit", "judged", "still worse", "newly worse", "steps"]
    lines = []
    for row in rows.to_dict("records"):
        value = "" if pd.isna(row["value"]) else f"{row['value']:g}"
        counts = [f"{row[name]:.0f}" for name in ("still_worse", "newly_worse", "steps")]
        lines.append([f"`{row['key']}`", value, *(f"{row[name]:.2f}" for name in halves), *counts])
    return markdown_table(["key", "value", *titles], lines)


def calibrated_complexes_table(rows):
    """Return the complexes' errors at each band limit as a table.

    Parameters
    ----------
    rows : pandas.DataFrame
        docs/calibration_complexes.csv.

    Returns
    -------
    str
        Markdown.
    """
    limits = sorted(rows.low_pass_nm.unique())
    lines = []
    for name in rows.object.unique():
        about = find_complex(name)
        # with a symmetry the tilt of the axis tells whether a pair was aligned
        asymmetric = about.group == "C1"
        column, words = ("rotation_deg", "rotation (°)") if asymmetric else ("axis_deg", "axis tilt (°)")
        of_scores = rows[rows.object == name].groupby("low_pass_nm")[[column, "translation_voxel"]].mean()
        cells = [f"{of_scores[column][low]:.1f} / {of_scores.translation_voxel[low]:.2f}" for low in limits]
        lines.append([f"{about.label}, {words} / translation (voxels)", *cells])
    return markdown_table(["complex", *(f"{limit:.1f} nm" for limit in limits)], lines)


def load_table(rows):
    """Return the rules whose jobs took most memory as a table.

    Parameters
    ----------
    rows : pandas.DataFrame
        benchmarks/run_times.csv of a study.

    Returns
    -------
    str
        Markdown.
    """
    largest = rows[rows.rule != "all"].nlargest(_LOADED_RULES, "peak_memory_mb")
    lines = [[f"`{row.rule}`", f"{row.peak_memory_mb:.0f}", number(row.longest_s)] for row in largest.itertuples()]
    return markdown_table(["rule", "memory, MB", "longest job, s"], lines)


def long_lists_table(rows):
    """Return what each step of a long list takes as a table.

    Parameters
    ----------
    rows : pandas.DataFrame
        docs/long_lists.csv.

    Returns
    -------
    str
        Markdown.
    """
    header = ["particles", "in one file", "step", "seconds", "processor seconds", "peak MB"]
    lines = [
        [f"{row['particles']:,}", f"{row['particles_per_file']:,}", row["step"]]
        + [f"{row[name]:.0f}" for name in ("seconds", "cpu_seconds", "peak_mb")]
        for row in rows.to_dict("records")
    ]
    return markdown_table(header, lines)


def true_masks_table(rows):
    """Return what pairs come to under masks along the particles' true surfaces as a table.

    Parameters
    ----------
    rows : pandas.DataFrame
        docs/true_masks.csv.

    Returns
    -------
    str
        Markdown.
    """
    margins = sorted(rows.margin_voxel.unique())
    lines = []
    for name, own in rows.groupby("row", sort=False):
        own = own.set_index("margin_voxel")
        cells = [f"{own.rotation_median_deg[each]:.1f}° ({own.left_over_noise[each]:.0f})" for each in margins]
        lines.append([name, *cells])
    return markdown_table(["row", *(f"surface + {margin} voxels" for margin in margins)], lines)
