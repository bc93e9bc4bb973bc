"""Density maps in and out: MRC files with voxel size and origin, and the checks every volume passes.

Arrays are ``[z, y, x]``, float32; voxel sizes are in nm here and in angstrom in the file.
"""

import mrcfile
import numpy as np

from gradalign.base.files import complete_file
from gradalign.errors import InputError
from gradalign.io import volume_file

ANGSTROM_PER_NM = 10.0
_REAL_MODES = "iuf"


def check_volume(volume, name, box=None):
    """Return `volume` as a float32 cube, or say what is wrong with it.

    Parameters
    ----------
    volume, name, box
        As for `check_numbers`.

    Returns
    -------
    numpy.ndarray, (box, box, box), float32
        The same numbers, as far as single precision holds them.

    Raises
    ------
    InputError
        As `check_numbers` does.
    """
    numbers = check_numbers(volume, name, box)
    # what varies in double precision need not do so in single precision
    return numbers if numbers.dtype == np.float32 else check_numbers(numbers.astype(np.float32), name)


def check_numbers(volume, name, box=None):
    """Return `volume` as a cube of floating-point numbers, or say what is wrong with it.

    What takes off the background does so on these: single precision would round a small signal on a large background.

    Parameters
    ----------
    volume : array_like, (box, box, box)
        Density ``[z, y, x]``.
    name : str or path
        What the message calls it: a file or an argument.
    box : int, optional
        The edge it must have, in voxels.

    Returns
    -------
    numpy.ndarray, (box, box, box), float32 or float64
        The same numbers.

    Raises
    ------
    InputError
        If it is no cube of real numbers, not of edge `box`, holds NaN or infinity, has values beyond the range of
        float32, or is constant.
    """
    volume = np.asarray(volume)
    if volume.dtype.kind not in _REAL_MODES:
        raise InputError(f"{name}: has values of type {volume.dtype}, where real numbers are needed")
    if volume.ndim != 3 or len(set(volume.shape)) != 1:
        raise InputError(f"{name}: has the shape {volume.shape}, where a cube [z, y, x] is needed")
    if box is not None and volume.shape[0] != box:
        raise InputError(f"{name}: is a cube of {volume.shape[0]} voxels, where {box} voxels are needed")
    if volume.dtype != np.float32:
        # float32 holds the integers of two bytes
        volume = volume.astype(np.float32 if volume.dtype.itemsize <= 2 else np.float64, copy=False)
    low, high = (volume.min(), volume.max()) if volume.size else (0.0, 0.0)
    # NaN is the smallest and the largest of all, and single precision overflows to infinity
    if not max(abs(low), abs(high)) <= np.finfo(np.float32).max:
        raise InputError(f"{name}: holds NaN or infinite values, where every voxel must be a finite number")
    if low == high:
        raise InputError(f"{name}: is constant, where a density that varies is needed")
    return volume


def as_sequence(volumes):
    """Return volumes as a sequence.

    Parameters
    ----------
    volumes : iterable of array_like
        What can be gone through only once, such as a generator, is read at once.

    Returns
    -------
    sequence

    Raises
    ------
    InputError
        If it is none.
    """
    if hasattr(volumes, "__len__") and hasattr(volumes, "__getitem__"):
        return volumes
    try:
        return list(volumes)
    except TypeError as error:
        raise InputError(f"volumes: is {volumes!r}, where a sequence of volumes is needed") from error


def _known_size(header):
    """Return the voxel size in nm, or say that it is not known."""
    if not header.voxel_size:
        raise InputError(f"{header.path}: tells no voxel size, where cubic voxels of known size are needed")
    return header.voxel_size / ANGSTROM_PER_NM


def read_volume(path, box=None):
    """Read one density map.

    Parameters
    ----------
    path : str or path
        An MRC file holding one cubic volume.
    box : int, optional
        The edge it must have, in voxels.

    Returns
    -------
    volume : numpy.ndarray, (box, box, box), float32
        Density ``[z, y, x]``.
    voxel_size : float
        Edge of a voxel in nm.

    Raises
    ------
    InputError
        If the file is missing, truncated or no MRC file, tells no voxel size, or the volume fails `check_volume`.
    """
    volume, header = volume_file.read(path)
    return check_volume(volume, path, box), _known_size(header)


def read_stack(path, box=None):
    """Read a stack of volumes.

    Parameters
    ----------
    path : str or path
        An MRC volume stack (4-D, space group 401).
    box : int, optional
        The edge its volumes must have, in voxels.

    Returns
    -------
    volumes : numpy.ndarray, (n, box, box, box), float32
        Densities ``[volume, z, y, x]``.
    voxel_size : float
        Edge of a voxel in nm.

    Raises
    ------
    InputError
        If the file is missing, truncated or no volume stack, tells no voxel size, or a volume fails `check_volume`.
    """
    stored, header = volume_file.read_all(path)
    volumes = [check_volume(volume, f"{path}, volume {i + 1}", box) for i, volume in enumerate(stored)]
    return np.stack(volumes), _known_size(header)


def _write(path, data, voxel_size, origin=None):
    if not (np.isfinite(voxel_size) and voxel_size > 0):
        raise InputError(f"{path}: cannot have voxels of {voxel_size} nm; a positive voxel size is needed")
    angstrom = voxel_size * ANGSTROM_PER_NM
    with complete_file(path) as partial, mrcfile.new(partial, overwrite=True) as mrc:
        mrc.set_data(data)
        if data.ndim == 3:
            mrc.set_volume()
        mrc.voxel_size = angstrom
        centred = tuple(-(edge // 2) * angstrom for edge in data.shape[:-4:-1])
        mrc.header.origin = centred if origin is None else tuple(origin)
        # mrcfile's own label carries the time of day: files would differ from run to run
        mrc.header.label[0] = b"gradalign"


def write_volume(path, volume, voxel_size, origin=None):
    """Write one density map as an MRC file.

    Parameters
    ----------
    path : str or path
        The file; an existing one is replaced once the new one is complete.
    volume : array_like, (box, box, box)
        Density ``[z, y, x]``.
    voxel_size : float
        Edge of a voxel in nm.
    origin : (float, float, float), optional
        Where the first voxel stands, (x, y, z) in Å; if left out, the centre voxel (edge // 2) stands at 0.

    Raises
    ------
    InputError
        If the volume fails `check_volume`, the voxel size is not positive, or the file cannot be written.
    """
    _write(path, check_volume(volume, path), voxel_size, origin)


def write_stack(path, volumes, voxel_size):
    """Write volumes as one MRC volume stack (space group 401), centre voxel at the origin.

    Parameters
    ----------
    path : str or path
        The file; an existing one is replaced once the new one is complete.
    volumes : array_like, (n, box, box, box)
        Densities ``[volume, z, y, x]``.
    voxel_size : float
        Edge of a voxel in nm.

    Raises
    ------
    InputError
        If there is no volume, one fails `check_volume`, the voxel size is not positive, or the file
        cannot be written.
    """
    if len(volumes) == 0:
        raise InputError(f"{path}: cannot be a stack of no volumes")
    checked = [check_volume(volume, f"{path}, volume {i + 1}") for i, volume in enumerate(volumes)]
    _write(path, np.stack(checked), voxel_size)
