import shutil

import pytest
from filelock import FileLock
from hypothesis import settings
from running import logged, snakemake

# a busy machine is no failure, and no run draws other examples than the last
settings.register_profile("patient", deadline=None, derandomize=True)
settings.load_profile("patient")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Start with the files that take longest, so that no process is left alone with one at the end."""
    longest = {"workflow": 0, "browser": 1, "test_picked_ctf.py": 2, "test_dataset.py": 2, "test_benchmarks.py": 2}
    items.sort(key=lambda item: min(longest.get(part, 3) for part in item.path.parts[-2:]))


@pytest.fixture(scope="session")
def tiny_study(tmp_path_factory, worker_id):
    """Return the folder in which the tiny study has run from end to end, and what Snakemake said and logged.

    It runs once; each process of the tests has a copy. The folders of all copies are neighbours, from where the sources
    have the same relative paths.
    """
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent
    made, said = shared / "tiny", shared / "tiny.said"
    with FileLock(shared / "tiny.lock"):
        if not said.exists():
            made.mkdir()
            run = snakemake(made, "--cores", 2)
            assert run.returncode == 0, run.stderr
            said.write_text(run.stdout + run.stderr + logged(made), encoding="utf-8")
        folder = shutil.copytree(made, shared / f"tiny_{worker_id}")
    return folder, said.read_text(encoding="utf-8")
