"""The user's STAR file with what was found: one that RELION 3.1 and later open, from whatever folder."""

import os

import numpy as np

from gradalign.errors import InputError
from gradalign.io.mrc import ANGSTROM_PER_NM
from gradalign.io.star import from_relion, to_relion
from gradalign.io.star_text import write_tables
from gradalign.io.volume_file import SAME_SIZE
from gradalign.particles.places import Finder
from gradalign.particles.star_columns import (
    ANGLES,
    CTF_IMAGE,
    GROUP,
    IMAGE,
    ORIGINS,
    PARTICLES_FILE,
    PIXEL_ORIGINS,
    blank,
    group_number,
)

MERIT = "rlnParticleFigureOfMerit"
"""RELION's column of numbers for the score of a particle; here −d."""
_MICROSCOPE = {"rlnVoltage": "300.000000", "rlnSphericalAberration": "2.700000", "rlnAmplitudeContrast": "0.100000"}
"""What RELION's optics table must tell, with what is written where a list does not: nothing here depends on it."""
# before RELION 3.1 they stood with the particles; RELION's own conversion takes them out too
_MOVED = (*_MICROSCOPE, "rlnDetectorPixelSize", "rlnMagnification", "rlnPixelSize")
_OF_FORMER_REFINEMENT = (
    "rlnLogLikeliContribution",
    "rlnMaxValueProbDistribution",
    "rlnNrOfSignificantSamples",
    "rlnNormCorrection",
    "rlnAccuracyRotations",
    "rlnAccuracyTranslationsAngst",
    "gradalignProbability",
    "gradalignRotationSd",
    "gradalignTranslationSdAngst",
    "gradalignExcess",
    "gradalignDetermined",
    "gradalignDissimilarity",
    "gradalignDissimilarityChange",
    MERIT,
)
"""Columns that belong to the angles of a former refinement."""


def _groups(table):
    """Return the optics group of each particle: those given, apart where the microscope's settings differ."""
    given = [str(group_number(text)) for text in table.get(GROUP, ["1"] * len(table[IMAGE]))]
    settings = list(zip(given, *(table.get(label, given) for label in _MICROSCOPE), strict=True))
    numbers = {setting: number for number, setting in enumerate(sorted(set(settings)), start=1)}
    return [str(numbers[setting]) for setting in settings]


def _whole_number(text):
    number = group_number(text)
    return f"{number:.0f}" if isinstance(number, float) else number


def _optics(given, table, pixel_size, box):
    """Return the table of optics groups and the group of each particle.

    Parameters
    ----------
    given : dict
        The user's table, empty if there is none.
    table : dict
        The particles' columns.
    pixel_size : float
        In Å.
    box : int

    Returns
    -------
    optics : dict of str to list of str
    groups : list of str
    """
    optics = {label: list(entries) for label, entries in given.items()}
    if optics:
        optics[GROUP] = [_whole_number(text) for text in optics.get(GROUP, ["1"])]
        groups = [_whole_number(text) for text in table.get(GROUP, optics[GROUP][:1] * len(table[IMAGE]))]
    else:
        groups = _groups(table)
        optics[GROUP] = sorted(set(groups), key=int)
    for label, fallback in _MICROSCOPE.items():
        if label not in optics or any(map(blank, optics[label])):
            of_group = dict(zip(groups, table.get(label, [""] * len(groups)), strict=True))
            optics[label] = [fallback if blank(of_group.get(group, "")) else of_group[group] for group in optics[GROUP]]
    size = f"{pixel_size:.6f}"
    told = optics.get("rlnImagePixelSize", [""])
    if any(blank(text) or abs(float(text) - pixel_size) > SAME_SIZE * pixel_size for text in told):
        optics["rlnImagePixelSize"] = [size] * len(optics[GROUP])
    for label, text in (("rlnImageSize", str(box)), ("rlnImageDimensionality", "3")):
        optics.setdefault(label, [text] * len(optics[GROUP]))
    optics.setdefault("rlnOpticsGroupName", [f"opticsGroup{group}" for group in optics[GROUP]])
    return optics, groups


def without_microscope(picked):
    """Return whether a list does not tell the voltage, so that the written one has RELION's usual one in its place.

    Parameters
    ----------
    picked : gradalign.particles.star.Picked

    Returns
    -------
    bool
    """
    tables = (picked.tables.get("optics", {}), picked.tables[picked.name])
    return not any("rlnVoltage" in table and not any(map(blank, table["rlnVoltage"])) for table in tables)


def check_same(picked, entries):
    """Say so if a list is not the one that the results are of.

    Parameters
    ----------
    picked : gradalign.particles.star.Picked
        As it is now.
    entries : sequence of gradalign.particles.entries.Entry
        As it was.

    Raises
    ------
    InputError
    """
    if len(entries) != len(picked):
        raise InputError(f"{picked.path}: holds {len(picked)} particles, where {len(entries)} were read; start anew")
    finder = Finder(picked.path)
    for row, image, entry in zip(picked.rows, picked.images, entries, strict=True):
        if row + 1 != entry.particle or finder.place(image) != entry.image:
            raise InputError(f"{picked.path}: names {image} in row {row + 1}, where {entry.image} was read; start anew")


def _in_boxes(picked, kept, rotations, translations):
    """Return poses in the axes of the boxes, which may be rotated against their tomograms."""
    if picked.box_angles is None:
        return rotations, translations
    angles = picked.box_angles[np.searchsorted(picked.rows, kept)]
    boxes = from_relion(angles, np.zeros((len(angles), 3)), 1.0)[0]
    back = np.swapaxes(boxes, -1, -2)
    return back @ np.asarray(rotations), np.einsum("nij,nj->ni", back, np.asarray(translations))


def write_aligned(path, picked, kept, poses, voxel_size, box, columns):
    """Write particles back with new angles and origins.

    Images stand with their whole paths. Columns that a former refinement left about its own angles are taken out, and
    what RELION wants in a table of optics groups is put there. All other columns and tables stay as they were.

    Parameters
    ----------
    path : str or path
    picked : gradalign.particles.star.Picked
    kept : sequence of int, (m,)
        The rows of the particles in the user's table.
    poses : (array_like of shape (m, 3, 3), array_like of shape (m, 3))
        R and a in voxels of particle(x) = ref(R⁻¹(x − a)), in the axes of the tomogram.
    voxel_size : float
        In nm.
    box : int
        Edge in voxels.
    columns : dict of str to sequence of str, (m,)
        Further columns; they replace those of the same name.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    dropped = (*PIXEL_ORIGINS, *_OF_FORMER_REFINEMENT)
    old = {label: texts for label, texts in picked.tables[picked.name].items() if label not in dropped}
    table = {label: [texts[row] for row in kept] for label, texts in old.items()}
    finder = Finder(picked.path)
    for label in (IMAGE, CTF_IMAGE):
        if label in table:
            table[label] = [finder.whole_name(entry) for entry in table[label]]
    for labels, numbers in zip((ANGLES, ORIGINS), to_relion(*_in_boxes(picked, kept, *poses), voxel_size), strict=True):
        # adding zero turns -0 into 0
        table |= {label: map("{:.6f}".format, numbers[:, i] + 0.0) for i, label in enumerate(labels)}
    table |= columns
    optics, groups = _optics(picked.tables.get("optics", {}), table, voxel_size * ANGSTROM_PER_NM, box)
    table = {label: entries for label, entries in table.items() if label not in _MOVED} | {GROUP: groups}
    tables = {name: other for name, other in picked.tables.items() if name not in ("optics", picked.name)}
    tables |= {"optics": optics, "particles": table}
    write_tables(path, tables)


def write_optimisation_set(path, picked, aligned):
    """Write RELION's optimisation set with the aligned particles in place of the user's.

    Parameters
    ----------
    path : str or path
    picked : gradalign.particles.star.Picked
        Given as an optimisation set.
    aligned : str or path
        The aligned particles.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    finder = Finder(picked.set_path)
    tables = {
        name: {
            label: [
                os.path.abspath(aligned) if label == PARTICLES_FILE else finder.whole_name(entry) for entry in entries
            ]
            for label, entries in table.items()
        }
        for name, table in picked.set_tables.items()
    }
    write_tables(path, tables)
