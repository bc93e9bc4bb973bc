"""Files that appear once they are complete."""

import glob
import os
import socket
from contextlib import contextmanager
from pathlib import Path

from gradalign.errors import InputError


@contextmanager
def complete_file(path):
    """Give a name to write under, and move what was written to `path` once it is complete.

    The name is this process's own: a job that outlived the run that started it and the same job of the next run do
    not write into one another's file. What killed processes of this machine left is removed.

    Parameters
    ----------
    path : str or path
        The file to be written; an existing one stays until the new one is complete.

    Yields
    ------
    str
        The temporary name, in the same folder.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    own = f"{path}.{socket.gethostname()}-"
    for left in glob.glob(f"{glob.escape(own)}[0-9]*.part"):
        if not _is_alive(left[len(own) :].removesuffix(".part")):
            Path(left).unlink(missing_ok=True)
    partial = f"{own}{os.getpid()}.part"
    try:
        yield partial
        os.replace(partial, path)
    except OSError as error:
        raise InputError(f"{path}: could not be written ({error.strerror or error})") from error
    finally:
        Path(partial).unlink(missing_ok=True)


def no_file(path, needed, key=None):
    """Say that a file is not there, or is a folder.

    Parameters
    ----------
    path : str or path
    needed : str
        What must stand there, such as ``"an MRC file"``.
    key : str, optional
        Of the configuration, which names the file.

    Returns
    -------
    InputError
    """
    if os.path.isdir(path):
        found = f"{key}: {path} is a folder" if key else f"{path}: is a folder"
    else:
        found = f"{key}: there is no file {path}" if key else f"{path}: there is no such file"
    return InputError(f"{found}, where {needed} is needed")


def _is_alive(process):
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def write_text(path, text):
    """Write a text file, which appears once it is complete.

    Parameters
    ----------
    path : str or path
    text : str

    Raises
    ------
    InputError
        If it cannot be written.
    """
    with complete_file(path) as partial:
        # names of files may hold bytes that are no text
        Path(partial).write_text(text, encoding="utf-8", errors="surrogateescape")
