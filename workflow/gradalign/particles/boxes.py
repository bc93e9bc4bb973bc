"""Which boxes a list of places in tomograms gives, so that picked coordinates can be aligned.

A place is coordinate − origin, the origin rotated from the box's axes to the tomogram's. The box's centre is the voxel
next to it, so that nothing is interpolated, and what is left over is the new origin. Voxel n of a tomogram stands at
the pixel n × binning.
"""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gradalign.errors import InputError
from gradalign.io.star import to_relion
from gradalign.particles.images import check_box
from gradalign.particles.list_file import open_list, places_table
from gradalign.particles.listing import (
    Listing,
    check_choices,
    check_files,
    check_maps,
    digest,
    file_digest,
    map_files,
)
from gradalign.particles.places import Finder, Place
from gradalign.particles.star import picked_rows
from gradalign.particles.star_columns import (
    ANGLES,
    BOX_ANGLES,
    CENTRED,
    COORDINATES,
    CTF_IMAGE,
    GROUP,
    IMAGE,
    ORIGINS,
    PIXEL_ORIGINS,
    PREMULTIPLIED,
    PRIORS,
    TOMOGRAMS_FILE,
    group_number,
    numbers,
)
from gradalign.particles.tomograms import NAMES, PIXEL_SIZE, Tomogram, of_names

LIST, SET = "particles.star", "optimisation_set.star"
_PARTICLE_NAME = "rlnTomoParticleName"
LEFT_OUT = ("row", "tomogram", "x_voxel", "y_voxel", "z_voxel", "failure")
"""Columns of the table of places that have no box."""


@dataclass(frozen=True)
class Boxes:
    """Which boxes are to be cut, n of them, and the list of them."""

    listing: Listing
    """As it will be once they are cut."""
    tomograms: list[Tomogram]
    """Those that have a box."""
    folders: list[str]
    """Where the boxes of each of them go, relative to the list's folder."""
    members: list[np.ndarray]
    """Number of the file and first voxel, (x, y, z), of each tomogram's boxes, (m, 4)."""
    left_out: list[tuple]
    """Rows of `LEFT_OUT`."""
    edge: int
    """In voxels."""
    digest: str
    """Another text once the list, a tomogram or a choice has changed."""

    @property
    def star(self):
        """The list of the boxes, or the optimisation set that names it."""
        return self.listing.picked.set_path or self.listing.picked.path

    def sentence(self):
        """Return in words what is cut."""
        first = self.tomograms[0]
        said = (
            f"{len(self.listing)} boxes of {self.edge}³ voxels of {first.voxel_size:g} Å out of {len(self.tomograms)} "
            f"tomograms, coordinates in pixels of {first.voxel_size / first.binning:g} Å"
        )
        if self.left_out:
            said += f"; {len(self.left_out)} boxes would leave their tomogram: left_out.csv names them"
        return f"{said}."


def check_input(section, folder):
    """Check what can be checked without reading a volume, of a list of volumes or of places.

    Parameters
    ----------
    section : dict
        ``particles`` of the configuration.
    folder : str or path
        Where boxes are to be put.

    Returns
    -------
    listing : gradalign.particles.listing.Listing
    boxes : Boxes or None
        None for a list of volumes.
    digest : str
        Another text once a file or a choice has changed of which Snakemake does not know.

    Raises
    ------
    InputError
        As of `gradalign.particles.listing.check_files` and `plan_boxes`.
    """
    boxes = plan_boxes(section, folder)
    if boxes is None:
        listing = check_files(section)
        return listing, None, digest(listing, section)
    check_maps(section)
    check_choices(boxes.listing.picked, section)
    return boxes.listing, boxes, file_digest([], map_files(section), [boxes.digest])


def plan_boxes(section, folder):
    """Return which boxes a list of places gives.

    Parameters
    ----------
    section : dict
        ``particles`` or ``classes`` of the configuration.
    folder : str or path
        Where they are to be put.

    Returns
    -------
    Boxes or None
        None where no boxes are asked for.

    Raises
    ------
    InputError
        If the list or a tomogram is missing, damaged, or lacks what is needed, or no two boxes lie within theirs.
    """
    edge = _edge(section)
    if not edge:
        return None
    path, tables, set_path, set_tables, _ = open_list(section["star"], section["subtomograms"])
    name = places_table(tables)
    if name is None:
        raise InputError(
            f"{path}: has no column _{COORDINATES[0]} or _{CENTRED[0]}, where places in tomograms are needed for box"
        )
    picked = picked_rows(path, tables, name, section.get("class_number"))
    tomograms, which = _tomograms(picked, section, set_path, set_tables)
    centres, rests = _centres(picked, tomograms, which)
    corners = centres.astype(int) - edge // 2
    edges = np.array([tomogram.edges for tomogram in tomograms])[which]
    inside = ((corners >= 0) & (corners + edge <= edges)).all(axis=1)
    _check_enough(path, inside, edge)
    left_out = [
        (int(picked.rows[n]) + 1, tomograms[which[n]].name, *map(int, centres[n]), _outside(edge, edges[n]))
        for n in np.flatnonzero(~inside)
    ]
    kept = np.flatnonzero(inside)
    folders, own = _folders(tomograms), os.path.abspath(folder)
    images = [Place(os.path.join(own, folders[which[n]], f"{picked.rows[n] + 1}.mrc"), 0) for n in kept]
    table = _table(picked, kept, images, (tomograms, which, centres, rests))
    tables = _of_boxes(tables | {name: table}, name, tomograms[which[kept[0]]], edge)
    listed = picked_rows(os.path.join(own, LIST), tables, name, section.get("class_number"))
    if set_path:
        listed = replace(listed, set_path=os.path.join(own, SET), set_tables=_whole_set(set_path, set_tables))
    used = np.unique(which[kept])
    numbered = np.column_stack([picked.rows + 1, corners])[kept]
    files = [file for number in used for file in tomograms[number].paths]
    return Boxes(
        listing=Listing(replace(listed, images=table[IMAGE]), images, None),
        tomograms=[tomograms[number] for number in used],
        folders=[folders[number] for number in used],
        members=[numbered[which[kept] == number] for number in used],
        left_out=left_out,
        edge=edge,
        digest=file_digest([path, set_path], files, [str(section[key]) for key in ("box", "binning", "voxel_size")]),
    )


def _edge(section):
    """Return the edge of the boxes in voxels, 0 where none are asked for."""
    if section["box"]:
        check_box(section["box"], "box")
        return section["box"]
    for key in ("tomograms", "binning"):
        if section[key]:
            raise InputError(f"{key}: is given without box, the edge of the boxes in voxels, which is needed too")
    return 0


def _check_enough(path, inside, edge):
    """Say so if fewer than two boxes lie within their tomograms."""
    if inside.sum() < 2:
        raise InputError(
            f"{path}: {inside.sum()} of {len(inside)} boxes of {edge} voxels lie within their tomograms, where at "
            "least two are needed; the places may be told in other pixels (binning), or the boxes too large"
        )


def _whole_set(set_path, set_tables):
    """Return an optimisation set whose files stand with their whole paths."""
    finder = Finder(set_path)
    return {
        name: {label: [finder.whole_name(entry) for entry in entries] for label, entries in table.items()}
        for name, table in set_tables.items()
    }


def _tomograms(picked, section, set_path, set_tables):
    """Return the tomograms by name, and which of them each place is in, (n,)."""
    table = picked.tables[picked.name]
    label = next((label for label in NAMES if label in table), None)
    if label is None:
        raise InputError(f"{picked.path}: has no column _{NAMES[0]}, where the tomogram of each place is needed")
    names = [table[label][row] for row in picked.rows]
    source = section["tomograms"]
    told = [table[TOMOGRAMS_FILE][0] for table in set_tables.values() if table.get(TOMOGRAMS_FILE)]
    if not source and told:
        source = Finder(set_path).whole_name(told[0])
    optics = picked.tables.get("optics", {})
    pixels = numbers(picked.path, optics, (PIXEL_SIZE,)) if optics else None
    if pixels is not None and np.ptp(pixels):
        raise InputError(f"{picked.path}: has several pixel sizes (_{PIXEL_SIZE}), where all must be the same")
    pixel_size = None if pixels is None else float(pixels[0, 0])
    found = of_names(names, picked.path, source, section, pixel_size)
    numbers_of = {name: number for number, name in enumerate(found)}
    return list(found.values()), np.array([numbers_of[name] for name in names])


def _centres(picked, tomograms, which):
    """Return the central voxel of each box, (x, y, z), and how far beyond it the place lies."""
    table = picked.tables[picked.name]
    binning = np.array([[tomogram.binning] for tomogram in tomograms])[which]
    voxel = np.array([[tomogram.voxel_size] for tomogram in tomograms])[which]
    coordinates = numbers(picked.path, table, COORDINATES)
    if coordinates is not None:
        places = coordinates[picked.rows] / binning
    else:
        middles = np.array([tomogram.centre for tomogram in tomograms])[which]
        places = numbers(picked.path, table, CENTRED)[picked.rows] / voxel + middles / binning
    # origins before RELION 3.1 are in pixels of the former boxes, which are taken for those of the tomogram
    shifts = -picked.origins if picked.origins_in_pixels else -picked.origins / voxel
    places = places + np.einsum("nij,nj->ni", picked.box_rotations(), shifts)
    centres = np.rint(places)
    return centres, places - centres


def _outside(edge, edges):
    return f"a box of {edge} voxels leaves the tomogram of {' x '.join(map(str, edges))}"


def _folders(tomograms):
    """Return a folder for the boxes of each tomogram, named after it with the signs that a name may have."""
    folders = []
    for number, tomogram in enumerate(tomograms, start=1):
        stem = re.sub(r"[^A-Za-z0-9._-]+", "_", Path(tomogram.name).stem).strip("._-") or "tomogram"
        folders.append(f"{stem}-{number}" if stem in folders else stem)
    return folders


def _table(picked, kept, images, places):
    """Return the table of the boxes: that of the list with the boxes' own centres, origins and orientations."""
    tomograms, which, centres, rests = places
    old = picked.tables[picked.name]
    # CTF volumes are those of boxes that were extracted otherwise
    dropped = (*BOX_ANGLES, *PIXEL_ORIGINS, *CENTRED, *COORDINATES, IMAGE, CTF_IMAGE)
    table = {label: [old[label][picked.rows[n]] for n in kept] for label in old if label not in dropped}
    used = [tomograms[number] for number in which[kept]]
    binning, voxel = (np.array([[getattr(t, key)] for t in used]) for key in ("binning", "voxel_size"))
    pixels = centres[kept] * binning
    if COORDINATES[0] in old:
        table |= _written(COORDINATES, pixels)
    if CENTRED[0] in old:
        table |= _written(CENTRED, (pixels - [tomogram.centre for tomogram in used]) * voxel / binning)
    table |= _written(ORIGINS, -rests[kept] * voxel)
    rotations, priors = picked.rotations(), picked.prior_angles()
    if rotations is not None:
        table |= _written(ANGLES, to_relion(rotations[kept], np.zeros((len(kept), 3)), 1.0)[0])
    if priors is not None:
        table |= _written(PRIORS, priors[kept])
    # as RELION since 4 names particles
    named = [f"{tomograms[which[n]].name}/{picked.rows[n] + 1}" for n in kept]
    return {IMAGE: list(map(str, images)), _PARTICLE_NAME: named} | table


def _written(labels, columns):
    # adding zero turns -0 into 0
    return {label: [f"{value + 0.0:.6f}" for value in columns[:, n]] for n, label in enumerate(labels)}


def _of_boxes(tables, name, tomogram, edge):
    """Return the tables with what they tell of volumes set to what the boxes are."""
    sizes = {
        "rlnImagePixelSize": f"{tomogram.voxel_size:.6f}",
        "rlnImageSize": str(edge),
        "rlnImageDimensionality": "3",
        "rlnTomoSubtomogramBinning": f"{tomogram.binning:.6f}",
    }
    # of boxes that were extracted otherwise
    tables = {key: {k: v for k, v in table.items() if k != PREMULTIPLIED} for key, table in tables.items()}
    optics = tables.get("optics")
    if optics is None:
        groups = sorted({str(group_number(text)) for text in tables[name].get(GROUP, ["1"])})
        optics = {GROUP: groups, PIXEL_SIZE: [f"{tomogram.voxel_size / tomogram.binning:.6f}"] * len(groups)}
    count = len(next(iter(optics.values())))
    tables = {"optics": optics | {label: [text] * count for label, text in sizes.items()}} | {
        label: table for label, table in tables.items() if label != "optics"
    }
    if "rlnTomoSubTomosAre2DStacks" in tables.get("general", {}):
        tables["general"] = tables["general"] | {"rlnTomoSubTomosAre2DStacks": ["0"]}
    return tables
