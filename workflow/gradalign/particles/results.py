"""What comes out: the aligned particles as a STAR file, maps, tables, and a ChimeraX command file."""

from pathlib import Path

import numpy as np

from gradalign.averaging.fsc import HALF_SETS_THRESHOLD
from gradalign.base.files import write_text
from gradalign.geometry.rotations import rotation_angle
from gradalign.io.chimerax import LEVEL, matched_level
from gradalign.io.mrc import ANGSTROM_PER_NM, write_volume
from gradalign.particles.aligned import MERIT, check_same, without_microscope, write_aligned
from gradalign.particles.filters import merit_factors, shell_filtered
from gradalign.particles.listing import wedge_sentence
from gradalign.particles.motive_lists import write_motive_list
from gradalign.particles.star_columns import SUBSET, TILT_AXIS, TILTS
from gradalign.particles.state import HISTORY

PROBABILITY, ROTATION_SD, TRANSLATION_SD = (
    "rlnMaxValueProbDistribution",
    "rlnAccuracyRotations",
    "rlnAccuracyTranslationsAngst",
)
"""RELION's columns of numbers for the verdict: probability, standard errors in degrees and Å."""
# Å, or standard deviations, for what is not known of one particle
_ANYWHERE = 999.0
_COLOURS = {"average": "#0072b2", "reference": "#9a9a9a"}
_SCORES = (
    "particle",
    "image",
    "half",
    "dissimilarity",
    "dissimilarity_change",
    "rotation_change_deg",
    "shift_change_voxel",
    "start_rotation_deg",
    "probability",
    "rotation_sd_deg",
    "translation_sd_voxel",
    "excess",
    "verdict",
    "failure",
)


def write_star(path, picked, entries, state):
    """Write the aligned particles; those that were left out are not among them.

    Parameters
    ----------
    path : str or path
    picked : gradalign.particles.star.Picked
        The user's file.
    entries : list of gradalign.particles.entries.Entry
        All particles after the last round.
    state : gradalign.particles.state.State

    Raises
    ------
    InputError
        If the STAR file has changed since, or the new one cannot be written.
    """
    check_same(picked, entries)
    kept = [entry for entry in entries if not entry.failure]
    rotations, translations = (np.array(values) for values in zip(*(entry.pose for entry in kept), strict=True))
    numbers = {
        TILTS[0]: [entry.tilt_min_deg for entry in kept],
        TILTS[1]: [entry.tilt_max_deg for entry in kept],
        TILT_AXIS: [entry.tilt_axis_deg for entry in kept],
        "gradalignDissimilarity": [entry.dissimilarity for entry in kept],
        "gradalignDissimilarityChange": [_or_zero(entry.dissimilarity_change) for entry in kept],
        # RELION takes columns that it does not know for texts; this one it selects by: the larger, the better
        MERIT: [0.0 - entry.dissimilarity for entry in kept],
    } | _verdict_columns(kept, state.voxel_size)
    columns = {SUBSET: [str(entry.half) for entry in kept]}
    columns |= {label: map("{:.6g}".format, values) for label, values in numbers.items()}
    rows = [entry.particle - 1 for entry in kept]
    box = state.references.shape[-1]
    write_aligned(path, picked, rows, (rotations, translations), state.voxel_size, box, columns)


def _verdict_columns(kept, voxel_size):
    """Return how certain each particle's place is, as numbers, under names of our own and those that RELION knows."""
    probabilities = _known([entry.probability for entry in kept], 0.0)
    spreads = _known([entry.rotation_sd_deg for entry in kept], 180.0)
    voxel = voxel_size * ANGSTROM_PER_NM
    shifts = _known([entry.translation_sd_voxel * voxel for entry in kept], _ANYWHERE)
    columns = {
        "gradalignProbability": probabilities,
        "gradalignRotationSd": spreads,
        "gradalignTranslationSdAngst": shifts,
        "gradalignExcess": _known([entry.excess for entry in kept], _ANYWHERE),
        "gradalignDetermined": [float(entry.verdict == "determined") for entry in kept],
        PROBABILITY: probabilities,
        ROTATION_SD: spreads,
        TRANSLATION_SD: shifts,
    }
    return {label: values for label, values in columns.items() if values}


def _known(values, worst):
    """Return values with the worst in place of those that are not known; nothing if none is."""
    unknown = np.isnan(values)
    return [] if unknown.all() else np.where(unknown, worst, values).tolist()


def write_motives(path, picked, entries):
    """Write the aligned particles in the form of the user's list of Dynamo, TOM, AV3 or STOPGAP.

    Parameters
    ----------
    path : str or path
    picked : gradalign.particles.star.Picked
        With ``motives``.
    entries : list of gradalign.particles.entries.Entry
        All particles after the last round.

    Raises
    ------
    InputError
        If the list has changed since, or the new one cannot be written.
    """
    check_same(picked, entries)
    kept = [entry for entry in entries if not entry.failure]
    rotations, translations = (np.array(values) for values in zip(*(entry.pose for entry in kept), strict=True))
    rows, scores = [entry.particle - 1 for entry in kept], [-entry.dissimilarity for entry in kept]
    halves = [entry.half for entry in kept]
    write_motive_list(path, picked.motives, rows, (rotations, translations), scores, halves)


def _or_zero(value):
    return 0.0 if np.isnan(value) else value


def filtered_average(state):
    """Return the average with each shell weighted by how far the half maps agree, for looking at.

    Parameters
    ----------
    state : gradalign.particles.state.State

    Returns
    -------
    numpy.ndarray of shape (N, N, N), float32
    """
    return shell_filtered(state.maps[0], merit_factors(state.shells[2]))


def write_maps(paths, state, origin):
    """Write the average, the half maps, the filtered average and the mask of the references.

    Parameters
    ----------
    paths : dict of str to path
        ``"average"``, ``"half1"``, ``"half2"``, ``"filtered"`` and ``"mask"``.
    state : gradalign.particles.state.State
    origin : (float, float, float)
        Where their first voxels stand, (x, y, z) in Å: with the reference's they lie over it.

    Raises
    ------
    InputError
        If one cannot be written.
    """
    maps = dict(zip(("average", "half1", "half2"), state.maps, strict=True))
    maps |= {"filtered": filtered_average(state), "mask": state.mask}
    for name, path in paths.items():
        write_volume(path, maps[name], state.voxel_size, origin)


def scores_table(entries):
    """Return the score of each particle and how the last round changed it.

    Parameters
    ----------
    entries : list of gradalign.particles.entries.Entry

    Returns
    -------
    list of dict
        ``particle`` (row of the STAR file), ``image``, ``half``, ``dissimilarity``, its change since the round before,
        the changes of orientation and translation since then, ``start_rotation_deg`` from the given orientation,
        ``probability``, ``rotation_sd_deg``, ``translation_sd_voxel``, ``excess`` and ``verdict`` of the answer, and
        ``failure``.
    """
    rows = []
    for entry in entries:
        turned = np.nan
        if entry.pose is not None and entry.start is not None:
            turned = float(rotation_angle(entry.pose[0].T @ entry.start))
        known = entry._asdict() | {"image": str(entry.image), "start_rotation_deg": turned}
        rows.append({name: known[name] for name in _SCORES})
    return rows


def history_table(state):
    """Return what each round came to.

    Parameters
    ----------
    state : gradalign.particles.state.State

    Returns
    -------
    list of dict
        With the keys `gradalign.particles.state.HISTORY`.
    """
    kinds = [int] * 3 + [float] * (len(HISTORY) - 3)
    return [
        {name: kind(value) for name, kind, value in zip(HISTORY, kinds, row, strict=True)}
        for row in state.history.tolist()
    ]


def shells_table(state):
    """Return the shell correlation of the half maps.

    Parameters
    ----------
    state : gradalign.particles.state.State

    Returns
    -------
    dict of str to numpy.ndarray of shape (shells,)
        ``frequency_per_nm``, ``correlation`` (whole box) and ``correlation_masked`` (under the sphere).
    """
    frequencies, plain, masked = state.shells
    return {"frequency_per_nm": frequencies / state.voxel_size, "correlation": plain, "correlation_masked": masked}


def summary(picked, entries, state, section):
    """Return in sentences what was done and what it is worth.

    Parameters
    ----------
    picked : gradalign.particles.star.Picked
        The user's file.
    entries : list of gradalign.particles.entries.Entry
    state : gradalign.particles.state.State
    section : dict
        ``particles`` of the configuration.

    Returns
    -------
    list of str
    """
    last = history_table(state)[-1]
    failed = [entry for entry in entries if entry.failure]
    lines = [
        f"{last['particles']} of {len(entries)} particles, {state.references.shape[-1]}³ voxels of "
        f"{state.voxel_size * ANGSTROM_PER_NM:g} Å, symmetry {section['symmetry'].upper()}, score {section['score']}, "
        f"search {state.search}.",
        f"{len(state.history)} {'round' if len(state.history) == 1 else 'rounds'}; "
        + ("the particles stay where they are." if state.converged else "they still moved in the last one."),
    ]
    resolution = last["resolution_nm"]
    if np.isnan(resolution):
        lines.append(
            f"The half maps nowhere agree to {HALF_SETS_THRESHOLD}: there is no common structure in these particles."
        )
    else:
        lines.append(
            f"Resolution {resolution * ANGSTROM_PER_NM:.1f} Å "
            f"(FSC {HALF_SETS_THRESHOLD} of the half maps under the sphere)."
        )
        if resolution >= state.initial_low_pass:
            shared = state.initial_low_pass * ANGSTROM_PER_NM
            lines.append(
                f"That is not beyond {shared:.1f} Å, up to which the half sets share the reference: the agreement may "
                "be the reference's own."
            )
    lines.append(wedge_sentence(picked, section, "particles"))
    if failed:
        lines.append(f"{len(failed)} particles were left out; left_out.csv says why. The first: {failed[0].failure}")
    if without_microscope(picked):
        lines.append(
            "The list tells no voltage: aligned.star has RELION's usual optics in its place (300 kV, 2.7 mm), which "
            "nothing here depends on."
        )
    return lines


def _quoted(file):
    mark = "'" if '"' in str(file) else '"'
    return f"{mark}{file}{mark}"


def map_origin(header, voxel_size):
    """Return where the first voxel of the reference stands, with its voxels as large as they truly are.

    Parameters
    ----------
    header : gradalign.io.volume_file.VolumeFile
        The reference's.
    voxel_size : float
        In nm.

    Returns
    -------
    (float, float, float)
        (x, y, z) in Å.
    """
    scale = voxel_size * ANGSTROM_PER_NM / header.voxel_size if header.voxel_size else 1.0
    return tuple(scale * value for value in header.origin)


def write_chimerax(path, files, volumes, voxel_size, origin):
    """Write a ChimeraX command file with the average and the reference over each other.

    Parameters
    ----------
    path : str or path
        A ``.cxc`` file.
    files : (str or path, str or path)
        The average, which lies beside the command file, and the reference.
    volumes : (numpy.ndarray of shape (N, N, N), numpy.ndarray of shape (N, N, N))
        What they hold.
    voxel_size : float
        In nm. The reference's header may tell another one or none.
    origin : (float, float, float)
        Where their first voxels stand, (x, y, z) in Å.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    (average, reference), (volume, truth) = files, volumes
    shown = (
        ("average", Path(average).name, matched_level(volume, truth)),
        ("reference", Path(reference).resolve(), LEVEL * float(truth.max())),
    )
    grid = f"voxelSize {voxel_size * ANGSTROM_PER_NM:g} origin {','.join(f'{value:g}' for value in origin)}"
    lines = ["# Open in ChimeraX: the average, and the reference it was started from (hidden: 'show #2 models')."]
    lines += ["close", "set bgColor white"]
    for model, (name, file, level) in enumerate(shown, start=1):
        lines += [
            f"open {_quoted(file)} id {model} name {name}",
            f"volume #{model} {grid}",
            f"volume #{model} style surface step 1 level {level:.6g} color {_COLOURS[name]}",
        ]
    lines += ["hide #2 models", "lighting soft", "view"]
    write_text(path, "\n".join(lines) + "\n")
