"""Maps side by side in ChimeraX, at levels that enclose the same volume of each."""

from pathlib import Path

import numpy as np

from gradalign.base.files import complete_file
from gradalign.io.mrc import ANGSTROM_PER_NM

LEVEL = 0.4
"""Density of the drawn surface of a true map, as a fraction of its largest."""


def enclosed_voxels(volume, level):
    """Return how many voxels lie at or above a density.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
    level : float

    Returns
    -------
    int
    """
    return int((np.asarray(volume) >= level).sum())


def matched_level(volume, truth):
    """Return the density at which a map encloses as many voxels as the true map does at `LEVEL`.

    Parameters
    ----------
    volume, truth : array_like of shape (N, N, N)

    Returns
    -------
    float
        Halfway between the last voxel inside and the first outside.
    """
    count = enclosed_voxels(truth, LEVEL * np.max(truth))
    values = np.sort(np.asarray(volume, dtype=float).ravel())[::-1]
    return float(values[count - 1 : count + 1].mean())


def write_gallery(path, files, maps, colours, voxel_size):
    """Write a ChimeraX command file that shows maps in rows and columns, at levels that enclose equal volumes.

    ChimeraX looks for the maps in the folder of the command file, wherever that is opened from.

    Parameters
    ----------
    path : str or path
        A ``.cxc`` file in the folder of the maps.
    files : dict of str to dict of str to str
        MRC files: for each object, a row, its maps by name, ``"truth"`` among them.
    maps : dict of str to dict of str to array_like of shape (N, N, N)
        What they hold.
    colours : dict of str to str
        Of each name, as ``"#0072b2"``.
    voxel_size : float
        In nm.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    lines = ["# Open in ChimeraX: averages and true maps side by side, at levels that enclose equal volumes."]
    lines += ["close", "set bgColor white"]
    model = 0
    for row, (name, volumes) in enumerate(maps.items()):
        for column, (kind, volume) in enumerate(volumes.items()):
            model += 1
            edge = len(volume) * voxel_size * ANGSTROM_PER_NM
            level = matched_level(volume, volumes["truth"])
            lines += [
                f'open {Path(files[name][kind]).name} id {model} name "{name} {kind}"',
                f"volume #{model} style surface step 1 level {level:.6g} color {colours[kind]}",
                f"view matrix models #{model},1,0,0,{edge * column:g},0,1,0,{0.0 - edge * row:g},0,0,1,0",
            ]
    lines += ["lighting soft", "view"]
    with complete_file(path) as partial:
        Path(partial).write_text("\n".join(lines) + "\n", encoding="utf-8")
