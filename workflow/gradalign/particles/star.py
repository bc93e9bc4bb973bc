"""A user's STAR file, as RELION and programs that follow it write it: what of it the alignment needs, checked.

Angles and origins are converted in `gradalign.io.star` alone.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from gradalign.errors import InputError
from gradalign.io.mrc import ANGSTROM_PER_NM
from gradalign.io.star import from_relion, to_relion
from gradalign.io.volume_file import SAME_SIZE
from gradalign.particles.list_file import check_rows, open_list, particle_table, refuse_flat
from gradalign.particles.motive_lists import MotiveList
from gradalign.particles.star_columns import (
    ANGLES,
    BOX_ANGLES,
    CLASS,
    CTF_IMAGE,
    GROUP,
    IMAGE,
    ORIGINS,
    PIXEL_ORIGINS,
    PREMULTIPLIED,
    PRIORS,
    SUBSET,
    TILT_AXIS,
    TILTS,
    blank,
    group_number,
    numbers,
    texts,
)
from gradalign.particles.star_columns import angles as angle_columns

# voxels by which origins in Å and in pixels may differ, for programs round them
_SAME_ORIGIN = 0.1
_LARGEST_CLASS = 1e6


@dataclass(frozen=True)
class Picked:
    """A user's particles as their STAR file has them, n of them."""

    path: str
    """The file that lists them."""
    tables: dict
    """All its tables, by name: the entries of each column by its label without the underscore."""
    name: str
    """Which of the tables holds the particles."""
    rows: np.ndarray
    """The row of that table that each particle stands in, from 0, (n,)."""
    images: list | None
    """Where each subtomogram is, as the file says; None where only places were asked for."""
    ctf_images: list | None
    """Where each CTF volume is."""
    angles: np.ndarray | None
    """Starting angles rot, tilt, psi in degrees, (n, 3)."""
    origins: np.ndarray
    """Starting origins, (n, 3), in Å or in pixels; zero where the file has none."""
    origins_in_pixels: bool
    priors: np.ndarray | None
    """Prior tilt and psi in degrees, (n, 2)."""
    tilts: np.ndarray | None
    """Tilt range and axis in degrees, (n, 3)."""
    subsets: np.ndarray | None
    """Half set of each, 1 or 2."""
    pixel_size: float | None
    """In Å; None if the file does not say."""
    box: int | None
    """Edge in voxels; None if the file does not say."""
    box_angles: np.ndarray | None = None
    """rlnTomoSubtomogramRot, Tilt and Psi, by which the boxes are rotated against their tomograms, (n, 3)."""
    set_path: str | None = None
    """RELION's optimisation set, if that was given in place of the list."""
    set_tables: dict = field(default_factory=dict)
    motives: MotiveList | None = None
    """The list of another program, which `tables` stand for."""
    premultiplied: np.ndarray | None = None
    """Whether each subtomogram is said to be multiplied by its CTF, (n,)."""

    def __len__(self):
        return len(self.rows)

    def box_rotations(self):
        """Return the rotation from the axes of each box to those of its tomogram.

        Returns
        -------
        numpy.ndarray of shape (n, 3, 3)
        """
        if self.box_angles is None:
            return np.tile(np.eye(3), (len(self), 1, 1))
        return _rotations(self.box_angles)

    def rotations(self):
        """Return the starting orientations in the axes of the tomograms.

        Returns
        -------
        numpy.ndarray of shape (n, 3, 3), or None
            None where the file has no angles.
        """
        return None if self.angles is None else self.box_rotations() @ _rotations(self.angles)

    def prior_angles(self):
        """Return the prior tilt and psi in the axes of the tomograms.

        Returns
        -------
        numpy.ndarray of shape (n, 2), or None
            In degrees; None where the file has no priors.
        """
        if self.priors is None:
            return None
        # the rotation about the prior's own axis is free
        turned = self.box_rotations() @ _rotations(np.column_stack([np.zeros(len(self)), self.priors]))
        return to_relion(turned, np.zeros((len(self), 3)), 1.0)[0][:, 1:]

    def translations(self, voxel_size):
        """Return where the file says that the particles stand.

        Parameters
        ----------
        voxel_size : float
            In nm.

        Returns
        -------
        numpy.ndarray of shape (n, 3)
            a in voxels, (x, y, z).
        """
        origins = self.origins * (voxel_size * ANGSTROM_PER_NM if self.origins_in_pixels else 1.0)
        return from_relion(np.zeros((len(self), 3)), origins, voxel_size)[1]


def _rotations(angles):
    return from_relion(angles, np.zeros((len(angles), 3)), 1.0)[0]


def _one_value(path, what, values):
    """Return the one value of a setting that all particles share."""
    if values is None:
        return None
    if (np.abs(values - values[0]) > SAME_SIZE * np.abs(values[0])).any():
        raise InputError(f"{path}: has particles of different {what}, where all must have the same")
    return float(values[0])


def _group_rows(path, optics, table):
    """Return which row of the optics table each particle belongs to; all rows without groups, which must be alike."""
    if GROUP not in optics:
        return slice(None)
    groups = [group_number(text) for text in optics[GROUP]]
    if len(set(groups)) < len(groups):
        raise InputError(f"{path}: data_optics has the same optics group twice")
    if GROUP not in table:
        return slice(None)
    known = {group: row for row, group in enumerate(groups)}
    rows = [known.get(group_number(text)) for text in table[GROUP]]
    if None in rows:
        raise InputError(f"{path}: names the optics group {table[GROUP][rows.index(None)]}, which data_optics lacks")
    return np.array(rows)


def _settings(path, tables, table):
    """Return the pixel size in Å and the box, None where the file does not tell."""
    optics = tables.get("optics")
    if optics and not min(map(len, optics.values())):
        raise InputError(f"{path}: data_optics holds no group, where at least one is needed")
    pixel = box = None
    if optics:
        rows = _group_rows(path, optics, table)
        pixel, box = numbers(path, optics, ("rlnImagePixelSize",)), numbers(path, optics, ("rlnImageSize",))
        pixel, box = (None if column is None else column[rows, 0] for column in (pixel, box))
    if pixel is None:
        column = numbers(path, table, ("rlnPixelSize",))
        pixel = None if column is None else column[:, 0]
    if pixel is None and "rlnDetectorPixelSize" in table and "rlnMagnification" in table:
        both = numbers(path, table, ("rlnDetectorPixelSize", "rlnMagnification"))
        if both is not None:
            detector, magnification = both.T
            pixel = np.divide(1e4 * detector, magnification, out=np.zeros_like(detector), where=magnification > 0)
    pixel, box = _one_value(path, "pixel size", pixel), _one_value(path, "box size", box)
    if pixel is not None and pixel <= 0:
        raise InputError(f"{path}: has a pixel size of {pixel:g} Å, where a positive number is needed")
    return pixel, None if box is None else int(box)


def _premultiplied(path, tables, table):
    """Return whether each particle is said to be multiplied by its CTF; None where the file does not tell."""
    optics = tables.get("optics", {})
    flags = numbers(path, optics, (PREMULTIPLIED,)) if optics else None
    if flags is not None:
        rows = _group_rows(path, optics, table)
        if isinstance(rows, slice):
            flags = np.full(len(table[IMAGE]), _one_value(path, f"_{PREMULTIPLIED}", flags[:, 0]))
        else:
            flags = flags[rows, 0]
    else:
        column = numbers(path, table, (PREMULTIPLIED,))
        flags = None if column is None else column[:, 0]
    if flags is not None and not np.isin(flags, (0, 1)).all():
        raise InputError(f"{path}: _{PREMULTIPLIED} must say 0 or 1")
    return None if flags is None else flags == 1


def _origins(path, table, rows):
    """Return the origins of particles, (n, 3), zero without any, and whether they are in pixels.

    RELION's are in Å since version 3.1; those in pixels are only looked at where there are no others.
    """
    origins = numbers(path, table, ORIGINS)
    if origins is None:
        pixels = numbers(path, table, PIXEL_ORIGINS)
        return (np.zeros((len(rows), 3)), False) if pixels is None else (pixels[rows], True)
    told = [axis for axis, label in enumerate(PIXEL_ORIGINS) if label in table]
    pixels = numbers(path, table, [PIXEL_ORIGINS[axis] for axis in told])
    if pixels is not None:
        _check_same_origins(path, origins[rows][:, told], pixels[rows], rows, told)
    return origins[rows], False


def _check_same_origins(path, origins, pixels, rows, axes):
    """Say so if origins in Å and in pixels differ by more than their unit."""
    size = max(float((origins * pixels).sum()), 0.0) / max(float((pixels**2).sum()), 1e-12)
    off = np.argwhere(np.abs(origins - size * pixels) > _SAME_ORIGIN * max(size, 1.0))
    if off.size:
        row, column = off[0]
        axis = axes[column]
        raise InputError(
            f"{path}: _{ORIGINS[axis]} of row {rows[row] + 1} is {origins[row, column]:g} Å and _{PIXEL_ORIGINS[axis]} "
            f"is {pixels[row, column]:g} pixels, which contradict each other; remove the wrong columns (RELION takes "
            "those in Å)"
        )


def _subsets(path, subsets):
    if subsets is None:
        return None
    subsets = subsets[:, 0]
    if not np.isin(subsets, (1, 2)).all() or len(set(subsets)) < 2:
        raise InputError(f"{path}: _{SUBSET} must say 1 or 2, and each of them at least once")
    return subsets.astype(int)


def _tilts(path, table):
    tilts = numbers(path, table, TILTS)
    if tilts is None:
        return None
    axis = numbers(path, table, (TILT_AXIS,))
    return np.hstack([tilts, np.full((len(tilts), 1), 90.0) if axis is None else axis])


def _rows_of_class(path, table, class_number):
    """Return the rows of one class, all rows where the list has no more than one and none was asked for."""
    count = len(next(iter(table.values())))
    if class_number is None:
        return np.arange(count)
    classes = numbers(path, table, (CLASS,))
    if classes is None:
        if class_number:
            raise InputError(f"{path}: has no column _{CLASS}, which particles.class_number: {class_number} needs")
        return np.arange(count)
    broken = np.flatnonzero((classes != np.floor(classes)) | (np.abs(classes) > _LARGEST_CLASS))
    if broken.size:
        row = broken[0]
        raise InputError(f"{path}: _{CLASS} of row {row + 1} is {classes[row, 0]:g}, where a whole number is needed")
    found = [int(number) for number in np.unique(classes)]
    if not class_number and len(found) > 1:
        raise InputError(
            f"{path}: holds the classes {', '.join(map(str, found))} (_{CLASS}), where one reference stands for one; "
            f"set particles.class_number to one of them{' above 0' if min(found) < 1 else ''}, or remove the column to "
            "align all particles"
        )
    rows = np.flatnonzero(classes[:, 0] == (class_number or found[0]))
    if not rows.size:
        raise InputError(f"{path}: holds no particle of class {class_number}, only {', '.join(map(str, found))}")
    return rows


def read_picked(path, class_number=None, files=""):
    """Read a user's particles.

    Parameters
    ----------
    path : str or path
        A STAR file with RELION's names: with data_optics and data_particles (3.1 and later) or one table (before), or
        an optimisation set that names it; or a list of Dynamo, TOM, AV3 or STOPGAP.
    class_number : int, optional
        Of which class (rlnClassNumber) particles are taken; 0 where the list must have one; if left out, all are.
    files : str
        What a list of another program calls its subtomograms, as of `gradalign.particles.list_file.open_list`.

    Returns
    -------
    Picked

    Raises
    ------
    InputError
        If the file is missing, no STAR file, or lists no volumes; if a column is there without its companions, a
        number is none, or pixel or box sizes differ: one sentence says which.
    """
    opened = open_list(path, files)
    path, tables = opened.path, opened.tables
    refuse_flat(path, tables)
    name, table = particle_table(path, tables)
    picked = picked_rows(path, tables, name, class_number)
    images = [table[IMAGE][row] for row in picked.rows]
    empty = next((row for row, text in zip(picked.rows, images, strict=True) if blank(text)), None)
    if empty is not None:
        raise InputError(f"{path}: _{IMAGE} of row {empty + 1} is empty, where a file name is needed")
    pixel_size, box = _settings(path, tables, table)
    flags = _premultiplied(path, tables, table)
    flags = None if flags is None else flags[picked.rows]
    return replace(picked, images=images, pixel_size=pixel_size, box=box, premultiplied=flags, **opened._asdict())


def picked_rows(path, tables, name, class_number=None):
    """Return what a table says of its particles, whatever it says of volumes.

    Parameters
    ----------
    path : str
        Of the list.
    tables : dict of str to dict
        All its tables.
    name : str
        Of the particles' table.
    class_number : int, optional
        As of `read_picked`.

    Returns
    -------
    Picked
        Without images, pixel size and box.

    Raises
    ------
    InputError
        As of `read_picked`.
    """
    table = tables[name]
    check_rows(path, name, table)
    rows = _rows_of_class(path, table, class_number)
    if len(rows) < 2:
        raise InputError(f"{path}: holds one particle, where at least two are needed for two half sets")
    origins, in_pixels = _origins(path, table, rows)
    ctf_images = texts(path, table, CTF_IMAGE)

    def of_rows(column):
        return None if column is None else column[rows]

    return Picked(
        path=path,
        tables=tables,
        name=name,
        rows=rows,
        images=None,
        ctf_images=None if ctf_images is None else [ctf_images[row] for row in rows],
        angles=of_rows(angle_columns(path, table, ANGLES)),
        origins=origins,
        origins_in_pixels=in_pixels,
        # one of the two tells no axis
        priors=of_rows(angle_columns(path, table, PRIORS)) if set(PRIORS) <= set(table) else None,
        tilts=of_rows(_tilts(path, table)),
        subsets=_subsets(path, of_rows(numbers(path, table, (SUBSET,)))),
        pixel_size=None,
        box=None,
        box_angles=of_rows(angle_columns(path, table, BOX_ANGLES)),
    )
