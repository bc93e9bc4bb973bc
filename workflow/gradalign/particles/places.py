"""Where the volumes that a list names are: looked for from all folders that a path may count from."""

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

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


class Finder:
    """Finds the files that a list names. Each folder is read once, however many files are looked for in it.

    Parameters
    ----------
    star : str or path
        The list.
    """

    def __init__(self, star):
        self.star = star
        self._names = {}
        # a stack is named again and again
        self._recent = lru_cache(maxsize=4096)(self._looked_for)
        # the working folder (as RELION has it), the list's own, and those above it: RELION's lists in Refine3D/job012
        # count from the project's folder
        own = Path(os.path.abspath(star)).parent
        folders = ["", os.path.dirname(star), *map(str, own.parents)]
        seen = set()
        self._folders = [f for f in folders if not (os.path.realpath(f) in seen or seen.add(os.path.realpath(f)))]

    def _is_file(self, path):
        folder, name = os.path.split(path)
        if folder not in self._names:
            try:
                self._names[folder] = set(os.listdir(folder or "."))
            except (OSError, ValueError):
                # no folder, or too long a name, or a zero in it; one that may not be read can still hold a file
                self._names[folder] = None if os.access(folder or ".", os.X_OK) else set()
        names = self._names[folder]
        return (names is None or name in names) and is_file(path)

    def file(self, name):
        """Find a file.

        Parameters
        ----------
        name : str

        Returns
        -------
        str or None
            Its path; None if there is no such file.

        Raises
        ------
        InputError
            If two different files could be meant: one from the working folder, another from the list's.
        """
        return self._recent(name)

    def _looked_for(self, name):
        here, *above = self._folders
        found = str(Path(name)) if self._is_file(os.path.join(here, name)) else None
        if os.path.isabs(name):
            return found
        for folder in above:
            other = os.path.join(folder, name)
            if self._is_file(other):
                if found is not None and not os.path.samefile(found, other):
                    raise InputError(
                        f"{self.star}: names {name}, which is both {os.path.abspath(found)} and "
                        f"{os.path.abspath(other)}, two different files; run in another folder, or give the list the "
                        "whole paths"
                    )
                return found or str(Path(other))
        return found

    def _file_and_number(self, image):
        """Return the file that an entry names, None if there is none, the name that was looked for and the number."""
        # whatever signs its name holds
        whole = self.file(image)
        if whole is not None:
            return whole, image, 0
        number, at, file = image.partition("@")
        if not at:
            number, file = "0", image
        elif not (number.isdecimal() and int(number) > 0):
            raise InputError(f"{self.star}: {image} should name a volume of a stack as n@stack with n from 1")
        # RELION may be told the format of a file behind a colon
        file = re.sub(r":mrcs?$", "", file)
        found = self.file(file)
        if found is None and "\\" in file:
            found = self.file(file.replace("\\", "/"))
        return found, file, int(number)

    def identity(self, image):
        """Return what is the same for one volume by whatever name, link or spelling a list has it.

        Parameters
        ----------
        image : str
            A file, or ``n@stack``.

        Returns
        -------
        (str, int) or None
            The file, and which volume of it, from 1; None where there is no such file.
        """
        found, _, number = self._file_and_number(image)
        # a file of one volume is its first
        return None if found is None else (os.path.realpath(found), max(number, 1))

    def place(self, image, column="rlnImageName"):
        """Find the file of one entry.

        Parameters
        ----------
        image : str
            A file, or ``n@stack``.
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
        found, file, number = self._file_and_number(image)
        if found is not None:
            return Place(found, number)
        why = ""
        if _WINDOWS.match(file):
            folder = re.split(r"[\\/]", file)[0]
            why = f"; it is a path of Windows ({folder}): write the folder's path on this machine in its place"
        if column == "rlnCtfImage":
            why += "; or do without it: set particles.wedge: range (gradalign average: --ctf none)"
        raise InputError(
            f"{self.star}: {file} (_{column}) is neither in this folder nor beside the STAR file or in a folder above "
            f"it, where a volume is needed{why}"
        )

    def whole_name(self, entry):
        """Return an entry with the whole path of its file, which is the same in all lists.

        Parameters
        ----------
        entry : str
            A file, or ``n@stack``.

        Returns
        -------
        str
            The entry as it is where there is no such file.
        """
        number, at, file = entry.rpartition("@")
        for prefix, name in (("", entry), (number + at, file)):
            found = self.file(name) or self.file(name.replace("\\", "/"))
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
    # the same file under all its names has one number
    numbers, inodes = {}, {}
    for where in places:
        if where.file not in numbers:
            status = os.stat(where.file)
            numbers[where.file] = inodes.setdefault((status.st_dev, status.st_ino), len(inodes))
    # a file of one volume is its first
    volumes = np.array([(numbers[where.file], max(where.number, 1)) for where in places], np.int64).reshape(-1, 2)
    order = np.lexsort((np.arange(len(volumes)), volumes[:, 1], volumes[:, 0]))
    same = np.flatnonzero((np.diff(volumes[order], axis=0) == 0).all(axis=1))
    if same.size:
        pair = min(same, key=lambda n: order[n + 1])
        first, row = order[pair], order[pair + 1]
        names = f"{places[row]} in row {first + 1} and row {row + 1}"
        if str(places[first]) != str(places[row]):
            names = f"one subtomogram as {places[first]} in row {first + 1} and as {places[row]} in row {row + 1}"
        raise InputError(f"{star}: lists {names}, where each subtomogram may stand once")
