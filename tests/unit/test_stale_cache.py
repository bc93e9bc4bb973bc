import os
import shutil
import subprocess
import sys

import pytest

from gradalign.base.sources import PACKAGE

INNER = """from gradalign.base.jit import jit

@jit
def inner(x):
    return x + {added}
"""
PART = INNER.replace("jit\n", "jit_part\n")
OUTER = """from gradalign.inner import inner
from gradalign.base.jit import jit

@jit
def outer(x):
    return inner(x)
"""
PROGRAM = """
from gradalign.outer import outer
print(outer(1.0), sum(outer.stats.cache_hits.values()))
"""


@pytest.fixture
def package(tmp_path):
    """A copy of the package that only the test changes, with two kernels, one calling the other."""
    copy = tmp_path / "gradalign"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "__init__.py").write_text("")
    (copy / "inner.py").write_text(INNER.format(added=1.0))
    (copy / "outer.py").write_text(OUTER)
    return copy


def run(package, cache="cache"):
    """Return what the outer kernel gives in a new process, and whether it came from the cache."""
    environment = os.environ | {"PYTHONPATH": str(package.parent), "NUMBA_CACHE_DIR": str(package.parent / cache)}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    value, hits = done.stdout.split()
    return float(value), int(hits) > 0


def test_a_kernel_that_calls_a_changed_kernel_of_another_file_is_compiled_anew(package):
    assert run(package) == (2.0, False)
    assert run(package) == (2.0, True)
    (package / "inner.py").write_text(INNER.format(added=2.0))
    assert run(package) == (3.0, False)
    for added in (3.0, 4.0):
        (package / "inner.py").write_text(PART.format(added=added))
        assert run(package) == (added + 1.0, False)


def test_a_kernel_is_compiled_anew_when_a_module_beside_the_kernels_changes(package):
    (package / "inner.py").write_text("from gradalign.amount import AMOUNT\n" + INNER.format(added="AMOUNT"))
    (package / "amount.py").write_text("AMOUNT = 1.0\n")
    assert run(package) == (2.0, False)
    (package / "amount.py").write_text("AMOUNT = 4.0\n")
    assert run(package) == (5.0, False)


def test_without_a_folder_that_can_be_written_nothing_stale_is_used_either(package):
    (package.parent / "file").touch()
    assert run(package, "file/cache") == (2.0, False)
    assert run(package, "file/cache") == (2.0, False)
    (package / "inner.py").write_text(INNER.format(added=2.0))
    assert run(package, "file/cache") == (3.0, False)
    assert list(package.rglob("*.nbi")) == []


# says whether another process could save code of the kernel while this one does
WATCHED = """
import fcntl
from numba.core.caching import IndexDataCacheFile
save_data = IndexDataCacheFile._save_data
def watched(self, name, data):
    with open(self._index_path + ".lock") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            print("free")
        except BlockingIOError:
            print("held")
    save_data(self, name, data)
IndexDataCacheFile._save_data = watched
from gradalign.inner import inner
assert inner(1.0) == 2.0 and inner(1) == 2.0
"""


def test_no_two_processes_save_code_of_a_kernel_at_once(package):
    environment = os.environ | {"PYTHONPATH": str(package.parent), "NUMBA_CACHE_DIR": str(package.parent / "cache")}
    command = [sys.executable, "-c", WATCHED]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["held", "held"]


def test_every_kernel_goes_through_the_one_decorator():
    others = [
        path.name
        for path in PACKAGE.rglob("*.py")
        if path.name != "jit.py" and any(word in path.read_text() for word in ("njit", "numba.jit", "vectorize("))
    ]
    assert others == []
