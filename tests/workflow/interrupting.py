"""Killing the study without warning, as a power cut, a full memory or an impatient user does, and going on."""

import filecmp
import os
import signal
import subprocess
import sys
import time

from running import REPOSITORY, command

# seconds that a study may take which gets hardly any of a busy machine
PATIENCE = 3600


def jobs_done(folder):
    """Return how many jobs of the study have finished: each leaves its seconds."""
    return len(list(folder.glob("results/*/benchmarks/**/*.tsv")))


def release_lock(folder, config):
    """Do what `make report` does before it goes on; return what was said while jobs of the killed run lived."""
    script = REPOSITORY / "workflow" / "scripts" / "release_lock.py"
    options = ["--snakefile", str(REPOSITORY / "Snakefile"), "--configfile", str(config)]
    said, deadline = [], time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        run = subprocess.run([sys.executable, str(script), *options], cwd=folder, capture_output=True, text=True)
        if run.returncode == 0:
            return said
        assert "the study still runs here, as process" in run.stderr, run.stderr
        said.append(run.stderr)
        time.sleep(0.2)
    raise AssertionError(said[-1])


def killed_after(folder, jobs, seconds, *arguments, config, only_snakemake=False, **settings):
    """Run the study and kill it some seconds after as many jobs as are wanted have finished.

    With `only_snakemake` the jobs it started live on. Return whether it lived until it was killed.
    """
    said = folder / "said"
    with open(said, "w") as file:
        process = subprocess.Popen(
            command(folder, *arguments, config=config),
            stdout=subprocess.DEVNULL,
            stderr=file,
            start_new_session=True,
            **settings,
        )
    deadline = time.monotonic() + PATIENCE
    while jobs_done(folder) < jobs and process.poll() is None:
        assert time.monotonic() < deadline, f"{jobs} jobs have not finished"
        time.sleep(0.02)
    time.sleep(seconds)
    if process.poll() is not None:
        # it must have come to its end, not to grief
        assert process.returncode == 0, said.read_text()
        return False
    if only_snakemake:
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return True


def interrupted(folder, rng, kills, total, *arguments, config, **settings):
    """Run the study with kills at random moments, each run going on from the last; return how many struck.

    The moments are spread over the `total` jobs of the study: so many jobs done, and up to a second more. Every other
    kill leaves the jobs alive.
    """
    struck = 0
    for number, jobs in enumerate(sorted(rng.integers(0, total, kills).tolist())):
        struck += killed_after(
            folder, jobs, rng.uniform(0, 1), *arguments, config=config, only_snakemake=number % 2 == 1, **settings
        )
        release_lock(folder, config)
    return struck


def differing(folder, other):
    """Return the results of one run of the tiny study that another has not, or not byte by byte, and their number.

    Left out are seconds, logs, intermediate parts and Snakemake's report.
    """
    kinds = (
        "*.csv",
        "*.md",
        "*/pairs.csv",
        "alignments/*.csv",
        "averages/*.csv",
        "classification/classes.csv",
        "tables/*",
    )
    kinds += ("figures/*", "pictures/*", "poses/*", "density/*", "maps/*", "**/*.mrc")
    here, there = (path / "results" / "tiny" for path in (folder, other))
    names = {path.relative_to(here) for kind in kinds for path in here.glob(kind)}
    wrong = [
        name for name in names if not (there / name).is_file() or filecmp.cmp(here / name, there / name, False) < 1
    ]
    return sorted(wrong), len(names)
