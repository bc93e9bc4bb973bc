"""Where a user's subtomograms are, and one of them at a time, read from its own file or out of a stack."""

import re
import warnings
from pathlib import Path
from typing import NamedTuple

import mrcfile
import numpy as np

from gradalign.errors import InputError
from gradalign.io.mrc import ANGSTROM_PER_NM, check_volume
from gradalign.particles.star import SAME_PIXEL, is_file

SMALLEST_BOX, LARGEST_BOX = 16, 160
"""Edges in voxels between which subtomograms are taken."""
# what mrcfile raises for damaged files; warnings among it
_DAMAGE = (ValueError, OSError, EOFError, ArithmeticError, MemoryError, RuntimeWarning)
# share of the variance that one voxel may hold
_LARGEST_SHARE = 0.25


class Place(NamedTuple):
    """Where one volume is."""

    file: str
    """An MRC file."""
    number: int
    """Which volume of a stack, from 1; 0 for a file of one volume."""

    def __str__(self):
        return f"{self.number}@{self.file}" if self.number else self.file


def place(image, star):
    """Find the file of one entry of rlnImageName or rlnCtfImage.

    Parameters
    ----------
    image : str
        A file, or ``n@stack``, from the working folder (as RELION has it) or from the STAR file's folder.
    star : str or path
        The STAR file.

    Returns
    -------
    Place

    Raises
    ------
    InputError
        If there is no such file, or n is no number from 1.
    """
    folders = (Path(), Path(star).parent)
    for folder in folders:
        # whatever signs its name holds
        if is_file(folder / image):
            return Place(str(folder / image), 0)
    number, at, file = image.partition("@")
    if not at:
        number, file = "0", image
    elif not (number.isdecimal() and int(number) > 0):
        raise InputError(f"{star}: {image} should name a volume of a stack as n@stack with n from 1")
    # RELION may be told the format of a file behind a colon
    file = re.sub(r":mrcs?$", "", file)
    for folder in folders:
        if is_file(folder / file):
            return Place(str(folder / file), int(number))
    raise InputError(f"{star}: {file} is neither in this folder nor beside the STAR file, where a volume is needed")


def _complaint(where, error):
    reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return InputError(f"{where}: is no complete MRC file ({reason})")


def load(where):
    """Return one volume as the file has it.

    Parameters
    ----------
    where : Place

    Returns
    -------
    data : numpy.ndarray
    voxel_size : float
        In Å; 0 if the header has none.

    Raises
    ------
    InputError
        If the file is damaged or holds no such volume.
    """
    try:
        with warnings.catch_warnings():
            # more data than the header tells of: one of the two is wrong
            warnings.simplefilter("error", RuntimeWarning)
            # of a stack only the one volume is read
            opened = mrcfile.mmap(where.file, "r") if where.number else mrcfile.open(where.file, "r")
            with opened as mrc:
                data, size = mrc.data, float(mrc.voxel_size.x)
                if where.number:
                    if data.ndim != 4:
                        raise InputError(
                            f"{where}: is in a file of images or of one volume, where a stack of volumes (4-D, space "
                            "group 401) or a file for each volume is needed"
                        )
                    if where.number > len(data):
                        raise InputError(f"{where}: is not there, the stack ends at {len(data)}")
                    data = data[where.number - 1]
                return np.array(data), size if np.isfinite(size) and size > 0 else 0.0
    except InputError:
        raise
    except _DAMAGE as error:
        if where.number and Path(where.file).read_bytes()[:2] in (b"\x1f\x8b", b"BZ"):
            raise InputError(f"{where.file}: is a compressed stack; unpack it first") from error
        raise _complaint(where, error) from error


def read_particle(where, box, voxel_size):
    """Read one subtomogram on zero mean and unit variance.

    Parameters
    ----------
    where : Place
    box : int
        Edge it must have, in voxels.
    voxel_size : float
        Edge of a voxel in nm, which the header must agree with if it has one; 0 to take whatever it says.

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
    if voxel_size and size and abs(size / ANGSTROM_PER_NM - voxel_size) > SAME_PIXEL * voxel_size:
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


def check_header(where, box):
    """Say so if a file cannot hold a subtomogram, without reading the densities.

    Parameters
    ----------
    where : Place
    box : int
        Edge it must have, in voxels.

    Raises
    ------
    InputError
        If the file is truncated, no MRC file, or holds something else.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            with open(where.file, "rb") as file:
                packed = file.read(2) in (b"\x1f\x8b", b"BZ")
            if packed:
                return  # to be looked at when it is read
            with mrcfile.mmap(where.file, "r") as mrc:
                shape = mrc.data.shape
    except _DAMAGE as error:
        raise _complaint(where, error) from error
    if bool(where.number) != (len(shape) == 4):
        raise InputError(
            f"{where}: the file has the shape {shape}, where {'a stack of volumes' if where.number else 'one volume'} "
            "is needed"
        )
    if where.number > shape[0]:
        raise InputError(f"{where}: is not there, the stack ends at {shape[0]}")
    if shape[-3:] != (box, box, box):
        raise InputError(
            f"{where}: has {' x '.join(map(str, shape[-3:]))} voxels, where {box} x {box} x {box} are needed"
        )


def read_map(path, box, voxel_size, what):
    """Read a reference or a mask.

    Parameters
    ----------
    path : str or path
    box : int
        Edge it must have, in voxels.
    voxel_size : float
        In nm.
    what : str
        ``"reference"`` or ``"mask"``, for messages.

    Returns
    -------
    numpy.ndarray of shape (box, box, box), float32

    Raises
    ------
    InputError
        If it is unusable, or its box or voxel size is another.
    """
    where = Place(str(path), 0)
    if not is_file(path):
        raise InputError(f"{path}: there is no such file, where an MRC file is needed")
    data, angstrom = load(where)
    volume, size = check_volume(data, where), angstrom / ANGSTROM_PER_NM
    if len(volume) != box:
        raise InputError(
            f"{path}: the {what} is a cube of {len(volume)} voxels, where the subtomograms have {box}; crop, pad or "
            "rescale it"
        )
    if abs(size - voxel_size) > SAME_PIXEL * voxel_size:
        raise InputError(
            f"{path}: the {what} has voxels of {size * ANGSTROM_PER_NM:g} Å, where the subtomograms have "
            f"{voxel_size * ANGSTROM_PER_NM:g} Å"
        )
    return volume
