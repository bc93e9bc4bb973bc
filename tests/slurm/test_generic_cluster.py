"""The example for other schedulers, with a qsub that runs what it gets."""

import os

import pytest
from running import REPOSITORY, snakemake

pytestmark = pytest.mark.slurm

QSUB = """#!/bin/sh
echo "$@" >> "$SUBMITTED"
for script in "$@"; do :; done
sh "$script" > /dev/null 2>&1
echo 17
"""


def test_jobs_are_submitted_with_their_memory_and_time(tmp_path):
    qsub = tmp_path / "bin" / "qsub"
    qsub.parent.mkdir()
    qsub.write_text(QSUB, encoding="utf-8")
    qsub.chmod(0o755)
    settings = {"PATH": f"{qsub.parent}:{os.environ['PATH']}", "SUBMITTED": str(tmp_path / "submitted")}
    run = snakemake(
        tmp_path,
        *("--workflow-profile", REPOSITORY / "profiles" / "generic-cluster", "--latency-wait", 5),
        *("--", "results/tiny/density/phantom.mrc", "results/tiny/alignments/enolase.csv"),
        env=os.environ | settings,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert (tmp_path / "results" / "tiny" / "alignments" / "enolase.csv").is_file()
    lines = (tmp_path / "submitted").read_text(encoding="utf-8").splitlines()
    # the maps, the kernels, one scan's simulation with its alignments, and their table
    assert len(lines) == 4
    assert all(line.startswith("-V -j oe -N ") and "-l select=1:ncpus=" in line for line in lines)
    kernels = next(line for line in lines if "-N kernels" in line)
    assert "ncpus=1:mem=1500mb -l walltime=1200 " in kernels
