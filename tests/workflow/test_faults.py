"""The tiny study under kills, full disks, damage, and another processor's arithmetic: `make test-faults`."""

import os
import platform
import resource
import shutil
import subprocess
import sys

import mrcfile
import numpy as np
import pytest
from interrupting import differing, interrupted
from running import REPOSITORY, TINY, command, jobs, snakemake

from gradalign.report.csv_tables import read_csv
from gradalign.report.reference_run import differences, store
from gradalign.report.statistics import read_paper

pytestmark = pytest.mark.faults

KILLS = 4


@pytest.mark.parametrize("seed", range(5))
def test_a_study_killed_again_and_again_finishes_with_the_same_bytes(tiny_study, tmp_path, seed):
    total = sum(jobs(tiny_study[1]).values())
    struck = interrupted(tmp_path, np.random.default_rng(seed), KILLS, total - 5, "--cores", 2, config=TINY)
    assert struck == KILLS
    run = snakemake(tmp_path, "--cores", 2)
    assert run.returncode == 0, run.stderr
    wrong, compared = differing(tiny_study[0], tmp_path)
    assert compared > 90
    assert wrong == []
    assert list((tmp_path / "results").rglob("*.part")) == []


SEARCHES = """
import numpy as np
from gradalign.search.settings import Settings
from gradalign.geometry.rotations import random_rotations
from gradalign.simulation.phantom import phantom
from gradalign.study.seed_by_seed import compare_searches
from gradalign.fourier.spectrum import prepare

rng = np.random.default_rng(1)
for turn in random_rotations(rng, 3):
    f, g = (prepare(phantom(32, rotation=rotation), 60.0, 5.3) for rotation in (np.eye(3), turn))
    for score in ("rcs", "fcs"):
        print(repr(compare_searches(f, g, score, 60, Settings(), 1.0, np.random.default_rng(2))[0]))
"""


def test_kernels_compiled_by_a_process_give_it_the_same_digits_as_kernels_from_the_cache(tmp_path):
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", SEARCHES]
    compiled, loaded = (subprocess.check_output(command, env=environment, text=True) for _ in range(2))
    assert compiled.count("Comparison(") == 6
    assert compiled == loaded


# one intermediate of each kind, and a target that is made from it
INTERMEDIATES = {
    "density/phantom.mrc": "results/tiny/maps/phantom_truth.mrc",
    "density/enolase.json": "results/tiny/tables/complexes.csv",
    "noise/enolase/tilt~60.json": "results/tiny/averages/enolase/noise~0-2.npz",
    "averages/phantom/noise~0-2.npz": "results/tiny/averages/phantom_shells.csv",
    "alignments/phantom.csv": "results/tiny/tables/table1.csv",
    "speedup/pairs.csv": "results/tiny/claims.csv",
    "pictures/figure5.npz": "results/tiny/figures/figure5.svg",
}


@pytest.mark.parametrize("name", INTERMEDIATES)
def test_a_damaged_intermediate_is_named_and_once_removed_made_again(tiny_study, tmp_path, name):
    # a neighbour, from where the sources have the same relative paths
    folder = tiny_study[0].with_name(f"damaged_{tmp_path.name}")
    shutil.copytree(tiny_study[0], folder)
    path, target = folder / "results" / "tiny" / name, INTERMEDIATES[name]
    os.truncate(path, path.stat().st_size * 2 // 3)
    run = snakemake(folder, "--cores", 1, "--", target)
    assert run.returncode != 0
    assert f"results/tiny/{name}: " in run.stderr
    assert "Traceback" not in run.stderr
    path.unlink()
    # what nothing needs any more is made again only if it is asked for
    run = snakemake(folder, "--cores", 2, "--", target, f"results/tiny/{name}")
    assert run.returncode == 0, run.stderr
    assert differing(tiny_study[0], folder) == ([], differing(folder, folder)[1])


DENSITIES = ("results/tiny/density/phantom.mrc", "results/tiny/density/enolase.mrc")


def goes_on(folder):
    """Assert that nothing half-written was left and the rest is made now."""
    assert list((folder / "results").rglob("*.part")) == []
    run = snakemake(folder, "--cores", 1, "--", *DENSITIES)
    assert run.returncode == 0, run.stderr
    assert all(mrcfile.validate(str(folder / name)) for name in DENSITIES)


def test_files_larger_than_may_be_are_named_and_afterwards_the_study_goes_on(tmp_path):
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

    def lower():
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limit))

    words = command(tmp_path, "--cores", 1, "--", *DENSITIES)
    run = subprocess.run(words, capture_output=True, text=True, preexec_fn=lower)
    assert run.returncode != 0
    assert "results/tiny/density/phantom.mrc: could not be written (File too large)" in run.stderr
    assert not (tmp_path / DENSITIES[0]).exists()
    assert "Traceback" not in run.stderr
    goes_on(tmp_path)


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk with room for one of two maps."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=340k", "none", folder], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_names_the_file_and_with_more_room_the_study_goes_on(small_disk):
    run = snakemake(small_disk, "--cores", 1, "--", *DENSITIES)
    assert run.returncode != 0
    assert "results/tiny/density/phantom.mrc: could not be written (No space left on device)" in run.stderr
    assert "Traceback" not in run.stderr
    subprocess.run(["mount", "-o", "remount,size=20m", small_disk], check=True)
    goes_on(small_disk)


def unprivileged():
    """Return the words before a command that run it without root's right to write everywhere."""
    if os.geteuid() != 0:
        return []
    rights = "-dac_override,-dac_read_search"
    words = ["setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}"]
    if shutil.which("setpriv") is None or subprocess.run([*words, "true"], capture_output=True).returncode:
        pytest.skip("root's rights cannot be laid down here")
    return words


@pytest.mark.parametrize("closed", [".", "results"])
def test_a_folder_that_cannot_be_written_is_named_and_once_it_can_the_study_goes_on(tmp_path, closed):
    words = unprivileged()
    (tmp_path / "results").mkdir()
    (tmp_path / closed).chmod(0o555)
    run = subprocess.run([*words, *command(tmp_path, "--cores", 1, "--", *DENSITIES)], capture_output=True, text=True)
    (tmp_path / closed).chmod(0o755)
    assert run.returncode != 0
    sentences = {
        ".": f"{tmp_path}: cannot be written into, where Snakemake keeps its records; give yourself the right",
        "results": "Permission denied: 'results/tiny'",
    }
    assert sentences[closed] in run.stderr
    assert "Traceback" not in run.stderr
    goes_on(tmp_path)


OLD_PROCESSOR = {
    "NUMBA_CPU_NAME": "nehalem",
    "NUMBA_CPU_FEATURES": "+sse4.2",
    "OPENBLAS_CORETYPE": "Nehalem",
    # NumPy's names of what it has built beyond the least: AVX2 with fused multiply-add, AVX-512 and its kinds
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
}


def test_the_arithmetic_of_an_old_processor_gives_a_study_that_compares(tiny_study, tmp_path):
    if platform.machine() != "x86_64":
        pytest.skip("the stand-ins for another processor are of the x86-64 kind")
    run = snakemake(tmp_path, "--cores", 2, env=os.environ | OLD_PROCESSOR)
    assert run.returncode == 0, run.stderr
    wrong, _ = differing(tiny_study[0], tmp_path)
    # else it was no other arithmetic
    assert wrong
    here, there = (folder / "results" / "tiny" for folder in (tiny_study[0], tmp_path))
    paper = read_paper(REPOSITORY / "resources" / "paper" / "tables.csv")
    cells = len(read_csv(here / "tables" / "comparison.csv"))
    store(here, tmp_path / "reference", REPOSITORY / "envs" / "requirements.lock", paper.head(cells))
    assert differences(tmp_path / "reference", there) == []
