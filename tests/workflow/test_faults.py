"""The tiny study under many kills, and kernels compiled anew: `make test-faults`."""

import os
import subprocess
import sys

import numpy as np
import pytest
from interrupting import differing, interrupted
from running import TINY, jobs, snakemake

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
from gradalign.alignment import Settings
from gradalign.geometry import random_rotations
from gradalign.simulation.phantom import phantom
from gradalign.speedup import compare_searches
from gradalign.spectrum import prepare

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
