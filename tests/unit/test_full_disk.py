"""Files that cannot be written: one sentence that names them, and nothing half-written left."""

import os
import resource
import socket
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest

from gradalign.averaging.wedge_average import WedgeAverage, save_averages
from gradalign.base.files import complete_file
from gradalign.errors import InputError
from gradalign.io.csv_lines import write_records
from gradalign.io.mrc import write_stack, write_volume
from gradalign.io.provenance import read_provenance, write_provenance
from gradalign.io.star import Particles, write_particles
from gradalign.report.csv_tables import read_frame, write_csv
from gradalign.report.figures.style import Page, save
from gradalign.report.html import write_page
from gradalign.run.jobs import job

RNG = np.random.default_rng(1)
VOLUME = RNG.normal(size=(16, 16, 16)).astype(np.float32)
LINES = [{"a": "1.5", "b": "x" * 50}] * 200
COUNT = 200
PARTICLES = Particles(
    ["000001@volumes.mrcs"] * COUNT, np.tile(np.eye(3), (COUNT, 1, 1)), np.zeros((COUNT, 3)), 1.0, 16, 300.0, 2.7
)


def figure():
    page = Page(60, 40)
    page.axes(10, 10, 40, 20).plot(RNG.normal(size=500))
    return page


WRITERS = {
    "map.mrc": lambda path: write_volume(path, VOLUME, 1.0),
    "stack.mrcs": lambda path: write_stack(path, [VOLUME, VOLUME], 1.0),
    "lines.csv": lambda path: write_records(path, ["a", "b"], LINES),
    "table.csv": lambda path: write_csv(pd.DataFrame(LINES), path),
    "poses.star": lambda path: write_particles(path, PARTICLES),
    "about.json": lambda path: write_provenance(path, {"title": "x" * 9000, "point_group": "C1"}),
    "sums.npz": lambda path: save_averages(path, {"all": WedgeAverage(16, 1.0)}),
    "page.html": lambda path: write_page(path, "Title", "Caption.", [("Part", ["a", "b"], [["x" * 50, "y"]] * 200)]),
    "figure.svg": lambda path: save(figure(), [path]),
    "figure.png": lambda path: save(figure(), [path]),
}


@contextmanager
def largest_file(size):
    """Let no file grow beyond a size, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_is_a_sentence_that_names_the_file_and_nothing_half_written_stays(tmp_path, name):
    path = tmp_path / name
    with largest_file(3000), pytest.raises(InputError, match=rf"{name}: could not be written \(File too large\)"):
        WRITERS[name](path)
    assert list(tmp_path.iterdir()) == []
    WRITERS[name](path)
    assert path.stat().st_size > 3000


def test_an_older_file_outlives_a_full_disk(tmp_path):
    path = tmp_path / "map.mrc"
    write_volume(path, VOLUME, 1.0)
    before = path.read_bytes()
    with largest_file(3000), pytest.raises(InputError, match="could not be written"):
        write_volume(path, -VOLUME, 1.0)
    assert path.read_bytes() == before


def test_a_missing_folder_is_a_sentence_too(tmp_path):
    with pytest.raises(InputError, match=r"map\.mrc: could not be written \(No such file or directory\)"):
        write_volume(tmp_path / "nowhere" / "map.mrc", VOLUME, 1.0)


def test_a_log_on_a_full_disk_does_not_hide_what_went_wrong(tmp_path, capsys):
    log = tmp_path / "log"
    with largest_file(100), pytest.raises(SystemExit) as ended, job(log) as say:
        for _ in range(20):
            say("20 of 100 alignments")
        raise InputError("map.mrc: could not be written (No space left on device)")
    assert ended.value.code == 1
    assert capsys.readouterr().err.splitlines()[-1] == "map.mrc: could not be written (No space left on device)"
    assert log.stat().st_size == 100


def test_two_processes_that_write_one_file_do_not_write_into_one_another(tmp_path):
    path = tmp_path / "file"
    program = "import sys; from gradalign.io.mrc import complete_file\n"
    program += "with complete_file(sys.argv[1]) as partial:\n    print(partial, flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        theirs = other.stdout.readline().strip()
        with open(theirs, "w") as file:
            file.write("half")
        with complete_file(path) as ours, open(ours, "w") as file:
            assert ours != theirs
            file.write("whole")
        assert path.read_text() == "whole"
        # a living process keeps its file
        assert os.path.exists(theirs)
        other.kill()
        other.wait()
    with complete_file(path) as ours, open(ours, "w") as file:
        file.write("again")
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_what_another_machine_left_is_not_touched(tmp_path):
    foreign = tmp_path / f"file.not-{socket.gethostname()}-1.part"
    foreign.touch()
    with complete_file(tmp_path / "file") as partial, open(partial, "w"):
        pass
    assert foreign.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"title": "Phantom"}'])
def test_a_damaged_provenance_is_named(tmp_path, text):
    path = tmp_path / "phantom.json"
    with pytest.raises(InputError, match=r"phantom\.json: does not say what the object is; remove it"):
        read_provenance(path)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"phantom\.json: does not say what the object is; remove it"):
        read_provenance(path)


@pytest.mark.parametrize("cut", [1, 3, 8, 25])
def test_a_table_cut_off_within_a_line_is_named(tmp_path, cut):
    path = tmp_path / "table.csv"
    write_csv(pd.DataFrame({"a": [1.5, 2.5], "b": [10, 20], "c": ["first one", "last one"]}), path)
    assert len(read_frame(path)) == 2
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(InputError, match=r"table\.csv: is no readable CSV file \(it is cut off within its last line"):
        read_frame(path)
