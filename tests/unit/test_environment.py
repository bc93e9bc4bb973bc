"""The environment's files: what they pin, and that they agree."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

import gradalign

REPOSITORY = Path(__file__).parents[2]
ENVIRONMENT = REPOSITORY / "envs"


def direct_requirements(name="requirements"):
    lines = (ENVIRONMENT / f"{name}.in").read_text(encoding="utf-8").splitlines()
    return [name for line in lines if (name := line.split("#")[0].strip())]


def locked(name="requirements"):
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", (ENVIRONMENT / f"{name}.lock").read_text(), re.M))


@pytest.mark.parametrize("name", ["requirements", "slurm"])
def test_a_lock_pins_every_direct_requirement_with_hashes_and_without_addresses(name):
    text = (ENVIRONMENT / f"{name}.lock").read_text()
    assert set(direct_requirements(name)) <= set(locked(name))
    assert "://" not in text
    for block in re.split(r"\n(?=[a-z0-9])", text):
        assert "--hash=sha256:" in block


def test_the_package_asks_for_nothing_that_the_lock_has_not():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = project["dependencies"] + project["optional-dependencies"]["study"]
    for requirement in asked:
        name, least = requirement.split(">=")
        assert [int(part) for part in locked()[name].split(".")[:2]] >= [int(part) for part in least.split(".")]


@pytest.fixture
def bare_copy(tmp_path):
    (tmp_path / "envs").mkdir()
    for name in ("Makefile", "envs/requirements.lock"):
        (tmp_path / name).write_bytes((REPOSITORY / name).read_bytes())
    return tmp_path


def test_make_says_in_one_sentence_that_no_python_fits(bare_copy):
    run = subprocess.run(
        ["make", "--no-print-directory", "test", "PYTHONS=no-such-python false"],
        cwd=bare_copy,
        capture_output=True,
        text=True,
    )
    assert run.returncode != 0
    assert run.stderr.splitlines()[0].startswith("No Python from 3.11 to 3.14 was found")
    assert not (bare_copy / ".venv").exists()


def test_an_environment_that_is_linked_from_elsewhere_is_not_emptied(bare_copy, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "kept").touch()
    (bare_copy / ".venv").symlink_to(shared)
    run = subprocess.run(["make", "--no-print-directory", "test"], cwd=bare_copy, capture_output=True, text=True)
    assert run.returncode != 0
    assert ".venv is a link" in run.stderr.splitlines()[0]
    assert (shared / "kept").exists()


def test_the_ci_runs_the_tests_and_the_checks():
    text = (REPOSITORY / ".ci" / "run").read_text()
    assert re.findall(r"^make (\w+)$", text, re.M) == ["test", "check"]


def test_make_alone_lists_its_targets_and_makes_nothing(bare_copy):
    run = subprocess.run(["make", "--no-print-directory"], cwd=bare_copy, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    listed = {line.split()[0] for line in run.stdout.splitlines()}
    phony = re.search(r"^\.PHONY: ((?:.*\\\n)*.*)", (bare_copy / "Makefile").read_text(), flags=re.MULTILINE)
    assert listed == set(phony.group(1).replace("\\\n", " ").split())
    assert not (bare_copy / ".venv").exists()


@pytest.mark.parametrize("target", ["report", "compare", "ladder", "reference"])
def test_make_names_a_configuration_that_is_not_there(bare_copy, target):
    words = ["make", "--no-print-directory", "--dry-run", target, "CONFIG=none.yaml"]
    run = subprocess.run(words, cwd=bare_copy, capture_output=True, text=True)
    assert run.returncode != 0
    assert "none.yaml: there is no such file, where a configuration is needed" in run.stderr
    (bare_copy / "none.yaml").write_text("name: mine\n", encoding="utf-8")
    assert subprocess.run(words, cwd=bare_copy, capture_output=True).returncode == 0


def test_the_version_stands_in_one_place_and_heads_the_changes():
    assert "version" in tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dynamic"]
    changes = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## ([\d.]+)", changes, flags=re.MULTILINE).group(1) == gradalign.__version__


def test_the_hosted_ci_runs_what_every_change_must_pass():
    hosted = yaml.safe_load((REPOSITORY / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    steps = [step for job in hosted["jobs"].values() for step in job["steps"]]
    assert [step["run"] for step in steps if "run" in step] == [".ci/run"]
