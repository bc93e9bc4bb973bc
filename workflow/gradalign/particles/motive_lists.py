"""Lists of Dynamo, TOM, AV3 and STOPGAP, as RELION's columns and back.

All tell angles about z, x and z again, R(α, β, γ) = Rz(γ) Rx(β) Rz(α), and where the particle stands in its box, a, in
voxels. TOM, AV3 and STOPGAP rotate the reference onto the particle by (phi, theta, psi); Dynamo rotates the particle
back onto the reference by (tdrot, tilt, narot).
"""

import re
import string
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gradalign.base.files import complete_file, write_text
from gradalign.errors import InputError
from gradalign.io import em, volume_file
from gradalign.io.star import to_relion
from gradalign.io.star_text import write_tables
from gradalign.particles.places import Finder
from gradalign.particles.star_columns import ANGLES, CLASS, IMAGE, PIXEL_ORIGINS, SUBSET, TILTS, numbers

STOPGAP_TABLE = "stopgap_motivelist"
# where the programs put subtomograms by themselves, beside the list
_USUAL_FILES = ("particle_{:06d}.em", "particle_{:06d}.mrc", "subtomo_{}.mrc", "subtomo_{}.em", "particle_{}.em")
_HALVES = {"A": "1", "B": "2"}
# columns of Dynamo's tables, counted from 0
_TAG, _CC, _FTYPE, _TOMOGRAM, _CLASS, _PIXEL = 0, 9, 12, 19, 21, 35
# bytes within which a STAR file names its first table
_STAR_START = 1000
_MIN_DYNAMO, _WHOLE_DYNAMO = 9, 36


@dataclass(frozen=True)
class MotiveList:
    """A list of one of these programs, n particles."""

    path: str
    program: str
    """``"Dynamo"``, ``"TOM"`` or ``"STOPGAP"``."""
    values: np.ndarray | dict
    """All it holds: numbers (n, columns), or of STOPGAP the entries by column."""
    subtomograms: np.ndarray
    """Their numbers, (n,)."""
    rotations: np.ndarray
    """R of particle(x) = reference(R⁻¹(x − a)), (n, 3, 3)."""
    translations: np.ndarray
    """a in voxels, (n, 3)."""

    @property
    def ending(self):
        """Of the file's name."""
        return {"Dynamo": ".tbl", "TOM": ".em", "STOPGAP": "_motl.star"}[self.program]


def read_motive_list(path, tables=None):
    """Read a list of Dynamo (.tbl), TOM or AV3 (.em), or STOPGAP.

    Parameters
    ----------
    path : str or path
    tables : dict of str to dict, optional
        Of a STAR file.

    Returns
    -------
    MotiveList or None
        None for a list of another program.

    Raises
    ------
    InputError
        If the file is damaged or holds other columns.
    """
    if tables is not None:
        return _stopgap(str(path), tables[STOPGAP_TABLE]) if STOPGAP_TABLE in tables else None
    kind = Path(path).suffix.lower()
    if kind == ".tbl" and _is_star(path):
        return None
    return {".tbl": _dynamo, ".em": _tom}[kind](str(path)) if kind in (".tbl", ".em") else None


def _listed(path, program, values, subtomograms, angles, translations):
    """Return a list from its angles in degrees, in the order in which they are applied, (n, 3)."""
    if not all(np.isfinite(columns).all() for columns in (subtomograms, angles, translations)):
        raise InputError(f"{path}: holds numbers, angles or shifts of subtomograms that are not finite")
    broken = subtomograms[(subtomograms != np.floor(subtomograms)) | (subtomograms < 0)]
    if broken.size:
        raise InputError(f"{path}: has a subtomogram of number {broken[0]:g}, where a whole number is needed")
    # RELION's lists, and with them most runs, need no SciPy to be read
    from scipy.spatial.transform import Rotation

    turned = Rotation.from_euler("zxz", angles, degrees=True)
    turned = turned.inv() if program == "Dynamo" else turned
    return MotiveList(path, program, values, subtomograms.astype(int), turned.as_matrix(), translations)


def _is_star(path):
    with open(path, "rb") as file:
        return re.search(rb"^\s*data_", file.read(_STAR_START), re.MULTILINE) is not None


def _dynamo(path):
    try:
        with warnings.catch_warnings():
            # of an empty file, which is told below
            warnings.simplefilter("ignore", UserWarning)
            values = np.loadtxt(path, ndmin=2)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: is no readable table of Dynamo ({' '.join(str(error).split())})") from error
    if not values.size or values.shape[1] < _MIN_DYNAMO:
        raise InputError(f"{path}: is no table of Dynamo, which has a row of at least {_MIN_DYNAMO} numbers a particle")
    values = np.pad(values, ((0, 0), (0, max(0, _WHOLE_DYNAMO - values.shape[1]))))
    return _listed(path, "Dynamo", values, values[:, _TAG], values[:, 6:9], values[:, 3:6])


def _tom(path):
    values = volume_file.read(path)[0]
    if values.ndim != 3 or values.shape[0] != 1 or values.shape[2] != 20:
        shape = " x ".join(map(str, values.shape[::-1]))
        raise InputError(f"{path}: has the shape {shape}, where a motive list has 20 x n x 1 numbers")
    values = values[0].astype(float)
    return _listed(path, "TOM", values, values[:, 3], values[:, [16, 18, 17]], values[:, 10:13])


def _stopgap(path, table):
    labels = ("subtomo_num", "phi", "the", "psi", "x_shift", "y_shift", "z_shift")
    missing = [label for label in labels if label not in table]
    if missing:
        raise InputError(f"{path}: data_{STOPGAP_TABLE} lacks the column _{missing[0]}, which is needed")
    found = numbers(path, table, labels)
    if found is None:
        raise InputError(f"{path}: holds no particles, where at least two are needed")
    return _listed(path, "STOPGAP", table, found[:, 0], found[:, 1:4], found[:, 4:])


def relion_tables(motives, files):
    """Return a list as RELION's tables.

    Parameters
    ----------
    motives : MotiveList
    files : str
        Names of the subtomograms with {} in the place of their number; empty for the program's usual ones.

    Returns
    -------
    dict of str to dict of str to list of str

    Raises
    ------
    InputError
        If no files are found, or `files` is no such name.
    """
    angles, origins = to_relion(motives.rotations, motives.translations, 0.1)
    table = {IMAGE: _names(motives, files)}
    for labels, columns in ((ANGLES, angles), (PIXEL_ORIGINS, origins)):
        table |= {label: [f"{value + 0.0:.6f}" for value in columns[:, n]] for n, label in enumerate(labels)}
    return {"particles": table | _further(motives)}


def _names(motives, files):
    if files:
        try:
            fields = [field for _, field, _, _ in string.Formatter().parse(files) if field is not None]
            if fields not in ([""], ["0"]):
                raise ValueError
            return [files.format(int(number)) for number in motives.subtomograms]
        except ValueError as error:
            raise InputError(
                f"subtomograms: is {files!r}, where a file name with {{}} in the place of the number is needed"
            ) from error
    first, finder = motives.subtomograms[0], Finder(motives.path)
    for usual in _USUAL_FILES:
        if finder.file(usual.format(first)):
            return [usual.format(number) for number in motives.subtomograms]
    raise InputError(
        f"{motives.path}: is a list of {motives.program}, which names no files, and {_USUAL_FILES[0].format(first)} "
        "and its like are not beside it; set subtomograms to their names with {} in the place of the number, such as "
        "data/particle_{:06d}.em"
    )


def _further(motives):
    """Return class, half set, tomogram, tilt range and pixel size, as far as the list tells them."""
    values = motives.values
    if motives.program == "STOPGAP":
        found = {CLASS: values.get("class"), "rlnTomoName": values.get("tomo_num")}
        halves = values.get("halfset")
        if halves and set(halves) == set(_HALVES):
            found[SUBSET] = [_HALVES[half] for half in halves]
        return {label: list(column) for label, column in found.items() if column}
    kind, tomogram = (_CLASS, _TOMOGRAM) if motives.program == "Dynamo" else (19, 4)
    found = {CLASS: _whole(values[:, kind]), "rlnTomoName": _whole(values[:, tomogram])}
    if motives.program == "Dynamo":
        low, high = values[:, 13], values[:, 14]
        # one axis of tilting, y
        if ((values[:, _FTYPE] == 1) & (low < high)).all():
            found |= {
                label: [f"{value:g}" for value in column] for label, column in zip(TILTS, (low, high), strict=True)
            }
        if (values[:, _PIXEL] > 0).all():
            found["rlnPixelSize"] = [f"{value:.6g}" for value in values[:, _PIXEL]]
    return found


def _whole(column):
    return [f"{value:g}" for value in column]


def write_motive_list(path, motives, rows, poses, scores, halves):
    """Write particles back in the form of their list, with new angles, shifts and scores; all else as it was.

    Parameters
    ----------
    path : str or path
    motives : MotiveList
        The user's.
    rows : sequence of int, (m,)
        Which of its particles.
    poses : (array_like of shape (m, 3, 3), array_like of shape (m, 3))
        R and a in voxels.
    scores : sequence of float, (m,)
        The larger, the better.
    halves : sequence of int, (m,)
        1 or 2.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    # as in reading
    from scipy.spatial.transform import Rotation

    rotations, shifts = Rotation.from_matrix(poses[0]), np.asarray(poses[1], float)
    if motives.program == "Dynamo":
        rotations = rotations.inv()
    angles = rotations.as_euler("zxz", degrees=True)
    if motives.program == "STOPGAP":
        columns = dict(zip(("phi", "the", "psi"), angles.T, strict=True))
        columns |= dict(zip(("x_shift", "y_shift", "z_shift"), shifts.T, strict=True)) | {"score": scores}
        table = {label: [column[row] for row in rows] for label, column in motives.values.items()}
        table |= {label: [f"{value + 0.0:.6f}" for value in column] for label, column in columns.items()}
        table["halfset"] = ["AB"[half - 1] for half in halves]
        write_tables(path, {STOPGAP_TABLE: table})
        return
    values = motives.values[np.asarray(rows, int)].copy()
    if motives.program == "Dynamo":
        values[:, 3:6], values[:, 6:9], values[:, _CC] = shifts, angles, scores
        write_text(path, "".join(" ".join(f"{value:.10g}" for value in row) + "\n" for row in values))
        return
    values[:, 10:13], values[:, [16, 18, 17]], values[:, 0] = shifts, angles, scores
    with complete_file(path) as partial:
        em.write(partial, values[None])
