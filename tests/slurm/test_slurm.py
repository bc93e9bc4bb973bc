"""The tiny study on a cluster: `make test-slurm`."""

import filecmp
import os
import re
import subprocess
import sys

import pytest
from cluster import one_node_cluster, why_not
from interrupting import differing
from mixture_files import TABLES, configured, write_mixture
from running import REPOSITORY, snakemake

pytestmark = pytest.mark.slurm


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    reason = why_not()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("slurm")
    with one_node_cluster(folder):
        yield folder


SUBMITTED = ["--workflow-profile", REPOSITORY / "profiles" / "slurm", "--resources", f"slots={os.cpu_count()}"]
# a network's delays are not to be waited for on one machine
SUBMITTED += ["--slurm-init-seconds-before-status-checks", 2, "--latency-wait", 5, "--slurm-no-account"]


@pytest.fixture(scope="module")
def study(cluster, tmp_path_factory):
    """Return the folder in which the tiny study has run through sbatch, and what Snakemake said."""
    folder = tmp_path_factory.mktemp("submitted")
    run = snakemake(folder, *SUBMITTED)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder, run.stdout + run.stderr


def test_the_study_through_sbatch_gives_the_same_bytes_as_here(study, tiny_study):
    wrong, compared = differing(tiny_study[0], study[0])
    assert compared > 90
    assert wrong == []


def test_all_jobs_were_submitted_in_few_groups(study, cluster):
    # the cluster's list names those of other tests, too
    submitted = set(re.findall(r"has been submitted with SLURM jobid (\d+)", study[1]))
    listed = (cluster / "jobs.txt").read_text(encoding="utf-8").splitlines()
    jobs = [job for job in listed if re.match(r"JobId=(\d+)", job)[1] in submitted]
    assert len(jobs) == len(submitted)
    assert 5 < len(jobs) < 20
    assert all("JobState=COMPLETED" in job for job in jobs)


def test_classes_through_sbatch_are_the_same_bytes_as_here(cluster, tmp_path):
    names = [*TABLES[1:], "maps/class_1.mrc"]
    for place, options in (("here", ["--cores", 1]), ("there", SUBMITTED)):
        folder = tmp_path / place
        folder.mkdir()
        write_mixture(folder)
        # other chunks, and what waits for all of them
        changes = {"per_job": 9, "pairs_per_job": 40} if place == "there" else {}
        config = configured(folder, rounds=2, **changes)
        run = snakemake(folder, *options, "--", "results/run/classes/classified.star", config=config)
        assert run.returncode == 0, run.stdout + run.stderr
    assert run.stderr.count("has been submitted with SLURM jobid") > 5
    here, there = (tmp_path / place / "results/run/classes" for place in ("here", "there"))
    assert filecmp.cmpfiles(here, there, names, shallow=False) == (names, [], [])
    # it names the subtomograms by their whole paths
    lists = [(found / TABLES[0]).read_text(encoding="utf-8") for found in (here, there)]
    assert lists[0].replace(str(tmp_path / "here"), str(tmp_path / "there")) == lists[1]


def test_the_installed_plug_ins_fit_to_what_is_locked():
    run = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def test_the_full_study_makes_few_submissions(tmp_path):
    options = ["--workflow-profile", REPOSITORY / "profiles" / "slurm", "--dry-run", "--quiet", "host"]
    run = snakemake(tmp_path, *options, config=REPOSITORY / "config.yaml")
    assert run.returncode == 0, run.stderr
    submitted = re.findall(r"^\[.*\] Group job \w+|^rule (?!all:)\w+:", run.stdout, re.M)
    assert 30 < len(submitted) <= 100
