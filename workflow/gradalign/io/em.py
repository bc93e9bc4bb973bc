"""EM files (Dynamo, PyTom, STOPGAP, TOM), which hold one volume and no voxel size that could be relied on."""

import struct

import numpy as np

HEADER_BYTES = 512
# machine codes of the first byte with their byte orders, data types of the fourth
_MACHINES = {0: ">", 1: "<", 3: ">", 5: ">", 6: "<"}
_TYPES = {1: "i1", 2: "i2", 4: "i4", 5: "f4", 9: "f8"}


def describe(start, size):
    """Return what the header of an EM file says, or None for a file of another kind.

    Parameters
    ----------
    start : bytes
        The first `HEADER_BYTES` of the file.
    size : int
        Of the whole file, in bytes.

    Returns
    -------
    shape : tuple of int
        (sections, rows, columns).
    dtype : numpy.dtype
        Of the values that follow the header.
    """
    if len(start) < HEADER_BYTES or start[0] not in _MACHINES or start[3] not in _TYPES:
        return None
    order = _MACHINES[start[0]]
    columns, rows, sections = struct.unpack(f"{order}3i", start[4:16])
    dtype = np.dtype(order + _TYPES[start[3]])
    # an MRC file may begin with the same bytes, but it is not as long
    whole = min(columns, rows, sections) > 0 and HEADER_BYTES + columns * rows * sections * dtype.itemsize == size
    return ((sections, rows, columns), dtype) if whole else None


def write(path, values):
    """Write an EM file of single precision.

    Parameters
    ----------
    path : str or path
    values : array_like, (sections, rows, columns)
    """
    values = np.asarray(values, "<f4")
    sections, rows, columns = values.shape
    with open(path, "wb") as file:
        # machine and type codes: little-endian, float32
        file.write(struct.pack("<4b3i", 6, 0, 0, 5, columns, rows, sections).ljust(HEADER_BYTES, b"\0"))
        file.write(values.tobytes())
