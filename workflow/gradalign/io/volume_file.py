"""The one reader of volumes: MRC files of many programs, and EM files, always as ``[z, y, x]``.

Programs disagree about what they write into an MRC header. What can be decided is decided here, once: the byte order by
which the file's size fits, the order of the axes (MAPC, MAPR, MAPS), the signs of integers, how many sections make a
volume of a stack. What cannot be decided is refused.
"""

import bz2
import gzip
import warnings
from dataclasses import dataclass
from pathlib import Path

import mrcfile
import numpy as np
from mrcfile.utils import data_dtype_from_header, spacegroup_is_volume_stack

from gradalign.base.files import no_file
from gradalign.errors import InputError
from gradalign.io import em
from gradalign.io.foreign import foreign_volume

SAME_SIZE = 1e-2
"""Share by which voxel sizes may differ and still be the same."""
_HEADER_BYTES = 1024
# IMOD's mark in bytes 152 to 155; bit 0 of the next word says that bytes are signed
_IMOD_STAMP, _IMOD_AT, _SIGNED = 1146047817, 152, 1
_VERSIONS = (20140, 20141)
# share of the roughness with the header's signs at which the other signs are the right ones, and sections looked at
_SMOOTHER, _SECTIONS = 0.5, 16
# what mrcfile warns of and what is decided here
_DECIDED = ("Map ID string not found", "Unrecognised machine stamp", "Machine stamp")
_DAMAGE = (ValueError, OSError, EOFError, ArithmeticError, MemoryError)


@dataclass(frozen=True)
class VolumeFile:
    """What the header of a file says about its volumes."""

    path: str
    shape: tuple[int, ...]
    """As stored: (sections, rows, columns), or (volumes, sections, rows, columns)."""
    dtype: np.dtype
    """Of the stored values, byte order included."""
    offset: int
    """Where the values begin, in bytes."""
    axes: tuple[int, int, int] = (0, 1, 2)
    """Which of the stored axes are z, y and x."""
    voxel_size: float = 0.0
    """Edge of a voxel in Å; 0 if the header does not tell, or tells different edges."""
    oblong: bool = False
    """Whether the header tells voxels of different edges."""
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Where the first voxel stands, (x, y, z) in Å."""
    extremes: tuple[float, float] | None = None
    """Smallest and largest value by the header, None if it does not tell."""
    signed: bool | None = None
    """Whether bytes are signed by IMOD's flag; None if there is none."""
    standard: bool = False
    """Whether the file says that it follows MRC2014, where bytes are signed."""
    packed: bool = False
    """Whether the file is compressed."""

    @property
    def volumes(self):
        """How many volumes a stack holds; 0 for a file of one volume."""
        return self.shape[0] if len(self.shape) == 4 else 0

    @property
    def edges(self):
        """Edges of one volume, (z, y, x), in voxels."""
        stored = self.shape[-3:]
        return tuple(stored[axis] for axis in self.axes) if len(stored) == 3 else stored


def _complaint(path, reason):
    reason = " ".join(str(reason).split()).rstrip(".") or "unreadable"
    return InputError(f"{path}: is no complete MRC file ({reason})")


def open_volume(path):
    """Read the header of a file of volumes and check that the file is whole.

    Parameters
    ----------
    path : str or path
        An MRC file (also compressed by gzip or bzip2) or an EM file.

    Returns
    -------
    VolumeFile

    Raises
    ------
    InputError
        If the file is missing, neither an MRC nor an EM file, or shorter or longer than its header says.
    """
    if not Path(path).is_file():
        raise no_file(path, "an MRC file")
    try:
        with open(path, "rb") as file:
            start = file.read(em.HEADER_BYTES)
    except OSError as error:
        raise _complaint(path, error) from error
    foreign = foreign_volume(start)
    if foreign:
        raise InputError(f"{path}: is {foreign[0]}, where an MRC or EM file is needed; {foreign[1]}")
    if not start:
        raise _complaint(path, "it is empty")
    size = Path(path).stat().st_size
    described = em.describe(start, size)
    if described is not None:
        shape, dtype = described
        return VolumeFile(str(path), shape, dtype, em.HEADER_BYTES)
    packed = start[:2] == b"\x1f\x8b" or start[:3] == b"BZh"
    try:
        header = _mrc_header(path)
        size = len(_unpacked(path)) if packed else size
        return _described(path, header, size, packed)
    except _DAMAGE as error:
        if isinstance(error, InputError):
            raise
        raise _complaint(path, error) from error


def _mrc_header(path):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with mrcfile.open(path, header_only=True, permissive=True) as mrc:
            header = mrc.header.copy()
    for warning in said:
        if issubclass(warning.category, RuntimeWarning) and not str(warning.message).startswith(_DECIDED):
            raise ValueError(str(warning.message))
    return header


def _unpacked(path):
    with open(path, "rb") as file:
        opener = gzip.open if file.read(2) == b"\x1f\x8b" else bz2.open
    with opener(path, "rb") as file:
        return file.read()


def _described(path, header, size, packed):
    """Return the description by the byte order in which the file is as long as its header says."""
    complaints = []
    for order in (header, header.view(header.dtype.newbyteorder())):
        try:
            dtype, shape = data_dtype_from_header(order), _shape(order)
        except ValueError as error:
            complaints.append(str(error))
            continue
        offset = _HEADER_BYTES + int(order.nsymbt)
        wanted = offset + dtype.itemsize * int(np.prod(shape, dtype=object))
        if min(shape) < 1 or int(order.nsymbt) < 0:
            complaints.append("its header counts no voxels")
        elif wanted == size:
            axes, (size_of_voxel, oblong) = _axes(path, order), _voxel_size(order)
            return VolumeFile(
                path=str(path),
                shape=shape,
                dtype=dtype,
                offset=offset,
                # stored as sections, rows, columns; read as z, y, x
                axes=tuple(axes[::-1].index(axis) for axis in (3, 2, 1)),
                voxel_size=size_of_voxel,
                oblong=oblong,
                origin=_origin(order, axes, size_of_voxel),
                extremes=_extremes(order),
                signed=_imod_sign(order),
                standard=int(order.nversion) in _VERSIONS,
                packed=packed,
            )
        else:
            missing = wanted - size
            complaints.append(
                f"{missing} bytes are missing" if missing > 0 else f"it is {-missing} bytes longer than its header says"
            )
    raise ValueError(complaints[0])


def _shape(header):
    columns, rows, sections = int(header.nx), int(header.ny), int(header.nz)
    if not spacegroup_is_volume_stack(header.ispg):
        return sections, rows, columns
    depth = int(header.mz)
    if depth <= 1:
        # not set by the program that wrote it: volumes are cubes
        depth = rows
    if depth <= 0 or sections % depth:
        raise ValueError(f"its {sections} sections are no whole number of volumes of {depth}")
    return sections // depth, depth, rows, columns


def _axes(path, header):
    """Return which axes columns, rows and sections are: 1 for x, 2 for y, 3 for z."""
    order = tuple(int(header[name]) for name in ("mapc", "mapr", "maps"))
    if order == (0, 0, 0):
        # not set: as everybody has them
        return 1, 2, 3
    if sorted(order) != [1, 2, 3]:
        raise InputError(
            f"{path}: says that its columns, rows and sections are the axes {', '.join(map(str, order))} (MAPC, MAPR, "
            "MAPS), where 1, 2 and 3 must each stand once; mend its header"
        )
    return order


def _voxel_size(header):
    """Return the voxel size in Å, 0 if it is not known, and whether voxels are told that are no cubes."""
    counts = [int(header[name]) for name in ("mx", "my", "mz")]
    cell = [float(header.cella[name]) for name in "xyz"]
    # a program that does not count the intervals of the cell writes 0 or 1
    sizes = [edge / count for edge, count in zip(cell, counts, strict=True) if count > 1]
    if not sizes or not np.isfinite(sizes).all() or min(sizes) <= 0:
        return 0.0, False
    if max(sizes) > (1 + SAME_SIZE) * min(sizes):
        # of a stack some programs count the cell of all its volumes
        return 0.0, not spacegroup_is_volume_stack(header.ispg)
    # the header keeps single precision: 12.3 Å comes back as 12.3, not 12.30000019
    return float(f"{sizes[0]:.6g}"), False


def _origin(header, order, voxel_size):
    """Return where the first voxel stands, (x, y, z) in Å: by ORIGIN, or else by NXSTART and its like."""
    origin = [float(header.origin[name]) for name in "xyz"]
    if not any(origin):
        starts = [int(header[name]) for name in ("nxstart", "nystart", "nzstart")]
        origin = [starts[order.index(axis)] * voxel_size for axis in (1, 2, 3)]
    return tuple(value if np.isfinite(value) else 0.0 for value in origin)


def _extremes(header):
    low, high = float(header.dmin), float(header.dmax)
    # MRC2014: dmax below dmin where they were not determined; 0 and 0 where nothing was written
    return (low, high) if np.isfinite([low, high]).all() and low < high else None


def _imod_sign(header):
    stamp, flags = np.frombuffer(header.tobytes(), header.nx.dtype, 2, _IMOD_AT)
    return bool(flags & _SIGNED) if stamp == _IMOD_STAMP else None


def read(path, number=0):
    """Read one volume as ``[z, y, x]``.

    Parameters
    ----------
    path : str or path
        An MRC file (also compressed by gzip or bzip2) or an EM file.
    number : int
        Which volume of a stack, from 1; 0 for a file of one volume.

    Returns
    -------
    volume : numpy.ndarray
        The file's values; integers with their signs as the header has them.
    header : VolumeFile

    Raises
    ------
    InputError
        If the file is damaged or holds no such volume, or its header leaves open whether its integers are signed.
    """
    header = open_volume(path)
    check_number(header, number)
    values = stored(header)
    if header.volumes:
        values = values[max(number, 1) - 1]
    values = with_signs(np.array(values), header)
    return (values.transpose(header.axes) if values.ndim == 3 else values), header


def mapped(header):
    """Return the one volume of a file without reading it: voxels come from the disk as they are looked at.

    Parameters
    ----------
    header : VolumeFile
        From `open_volume`; of a compressed file all is read.

    Returns
    -------
    numpy.ndarray, [z, y, x]

    Raises
    ------
    InputError
        If the file has become unreadable, or its header leaves open whether its integers are signed.
    """
    values = stored(header)
    return with_signs(values[0] if header.volumes else values, header).transpose(header.axes)


def read_all(path):
    """Read all volumes of a stack.

    Parameters
    ----------
    path : str or path
        An MRC volume stack (4-D, space group 401).

    Returns
    -------
    volumes : numpy.ndarray, (n, z, y, x)
    header : VolumeFile

    Raises
    ------
    InputError
        If the file is damaged or no stack of volumes.
    """
    header = open_volume(path)
    if not header.volumes:
        raise InputError(f"{path}: has the shape {header.shape}, where a stack of volumes [n, z, y, x] is needed")
    values = with_signs(np.array(stored(header)), header)
    return values.transpose(0, *(axis + 1 for axis in header.axes)), header


def check_number(header, number):
    """Say so if a file does not hold a volume of this number.

    Parameters
    ----------
    header : VolumeFile
    number : int
        From 1; 0 for a file of one volume.

    Raises
    ------
    InputError
    """
    where = f"{number}@{header.path}" if number else header.path
    if number and header.packed:
        raise InputError(f"{header.path}: is a compressed stack; unpack it first")
    if number and not header.volumes:
        raise InputError(
            f"{where}: is in a file of images or of one volume, where a stack of volumes (4-D, space group 401) or a "
            "file for each volume is needed"
        )
    if number > header.volumes:
        raise InputError(f"{where}: is not there, the stack ends at {header.volumes}")
    if not number and header.volumes > 1:
        raise InputError(f"{where}: holds {header.volumes} volumes; n@{where} would say which one is meant")


def stored(header):
    """Return the values of a file as they are stored; of an uncompressed file they are read when they are looked at.

    Parameters
    ----------
    header : VolumeFile

    Returns
    -------
    numpy.ndarray
        Of the shape and type that the header has.

    Raises
    ------
    InputError
        If the file has become unreadable.
    """
    try:
        if header.packed:
            return np.frombuffer(_unpacked(header.path), header.dtype, offset=header.offset).reshape(header.shape)
        return np.memmap(header.path, header.dtype, "r", header.offset, header.shape)
    except _DAMAGE as error:
        raise _complaint(header.path, error) from error


def with_signs(values, header):
    """Return integers read as unsigned ones where the header says that they are.

    MRC's modes 0 and 1 are signed. Older programs, and IMOD on demand, store unsigned bytes as mode 0: the header's
    smallest and largest value tell, and IMOD's flag.

    Parameters
    ----------
    values : numpy.ndarray
    header : VolumeFile

    Returns
    -------
    numpy.ndarray

    Raises
    ------
    InputError
        If the header of a file of bytes says nothing of signs, or contradicts itself or the values.
    """
    # where no value is negative both readings are the same
    if values.dtype.kind != "i" or values.dtype.itemsize > 2 or values.min() >= 0:
        return values
    unsigned = values.view(values.dtype.str.replace("i", "u"))
    claims = set()
    if header.extremes is not None:
        fits = _within(values, header.extremes), _within(unsigned, header.extremes)
        if fits[0] != fits[1]:
            claims.add(fits[0])
    if values.dtype.itemsize == 1 and header.signed is not None:
        claims.add(header.signed)
    if not claims and (values.dtype.itemsize == 2 or header.standard):
        claims.add(True)
    if len(claims) != 1 and values.dtype.itemsize == 1:
        raise InputError(
            f"{header.path}: its header leaves open whether its bytes are signed; write it anew as 16-bit integers or "
            "real numbers"
        )
    chosen, other = (unsigned, values) if claims == {False} else (values, unsigned)
    if _roughness(other) < _SMOOTHER * _roughness(chosen):
        read, meant = ("unsigned", "signed") if claims == {False} else ("signed", "unsigned")
        raise InputError(
            f"{header.path}: its integers are {read} by its header, but their values jump as {meant} ones do that are "
            "read so; write it anew as real numbers"
        )
    return chosen


def _roughness(values):
    """Return the mean square difference of neighbours along rows, in some sections; it is large where integers wrap."""
    rows = values[..., :: -(-values.shape[-3] // _SECTIONS), :, :] if values.ndim > 2 else values
    return float(np.mean(np.diff(rows.astype(np.float32), axis=-1) ** 2)) if rows.shape[-1] > 1 else 0.0


def _within(values, extremes):
    low, high = extremes
    return low - 0.5 <= values.min() and values.max() <= high + 0.5
