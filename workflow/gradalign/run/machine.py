"""The machine it runs on: what Snakemake needs of it, and how this program is typed there."""

import os
import re
import shutil
import sys
from pathlib import Path

from gradalign.errors import InputError

# what a shell or Snakemake would read otherwise than as part of a path; Snakemake does not quote its Python's
_READ_OTHERWISE = re.compile(r"[\s'\"`$&;|<>(){}\[\]*?!#\\]")


GRADALIGN = "gradalign"
"""Name of the program."""


def typed_program():
    """Return how this installation's program is typed in the folder of this process.

    Returns
    -------
    str
        Its name where a shell finds it, else its path: relative if it lies below the folder.
    """
    beside = Path(sys.executable).parent / GRADALIGN
    found = shutil.which(GRADALIGN)
    if not beside.is_file() or (found and os.path.samefile(found, beside)):
        return GRADALIGN
    near = os.path.relpath(beside)
    return str(beside) if near.startswith(os.pardir) else near


def take_utf8():
    """Start this program anew with UTF-8 for the names of files, if the locale has other letters.

    Lists and results are written in UTF-8, so that a name would be another one in them than on the disk. What is
    printed keeps to the locale. Where ``PYTHONUTF8`` is set, nothing is done.
    """
    if sys.getfilesystemencoding() != "utf-8" and "PYTHONUTF8" not in os.environ:
        os.environ["PYTHONUTF8"] = "1"
        os.environ.setdefault("PYTHONIOENCODING", f"{sys.stdout.encoding}:backslashreplace")
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def check_names():
    """Say so if names of files are not read as lists write them.

    Raises
    ------
    InputError
    """
    encoding = sys.getfilesystemencoding()
    if encoding != "utf-8":
        raise InputError(
            f"PYTHONUTF8: names of files are read as {encoding} here, where lists and results are written in UTF-8; "
            "set PYTHONUTF8 to 1"
        )


def check_python():
    """Say so if Snakemake cannot start jobs with the Python that runs, or cannot write down the names of files.

    Raises
    ------
    InputError
    """
    if sys.getfilesystemencoding() == "ascii":
        # else Python itself takes UTF-8 where the locale has nothing but ASCII
        raise InputError(
            "PYTHONUTF8: is 0 in a locale of ASCII alone, where Snakemake cannot write names with other letters; unset "
            "PYTHONUTF8, or set it to 1"
        )
    found = _READ_OTHERWISE.search(sys.executable)
    if found:
        raise InputError(
            f"{sys.executable}: has {found[0]!r} in its path, from where Snakemake cannot run; move gradalign to a "
            "folder without blanks, quotes and brackets (your data may lie where they like)"
        )


def environment(folder):
    """Return the environment for Snakemake, with a place for caches where there is no home to write into.

    Parameters
    ----------
    folder : str or path
        The one that it runs in.

    Returns
    -------
    dict of str to str
    """
    variables = dict(os.environ)
    home = os.path.expanduser("~")
    if not os.access(home, os.W_OK | os.X_OK):
        cache = variables.setdefault("XDG_CACHE_HOME", str(Path(folder).absolute() / ".snakemake" / "cache"))
        # Matplotlib takes the home's .config, and complains in every job that draws
        variables.setdefault("MPLCONFIGDIR", str(Path(cache) / "matplotlib"))
    return variables
