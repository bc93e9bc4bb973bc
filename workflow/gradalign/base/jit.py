"""The one Numba decorator of the package, with a disk cache that cannot go stale.

Numba keys its cache by the file of the compiled function alone: a kernel that calls a changed kernel of
another file would be loaded as it was. Here the cache folder is named by a digest of the sources of all kernels
and of whatever those import.
"""

import fcntl
import hashlib
import os
import sys
import tempfile
import warnings
from functools import lru_cache
from pathlib import Path

import numba
from numba.extending import register_jitable

from gradalign.base.sources import PACKAGE, source_files


def _source_digest():
    # a kernel's module is one that imports this one
    statement = f"from {__name__} import".encode()
    kernels = [path for path in PACKAGE.rglob("*.py") if statement in path.read_bytes()]
    digest = hashlib.sha256()
    for source in sorted({source for path in kernels for source in source_files(path)}):
        digest.update(str(source.relative_to(PACKAGE)).encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder():
    """Return the folder of the compiled kernels of these sources.

    Returns
    -------
    pathlib.Path
        Below ``NUMBA_CACHE_DIR`` if that is set, else below the user's cache folder.
    """
    base = os.environ.get("NUMBA_CACHE_DIR")
    if not base:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "gradalign" / _source_digest()


def _can_be_written(folder):
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError as error:
        warnings.warn(
            f"{folder}: cannot be written ({error.strerror}), so each process compiles the kernels anew; set "
            "NUMBA_CACHE_DIR to a folder that can be",
            stacklevel=2,
        )
        return False


_FOLDER = cache_folder()
# Numba would turn to a folder that is not named by the digest
_CACHED = _can_be_written(_FOLDER)


@lru_cache(maxsize=1)
def say_if_compiling():
    """Say on standard error, once in a process, that the kernels have to be compiled, if they have."""
    if not any(_FOLDER.rglob("*.nbi")):
        print("gradalign: compiling its kernels, which is done once, in a quarter of a minute", file=sys.stderr)


# a way from C is a further copy of what a kernel takes in, and nothing goes that way
_OPTIONS = {
    "fastmath": True,
    "nogil": True,
    "error_model": "numpy",
    "forceinline": True,
    "no_cfunc_wrapper": True,
}


def jit(function):
    """Compile `function` with Numba: no Python objects, fast mathematics, cached on disk.

    A kernel takes into itself those it calls. Else the process that compiles them would call other copies of them
    than one that loads the caller from the cache, rounded otherwise in the last digits.

    Parameters
    ----------
    function : callable
        A function of numbers and arrays.

    Returns
    -------
    callable
        The compiled function.
    """
    before = numba.config.CACHE_DIR
    # other packages' caches stay where they are
    numba.config.CACHE_DIR = str(_FOLDER)
    try:
        kernel = numba.njit(cache=_CACHED, **_OPTIONS)(function)
    finally:
        numba.config.CACHE_DIR = before
    if _CACHED:
        _save_one_at_a_time(kernel._cache._cache_file)
    return kernel


def jit_part(function):
    """Let kernels call `function`, which is compiled as a part of them.

    Without the way from Python to it, and without a place of its own in the cache, it is compiled in less time.

    Parameters
    ----------
    function : callable
        A function of numbers and arrays.

    Returns
    -------
    callable
        The function itself: called from Python it runs as it stands.
    """
    return register_jitable(**_OPTIONS)(function)


def _save_one_at_a_time(cache_file):
    """Let no two processes save compiled code of a kernel at once.

    Numba reads the index, takes the next free number and writes both. Two that do so together for other types of
    arguments take the same number, and the index then leads to the other's code.
    """
    save = cache_file.save

    def save_alone(key, data):
        with open(cache_file._index_path + ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            save(key, data)

    cache_file.save = save_alone
