"""The lock of a killed run: taken away only when nobody runs the study."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gradalign.errors import InputError
from gradalign.run.study_lock import check_abandoned, is_locked, last_host, study_processes

SCRIPT = Path(__file__).parents[2] / "workflow" / "scripts" / "release_lock.py"
SNAKEFILE = """
rule wait:
    output: "waited"
    shell: "touch started; sleep 600; touch {output}"
"""


@pytest.fixture
def job(tmp_path):
    """A job of a study: a script that Snakemake has put into the study's folder."""
    script = tmp_path / ".snakemake" / "scripts" / "tmp1.align.py"
    script.parent.mkdir(parents=True)
    script.write_text("import sys\nprint(flush=True)\nsys.stdin.read()\n", encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, str(script)], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    process.stdout.readline()
    yield process
    process.communicate()


def locked(folder):
    (folder / ".snakemake" / "locks").mkdir(parents=True, exist_ok=True)
    (folder / ".snakemake" / "locks" / "0.output.lock").write_text("results/a.csv\n", encoding="utf-8")
    return folder


def release(folder):
    return subprocess.run([sys.executable, str(SCRIPT)], cwd=folder, capture_output=True, text=True)


def test_a_living_job_keeps_the_lock_and_is_named(tmp_path, job):
    assert list(study_processes(tmp_path)) == [job.pid]
    run = release(locked(tmp_path))
    assert run.returncode == 1
    assert f"the study still runs here, as process {job.pid} (" in run.stderr
    assert "Traceback" not in run.stderr
    assert is_locked(tmp_path)
    job.communicate()
    assert study_processes(tmp_path) == {}
    check_abandoned(tmp_path)


def test_the_text_of_a_program_is_not_told(tmp_path):
    program = "import sys; print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", program, "snakemake", "--cores", "1"]
    with subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        assert study_processes(tmp_path) == {process.pid: f"{sys.executable} -c snakemake --cores 1"}
        process.stdin.close()


def test_processes_of_other_folders_and_other_programs_do_not_count(tmp_path, job):
    (tmp_path / "other").mkdir()
    assert study_processes(tmp_path / "other") == {}
    # this one works in the folder and names Snakemake, but does not run it
    with subprocess.Popen(["cat", "-", ".snakemake/scripts"], cwd=tmp_path, stdin=subprocess.PIPE) as reader:
        assert list(study_processes(tmp_path)) == [job.pid]
        reader.kill()


def test_a_lock_from_another_machine_stays(tmp_path):
    logs = locked(tmp_path) / ".snakemake" / "log"
    logs.mkdir()
    (logs / "2026-01-01T000000.000000.snakemake.log").write_text(f"host: {socket.gethostname()}\n", encoding="utf-8")
    check_abandoned(tmp_path)
    (logs / "2026-01-02T000000.000000.snakemake.log").write_text("SNAKEMAKE\n  Host: login7\n", encoding="utf-8")
    assert last_host(tmp_path) == "login7"
    with pytest.raises(InputError, match="by a run of the study on login7; if that has ended.*snakemake --unlock"):
        check_abandoned(tmp_path)


def test_no_lock_is_nothing_to_do(tmp_path):
    run = release(tmp_path)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_snakemake_killed_says_how_to_unlock_and_the_lock_is_released(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE, encoding="utf-8")
    command = [sys.executable, "-m", "snakemake", "--cores", "1"]
    run = subprocess.Popen(command, cwd=tmp_path, start_new_session=True, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 600
    while not (tmp_path / "started").exists():
        assert run.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    assert "the study still runs here" in release(tmp_path).stderr
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert last_host(tmp_path) == socket.gethostname()
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert again.returncode != 0
    assert "--unlock" in again.stderr
    assert is_locked(tmp_path)
    assert release(tmp_path).returncode == 0
    assert not is_locked(tmp_path)
