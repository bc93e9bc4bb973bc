"""Tomograms in which a list tells places: their files, their voxels, and the pixels in which the places are told."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gradalign.errors import InputError
from gradalign.io import volume_file
from gradalign.io.mrc import ANGSTROM_PER_NM
from gradalign.io.star_text import read_tables
from gradalign.io.volume_file import SAME_SIZE, VolumeFile
from gradalign.particles.images import known_size
from gradalign.particles.places import Finder, is_file
from gradalign.particles.star_columns import blank, numbers

NAMES = ("rlnTomoName", "rlnMicrographName")
"""Columns that name the tomogram of a place, the first that is there."""
PIXEL_SIZE = "rlnTomoTiltSeriesPixelSize"
_WHOLE = "rlnTomoReconstructedTomogram"
# RELION adds the tomograms of the two halves of the frames
_HALVES = ("rlnTomoReconstructedTomogramHalf1", "rlnTomoReconstructedTomogramHalf2")
_BINNING = "rlnTomoTomogramBinning"
_SIZES = ("rlnTomoSizeX", "rlnTomoSizeY", "rlnTomoSizeZ")
_ENDINGS = ("", ".mrc", ".rec", ".em", ".mrc.gz")


@dataclass(frozen=True)
class Tomogram:
    """One tomogram, or the two whose sum it is."""

    name: str
    files: tuple[VolumeFile, ...]
    voxel_size: float
    """Edge of a voxel in Å."""
    binning: float
    """Edge of a voxel over that of the pixels in which places are told."""
    centre: np.ndarray
    """From which centred coordinates count, (x, y, z) in those pixels."""

    @property
    def edges(self):
        """Its size, (x, y, z) in voxels."""
        return np.array(self.files[0].edges[::-1])

    @property
    def paths(self):
        """Its files."""
        return [file.path for file in self.files]


def of_names(names, path, source, section, pixel_size):
    """Find tomograms.

    Parameters
    ----------
    names : iterable of str
        As the list has them.
    path : str
        The list.
    source : str
        RELION's list of tomograms, a folder of MRC files, or empty where the names are files.
    section : dict
        Of the configuration, with ``voxel_size`` and ``binning``.
    pixel_size : float or None
        Of the tilt series in Å, by the list.

    Returns
    -------
    dict of str to Tomogram

    Raises
    ------
    InputError
        If one is missing, damaged, or of unknown voxel size, or they differ in voxel size.
    """
    table = _read_source(source)
    found = {}
    for name in sorted(set(names)):
        row = _row(source, table, name) if table else {}
        files = _files(name, path, source, row)
        found[name] = _described(name, files, row, section, pixel_size)
    sizes = {name: tomogram.voxel_size for name, tomogram in found.items()}
    smallest, largest = min(sizes, key=sizes.get), max(sizes, key=sizes.get)
    if sizes[largest] > (1 + SAME_SIZE) * sizes[smallest]:
        raise InputError(
            f"{path}: its tomograms have voxels of {sizes[smallest]:g} Å ({smallest}) and {sizes[largest]:g} Å "
            f"({largest}), where all must have the same"
        )
    return found


def _read_source(source):
    """Return RELION's table of tomograms, None where the source is none."""
    if not source or os.path.isdir(source):
        return None
    if not is_file(source):
        raise InputError(f"{source}: there is no such file or folder, where tomograms are needed")
    tables = read_tables(source)
    named = next((table for table in tables.values() if NAMES[0] in table), None)
    if named is None or not (_WHOLE in named or set(_HALVES) <= set(named)):
        lacks = NAMES[0] if named is None else _WHOLE
        raise InputError(f"{source}: has no column _{lacks}, where RELION's list of reconstructed tomograms is needed")
    return named


def _row(source, table, name):
    """Return the entries of one tomogram."""
    if name not in table[NAMES[0]]:
        known = ", ".join(table[NAMES[0]][:5])
        raise InputError(f"{source}: has no tomogram {name}, of which the list tells places; it has {known}")
    place = table[NAMES[0]].index(name)
    return {label: column[place] for label, column in table.items() if not blank(column[place])}


def _files(name, path, source, row):
    """Return the files of a tomogram."""
    if row:
        named = [row[_WHOLE]] if _WHOLE in row else [row[label] for label in _HALVES if label in row]
        if not named:
            raise InputError(f"{source}: _{_WHOLE} of {name} is empty, where a file name is needed")
        # RELION may be told the format of a file behind a colon
        finder = Finder(source)
        files = [finder.file(re.sub(r":mrcs?$", "", file)) for file in named]
        if None in files:
            raise InputError(
                f"{source}: {named[files.index(None)]}, the tomogram {name}, is neither in this folder nor beside the "
                "list or in a folder above it"
            )
        return files
    stem, finder = os.path.basename(name) if source else name, Finder(path)
    stems = [stem, re.sub(r"\.(tomostar|mrc|rec|st)$", "", stem)]
    for candidate in dict.fromkeys(stem + ending for stem in stems for ending in _ENDINGS):
        if source and is_file(Path(source) / candidate):
            return [str(Path(source) / candidate)]
        if not source and finder.file(candidate):
            return [finder.file(candidate)]
    where = f"in {source}" if source else f"beside {path} or in a folder above it"
    raise InputError(
        f"{path}: there is no tomogram {name} (.mrc, .rec, .em) {where}; set tomograms to the folder that holds it, or "
        "to RELION's list of tomograms"
    )


def _described(name, files, row, section, pixel_size):
    """Return a tomogram with its voxels; the configuration overrules the list, which is held against the header."""
    headers = tuple(volume_file.open_volume(file) for file in files)
    for header in headers:
        volume_file.check_number(header, 0)
        if len(header.edges) != 3 or header.edges != headers[0].edges:
            raise InputError(f"{header.path}: has the shape {header.shape}, where a tomogram is needed")
    cells = {label: [text] for label, text in row.items()}
    told = [numbers(files[0], cells, (label,)) for label in (PIXEL_SIZE, _BINNING)]
    pixel, binning = (None if column is None else float(column[0, 0]) for column in told)
    pixel, binning = pixel or pixel_size, section["binning"] or binning
    header = known_size(headers[0])
    stated = pixel * binning if pixel and binning else 0.0
    if section["voxel_size"]:
        voxel = section["voxel_size"] * ANGSTROM_PER_NM
    elif stated and header and abs(stated - header) > SAME_SIZE * stated:
        raise InputError(
            f"{files[0]}: has voxels of {header:g} Å, where the list says {binning:g} times {pixel:g} Å; set "
            "voxel_size or binning to the right one"
        )
    else:
        voxel = stated or header
    if not voxel:
        raise InputError(
            f"{files[0]}: tells no voxel size, nor does a list (0 and 1 Å count as unknown); set voxel_size"
        )
    binning = binning or (voxel / pixel if pixel else 1.0)
    edges = np.array(headers[0].edges[::-1], dtype=float)
    sizes = numbers(files[0], cells, _SIZES)
    centre = edges * binning / 2 if sizes is None else sizes[0] / 2
    return Tomogram(name, headers, voxel, binning, centre)
