"""Density maps in and out: MRC files with voxel size and origin, and the checks every volume passes.

Arrays are ``[z, y, x]``, float32; voxel sizes are in nm here and in angstrom in the file.
"""

from pathlib import Path

import mrcfile
import numpy as np

from gradalign.base.files import complete_file
from gradalign.errors import InputError

ANGSTROM_PER_NM = 10.0
_REAL_MODES = "iuf"


def check_volume(volume, name, box=None):
    """Return `volume` as a float32 cube, or say what is wrong with it.

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
    numpy.ndarray, (box, box, box), float32
        The same numbers.

    Raises
    ------
    InputError
        If it is no cube of real numbers, not of edge `box`, holds NaN or infinity, or is constant.
    """
    volume = np.asarray(volume)
    if volume.dtype.kind not in _REAL_MODES:
        raise InputError(f"{name}: has values of type {volume.dtype}, where real numbers are needed")
    if volume.ndim != 3 or len(set(volume.shape)) != 1:
        raise InputError(f"{name}: has the shape {volume.shape}, where a cube [z, y, x] is needed")
    if box is not None and volume.shape[0] != box:
        raise InputError(f"{name}: is a cube of {volume.shape[0]} voxels, where {box} voxels are needed")
    volume = volume.astype(np.float32, copy=False)
    if not np.isfinite(volume).all():
        raise InputError(f"{name}: holds NaN or infinite values, where every voxel must be a finite number")
    if volume.size == 0 or volume.min() == volume.max():
        raise InputError(f"{name}: is constant, where a density that varies is needed")
    return volume


def _open(path):
    """Return data and voxel size in nm of an MRC file."""
    if not Path(path).is_file():
        raise InputError(f"{path}: there is no such file, where an MRC file is needed")
    try:
        with mrcfile.open(path) as mrc:
            data, size = mrc.data, mrc.voxel_size
    except (ValueError, OSError, EOFError) as error:
        reason = str(error).strip().rstrip("")
        raise InputError(f"{path}: is no complete MRC file ({reason})") from error
    sizes = np.array([size.x, size.y, size.z], dtype=float)
    if not (np.isfinite(sizes).all() and sizes[0] > 0 and np.allclose(sizes, sizes[0], rtol=1e-3)):
        edges = " x ".join(f"{edge:g}" for edge in sizes)
        raise InputError(f"{path}: has voxels of {edges} angstrom, where cubic voxels of known size are needed")
    # the header keeps single precision: 12.3 A comes back as 12.3, not 12.30000019
    return data, float(f"{sizes[0]:.6g}") / ANGSTROM_PER_NM


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
        If the file is missing, truncated or no MRC file, or the volume fails `check_volume`.
    """
    data, voxel_size = _open(path)
    return check_volume(data, path, box), voxel_size


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
        If the file is missing, truncated or no volume stack, or a volume fails `check_volume`.
    """
    data, voxel_size = _open(path)
    if data.ndim != 4:
        raise InputError(f"{path}: has the shape {data.shape}, where a stack of volumes [n, z, y, x] is needed")
    volumes = [check_volume(volume, f"{path}, volume {i + 1}", box) for i, volume in enumerate(data)]
    return np.stack(volumes), voxel_size


def _write(path, data, voxel_size):
    if not (np.isfinite(voxel_size) and voxel_size > 0):
        raise InputError(f"{path}: cannot have voxels of {voxel_size} nm; a positive voxel size is needed")
    angstrom = voxel_size * ANGSTROM_PER_NM
    with complete_file(path) as partial, mrcfile.new(partial, overwrite=True) as mrc:
        mrc.set_data(data)
        if data.ndim == 3:
            mrc.set_volume()
        mrc.voxel_size = angstrom
        mrc.header.origin = tuple(-(edge // 2) * angstrom for edge in data.shape[:-4:-1])
        # mrcfile's own label carries the time of day: files would differ from run to run
        mrc.header.label[0] = b"gradalign"


def write_volume(path, volume, voxel_size):
    """Write one density map as an MRC file whose centre voxel (edge // 2) stands at the origin.

    Parameters
    ----------
    path : str or path
        The file; an existing one is replaced once the new one is complete.
    volume : array_like, (box, box, box)
        Density ``[z, y, x]``.
    voxel_size : float
        Edge of a voxel in nm.

    Raises
    ------
    InputError
        If the volume fails `check_volume`, the voxel size is not positive, or the file cannot be written.
    """
    _write(path, check_volume(volume, path), voxel_size)


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
