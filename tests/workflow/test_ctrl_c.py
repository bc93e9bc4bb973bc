"""Ctrl-C in the midst of the study, as a terminal sends it: to every process of the group."""

import os
import signal
import subprocess

from running import command, snakemake

from gradalign.run.interrupts import INTERRUPTED, SENTENCE
from gradalign.run.study_lock import is_locked


def test_an_interrupted_study_says_one_sentence_and_leaves_no_lock(tmp_path):
    process = subprocess.Popen(
        command(tmp_path, "--cores", 1, "--", "tables"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # what a shell starts in the background ignores it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    # a job has ended, others wait
    for line in process.stderr:
        if "%" in line:
            break
    assert is_locked(tmp_path)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == INTERRUPTED
    # further jobs may have begun or ended meanwhile
    assert said.splitlines().count(SENTENCE) == 1
    assert not any(word in said for word in ("Traceback", "Exception", "Error"))
    assert not is_locked(tmp_path)
    again = snakemake(tmp_path, "--cores", 1, "--", "phantom_density")
    assert again.returncode == 0, again.stderr
