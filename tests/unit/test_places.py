"""Files that a list names are found from wherever its paths may count, and none is taken twice or for another."""

import os

import pytest

from gradalign.errors import InputError
from gradalign.particles.places import Finder, Place, check_single


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A RELION project elsewhere than where the work is done; return its list."""
    job, volumes = tmp_path / "project" / "Refine3D" / "job012", tmp_path / "project" / "Extract" / "job005"
    job.mkdir(parents=True)
    volumes.mkdir(parents=True)
    (volumes / "1_data.mrc").write_bytes(b"")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return job / "run_data.star"


def test_paths_from_a_projects_folder_are_found_above_the_list(project):
    found = Finder(project).place("Extract/job005/1_data.mrc")
    assert os.path.samefile(found.file, project.parents[2] / "Extract/job005/1_data.mrc")


def test_paths_of_windows_are_found_or_explained(project):
    found = Finder(project).place("..\\..\\Extract\\job005\\1_data.mrc")
    assert os.path.samefile(found.file, project.parents[2] / "Extract/job005/1_data.mrc")
    with pytest.raises(InputError, match="F:/frames/1_data.mrc .* is a path of Windows .F:"):
        Finder(project).place("F:/frames/1_data.mrc")


def test_two_files_that_could_be_meant_are_one_sentence(project, tmp_path):
    (project.parent / "a.mrc").write_bytes(b"")
    assert Finder(project).place("a.mrc").file == str(project.parent / "a.mrc")
    (tmp_path / "work" / "a.mrc").write_bytes(b"")
    with pytest.raises(InputError, match="names a.mrc, which is both .*work/a.mrc and .*job012/a.mrc"):
        Finder(project).place("a.mrc")
    (tmp_path / "work" / "a.mrc").unlink()
    os.link(project.parent / "a.mrc", tmp_path / "work" / "a.mrc")
    assert Finder(project).place("a.mrc") == Place("a.mrc", 0)


def test_a_missing_ctf_volume_tells_how_to_do_without(project):
    with pytest.raises(InputError, match="c.mrc ._rlnCtfImage. .*; or do without it: set particles.wedge: range"):
        Finder(project).place("c.mrc", "rlnCtfImage")


def test_one_subtomogram_under_two_names_is_one_sentence(tmp_path):
    for name in ("a.mrc", "b.mrc"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "link.mrc").symlink_to("a.mrc")
    os.link(tmp_path / "a.mrc", tmp_path / "hard.mrc")
    (tmp_path / "folder").symlink_to(".")

    def check(*images):
        check_single([Finder(tmp_path / "run.star").place(image) for image in images], "run.star")

    check("a.mrc", "b.mrc")
    check("1@a.mrc", "2@a.mrc")
    for other in ("folder/a.mrc", "link.mrc", "hard.mrc", "1@a.mrc"):
        with pytest.raises(InputError, match="run.star: lists one subtomogram as .*a.mrc in row 1 and as .* in row 3"):
            check("a.mrc", "b.mrc", other)
    for other in ("a.mrc", "./a.mrc", str(tmp_path / "a.mrc")):
        with pytest.raises(InputError, match="run.star: lists .*a.mrc in row 1 and row 3, where each .* once"):
            check("a.mrc", "b.mrc", other)
