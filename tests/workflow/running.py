"""Running the study as its users do, by the command line."""

import subprocess
import sys
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).parents[2]
TINY = Path(__file__).parent / "tiny.yaml"


def command(folder, *arguments, config=TINY, repository=REPOSITORY):
    """Return the command line that runs Snakemake in a folder."""
    words = [sys.executable, "-m", "snakemake", "--snakefile", str(repository / "Snakefile")]
    return [*words, "--directory", str(folder), "--configfile", str(config), *map(str, arguments)]


def snakemake(folder, *arguments, config=TINY, repository=REPOSITORY, **settings):
    """Run Snakemake in a folder; return what ended, with its output as text."""
    words = command(folder, *arguments, config=config, repository=repository)
    return subprocess.run(words, capture_output=True, text=True, **settings)


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
