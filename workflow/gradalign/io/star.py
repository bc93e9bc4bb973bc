"""Poses of subtomograms as STAR files with RELION's column names and convention.

A particle is f(x) = ref(R^-1 (x - a)). RELION's angles rotate the particle back onto the reference:
R^-1 = Rz(rot) Ry(tilt) Rz(psi), and its origins are the shift that centres the particle, -a in angstrom.
Nowhere else are the two conventions converted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gradalign.base.files import write_text
from gradalign.errors import InputError
from gradalign.geometry.rotations import euler_from_rotation, rotation_from_euler
from gradalign.io.mrc import ANGSTROM_PER_NM
from gradalign.io.star_text import read_tables, table_text

_ANGLES = ("rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi")
_ORIGINS = ("rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst")
POSE_LABELS = (*_ANGLES, *_ORIGINS)
"""Columns of a pose: RELION's angles in degrees, its origins in angstrom."""
_OPTICS = ("rlnOpticsGroup", "rlnVoltage", "rlnSphericalAberration", "rlnImagePixelSize", "rlnImageSize")


@dataclass(frozen=True)
class Particles:
    """Subtomograms with their poses.

    Parameters
    ----------
    images : sequence of str, (n,)
        Where each is, as RELION writes it: ``"000001@folder/stack.mrcs"``, counted from 1.
    rotations : numpy.ndarray, (n, 3, 3)
        R of f(x) = ref(R^-1 (x - a)).
    translations : numpy.ndarray, (n, 3)
        a in voxels, ``(x, y, z)``.
    voxel_size : float
        Edge of a voxel in nm.
    box : int
        Edge of the subtomograms in voxels.
    voltage : float
        In kV.
    spherical_aberration : float
        In mm.
    columns : mapping of str to sequence of str, (n,)
        Further columns by label, without the leading underscore.
    """

    images: Sequence[str]
    rotations: np.ndarray
    translations: np.ndarray
    voxel_size: float
    box: int
    voltage: float
    spherical_aberration: float
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)


def to_relion(rotations, translations, voxel_size):
    """Convert poses to RELION's angles and origins.

    Parameters
    ----------
    rotations : array_like, (n, 3, 3)
        R of f(x) = ref(R^-1 (x - a)).
    translations : array_like, (n, 3)
        a in voxels, ``(x, y, z)``.
    voxel_size : float
        Edge of a voxel in nm.

    Returns
    -------
    angles : numpy.ndarray, (n, 3)
        rlnAngleRot, rlnAngleTilt, rlnAnglePsi in degrees: (180 - psi, theta, 180 - phi), rot and psi above
        -180 and up to 180.
    origins : numpy.ndarray, (n, 3)
        rlnOriginX/Y/ZAngst: -a in angstrom.
    """
    phi, theta, psi = np.moveaxis(euler_from_rotation(rotations), -1, 0)
    angles = np.stack([180 - psi, theta, 180 - phi], axis=-1)
    angles[:, [0, 2]] = 180 - np.mod(180 - angles[:, [0, 2]], 360)
    return angles, -np.asarray(translations) * voxel_size * ANGSTROM_PER_NM


def from_relion(angles, origins, voxel_size):
    """Convert RELION's angles and origins to poses: the inverse of `to_relion`.

    Parameters
    ----------
    angles : array_like, (n, 3)
        rlnAngleRot, rlnAngleTilt, rlnAnglePsi in degrees.
    origins : array_like, (n, 3)
        rlnOriginX/Y/ZAngst in angstrom.
    voxel_size : float
        Edge of a voxel in nm.

    Returns
    -------
    rotations : numpy.ndarray, (n, 3, 3)
        R of f(x) = ref(R^-1 (x - a)).
    translations : numpy.ndarray, (n, 3)
        a in voxels, ``(x, y, z)``.
    """
    rot, tilt, psi = np.moveaxis(np.asarray(angles, dtype=float), -1, 0)
    translations = -np.asarray(origins, dtype=float) / (voxel_size * ANGSTROM_PER_NM)
    return rotation_from_euler(180 - psi, tilt, 180 - rot), translations


def optics_text(voxel_size, box, voltage, spherical_aberration):
    """Return RELION's table of optics groups for subtomograms of one microscope.

    Parameters
    ----------
    voxel_size, box, voltage, spherical_aberration
        As of `Particles`.

    Returns
    -------
    str
    """
    pixel_size = f"{voxel_size * ANGSTROM_PER_NM:.6f}"
    optics = {
        "rlnOpticsGroup": "1",
        "rlnOpticsGroupName": "opticsGroup1",
        "rlnVoltage": f"{voltage:.6f}",
        "rlnSphericalAberration": f"{spherical_aberration:.6f}",
        "rlnAmplitudeContrast": "0.000000",
        "rlnTomoTiltSeriesPixelSize": pixel_size,
        "rlnImagePixelSize": pixel_size,
        "rlnImageSize": str(box),
        "rlnImageDimensionality": "3",
    }
    return table_text("optics", {label: [value] for label, value in optics.items()})


def write_particles(path, particles):
    """Write subtomograms and their poses as a STAR file with RELION's optics and particles tables.

    Parameters
    ----------
    path : str or path
        The file; an existing one is replaced once the new one is complete.
    particles : Particles

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    angles, origins = to_relion(particles.rotations, particles.translations, particles.voxel_size)
    table = {"rlnImageName": particles.images, "rlnOpticsGroup": ["1"] * len(particles.images)}
    for labels, numbers in ((_ANGLES, angles), (_ORIGINS, origins)):
        # adding zero turns -0 into 0
        table |= {label: [f"{number + 0.0:.6f}" for number in numbers[:, i]] for i, label in enumerate(labels)}
    table |= particles.columns
    optics = (particles.voxel_size, particles.box, particles.voltage, particles.spherical_aberration)
    write_text(path, optics_text(*optics) + table_text("particles", table))


def read_table(path, name, labels):
    """Read one table of a STAR file.

    Parameters
    ----------
    path : str or path
    name : str
        Without ``data_``.
    labels : sequence of str
        Columns that it must have, without the leading underscore.

    Returns
    -------
    dict of str to list of str
        All its columns.

    Raises
    ------
    InputError
        If the file is missing or no STAR file, or lacks the table or a column.
    """
    return _table(path, read_tables(path), name, labels)


def _table(path, tables, name, labels):
    if name not in tables:
        raise InputError(f"{path}: has no table data_{name}, which is needed")
    missing = [label for label in labels if label not in tables[name]]
    if missing:
        raise InputError(f"{path}: data_{name} lacks the column _{missing[0]}, which is needed")
    return tables[name]


def table_numbers(path, table, labels):
    """Return columns of a table as numbers.

    Parameters
    ----------
    path : str or path
        For messages.
    table : dict of str to list of str
        From `read_table`.
    labels : sequence of str

    Returns
    -------
    numpy.ndarray, (n, len(labels))

    Raises
    ------
    InputError
        If one is no finite number.
    """
    columns = []
    for label in labels:
        for row, value in enumerate(table[label]):
            try:
                finite = np.isfinite(float(value))
            except ValueError:
                finite = False
            if not finite:
                raise InputError(f"{path}: _{label} of row {row + 1} is {value!r}, where a number is needed")
        columns.append([float(value) for value in table[label]])
    return np.array(columns, dtype=float).T


def read_particles(path):
    """Read subtomograms and their poses from a STAR file as RELION writes it.

    Parameters
    ----------
    path : str or path
        A STAR file with the tables data_optics and data_particles.

    Returns
    -------
    Particles
        Every column that is not read into another field is in `columns`.

    Raises
    ------
    InputError
        If the file is missing or no STAR file, lacks a table or column, holds no particle, holds something
        else where a number is needed, or its optics groups differ.
    """
    tables = read_tables(path)
    optics_table = _table(path, tables, "optics", _OPTICS)
    table = _table(path, tables, "particles", ("rlnImageName", *POSE_LABELS))
    optics = table_numbers(path, optics_table, _OPTICS[1:])
    if not len(optics) or not table["rlnImageName"]:
        raise InputError(f"{path}: holds no particles, where at least one is needed")
    if (optics != optics[0]).any():
        raise InputError(f"{path}: has optics groups of different settings, where all must be the same")
    voltage, spherical_aberration, pixel_size, box = optics[0]
    if pixel_size <= 0:
        raise InputError(f"{path}: _rlnImagePixelSize is {pixel_size:g}, where a positive number is needed")
    voxel_size = float(pixel_size) / ANGSTROM_PER_NM
    rotations, translations = from_relion(
        table_numbers(path, table, _ANGLES), table_numbers(path, table, _ORIGINS), voxel_size
    )
    taken = {"rlnImageName", "rlnOpticsGroup", *POSE_LABELS}
    return Particles(
        images=table["rlnImageName"],
        rotations=rotations,
        translations=translations,
        voxel_size=voxel_size,
        box=int(box),
        voltage=float(voltage),
        spherical_aberration=float(spherical_aberration),
        columns={label: values for label, values in table.items() if label not in taken},
    )


def join_particles(parts):
    """Join the particles of several files into one list.

    Parameters
    ----------
    parts : sequence of Particles, at least one

    Returns
    -------
    Particles
        All particles, in the order given.

    Raises
    ------
    InputError
        If the parts differ in voxel size, box, microscope or columns.
    """
    first = parts[0]
    for part in parts:
        for name in ("voxel_size", "box", "voltage", "spherical_aberration"):
            here, there = getattr(first, name), getattr(part, name)
            if here != there:
                raise InputError(f"particles of {name} {here} and {there} cannot be joined: it must be the same")
        if list(part.columns) != list(first.columns):
            raise InputError(
                f"particles with the columns {', '.join(first.columns)} and {', '.join(part.columns)} cannot be "
                "joined: they must be the same"
            )
    return replace(
        first,
        images=[image for part in parts for image in part.images],
        rotations=np.concatenate([part.rotations for part in parts]),
        translations=np.concatenate([part.translations for part in parts]),
        columns={label: [value for part in parts for value in part.columns[label]] for label in first.columns},
    )


def tomogram_name(data_set, tilt_range, snr):
    """Return what STAR files call the tomogram that the subtomograms of one data set come from.

    Parameters
    ----------
    data_set : str
    tilt_range : float or (float, float)
        Half range or (min, max) in degrees.
    snr : float

    Returns
    -------
    str
        Such as ``phantom_tilt-60to60_snr0.5``.
    """
    low, high = tilt_range if isinstance(tilt_range, tuple) else (-tilt_range, tilt_range)
    return f"{data_set}_tilt{low:g}to{high:g}_snr{snr:g}"
