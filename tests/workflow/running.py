"""Running the study as its users do, by the command line."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).parents[2]
TINY = Path(__file__).parent / "tiny.yaml"

# a process that has loaded Snakemake and the libraries: each run is forked from it
_STARTED = multiprocessing.get_context("forkserver")
_STARTED.set_forkserver_preload(
    ["snakemake.cli", "pandas", "jsonschema", "numba", "scipy.fft", "scipy.spatial", "mrcfile", "gemmi"]
)


def command(folder, *arguments, config=TINY, repository=REPOSITORY):
    """Return the command line that runs Snakemake in a folder."""
    words = [sys.executable, "-m", "snakemake", "--snakefile", str(repository / "Snakefile")]
    words += ["--directory", str(folder), *(["--configfile", str(config)] if config else [])]
    return [*words, *map(str, arguments)]


def _run(arguments, folder, environment, files, imports):
    """Be the Snakemake that ``python -m snakemake`` would be."""
    for number, file in enumerate(files, start=1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_TRUNC), number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = imports
    sys.argv = ["snakemake", *arguments]
    from snakemake.cli import main

    main()


def snakemake(folder, *arguments, config=TINY, repository=REPOSITORY, cwd=None, env=None):
    """Run Snakemake in a folder; return what ended, with its output as text.

    Forked, it takes half of the processor time of a Python that is started for it. What is forked has not imported
    gradalign and does so from the repository. With an environment of its own a Python is started, since libraries that
    are loaded already no longer look at it.
    """
    words = command(folder, *arguments, config=config, repository=repository)
    if env is not None:
        return subprocess.run(words, capture_output=True, text=True, cwd=cwd, env=env)
    with tempfile.TemporaryDirectory() as said:
        files = [Path(said) / name for name in ("stdout", "stderr")]
        for file in files:
            file.touch()
        # as installed, but of a copy of the sources
        imports = [] if repository == REPOSITORY else [str(repository / "workflow")]
        settings = (words[3:], cwd or os.getcwd(), dict(os.environ), files, imports)
        process = _STARTED.Process(target=_run, args=settings)
        process.start()
        process.join()
        return subprocess.CompletedProcess(words, process.exitcode, *(file.read_text("utf-8") for file in files))


def planned_on_a_node(folder, target, *rules, **settings):
    """Return the jobs that a cluster's node would do for one job: of the rules of its submission, with no other."""
    options = ["--force", "--allowed-rules", *rules, "--target-jobs", target]
    done = snakemake(folder, "--cores", 1, "--dry-run", "--nolock", *options, **settings)
    assert done.returncode == 0, done.stderr
    return jobs(done.stdout)


def overlay(path, **changes):
    """Write the tiny study's configuration with some keys changed; return its path."""
    config = yaml.safe_load(TINY.read_text(encoding="utf-8"))
    for key, value in changes.items():
        config[key] = (config.get(key, {}) | value) if isinstance(value, dict) else value
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


def logged(folder):
    """Return the log of the last run in a folder: all that Snakemake says, more than is shown."""
    return max((folder / ".snakemake" / "log").glob("*.snakemake.log")).read_text(encoding="utf-8")


def jobs(output):
    """Return the number of jobs of each rule that Snakemake announces, in a dry run or in its log."""
    if "Job stats:" not in output:
        return {}
    block = output.split("Job stats:\n")[-1].split("\n\n")[0]
    counts = dict(line.split() for line in block.splitlines()[2:])
    return {rule: int(count) for rule, count in counts.items() if rule not in ("total", "all")}
