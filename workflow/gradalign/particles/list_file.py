"""The file of a user's list: opened, whichever program wrote it, and the table in it that tells of the particles."""

from typing import NamedTuple

from gradalign.base.files import no_file
from gradalign.errors import InputError
from gradalign.io.star_text import read_tables
from gradalign.particles.motive_lists import MotiveList, read_motive_list, relion_tables
from gradalign.particles.places import Finder, is_file
from gradalign.particles.star_columns import (
    CENTRED,
    COORDINATES,
    IMAGE,
    PARTICLES_FILE,
    TOMOGRAM,
    TOMOGRAMS_FILE,
    blank,
)


class ListFile(NamedTuple):
    """A user's list, opened."""

    path: str
    tables: dict
    """Its tables; those that RELION would have in the place of another program's list."""
    set_path: str | None = None
    """Of the optimisation set, if that was given."""
    set_tables: dict = {}
    motives: MotiveList | None = None
    """The other program's list."""


def open_list(path, files=""):
    """Read a list, or the one that an optimisation set names.

    Parameters
    ----------
    path : str or path
        A STAR file, or a list of Dynamo, TOM, AV3 or STOPGAP.
    files : str
        What a list of these programs calls its subtomograms, with {} in the place of the number.

    Returns
    -------
    ListFile

    Raises
    ------
    InputError
        If one of them is missing or no list.
    """
    if not is_file(path):
        raise no_file(path, "a STAR file")
    motives = read_motive_list(path)
    tables = {} if motives else read_tables(path)
    motives = motives or read_motive_list(path, tables)
    if motives:
        return ListFile(str(path), relion_tables(motives, files), motives=motives)
    if files:
        raise InputError(f"subtomograms: is given for {path}, which is no list of Dynamo, TOM, AV3 or STOPGAP")
    named = [table[PARTICLES_FILE][0] for table in tables.values() if table.get(PARTICLES_FILE)]
    if not named or any(IMAGE in table for table in tables.values()):
        return ListFile(str(path), tables)
    if blank(named[0]):
        raise InputError(f"{path}: _{PARTICLES_FILE} has no value, where an optimisation set names its particles")
    found = Finder(path).file(named[0])
    if found is None:
        raise InputError(
            f"{path}: {named[0]} (_{PARTICLES_FILE}) is neither in this folder nor beside the optimisation set or in a "
            "folder above it"
        )
    return ListFile(found, read_tables(found), str(path), tables)


def particle_table(path, tables):
    """Return the table of volumes.

    Parameters
    ----------
    path : str
        Of the list.
    tables : dict of str to dict

    Returns
    -------
    name : str
    table : dict of str to list of str

    Raises
    ------
    InputError
        If there is none, or it has no rows; one sentence tells what the list is instead.
    """
    named = [name for name in ("particles", "images", *tables) if IMAGE in tables.get(name, {})]
    if not named:
        if places_table(tables):
            raise InputError(
                f"{path}: lists places in tomograms and has no column _{IMAGE}, where volumes are needed; set box (and "
                "tomograms) to have them cut out, or extract them (RELION 5: Extract subtomos with 'Write output as 2D "
                "stacks?' No; Warp: --3d)"
            )
        tomograms = any(TOMOGRAM in table for table in tables.values())
        hint = "; it lists tomograms: give the list of their particles, or the optimisation set" if tomograms else ""
        labels = [label for table in tables.values() for label in table]
        alike = next((label for label in labels if label.lower() == IMAGE.lower()), None)
        hint = f"; an optimisation set names its particles as _{PARTICLES_FILE}" if TOMOGRAMS_FILE in labels else hint
        hint = f"; it has _{alike}, which RELION takes for another" if alike else hint
        raise InputError(f"{path}: has no column _{IMAGE}, where RELION's table data_particles is needed{hint}")
    several = [name for name in dict.fromkeys(named) if tables[name][IMAGE]]
    if len(several) > 1:
        raise InputError(
            f"{path}: names volumes (_{IMAGE}) in data_{several[0]} and in data_{several[1]}; put all particles into "
            "one table"
        )
    check_rows(path, named[0], tables[named[0]])
    return named[0], tables[named[0]]


def check_rows(path, name, table):
    """Say so if a table has no rows, or columns of different lengths.

    Parameters
    ----------
    path : str
        Of the list.
    name : str
        Of the table.
    table : dict of str to list of str

    Raises
    ------
    InputError
    """
    lengths = {len(column) for column in table.values()}
    if lengths == {0}:
        raise InputError(f"{path}: holds no particles, where at least two are needed")
    if len(lengths) > 1:
        raise InputError(f"{path}: data_{name} has columns of different lengths, where each particle needs a row")


def places_table(tables):
    """Return the name of the table with places in tomograms.

    Parameters
    ----------
    tables : dict of str to dict

    Returns
    -------
    str or None
        None where there is none.
    """
    return next((name for name, table in tables.items() if COORDINATES[0] in table or CENTRED[0] in table), None)


def refuse_flat(path, tables):
    """Say so if a list names RELION's stacks of tilt images.

    Parameters
    ----------
    path : str
        Of the list.
    tables : dict of str to dict

    Raises
    ------
    InputError
    """
    flat = tables.get("general", {}).get("rlnTomoSubTomosAre2DStacks", ["0"])[0].split(".")[0] == "1"
    dimensions = tables.get("optics", {}).get("rlnImageDimensionality", [])
    if flat or any(text.split(".")[0] != "3" for text in dimensions if not blank(text)):
        raise InputError(
            f"{path}: lists RELION's 2-D stacks of tilt images, where volumes are needed; extract the particles as 3-D "
            "subtomograms (RELION 5: Extract subtomos with 'Write output as 2D stacks?' No; Warp: --3d)"
        )
