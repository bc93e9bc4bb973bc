"""What is said of the classes: which subtomograms each holds, and how well they agree with the truth."""

from pathlib import Path

import numpy as np
import pandas as pd

from gradalign.averaging.fsc import fourier_shell_correlation, resolution
from gradalign.base.files import complete_file
from gradalign.report.markdown import markdown_table
from gradalign.report.numbers import tilt_label
from gradalign.report.tables.averages import nanometres
from gradalign.search.registry import score_label
from gradalign.study.columns.averages import COMPARISONS
from gradalign.study.partition import adjusted_rand_index, composition


def summarise_classes(classes, averages, truths, voxel_size, cell):
    """Return each class with what it holds and the agreement of its partition with the truth.

    Parameters
    ----------
    classes : pandas.DataFrame
        From `gradalign.study.class_averages.classify`.
    averages : dict of (str, str) to array_like of shape (N, N, N)
        From `gradalign.study.class_averages.average_classes`.
    truths : dict of str to array_like of shape (N, N, N)
    voxel_size : float
        In nm.
    cell : dict
        ``tilt``, ``snr`` and ``interval``.

    Returns
    -------
    pandas.DataFrame
        ``tilt_deg``, ``snr``, ``interval_deg``, ``score``, ``stage``, ``adjusted_rand_index``, ``class``,
        ``stands_for``, ``n``, ``right`` (of the object it stands for), ``holds`` (such as ``"18 groel, 2 clpp"``) and
        ``truth_resolution_nm`` (NaN before alignment, when nothing is averaged).
    """
    condition = {"tilt_deg": cell["tilt"], "snr": cell["snr"], "interval_deg": cell["interval"]}
    rows = []
    for (score, stage), part in classes.groupby(["score", "stage"], sort=False):
        agreement = adjusted_rand_index(part["class"], part.object)
        holds = composition(part["class"].tolist(), part.object.tolist())
        for label, counts in sorted(holds.items()):
            name = part[part["class"] == label].stands_for.iloc[0]
            row = condition | {"score": score, "stage": stage, "adjusted_rand_index": agreement, "class": label}
            row |= {"stands_for": name, "n": sum(counts.values()), "right": counts.get(name, 0)}
            row["holds"] = ", ".join(f"{count} {thing}" for thing, count in counts.items())
            row["truth_resolution_nm"] = np.nan
            if stage == "after":
                frequencies, correlations = fourier_shell_correlation(averages[name, score], truths[name])
                row["truth_resolution_nm"] = resolution(frequencies, correlations, COMPARISONS["truth"], voxel_size)
            rows.append(row)
    return pd.DataFrame(rows)


def stand_ins(objects):
    """Return in words which objects stand in for an entry of the paper.

    Parameters
    ----------
    objects : dict of str to dict
        What each object is, by the keys of its map's provenance.

    Returns
    -------
    str
        A sentence for each, with a space before it; empty if there is none.
    """
    return "".join(
        f" {about['title']} stands in for the paper's entry {about['stand_in_for']}."
        for about in objects.values()
        if about["stand_in_for"]
    )


def classes_caption(rows, objects):
    """Return the caption of the table of the classes.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `summarise_classes`.
    objects : dict of str to dict
        What each object is, by the keys of its map's provenance.

    Returns
    -------
    str
    """
    first = rows.iloc[0]
    total = int(rows[(rows.score == first.score) & (rows.stage == first.stage)].n.sum())
    return (
        f"Classes of n = {total} subtomograms ({tilt_label(first.tilt_deg)}, SNR {first.snr:g}) from the "
        f"dissimilarities of all {total * (total - 1) // 2} pairs, before and after their alignment from "
        f"{first.interval_deg:g}° seeds; Ward's hierarchical clustering, as many classes as there are complexes. "
        "Adjusted Rand index: 1 if the classes are the complexes, 0 on average for chance. Resolution of a class's "
        "average: Fourier shell correlation 0.5 with the true map of the complex that it stands for."
        + stand_ins(objects)
    )


def write_classes_markdown(rows, path, objects):
    """Write the table of the classes as Markdown.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `summarise_classes`.
    path : str or path
    objects : dict of str to dict
        What each object is, by the keys of its map's provenance.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    header = ["Score", "Alignment", "Adjusted Rand index", "Class", "Stands for", "n", "Holds", "Resolution"]
    lines = []
    for row in rows.to_dict("records"):
        reached = nanometres(row["truth_resolution_nm"]) if row["stage"] == "after" else "–"
        line = [score_label(row["score"]), row["stage"], f"{row['adjusted_rand_index']:.2f}", str(row["class"])]
        lines.append([*line, objects[row["stands_for"]]["title"], str(row["n"]), row["holds"], reached])
    text = f"{classes_caption(rows, objects)}\n\n{markdown_table(header, lines)}\n"
    with complete_file(path) as partial:
        Path(partial).write_text(text, encoding="utf-8")
