"""The scans as a table: their errors and cost, the refinement of the same pairs beside them."""

from pathlib import Path

import pandas as pd

from gradalign.base.files import complete_file
from gradalign.base.medians import median_and_deviation
from gradalign.report.markdown import markdown_table
from gradalign.report.numbers import snr_label, spread, tilt_label
from gradalign.search.registry import score_label

_HEADER = [
    "Tilt",
    "SNR",
    "Score",
    "Scan",
    "n",
    "Rotations",
    "Scan: rotation (°)",
    "Scan: translation (voxels)",
    "Refined: seeds + steps",
    "Refined: rotation (°)",
    "Refined: translation (voxels)",
    "Scan has the smaller d",
]
_FEWER = "†"
_CONDITION = ["tilt_deg", "snr", "score", "scan_interval_deg"]


def summarise_scans(scans):
    """Return errors and cost of the scans, the refinement of the same pairs beside each.

    Parameters
    ----------
    scans : pandas.DataFrame
        One line per pair and scan, with the columns `gradalign.study.columns.scans.SCANS`.

    Returns
    -------
    pandas.DataFrame
        One row per tilt range, signal-to-noise ratio, score and interval of the scan: ``n``, ``rotations`` of one
        scan, medians with deviations ``rotation_median_deg``, ``rotation_mad_deg``, ``translation_median_voxel``,
        ``translation_mad_voxel``, then ``seed_interval_deg``, ``seeds``, ``refined_steps_median`` and the medians and
        deviations of the refinement, and ``scan_wins``: the pairs whose scan found a smaller dissimilarity.
    """
    rows = []
    for condition, group in scans.groupby(_CONDITION, sort=False):
        row = dict(zip(_CONDITION, condition, strict=True)) | {"n": len(group), "rotations": group.rotations.iloc[0]}
        for kind in ("", "refined_"):
            if kind:
                row |= {name: group[name].iloc[0] for name in ("seed_interval_deg", "seeds")}
                row["refined_steps_median"] = group.refined_steps.median()
            for name, unit in (("rotation", "deg"), ("translation", "voxel")):
                median, deviation = median_and_deviation(group[f"{kind}{name}_error_{unit}"])
                row |= {f"{kind}{name}_median_{unit}": median, f"{kind}{name}_mad_{unit}": deviation}
        row["scan_wins"] = int((group.dissimilarity < group.refined_dissimilarity).sum())
        rows.append(row)
    rows = pd.DataFrame(rows)
    return rows.sort_values(_CONDITION, ascending=False, kind="stable", ignore_index=True)


def summarise_seconds(seconds):
    """Return the mean processor times of a pair, and those of all pairs by extrapolation from the scanned ones.

    Parameters
    ----------
    seconds : pandas.DataFrame
        With the columns `gradalign.study.columns.scans.SCAN_SECONDS`.

    Returns
    -------
    pandas.DataFrame
        ``tilt_deg``, ``snr``, ``score``, ``scan_interval_deg``, ``pairs``, the seconds of one pair ``scan_s`` and
        ``refinement_s``, their ``ratio``, ``all_pairs`` (the most pairs of any scan), ``all_scan_s`` and
        ``extrapolated``, yes where fewer pairs than these were scanned.
    """
    rows = seconds.sort_values(_CONDITION, ascending=False, kind="stable", ignore_index=True)
    for name in ("scan_s", "refinement_s"):
        rows[name] /= rows.pairs
    rows["ratio"] = rows.scan_s / rows.refinement_s
    rows["all_pairs"] = rows.pairs.max()
    rows["all_scan_s"] = rows.scan_s * rows.all_pairs
    rows["extrapolated"] = (rows.pairs < rows.all_pairs).map({True: "yes", False: "no"})
    return rows


def is_on_fewer_pairs(rows):
    """Return which rows were measured on fewer pairs than others of their table.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `summarise_scans`.

    Returns
    -------
    pandas.Series of bool
    """
    return rows.n < rows.n.max()


def scanning_caption(rows):
    """Return the caption of the scans' table and figure.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `summarise_scans`.

    Returns
    -------
    str
    """
    counts = dict.fromkeys(f"{row.n} at {row.scan_interval_deg:g}°" for row in rows.itertuples(index=False))
    caption = (
        "Exhaustive scan against refinement of the same pairs of the phantom: errors, median ± median absolute "
        f"deviation, n = {', '.join(counts)}. A scan tries every rotation of a ZYZ grid, each at its best translation "
        f"among whole voxels; the refinement starts from seeds every {rows.seed_interval_deg.iloc[0]:g}°."
    )
    if is_on_fewer_pairs(rows).any():
        caption += f" {_FEWER} Scanned on fewer pairs than the others; its cost for as many is an extrapolation."
    return caption


def write_scanning_markdown(rows, path, caption):
    """Write the scans as Markdown.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `summarise_scans`.
    path : str or path
    caption : str
        From `scanning_caption`.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    lines = []
    for row, fewer in zip(rows.itertuples(index=False), is_on_fewer_pairs(rows), strict=True):
        lines.append(
            [
                tilt_label(row.tilt_deg),
                snr_label(row.snr),
                score_label(row.score),
                f"{row.scan_interval_deg:g}°",
                f"{row.n}{_FEWER if fewer else ''}",
                f"{row.rotations:,}",
                spread(row.rotation_median_deg, row.rotation_mad_deg),
                spread(row.translation_median_voxel, row.translation_mad_voxel),
                f"{row.seeds} + {row.refined_steps_median:g}",
                spread(row.refined_rotation_median_deg, row.refined_rotation_mad_deg),
                spread(row.refined_translation_median_voxel, row.refined_translation_mad_voxel),
                f"{row.scan_wins} of {row.n}",
            ]
        )
    with complete_file(path) as partial:
        Path(partial).write_text(f"{caption}\n\n{markdown_table(_HEADER, lines)}\n", encoding="utf-8")
