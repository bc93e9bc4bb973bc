"""Where the volumes that a list names are: looked for from all folders that a path may count from."""

import os
import re
from pathlib import Path
from typing import NamedTuple

from gradalign.errors import InputError

_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")


class Place(NamedTuple):
    """Where one volume is."""

    file: str
    """An MRC or EM file."""
    number: int
    """Which volume of a stack, from 1; 0 for a file of one volume."""

    def __str__(self):
        return f"{self.number}@{self.file}" if self.number else self.file


def is_file(path):
    """Return whether there is a file of this name, which may be no name at all.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    bool
    """
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        # too long, or with a zero in it
        return False


def base_folders(star):
    """Return the folders from which the paths of a list may count.

    Parameters
    ----------
    star : str or path
        The list.

    Returns
    -------
    list of pathlib.Path
        The working folder (as RELION has it), the list's own, and those above it: RELION's lists in ``Refine3D/job012``
        count from the project's folder.
    """
    own = Path(os.path.abspath(star)).parent
    return [Path(), Path(star).parent, *own.parents]


def find_file(name, star):
    """Find a file that a list names.

    Parameters
    ----------
    name : str
    star : str or path
        The list.

    Returns
    -------
    str or None
        Its path; None if there is no such file.

    Raises
    ------
    InputError
        If two different files could be meant: one from the working folder, another from the list's.
    """
    here, *above = base_folders(star)
    found = here / name if is_file(here / name) else None
    for folder in above:
        if is_file(folder / name):
            other = folder / name
            if found is not None and not os.path.samefile(found, other):
                raise InputError(
                    f"{star}: names {name}, which is both {os.path.abspath(found)} and {os.path.abspath(other)}, two "
                    "different files; run in another folder, or give the list the whole paths"
                )
            return str(found or other)
    return None if found is None else str(found)


def _file_and_number(image, star):
    """Return the file that an entry names, None if there is none, with the name that was looked for and its number."""
    # whatever signs its name holds
    whole = find_file(image, star)
    if whole is not None:
        return whole, image, 0
    number, at, file = image.partition("@")
    if not at:
        number, file = "0", image
    elif not (number.isdecimal() and int(number) > 0):
        raise InputError(f"{star}: {image} should name a volume of a stack as n@stack with n from 1")
    # RELION may be told the format of a file behind a colon
    file = re.sub(r":mrcs?$", "", file)
    found = find_file(file, star)
    if found is None and "\\" in file:
        found = find_file(file.replace("\\", "/"), star)
    return found, file, int(number)


def place(image, star, column="rlnImageName"):
    """Find the file of one entry of a list.

    Parameters
    ----------
    image : str
        A file, or ``n@stack``.
    star : str or path
        The list.
    column : str
        Which the entry is of.

    Returns
    -------
    Place

    Raises
    ------
    InputError
        If there is no such file, or two, or n is no number from 1.
    """
    found, file, number = _file_and_number(image, star)
    if found is not None:
        return Place(found, number)
    why = ""
    if _WINDOWS.match(file):
        folder = re.split(r"[\\/]", file)[0]
        why = f"; it is a path of Windows ({folder}): write the folder's path on this machine in its place"
    if column == "rlnCtfImage":
        why += "; or set particles.wedge: range to do without it"
    raise InputError(
        f"{star}: {file} (_{column}) is neither in this folder nor beside the STAR file or in a folder above it, where "
        f"a volume is needed{why}"
    )


def whole_name(entry, star):
    """Return an entry of a list with the whole path of its file, which is the same in all lists.

    Parameters
    ----------
    entry : str
        A file, or ``n@stack``.
    star : str or path
        The list.

    Returns
    -------
    str
        The entry as it is where there is no such file.
    """
    number, at, file = entry.rpartition("@")
    for prefix, name in (("", entry), (number + at, file)):
        found = find_file(name, star) or find_file(name.replace("\\", "/"), star)
        if found is not None:
            return prefix + os.path.abspath(found)
    return entry


def check_single(places, star):
    """Say so if a list names one volume twice, by whatever names and links.

    Parameters
    ----------
    places : list of Place
        Of its rows.
    star : str or path

    Raises
    ------
    InputError
    """
    files, seen = {}, {}
    for row, where in enumerate(places, start=1):
        if where.file not in files:
            status = os.stat(where.file)
            files[where.file] = status.st_dev, status.st_ino
        # a file of one volume is its first
        first = seen.setdefault((files[where.file], max(where.number, 1)), row)
        if first != row:
            other = places[first - 1]
            names = f"{where} in row {first} and row {row}"
            if str(other) != str(where):
                names = f"one subtomogram as {other} in row {first} and as {where} in row {row}"
            raise InputError(f"{star}: lists {names}, where each subtomogram may stand once")
