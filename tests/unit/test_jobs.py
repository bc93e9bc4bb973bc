import pytest

import gradalign.run.jobs
from gradalign.errors import InputError
from gradalign.run.jobs import job, progress


def test_what_a_job_says_goes_to_its_log(tmp_path, capsys):
    with job(tmp_path / "log") as say:
        say("half done")
    assert (tmp_path / "log").read_text() == "half done\n"
    assert capsys.readouterr().err == ""


def test_a_job_that_is_interrupted_ends_without_a_traceback(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended, job(tmp_path / "log"):
        raise KeyboardInterrupt
    assert ended.value.code == 130
    assert (capsys.readouterr().err, (tmp_path / "log").read_text()) == ("", "")


def test_a_users_mistake_is_one_sentence_and_exit_code_1_without_traceback(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended, job(tmp_path / "log"):
        raise InputError("map.mrc: is constant, where a density that varies is needed")
    assert ended.value.code == 1
    sentence = "map.mrc: is constant, where a density that varies is needed\n"
    assert (tmp_path / "log").read_text() == sentence
    assert capsys.readouterr().err == sentence


def test_an_error_of_the_program_leaves_its_traceback_in_the_log(tmp_path):
    with pytest.raises(ZeroDivisionError), job(tmp_path / "log"):
        _ = 1 / 0
    assert "Traceback" in (tmp_path / "log").read_text()
    assert "ZeroDivisionError" in (tmp_path / "log").read_text()


def test_progress_passes_everything_on_and_tells_count_and_time_left_at_a_modest_rate(monkeypatch):
    # a clock that advances two seconds at each look
    ticks = iter(range(0, 1000, 2))
    monkeypatch.setattr(gradalign.run.jobs.time, "monotonic", lambda: float(next(ticks)))
    said = []
    assert list(progress("abcdefg", 7, "letters", said.append)) == list("abcdefg")
    assert said == ["  3 of 7 letters, 8 s left", "  6 of 7 letters, 2 s left"]


@pytest.mark.parametrize(("count", "left"), [(2, "3 s"), (41, "2 min"), (10001, "8.3 h")])
def test_the_time_left_is_told_in_a_unit_that_fits(monkeypatch, count, left):
    # three seconds for the first of them
    ticks = iter(range(0, 1000, 3))
    monkeypatch.setattr(gradalign.run.jobs, "_SECONDS_BETWEEN_LINES", 0.0)
    monkeypatch.setattr(gradalign.run.jobs.time, "monotonic", lambda: float(next(ticks)))
    said = []
    items = progress("ab", count, "letters", said.append)
    assert next(items) + next(items) == "ab"
    assert said == [f"  1 of {count} letters, {left} left"]
