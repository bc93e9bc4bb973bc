import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradalign.aligners import calling
from gradalign.aligners.calling import Caller, flaw
from gradalign.geometry.rotations import random_rotations

HERE = Path(__file__).parent


def volumes(first=0.0):
    f, g = np.zeros((2, 4, 4, 4), dtype=np.float32)
    f[0, 0, 0] = first
    return f, g


# seconds after which a test gives up; a busy machine needs none of the shorter ones
PATIENCE = 600.0


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    monkeypatch.setattr(calling, "LOADING_SECONDS", PATIENCE)


def caller(tmp_path, name, time_limit=PATIENCE, module="strange_aligners", **options):
    return Caller(f"{module}:{name}", options, [HERE], time_limit, tmp_path / "said.log")


def aligned(called, first=0.0, seed=5):
    return called.align(*volumes(first), 60.0, 50.0, 1.0, seed)


def test_an_answer_is_that_of_the_function_with_all_that_it_was_given(tmp_path):
    with caller(tmp_path, "align", shift=1.5) as called:
        answer = aligned(called)
        assert answer.missing == ""
        assert np.array_equal(answer.rotation, np.eye(3))
        assert answer.translation.tolist() == [1.5, 60.0, 5.0]
        assert 0 <= answer.seconds < np.inf
        assert 0 <= answer.cpu_seconds < np.inf
        assert aligned(called, seed=6).translation[2] == 6
    assert (tmp_path / "said.log").read_text().count("a word on standard output") == 2


def test_the_volumes_arrive_as_they_are(tmp_path):
    with caller(tmp_path, "first_voxel") as called:
        f, g = volumes(0.1)
        g[0, 0, 0] = -3.25
        assert called.align(f, g, 60, 60, 1.0, 0).translation.tolist() == [float(np.float32(0.1)), -3.25, 4.0]


@pytest.mark.parametrize(
    "what, words",
    [
        ("nothing", "returned no rotation and translation (AttributeError"),
        ("a tuple", "returned no rotation and translation (AttributeError"),
        ("words", "returned no rotation and translation (ValueError"),
        ("a mirror", "returned a matrix that is no rotation"),
        ("a stretch", "returned a matrix that is no rotation"),
        ("NaN", "returned numbers that are not finite"),
        ("infinite", "returned numbers that are not finite"),
        ("angles", "returned shapes (3,) and (3,) where (3, 3) and (3,) are needed"),
        ("a matrix", "returned shapes (3, 3) and (4, 4) where"),
    ],
)
def test_nonsense_is_no_answer_and_says_why(tmp_path, what, words):
    with caller(tmp_path, "returns", what=what) as called:
        answer = aligned(called)
    assert answer.missing.startswith(words)
    assert answer.rotation is None
    assert answer.translation is None


@pytest.mark.parametrize(
    "name, words",
    [
        ("raises_once", "raised ValueError: no such thing"),
        ("exits_once", "raised SystemExit: 3"),
        ("dies_once", "its process ended with code 7"),
        ("crashes_once", "its process ended with code -11"),
    ],
)
def test_a_failure_costs_one_pair_and_the_next_is_aligned(tmp_path, name, words):
    with caller(tmp_path, name) as called:
        assert [aligned(called, first).missing for first in (0, 1, 0)] == ["", words, ""]


@pytest.mark.parametrize("name", ["sleeps_once", "compiled_sleep_once"])
def test_an_alignment_that_does_not_end_is_stopped_at_its_limit_and_the_next_is_aligned(tmp_path, name):
    with caller(tmp_path, name) as called:
        assert aligned(called).missing == ""
        called.time_limit = 1.0
        assert aligned(called, 1).missing == "ran past its limit of 1 s"
        called.time_limit = PATIENCE
        assert aligned(called).missing == ""


def is_running(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False


def ends(pid):
    """Wait for a process that has been told to end, however busy the machine is."""
    for _ in range(600):
        if not is_running(pid):
            return True
        time.sleep(0.1)
    return False


def test_what_an_aligner_started_is_stopped_with_it(tmp_path):
    path = tmp_path / "pid"
    with caller(tmp_path, "starts_a_program", path=str(path)) as called:
        # the program must have started when the limit strikes
        for called.time_limit in (1.0, 4.0, 16.0, 64.0):
            assert "limit" in aligned(called).missing
            if path.exists() and path.read_text():
                break
        assert ends(int(path.read_text()))


def test_an_aligner_still_at_work_ends_with_the_study(tmp_path):
    with caller(tmp_path, "align") as called:
        aligned(called)
        pid = called._process.pid
        assert is_running(pid)
    assert ends(pid)


PARENT = """
import numpy as np, sys
from gradalign.aligners.calling import Caller
with Caller("strange_aligners:compiled_sleep_once", {}, [sys.argv[1]], 600.0, sys.argv[2]) as called:
    called.align(np.zeros((4, 4, 4)), np.zeros((4, 4, 4)), 60.0, 60.0, 1.0, 5)
    print(called._process.pid, flush=True)
    called.align(np.ones((4, 4, 4)), np.zeros((4, 4, 4)), 60.0, 60.0, 1.0, 5)
"""


def test_an_aligner_in_compiled_code_does_not_outlive_a_killed_study(tmp_path):
    command = [sys.executable, "-c", PARENT, str(HERE), str(tmp_path / "said.log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        # into the compiled sleep
        time.sleep(1.0)
        assert is_running(pid)
        parent.kill()
    until = time.monotonic() + PATIENCE
    while is_running(pid) and time.monotonic() < until:
        time.sleep(0.1)
    assert not is_running(pid)


@pytest.mark.parametrize(
    "source, words",
    [
        ("import nothing_of_this_name", "could not be loaded: ModuleNotFoundError: No module named"),
        ("align = 1 / 0", "could not be loaded: ZeroDivisionError: division by zero"),
        ("import os; os._exit(4)", "could not be loaded: its process ended with code 4"),
        ("import time; time.sleep(600)", "could not be loaded: ran past its limit of 1 s"),
        ("other = None", "could not be loaded: AttributeError: module 'broken' has no attribute 'align'"),
    ],
)
def test_a_module_that_cannot_be_loaded_is_tried_once_and_every_pair_says_why(tmp_path, monkeypatch, source, words):
    (tmp_path / "broken.py").write_text(f"open({str(tmp_path / 'tried')!r}, 'a').write('x')\n{source}")
    if "sleep" in source:
        monkeypatch.setattr(calling, "LOADING_SECONDS", 1.0)
    with Caller("broken:align", {}, [tmp_path], PATIENCE, tmp_path / "said.log") as called:
        answers = [aligned(called) for _ in range(3)]
    if "sleep" not in source:
        assert (tmp_path / "tried").read_text() == "x"
    assert all(answer.missing.startswith(words) for answer in answers)


def test_the_traceback_of_a_failure_is_in_the_log(tmp_path):
    with caller(tmp_path, "raises") as called:
        aligned(called)
    text = (tmp_path / "said.log").read_text()
    assert "Traceback" in text
    assert "strange_aligners.py" in text


def test_a_module_named_like_one_of_ours_does_not_take_its_place(tmp_path):
    (tmp_path / "numpy.py").write_text("raise RuntimeError('the wrong numpy')")
    with Caller("strange_aligners:align", {}, [HERE, tmp_path], PATIENCE, tmp_path / "said.log") as called:
        assert aligned(called).missing == ""


@given(st.integers(0, 2**32 - 1), st.floats(1e-9, 1e-4))
def test_rotations_in_single_precision_or_with_few_decimals_are_rotations(seed, error):
    rng = np.random.default_rng(seed)
    rotation = random_rotations(rng, 1)[0]
    assert flaw(rotation.astype(np.float32), np.zeros(3)) == ""
    assert flaw(rotation + rng.uniform(-error, error, (3, 3)), np.zeros(3)) == ""
    assert flaw(-rotation, np.zeros(3)) != ""
    assert flaw(1.01 * rotation, np.zeros(3)) != ""


def test_nothing_stays_open(tmp_path):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with caller(tmp_path, "align") as called:
            aligned(called)
    assert len(os.listdir("/proc/self/fd")) <= before
