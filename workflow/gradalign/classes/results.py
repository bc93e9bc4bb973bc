"""What comes out: the particles as STAR files, maps, tables, a ChimeraX command file and a summary."""

import csv
import shlex
from pathlib import Path

import numpy as np

from gradalign.averaging.fsc import resolution
from gradalign.base.files import complete_file, write_text
from gradalign.classes.relatives import relatives
from gradalign.classes.rounds import THRESHOLD
from gradalign.classes.standing import MEMBER, UNDECIDED
from gradalign.classes.start import no_classes
from gradalign.classes.state import HISTORY, SETTLED
from gradalign.io.chimerax import LEVEL
from gradalign.io.mrc import ANGSTROM_PER_NM, write_volume
from gradalign.particles.aligned import check_same, write_aligned
from gradalign.particles.filters import merit_factors, shell_filtered
from gradalign.particles.star_columns import SUBSET, TILT_AXIS, TILTS
from gradalign.run.machine import typed_program

CLASS = "rlnClassNumber"
KINDS = ("", "_half1", "_half2")
"""Endings of a class's average and half maps."""
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999")


def resolutions(state):
    """Return the resolution of each class, in nm.

    Parameters
    ----------
    state : gradalign.classes.state.State

    Returns
    -------
    list of float
        Where the half maps' correlation under the mask falls below 0.143; NaN if it is nowhere above.
    """
    shells = np.arange(1, state.correlations.shape[1] + 1) / state.box
    return [resolution(shells, row, THRESHOLD, state.voxel_size) for row in state.correlations]


def filtered_average(state, label):
    """Return the average of a class with each shell weighted by how far the half maps agree, for looking at.

    Parameters
    ----------
    state : gradalign.classes.state.State
    label : int

    Returns
    -------
    numpy.ndarray of shape (N, N, N), float32
    """
    return shell_filtered(state.maps[label - 1, 0], merit_factors(state.correlations[label - 1]))


def write_stars(folder, classified, picked, entries, standings, state, wedges):
    """Write all usable particles with their classes, and the particles of each class by themselves.

    Parameters
    ----------
    folder : path
        For ``class_1.star``, ...
    classified : str or path
        For all of them; a particle that fits no class has the class number 0.
    picked : gradalign.particles.star.Picked
    entries : list of gradalign.particles.entries.Entry
    standings : list of gradalign.classes.standing.Standing
    state : gradalign.classes.state.State
    wedges : mapping of int to (float, float, float)

    Raises
    ------
    InputError
        If the STAR file has changed since, or one cannot be written.
    """
    check_same(picked, entries)
    by_number = {entry.particle: entry for entry in entries}
    usable = [standing for standing in standings if not standing.failure]
    groups = [(classified, usable)]
    for label in state.labels:
        members = [standing for standing in usable if standing.label == label and standing.verdict == MEMBER]
        groups.append((Path(folder) / f"class_{label}.star", members))
    for path, group in groups:
        if group:
            _write_star(path, picked, [by_number[standing.particle] for standing in group], group, state, wedges)


def pose_in_file(entry, standing):
    """Return a particle's pose in its file; that of the STAR file where none was found.

    Parameters
    ----------
    entry : gradalign.particles.entries.Entry
    standing : gradalign.classes.standing.Standing

    Returns
    -------
    rotation : numpy.ndarray of shape (3, 3)
    shift : numpy.ndarray of shape (3,)
        In voxels.
    """
    if np.isnan(standing.phi_deg):
        return (np.eye(3) if entry.start is None else entry.start), entry.centre
    rotation, shift = standing.pose
    # the volumes were centred on the origins that the file gave
    return rotation, entry.centre + shift


def _write_star(path, picked, entries, standings, state, wedges):
    poses = [pose_in_file(*one) for one in zip(entries, standings, strict=True)]
    ranges = np.array([wedges[standing.particle] for standing in standings])
    numbers = {label: ranges[:, place] for place, label in enumerate((*TILTS, TILT_AXIS))}
    numbers |= {
        # without classes nothing is known of a particle
        "gradalignClassProbability": np.nan_to_num([standing.probability for standing in standings]),
        "gradalignClassAmplitude": np.nan_to_num([standing.amplitude for standing in standings]),
        "gradalignClassResidual": np.nan_to_num([standing.residual for standing in standings]),
    }
    columns = {
        CLASS: [str(standing.label) for standing in standings],
        SUBSET: [str(standing.half) for standing in standings],
        "gradalignClassVerdict": [standing.verdict for standing in standings],
    }
    columns |= {label: [f"{value:.6g}" for value in values] for label, values in numbers.items()}
    rows = [standing.particle - 1 for standing in standings]
    rotations, translations = (np.array(values) for values in zip(*poses, strict=True))
    write_aligned(path, picked, rows, (rotations, translations), state.voxel_size, state.box, columns)


def write_maps(folder, state):
    """Write the average, the half maps and the filtered average of each class, and a ChimeraX file that shows them.

    Parameters
    ----------
    folder : path
    state : gradalign.classes.state.State

    Raises
    ------
    InputError
        If one cannot be written.
    """
    lines = ["# Open in ChimeraX: the averages of the classes side by side.", "close", "set bgColor white"]
    for label in state.labels:
        for kind, volume in zip(KINDS, state.maps[label - 1], strict=True):
            write_volume(Path(folder) / f"class_{label}{kind}.mrc", volume, state.voxel_size)
        shown, name = filtered_average(state, label), f"class_{label}_filtered.mrc"
        write_volume(Path(folder) / name, shown, state.voxel_size)
        aside = (label - 1) * state.box * state.voxel_size * ANGSTROM_PER_NM
        lines += [
            f'open "{name}" id {label} name "class {label}"',
            f"volume #{label} style surface step 1 level {surface_level(shown):.6g} "
            f"color {_COLOURS[(label - 1) % len(_COLOURS)]}",
            f"view matrix models #{label},1,0,0,{aside:g},0,1,0,0,0,0,1,0",
        ]
    lines += ["lighting soft", "view"]
    write_text(Path(folder) / "classes.cxc", "\n".join(lines) + "\n")


def surface_level(volume):
    """Return the density at which a map's surface is drawn.

    Parameters
    ----------
    volume : numpy.ndarray of shape (N, N, N)

    Returns
    -------
    float
        `gradalign.io.chimerax.LEVEL` of the largest.
    """
    return LEVEL * float(np.max(volume))


def write_table(path, columns, rows):
    """Write a table as CSV; NaN is left empty.

    Parameters
    ----------
    path : str or path
    columns : sequence of str
    rows : iterable of sequence

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    # names of files may hold bytes that are no text
    with (
        complete_file(path) as partial,
        open(partial, "w", encoding="utf-8", errors="surrogateescape", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_text(value) for value in row] for row in rows)


def _text(value):
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value + 0.0:.6g}"
    return str(value)


CLASS_COLUMNS = (
    "class",
    "particles",
    "undecided",
    "half1",
    "half2",
    "resolution_nm",
    "agreement_deviations",
    "median_amplitude",
    "median_residual",
    "least_amplitude",
    "largest_residual",
    "relative_of",
    "relative_amplitude",
    "mirror_of",
)


def class_rows(standings, state, settings):
    """Return what is known of each class.

    Parameters
    ----------
    standings : list of gradalign.classes.standing.Standing
    state : gradalign.classes.state.State
    settings : gradalign.Settings

    Returns
    -------
    list of list
        Values of `CLASS_COLUMNS`. The relative is the class whose map is most like this one's, rotated and shifted
        as need be; its amplitude is 1 for the same object. A class that is the mirror image of another names it.
    """
    reached, known = resolutions(state), relatives(state.half_maps(1), state.plan(settings)) if state.classes else {}
    rows = []
    for label in state.labels:
        members = [standing for standing in standings if standing.label == label]
        relative = known[label]
        halves = [sum(standing.half == half for standing in members) for half in (1, 2)]
        medians = [
            float(np.median([getattr(standing, name) for standing in members])) if members else np.nan
            for name in ("amplitude", "residual")
        ]
        undecided = sum(standing.verdict == UNDECIDED for standing in members)
        surplus = float(state.surplus[label - 1])
        rows.append(
            [label, len(members), undecided, *halves, reached[label - 1], surplus, *medians]
            + list(map(float, state.limits[label - 1]))
            + [relative.other or "", relative.amplitude, relative.mirror or ""]
        )
    return rows


def mirror_sentences(rows):
    """Return a sentence for each two classes that are mirror images.

    Parameters
    ----------
    rows : list of list
        From `class_rows`.

    Returns
    -------
    list of str
    """
    label, mirror = CLASS_COLUMNS.index("class"), CLASS_COLUMNS.index("mirror_of")
    pairs = sorted({tuple(sorted((row[label], row[mirror]))) for row in rows if row[mirror]})
    return [
        f"Classes {first} and {second} look like mirror images of each other, and stay two: tilt angles of the wrong "
        "sign mirror the particles of a tomogram."
        for first, second in pairs
    ]


def summary(standings, state, star, folder, further=()):
    """Return in sentences what was found and how each class can go on.

    Parameters
    ----------
    standings : list of gradalign.classes.standing.Standing
    state : gradalign.classes.state.State
    star : str
        The user's file.
    folder : str
        Where the maps and the STAR files of the classes are.
    further : iterable of str
        Sentences that stand before the last, which says how to go on.

    Returns
    -------
    list of str
        The result first.
    """
    usable = [standing for standing in standings if not standing.failure]
    lines = list(further)
    failed = len(standings) - len(usable)
    if failed:
        reason = next(standing.failure for standing in standings if standing.failure)
        lines.insert(0, f"{failed} of {len(standings)} particles of {star} could not be used. The first: {reason}")
    if not state.classes:
        return [f"{no_classes(state, len(usable))}.".capitalize(), *lines]
    inside = [standing for standing in usable if standing.label]
    undecided = sum(standing.verdict == UNDECIDED for standing in inside)
    settled = "and nothing moves any more" if state.stage == SETTLED else "and particles still moved in the last one"
    single = state.classes == 1
    found = [
        f"{state.classes} {'class' if single else 'classes'} with {len(inside)} of {len(usable)} particles; "
        f"{len(state.history)} rounds, {settled}. {len(usable) - len(inside)} particles fit none; "
        + ("those of the class look like one object." if single else f"{undecided} fit more than one about as well.")
    ]
    for label, reached in zip(state.labels, resolutions(state), strict=True):
        count = sum(standing.label == label for standing in inside)
        text = f"resolution {reached * ANGSTROM_PER_NM:.1f} Å" if np.isfinite(reached) else "no common resolution"
        found.append(f"Class {label}: {count} particles, {text} (FSC {THRESHOLD}, no reference was shared).")
    onwards = [typed_program(), "particles", f"{folder}/class_1.star", "--reference", f"{folder}/class_1_filtered.mrc"]
    return [*found, *lines, "A class goes on by itself with, for instance:", shlex.join(onwards)]


def history_rows(state):
    """Return the rounds as rows of `gradalign.classes.state.HISTORY`.

    Parameters
    ----------
    state : gradalign.classes.state.State

    Returns
    -------
    list of list
    """
    return [[*map(int, row[: HISTORY.index("changed_share")]), *map(float, row[4:])] for row in state.history]
