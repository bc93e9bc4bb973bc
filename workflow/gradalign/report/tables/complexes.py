"""The table of the complexes as text."""

import math

from gradalign.aligners.declared import OWN_INTERVAL
from gradalign.base.files import write_text
from gradalign.report.markdown import markdown_table
from gradalign.report.numbers import ABSENT, snr_label, spread, tilt_label
from gradalign.report.tables.phantom import answers, counts, others, others_caption
from gradalign.search.registry import score_label

COMPLEX_HEADER = [
    "Complex",
    "Symmetry",
    "Tilt",
    "SNR",
    "Interval",
    "Score",
    "Rotation (°)",
    "Random azimuth (°)",
    "Axis tilt (°)",
    "Translation (voxels)",
]
"""Column titles of the table of the complexes."""


def complex_line(row):
    """Return the texts of one line of the table of the complexes, in the order of `COMPLEX_HEADER`.

    Parameters
    ----------
    row : named tuple
        A row of `gradalign.report.statistics.summarise_complexes`.

    Returns
    -------
    list of str
    """
    return [
        row.title,
        row.point_group,
        tilt_label(row.tilt_deg),
        snr_label(row.snr),
        ABSENT if row.interval_deg == OWN_INTERVAL else f"{row.interval_deg:g}°",
        score_label(row.score),
        spread(row.rotation_median_deg, row.rotation_mad_deg),
        ABSENT if math.isnan(row.random_azimuth_deg) else f"{row.random_azimuth_deg:.1f}",
        spread(row.axis_median_deg, row.axis_mad_deg),
        spread(row.translation_median_voxel, row.translation_mad_voxel),
    ]


def write_complexes_markdown(rows, path, caption, below=""):
    """Write the table of the complexes as Markdown.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `gradalign.report.statistics.summarise_complexes`.
    path : str or path
    caption : str
        From `complexes_caption`.
    below : str
        Markdown that follows the table.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    lines = [complex_line(row) for row in rows.itertuples(index=False)]
    write_text(path, "\n\n".join(filter(None, [caption, markdown_table(COMPLEX_HEADER, lines), below])) + "\n")


def complexes_caption(rows):
    """Return the caption of the table of the complexes.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `gradalign.report.statistics.summarise_complexes`.

    Returns
    -------
    str
    """
    caption = (
        f"Alignment errors of the complexes: median ± median absolute deviation of {counts(rows)} a row. "
        "Rotation: error to the nearest orientation equivalent under the complex's symmetry. Axis tilt: "
        "angle between the estimated and the true principal axis. Random azimuth: median rotation error if "
        "the rotation about the principal axis were pure chance, 90°/n about an n-fold axis. Under C1 the "
        "rotation error says whether a complex was aligned, with a symmetry axis the axis tilt and the "
        "translation do."
    )
    if "clpp" in set(rows.object):
        caption += " A 4 nm map hardly holds ClpP's sevenfold axis: its azimuth is then close to random."
    for row in rows[rows.stand_in_for != ""].drop_duplicates("object").itertuples(index=False):
        caption += f" {row.title} stands in for the paper's entry {row.stand_in_for}."
    each = [f"{row.title}, {row.score}: {answers(row)}" for row in others(rows).itertuples(index=False)]
    return caption + others_caption(rows) + (f" {'; '.join(each)}." if each else "")
