"""Machines that are set up otherwise: paths that Snakemake cannot run from are told, and a home is not needed."""

import sys

import pytest

from gradalign.errors import InputError
from gradalign.run.machine import check_python, environment


@pytest.mark.parametrize("sign", list(" \t'\"`$&;|<>(){}[]*?!#\\"))
def test_a_path_that_snakemake_cannot_run_from_is_one_sentence(sign, monkeypatch):
    monkeypatch.setattr(sys, "executable", f"/data/my{sign}folder/.venv/bin/python")
    with pytest.raises(InputError, match="Snakemake cannot run; move gradalign to a folder without blanks"):
        check_python()
    monkeypatch.setattr(sys, "executable", "/data/Projekt-ä_2.0+x@y/.venv/bin/python")
    check_python()


def test_without_a_home_the_cache_lies_in_the_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/nonexistent")
    assert environment(tmp_path)["XDG_CACHE_HOME"] == str(tmp_path / ".snakemake" / "cache")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "XDG_CACHE_HOME" not in environment(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    monkeypatch.setenv("HOME", "/nonexistent")
    assert environment(tmp_path)["XDG_CACHE_HOME"] == "/elsewhere"
