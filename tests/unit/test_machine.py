"""Machines that are set up otherwise: paths that Snakemake cannot run from are told, and a home is not needed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gradalign.errors import InputError
from gradalign.run.machine import check_names, check_python, environment, typed_program

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("sign", list(" \t'\"`$&;|<>(){}[]*?!#\\"))
def test_a_path_that_snakemake_cannot_run_from_is_one_sentence(sign, monkeypatch):
    monkeypatch.setattr(sys, "executable", f"/data/my{sign}folder/.venv/bin/python")
    with pytest.raises(InputError, match="Snakemake cannot run; move gradalign to a folder without blanks"):
        check_python()
    monkeypatch.setattr(sys, "executable", "/data/Projekt-ä_2.0+x@y/.venv/bin/python")
    check_python()


def test_a_locale_in_which_names_cannot_be_written_is_one_sentence(monkeypatch):
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "ascii")
    with pytest.raises(InputError, match="PYTHONUTF8: is 0 in a locale of ASCII alone, .* unset PYTHONUTF8"):
        check_python()


def test_a_locale_without_utf_8_is_no_more_than_that_sentence(tmp_path):
    script = REPOSITORY / "workflow" / "scripts" / "own_subtomograms.py"
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    words = [sys.executable, str(script), "classes", "--star", "dä/run.star"]
    done = subprocess.run(words, capture_output=True, cwd=tmp_path, env=os.environ | locale)
    assert done.returncode == 1
    assert done.stderr.decode("ascii").startswith("PYTHONUTF8: is 0") and done.stderr.count(b"\n") == 1


def test_a_workflow_in_which_names_would_be_read_otherwise_than_lists_write_them_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "iso8859-1")
    with pytest.raises(InputError, match="PYTHONUTF8: names of files are read as iso8859-1 here, .* set PYTHONUTF8 to"):
        check_names()


def test_the_program_is_typed_by_its_name_where_a_shell_finds_this_installations(tmp_path, monkeypatch):
    for folder in ("mine", "other"):
        (tmp_path / folder / "bin").mkdir(parents=True)
        (tmp_path / folder / "bin" / "gradalign").write_text("#!/bin/sh\n", encoding="utf-8")
        (tmp_path / folder / "bin" / "gradalign").chmod(0o755)
    mine = tmp_path / "mine" / "bin"
    monkeypatch.setattr(sys, "executable", str(mine / "python"))
    monkeypatch.setenv("PATH", str(mine))
    assert typed_program() == "gradalign"
    # of another installation, or nowhere
    for path in (tmp_path / "other" / "bin", tmp_path):
        monkeypatch.setenv("PATH", str(path))
        monkeypatch.chdir(tmp_path)
        assert typed_program() == "mine/bin/gradalign"
        monkeypatch.chdir(tmp_path / "other")
        assert typed_program() == str(mine / "gradalign")
    (mine / "gradalign").unlink()
    assert typed_program() == "gradalign"


@pytest.fixture(scope="module")
def latin_1(tmp_path_factory):
    """Environment variables of a locale whose letters are those of ISO 8859-1."""
    folder = tmp_path_factory.mktemp("locales")
    words = ["localedef", "-i", "de_DE", "-f", "ISO-8859-1", str(folder / "de_DE.ISO-8859-1")]
    if shutil.which(words[0]) is None or subprocess.run(words, capture_output=True).returncode > 1:
        pytest.skip("no locale can be made here (localedef and the sources of de_DE are needed)")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "PYTHON"))}
    return variables | {"LOCPATH": str(folder), "LC_ALL": "de_DE.ISO-8859-1"}


SHOWING = """
import sys
from pathlib import Path
from gradalign.run.machine import take_utf8

take_utf8()
print(sys.getfilesystemencoding(), sys.argv[1], "\u03c6")
print(Path(sys.argv[1]).read_text(encoding="utf-8"))
"""


def test_names_of_files_are_utf_8_in_a_locale_of_other_letters_and_what_is_printed_keeps_to_it(latin_1, tmp_path):
    (tmp_path / "show.py").write_text(SHOWING, encoding="utf-8")
    (tmp_path / "Röhre.star").write_text("found", encoding="utf-8")
    words = [sys.executable, "show.py", "Röhre.star"]
    done = subprocess.run(words, capture_output=True, cwd=tmp_path, env=latin_1)
    assert done.stdout.decode("iso8859-1").splitlines() == ["utf-8 Röhre.star \\u03c6", "found"], done.stderr


def test_without_a_home_the_cache_lies_in_the_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("MPLCONFIGDIR", raising=False)
    monkeypatch.setenv("HOME", "/nonexistent")
    assert environment(tmp_path)["XDG_CACHE_HOME"] == str(tmp_path / ".snakemake" / "cache")
    assert environment(tmp_path)["MPLCONFIGDIR"] == str(tmp_path / ".snakemake" / "cache" / "matplotlib")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert not {"XDG_CACHE_HOME", "MPLCONFIGDIR"} & set(environment(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    monkeypatch.setenv("HOME", "/nonexistent")
    assert environment(tmp_path)["XDG_CACHE_HOME"] == "/elsewhere"
    assert environment(tmp_path)["MPLCONFIGDIR"] == "/elsewhere/matplotlib"


@pytest.mark.parametrize("python", [None, "exit 3"])
def test_a_relion_job_that_could_not_start_ends_as_failed(tmp_path, python):
    scripts = tmp_path / "checkout" / "workflow" / "scripts"
    scripts.mkdir(parents=True)
    shutil.copy(REPOSITORY / "workflow" / "scripts" / "relion_external", scripts)
    if python:
        own = tmp_path / "checkout" / ".venv" / "bin" / "python"
        own.parent.mkdir(parents=True)
        own.write_text(f"#!/bin/sh\n{python}\n", encoding="utf-8")
        own.chmod(0o755)
    job = tmp_path / "External" / "job 001"
    words = [scripts / "relion_external", "--in_parts", "run.star", "--o", f"{job}/", "--j", "1"]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
    assert done.returncode == (3 if python else 1)
    assert [path.name for path in job.iterdir()] == ["RELION_JOB_EXIT_FAILURE"]
    assert python or "gradalign is not set up, .venv is missing" in done.stdout
