"""A user's subtomograms one at a time, read from their own files or out of a stack, and their maps."""

import numpy as np

from gradalign.base.files import no_file
from gradalign.errors import InputError
from gradalign.io import volume_file
from gradalign.io.mrc import ANGSTROM_PER_NM, check_volume
from gradalign.io.volume_file import SAME_SIZE
from gradalign.particles.places import is_file

SMALLEST_BOX, LARGEST_BOX = 16, 160
"""Edges in voxels between which subtomograms are taken."""
# share of the variance that one voxel may hold
_LARGEST_SHARE = 0.25
# order of the splines by which rotated boxes are rotated back
_SPLINE = 5


def load(where):
    """Return one volume as the file has it.

    Parameters
    ----------
    where : Place

    Returns
    -------
    data : numpy.ndarray
        [z, y, x].
    voxel_size : float
        In Å; 0 if the header does not tell.

    Raises
    ------
    InputError
        If the file is damaged or holds no such volume.
    """
    data, header = volume_file.read(where.file, where.number)
    return data, known_size(header)


def known_size(header):
    """Return the voxel size of a file in Å, 0 if it is not known.

    Parameters
    ----------
    header : gradalign.io.volume_file.VolumeFile

    Returns
    -------
    float
        0 for 1 Å too, which many programs write for want of anything better.
    """
    return 0.0 if abs(header.voxel_size - 1.0) < 1e-6 else header.voxel_size


def _turned(volume, rotation):
    """Return a volume in the axes of its tomogram, zero where it does not reach."""
    from scipy.ndimage import affine_transform

    # arrays are z, y, x; x of the tomogram stands at Rᵀx of the box
    matrix = np.asarray(rotation).T[::-1, ::-1]
    centre = np.full(3, len(volume) // 2)
    return affine_transform(volume, matrix, centre - matrix @ centre, order=_SPLINE, mode="constant")


def read_particle(where, box, voxel_size, rotation=None):
    """Read one subtomogram on zero mean and unit variance.

    Parameters
    ----------
    where : Place
    box : int
        Edge it must have, in voxels.
    voxel_size : float
        Edge of a voxel in nm, which the header must agree with if it has one; 0 to take whatever it says.
    rotation : array_like of shape (3, 3), optional
        From the axes of the box to those of its tomogram, in which the volume is wanted. Its corners are then empty.

    Returns
    -------
    numpy.ndarray of shape (box, box, box), float32
        [z, y, x].

    Raises
    ------
    InputError
        If the file is damaged or the volume unusable.
    """
    data, size = load(where)
    volume = check_volume(data, where, box).astype(float)
    if voxel_size and size and abs(size / ANGSTROM_PER_NM - voxel_size) > SAME_SIZE * voxel_size:
        raise InputError(
            f"{where}: has voxels of {size:g} Å, where those of {voxel_size * ANGSTROM_PER_NM:g} Å are needed; if its "
            "header is wrong, set particles.voxel_size"
        )
    # densities of any unit, without over- and underflow
    volume /= np.abs(volume).max()
    deviation = volume.std()
    if not deviation > 1e-6 * np.abs(volume).max():
        raise InputError(f"{where}: is all but constant, where a density that varies is needed")
    volume = (volume - volume.mean()) / deviation
    if np.abs(volume).max() ** 2 > _LARGEST_SHARE * volume.size:
        raise InputError(f"{where}: has one voxel that outshines all others, where a density is needed")
    if rotation is not None:
        volume = _turned(volume, rotation)
    return volume.astype(np.float32)


def inspect(where):
    """Return the edge and the voxel size of one volume.

    Parameters
    ----------
    where : Place

    Returns
    -------
    box : int
        In voxels.
    voxel_size : float
        In nm; 0 if the header has none.

    Raises
    ------
    InputError
        If the file is damaged or holds no cube.
    """
    data, size = load(where)
    return len(check_volume(data, where)), size / ANGSTROM_PER_NM


def check_box(box, name):
    """Say so if a box is of a size that is not taken.

    Parameters
    ----------
    box : int
        In voxels.
    name : str
        What has it.

    Raises
    ------
    InputError
    """
    if not SMALLEST_BOX <= box <= LARGEST_BOX:
        raise InputError(
            f"{name}: is a cube of {box} voxels, where {SMALLEST_BOX} to {LARGEST_BOX} are taken; crop or bin it"
        )


def _refuse_oblong(header, overruled):
    if header.oblong and not overruled:
        raise InputError(
            f"{header.path}: its header tells voxels of different edges, where cubes are needed; rescale it, or, if "
            "its header is wrong, set particles.voxel_size"
        )


def check_headers(places, box, overruled=False):
    """Say so if a file cannot hold its subtomograms, or two hold one, by their headers and a row of densities each.

    Parameters
    ----------
    places : iterable of Place
    box : int
        Edge that each must have, in voxels.
    overruled : bool
        Whether the configuration says which voxel size is right, whatever the headers say.

    Raises
    ------
    InputError
        If a file is truncated, no MRC file, or holds something else, or the same densities as another.
    """
    last, seen = None, {}
    for where in places:
        # a stack's subtomograms stand one after the other
        if last is None or last.path != where.file:
            last = volume_file.open_volume(where.file)
            values = None if last.packed else volume_file.stored(last)
        volume_file.check_number(last, where.number)
        _refuse_oblong(last, overruled)
        if last.edges != (box, box, box):
            raise InputError(
                f"{where}: has {' x '.join(map(str, last.edges[::-1]))} voxels, where {box} x {box} x {box} are needed"
            )
        if values is not None:
            _refuse_copy(where, values.reshape(-1, box, box, box)[max(where.number, 1) - 1], seen)


def _refuse_copy(where, stored, seen):
    """Say so if a volume is the copy of one that was seen: looked at is one row, and all where the row is the same."""
    row = stored[len(stored) // 2, len(stored) // 2]
    if row.min() < row.max():
        other = seen.setdefault(hash(row.tobytes()), where)
        if other is not where and np.array_equal(load(where)[0], load(other)[0]):
            raise InputError(
                f"{where}: holds the same densities as {other}, where each subtomogram may stand once; its noise would "
                "be in both half sets"
            )


def read_map(path, box, voxel_size, what, overruled=False):
    """Read a reference or a mask.

    Parameters
    ----------
    path : str or path
    box : int
        Edge it must have, in voxels.
    voxel_size : float
        In nm, which the header must agree with if it tells one.
    what : str
        ``"reference"`` or ``"mask"``, for messages.
    overruled : bool
        Whether the configuration says which voxel size is right, whatever the header says.

    Returns
    -------
    numpy.ndarray of shape (box, box, box), float32

    Raises
    ------
    InputError
        If it is unusable, or its box or voxel size is another.
    """
    if not is_file(path):
        raise no_file(path, "an MRC file")
    data, header = volume_file.read(path)
    volume, size = check_volume(data, path), known_size(header) / ANGSTROM_PER_NM
    _refuse_oblong(header, overruled)
    if len(volume) != box:
        raise InputError(
            f"{path}: the {what} is a cube of {len(volume)} voxels, where the subtomograms have {box}; crop, pad or "
            "rescale it"
        )
    if size and not overruled and abs(size - voxel_size) > SAME_SIZE * voxel_size:
        raise InputError(
            f"{path}: the {what} has voxels of {size * ANGSTROM_PER_NM:g} Å, where the subtomograms have "
            f"{voxel_size * ANGSTROM_PER_NM:g} Å; rescale it, or, if its header is wrong, set particles.voxel_size"
        )
    return volume
