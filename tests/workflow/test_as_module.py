"""The study as a part of other workflows, and in Python environments other than its own."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import yaml
from running import REPOSITORY, TINY, jobs, snakemake
from snakemake.utils import update_config

OUTER = f"""
configfile: "study.yaml"


module study:
    snakefile: "{REPOSITORY / "Snakefile"}"
    config: config


use rule * from study as study_*


rule copied:
    default_target: True
    input: rules.study_phantom_density.output.about
    output: "copied.json"
    shell: "cp {{input}} {{output}}"
"""


def environment(folder):
    """Return the Python of another environment: it has Snakemake and the libraries, but not gradalign."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    packages = folder / Path(sysconfig.get_path("purelib")).relative_to(sys.prefix)
    # what is installed there as editable is not found this way
    (packages / "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Return the Python of another environment in which pip installed gradalign, from a copy of its sources."""
    python = environment(tmp_path_factory.mktemp("environment"))
    sources = tmp_path_factory.mktemp("sources")
    for name in ("pyproject.toml", "README.md", "LICENSE", "Snakefile", "config.yaml"):
        shutil.copy2(REPOSITORY / name, sources)
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in ("workflow", "profiles", "resources"):
        shutil.copytree(REPOSITORY / name, sources / name, ignore=ignored)
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--no-index", sources], check=True, env=clean())
    return python


def clean():
    """Return the environment variables without a way to the sources."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def outer(python, folder):
    """Run another workflow, of which the study is a module."""
    config = yaml.safe_load((REPOSITORY / "config.yaml").read_text(encoding="utf-8"))
    update_config(config, yaml.safe_load(TINY.read_text(encoding="utf-8")))
    (folder / "study.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (folder / "Snakefile").write_text(OUTER, encoding="utf-8")
    command = [python, "-m", "snakemake", "--cores", "1"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=clean())


def test_a_python_without_gradalign_is_one_sentence(tmp_path):
    second = environment(tmp_path / "environment")
    run = outer(second, tmp_path)
    assert run.returncode != 0
    said = run.stderr.splitlines()[-1]
    assert said == (
        f"The Python that runs Snakemake, {second}, has no package gradalign: install it with "
        f"`{second} -m pip install {REPOSITORY}`."
    )
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "results").exists()


def test_another_workflow_takes_the_study_as_a_module(installed, tmp_path):
    run = outer(installed, tmp_path)
    assert run.returncode == 0, run.stderr
    assert jobs(run.stdout + run.stderr) == {"study_phantom_density": 1, "copied": 1}
    assert '"Phantom"' in (tmp_path / "copied.json").read_text(encoding="utf-8")
    command = [installed, "-c", "import gradalign; print(gradalign.__file__)"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=clean()).stdout
    assert Path(found.strip()).is_relative_to(installed.parents[1])


def test_the_catalogues_snakefile_asks_for_the_same_jobs(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    plans = []
    for folder, options in ((here, []), (there, ["--snakefile", REPOSITORY / "workflow" / "Snakefile"])):
        folder.mkdir()
        run = snakemake(folder, "--dry-run", *options)
        assert run.returncode == 0, run.stderr
        plans.append(jobs(run.stdout + run.stderr))
    assert plans[0] == plans[1]
    assert (plans[0]["align"], plans[0]["align_levels"]) == (1, 2)
    catalogue = yaml.safe_load((REPOSITORY / ".snakemake-workflow-catalog.yml").read_text(encoding="utf-8"))
    assert catalogue["usage"]["report"] is True
