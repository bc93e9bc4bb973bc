"""A user's STAR file, as RELION and programs that follow it write it: read with every doubt voiced, written back whole.

Angles and origins are converted in `gradalign.io.star` alone.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gemmi import cif

from gradalign.base.files import complete_file
from gradalign.errors import InputError
from gradalign.io.mrc import ANGSTROM_PER_NM
from gradalign.io.star import POSE_LABELS, from_relion, table_text, to_relion

ANGLES, ORIGINS = POSE_LABELS[:3], POSE_LABELS[3:]
IMAGE, CTF_IMAGE, SUBSET, GROUP = "rlnImageName", "rlnCtfImage", "rlnRandomSubset", "rlnOpticsGroup"
PRIORS = ("rlnAngleTiltPrior", "rlnAnglePsiPrior")
TILTS = ("gradalignTiltMin", "gradalignTiltMax")
TILT_AXIS = "gradalignTiltAxis"
# before RELION 3.1, in pixels
_PIXEL_ORIGINS = ("rlnOriginX", "rlnOriginY", "rlnOriginZ")
_SUBTOMOGRAM_ANGLES = ("rlnTomoSubtomogramRot", "rlnTomoSubtomogramTilt", "rlnTomoSubtomogramPsi")
_LARGEST_ANGLE = 1e5
# by which pixel sizes may differ and still be the same
SAME_PIXEL = 1e-2


@dataclass(frozen=True)
class Picked:
    """A user's particles as their STAR file has them, n of them."""

    path: str
    """The file."""
    tables: dict
    """All its tables, by name: the entries of each column by its label without the underscore."""
    name: str
    """Which of the tables holds the particles."""
    images: list
    """Where each subtomogram is, as the file says."""
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

    def __len__(self):
        return len(self.images)

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


def is_file(path):
    """Return whether there is a file of this name, which may be no name at all.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    bool
    """
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        # too long, or with a zero in it
        return False


def _table(block):
    table = {}
    for item in block:
        if item.loop is not None:
            for column, tag in enumerate(item.loop.tags):
                table[tag[1:]] = [cif.as_string(item.loop[row, column]) for row in range(item.loop.length())]
        elif item.pair is not None:
            table[item.pair[0][1:]] = [cif.as_string(item.pair[1])]
    return table


def _tables(path):
    if not is_file(path):
        raise InputError(f"{path}: there is no such file, where a STAR file is needed")
    try:
        document = cif.read_file(str(path))
        return {block.name.strip(): _table(block) for block in document}
    except (OSError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: is no readable STAR file ({reason})") from error


def _number(path, label, row, text):
    try:
        value = float(text) if "_" not in text else np.nan
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise InputError(f"{path}: _{label} of row {row + 1} is {text!r}, where a number is needed")
    return value


def _numbers(path, table, labels):
    """Return columns of numbers, (n, len(labels)), None where there is none of them."""
    found = [label for label in labels if label in table]
    if not found:
        return None
    missing = [label for label in labels if label not in table]
    if missing:
        raise InputError(f"{path}: has the column _{found[0]} but lacks _{missing[0]}, where both are needed")
    columns = [[_number(path, label, row, text) for row, text in enumerate(table[label])] for label in labels]
    return np.array(columns, dtype=float).T.reshape(-1, len(labels))


def _angles(path, table, labels):
    angles = _numbers(path, table, labels)
    if angles is not None and (np.abs(angles) > _LARGEST_ANGLE).any():
        row, column = np.argwhere(np.abs(angles) > _LARGEST_ANGLE)[0]
        raise InputError(
            f"{path}: _{labels[column]} of row {row + 1} is {angles[row, column]:g}, where degrees are needed"
        )
    return angles


def _particle_table(path, tables):
    named = [name for name in ("particles", "images", *tables) if IMAGE in tables.get(name, {})]
    if not named:
        raise InputError(f"{path}: has no column _{IMAGE}, where RELION's table data_particles is needed")
    table = tables[named[0]]
    if not table[IMAGE]:
        raise InputError(f"{path}: holds no particles, where at least two are needed")
    if len({len(column) for column in table.values()}) > 1:
        raise InputError(f"{path}: data_{named[0]} has columns of different lengths, where each particle needs a row")
    return named[0], table


def _refuse_flat(path, tables):
    """Refuse RELION's stacks of tilt images."""
    flat = tables.get("general", {}).get("rlnTomoSubTomosAre2DStacks", ["0"])[0] == "1"
    dimensions = tables.get("optics", {}).get("rlnImageDimensionality", [])
    if flat or any(text.split(".")[0] != "3" for text in dimensions):
        raise InputError(
            f"{path}: lists RELION's 2-D stacks of tilt images, where volumes are needed; extract the particles as "
            "3-D subtomograms"
        )


def _one_value(path, what, values):
    """Return the one value of a setting that all particles share."""
    if values is None:
        return None
    if (np.abs(values - values[0]) > SAME_PIXEL * np.abs(values[0])).any():
        raise InputError(f"{path}: has particles of different {what}, where all must have the same")
    return float(values[0])


def _settings(path, tables, table):
    """Return the pixel size in Å and the box, None where the file does not tell."""
    optics = tables.get("optics")
    if optics and not min(map(len, optics.values())):
        raise InputError(f"{path}: data_optics holds no group, where at least one is needed")
    # without groups all of them must be alike
    rows = slice(None)
    if optics and GROUP in optics:
        groups = optics[GROUP]
        if len(set(groups)) < len(groups):
            raise InputError(f"{path}: data_optics has the same optics group twice")
        if GROUP in table:
            unknown = [text for text in table[GROUP] if text not in groups]
            if unknown:
                raise InputError(f"{path}: names the optics group {unknown[0]}, which data_optics lacks")
            rows = np.array([groups.index(text) for text in table[GROUP]])
    pixel = box = None
    if optics:
        pixel, box = _numbers(path, optics, ("rlnImagePixelSize",)), _numbers(path, optics, ("rlnImageSize",))
        pixel, box = (None if column is None else column[rows, 0] for column in (pixel, box))
    if pixel is None and "rlnPixelSize" in table:
        pixel = _numbers(path, table, ("rlnPixelSize",))[:, 0]
    if pixel is None and "rlnDetectorPixelSize" in table and "rlnMagnification" in table:
        detector, magnification = _numbers(path, table, ("rlnDetectorPixelSize", "rlnMagnification")).T
        pixel = np.divide(1e4 * detector, magnification, out=np.zeros_like(detector), where=magnification > 0)
    pixel, box = _one_value(path, "pixel size", pixel), _one_value(path, "box size", box)
    if pixel is not None and pixel <= 0:
        raise InputError(f"{path}: has a pixel size of {pixel:g} Å, where a positive number is needed")
    return pixel, None if box is None else int(box)


def _refuse_turned(path, table):
    angles = _numbers(path, table, _SUBTOMOGRAM_ANGLES)
    if angles is not None and np.abs(angles).max() > 1e-6:
        raise InputError(
            f"{path}: has subtomograms turned against their tomogram (_{_SUBTOMOGRAM_ANGLES[0]} and its like), where "
            "the tilt axis must be the tomogram's; extract them unturned"
        )


def _subsets(path, table):
    subsets = _numbers(path, table, (SUBSET,))
    if subsets is None:
        return None
    subsets = subsets[:, 0]
    if not np.isin(subsets, (1, 2)).all() or len(set(subsets)) < 2:
        raise InputError(f"{path}: _{SUBSET} must say 1 or 2, and each of them at least once")
    return subsets.astype(int)


def _tilts(path, table):
    tilts = _numbers(path, table, TILTS)
    if tilts is None:
        return None
    axis = _numbers(path, table, (TILT_AXIS,))
    return np.hstack([tilts, np.full((len(tilts), 1), 90.0) if axis is None else axis])


def read_picked(path):
    """Read a user's particles.

    Parameters
    ----------
    path : str or path
        A STAR file with RELION's names: with data_optics and data_particles (3.1 and later) or one table (before).

    Returns
    -------
    Picked

    Raises
    ------
    InputError
        If the file is missing, no STAR file, or lists no volumes; if a column is there without its companions, a
        number is none, a subtomogram is listed twice, or pixel or box sizes differ: one sentence says which.
    """
    tables = _tables(path)
    _refuse_flat(path, tables)
    name, table = _particle_table(path, tables)
    images = table[IMAGE]
    if "" in images:
        raise InputError(f"{path}: _{IMAGE} of row {images.index('') + 1} is empty, where a file name is needed")
    image, count = Counter(images).most_common(1)[0]
    if count > 1:
        raise InputError(f"{path}: lists {image} {count} times, where each subtomogram may stand once")
    if len(images) < 2:
        raise InputError(f"{path}: holds one particle, where at least two are needed for two half sets")
    _refuse_turned(path, table)
    pixel_size, box = _settings(path, tables, table)
    origins, in_pixels = _numbers(path, table, ORIGINS), False
    if origins is None:
        origins = _numbers(path, table, _PIXEL_ORIGINS)
        in_pixels = origins is not None
    return Picked(
        path=str(path),
        tables=tables,
        name=name,
        images=images,
        ctf_images=table.get(CTF_IMAGE),
        angles=_angles(path, table, ANGLES),
        origins=np.zeros((len(images), 3)) if origins is None else origins,
        origins_in_pixels=in_pixels,
        priors=_angles(path, table, PRIORS),
        tilts=_tilts(path, table),
        subsets=_subsets(path, table),
        pixel_size=pixel_size,
        box=box,
    )


def write_picked(path, picked, kept, rotations, translations, voxel_size, box, columns):
    """Write particles back with new angles and origins; all other columns and tables stay as they were.

    Parameters
    ----------
    path : str or path
    picked : Picked
    kept : sequence of int, (m,)
        Which of the particles.
    rotations : array_like of shape (m, 3, 3)
        R of particle(x) = ref(R⁻¹(x − a)).
    translations : array_like of shape (m, 3)
        a in voxels.
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
    angles, origins = to_relion(rotations, translations, voxel_size)
    old = {label: texts for label, texts in picked.tables[picked.name].items() if label not in _PIXEL_ORIGINS}
    table = {label: [texts[row] for row in kept] for label, texts in old.items()}
    for labels, numbers in ((ANGLES, angles), (ORIGINS, origins)):
        # adding zero turns -0 into 0
        table |= {label: [f"{number + 0.0:.6f}" for number in numbers[:, i]] for i, label in enumerate(labels)}
    table |= columns
    table = table if GROUP in table else table | {GROUP: ["1"] * len(kept)}
    optics = dict(picked.tables.get("optics", {}))
    if not optics:
        groups = sorted(set(table[GROUP]))
        optics = {GROUP: groups, "rlnOpticsGroupName": [f"opticsGroup{n}" for n in range(1, len(groups) + 1)]}
    count = len(next(iter(optics.values())))
    fallback = {
        "rlnImagePixelSize": f"{voxel_size * ANGSTROM_PER_NM:.6f}",
        "rlnImageSize": str(box),
        "rlnImageDimensionality": "3",
    }
    optics = {label: [text] * count for label, text in fallback.items() if label not in optics} | optics
    tables = {name: other for name, other in picked.tables.items() if name not in ("optics", picked.name)}
    tables |= {"optics": optics, "particles": table}
    with complete_file(path) as partial:
        text = "".join(table_text(name, columns) for name, columns in tables.items())
        Path(partial).write_text(text, encoding="utf-8")
