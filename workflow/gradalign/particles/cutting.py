"""Boxes cut out of tomograms, and the list of them written."""

import csv
import os
from pathlib import Path

import mrcfile
import numpy as np

from gradalign.base.files import complete_file
from gradalign.errors import InputError
from gradalign.io.star_text import write_tables
from gradalign.io.volume_file import mapped, open_volume
from gradalign.particles.aligned import write_optimisation_set
from gradalign.particles.boxes import LEFT_OUT


def write_list(boxes, member_files):
    """Write the list of the boxes, what has no box, and where the boxes of each tomogram begin.

    Parameters
    ----------
    boxes : Boxes
    member_files : sequence of str or path
        A CSV file for each tomogram.

    Raises
    ------
    InputError
        If one cannot be written.
    """
    picked = boxes.listing.picked
    write_tables(picked.path, picked.tables)
    if picked.set_path:
        write_optimisation_set(picked.set_path, picked, picked.path)
    _write_rows(Path(picked.path).parent / "left_out.csv", LEFT_OUT, boxes.left_out)
    for path, members in zip(member_files, boxes.members, strict=True):
        _write_rows(path, ("row", "x_voxel", "y_voxel", "z_voxel"), members.tolist())


def _write_rows(path, labels, rows):
    with (
        complete_file(path) as partial,
        open(partial, "w", newline="", encoding="utf-8", errors="surrogateescape") as f,
    ):
        writer = csv.writer(f, lineterminator="\n")
        writer.writerow(labels)
        writer.writerows(rows)


def read_members(path):
    """Read where boxes begin.

    Parameters
    ----------
    path : str or path
        From `write_list`.

    Returns
    -------
    list of list of int
        Number and first voxel, (x, y, z), of each.
    """
    with open(path, newline="", encoding="utf-8") as file:
        return [[int(value) for value in row] for row in list(csv.reader(file))[1:]]


def cut_boxes(folder, files, voxel_size, members, edge):
    """Cut boxes out of a tomogram, one after the other; of the tomogram only they are read.

    Parameters
    ----------
    folder : str or path
        Where ``<number>.mrc`` are put, which stand where they stood in the tomogram.
    files : sequence of str or path
        The tomogram, or those whose sum it is.
    voxel_size : float
        In Å.
    members : iterable of (int, int, int, int)
        Number and first voxel, (x, y, z), of each.
    edge : int
        In voxels.

    Yields
    ------
    str
        The file that was written.

    Raises
    ------
    InputError
        If the tomogram is unreadable or a box cannot be written.
    """
    values = [mapped(open_volume(file)) for file in files]
    try:
        os.makedirs(folder, exist_ok=True)
        for number, x, y, z in members:
            path = os.path.join(folder, f"{number}.mrc")
            box = np.s_[z : z + edge, y : y + edge, x : x + edge]
            with mrcfile.new(path, overwrite=True) as mrc:
                mrc.set_data(sum(half[box].astype(np.float32) for half in values))
                mrc.voxel_size = voxel_size
                mrc.header.origin = tuple(corner * voxel_size for corner in (x, y, z))
                # mrcfile's own label carries the time of day
                mrc.header.label[0] = b"gradalign"
            yield path
    except OSError as error:
        raise InputError(f"{folder}: boxes of {files[0]} could not be cut ({error.strerror or error})") from error
