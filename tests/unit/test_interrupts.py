"""Ctrl-C, as a terminal sends it: to every process of the group."""

import os
import signal
import subprocess
import sys
import time

import psutil

from gradalign.run.interrupts import INTERRUPTED, SENTENCE, end_jobs_with_this_process, left_to_the_child

RUNNER = """
import subprocess, sys
from gradalign.run.interrupts import end_jobs_with_this_process
end_jobs_with_this_process()
job = subprocess.Popen(["bash", "-c", "trap '' INT; " + sys.argv[1]])
print(job.pid, flush=True)
job.wait()
"""
WAITER = """
import subprocess, sys
from gradalign.run.interrupts import left_to_the_child
with left_to_the_child() as interrupted:
    done = subprocess.run([sys.executable, "-c", sys.argv[1], sys.argv[2]])
print(done.returncode, len(interrupted))
"""
# its last command does not take the place of the shell
JOB = f"{sys.executable} -c 'import time; print(0, flush=True); time.sleep(600)'; true"


def press_ctrl_c(program, *words):
    """Start a program, interrupt it once its job runs, and return its exit code, output and the number of the job."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # what a shell starts in the background ignores it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    first = [process.stdout.readline(), process.stdout.readline()]
    os.killpg(process.pid, signal.SIGINT)
    out, error = process.communicate()
    return process.returncode, out, error, max(map(int, first))


def ended(process):
    """Return whether a process has ended, taken note of or not: not every machine's first process does so."""
    try:
        return psutil.Process(process).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_an_interruption_ends_the_jobs_with_one_sentence_and_no_traceback():
    code, _, error, job = press_ctrl_c(RUNNER, JOB)
    assert (code, error) == (INTERRUPTED, f"{SENTENCE}\n")
    # it has been told to end, and nobody waits for it
    until = time.monotonic() + 600.0
    while not ended(job) and time.monotonic() < until:
        time.sleep(0.05)
    assert ended(job)


def test_who_waits_for_a_run_lets_it_end_by_itself():
    code, out, error, _ = press_ctrl_c(WAITER, RUNNER, JOB)
    assert (code, out, error) == (0, f"{INTERRUPTED} 1\n", f"{SENTENCE}\n")


LOADING = """
import time
from gradalign.run.interrupts import end_with_a_sentence, left_to_the_child
end_with_a_sentence()
with left_to_the_child():
    pass
print(0, flush=True)
print(0, flush=True)
time.sleep(600)
"""


def test_what_is_interrupted_while_it_loads_says_one_sentence():
    code, _, error, _ = press_ctrl_c(LOADING)
    assert (code, error) == (INTERRUPTED, f"{SENTENCE}\n")


def test_arrangements_that_others_made_are_left_alone():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        end_jobs_with_this_process()
        with left_to_the_child() as interrupted:
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert interrupted == []
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
