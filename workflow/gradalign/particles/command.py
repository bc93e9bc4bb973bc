"""The workflow run on a user's particles: checked before it, told to Snakemake, and summed up at the end."""

import os
import subprocess
import sys
from pathlib import Path

import yaml

from gradalign.base.files import write_text
from gradalign.errors import InputError
from gradalign.particles.listing import check_files
from gradalign.run.machine import check_python, environment
from gradalign.run.study_lock import check_abandoned, is_locked
from gradalign.study.configuration import check

# of Snakemake's own complaint that are shown
_LINES = 12


def merged(base, changes):
    """Return a configuration with another laid over it: sections merge, all else is replaced.

    Parameters
    ----------
    base, changes : dict

    Returns
    -------
    dict
    """
    result = dict(base)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def _read_yaml(path):
    try:
        return yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(getattr(error, "strerror", None) or error).split())
        raise InputError(f"{path}: is no readable configuration ({reason})") from error


class ParticlesRun:
    """One run of the workflow on a user's particles.

    Parameters
    ----------
    checkout : str or path
        Of gradalign, where its Snakefile lies.
    files : dict of str to str
        ``star``, ``reference`` and other keys of the section ``particles`` that are given outside the configuration.
    config : str or path, optional
        A configuration file, laid over that of the checkout.
    name : str, optional
        Of the results.
    folder : str or path
        Where to run.

    Raises
    ------
    InputError
        If anything is missing or wrong that shows before the first job.
    """

    def __init__(self, checkout, files, config=None, name=None, folder="."):
        check_python()
        self.checkout, self.folder = Path(os.path.abspath(checkout)), Path(folder)
        changes = {"particles": {key: value for key, value in files.items() if value != ""}}
        changes |= {"name": name} if name else {}
        given = _read_yaml(config) if config else {}
        if not (changes["particles"].get("star") or _star_of(given)):
            raise InputError(
                "no particles were given: make particles STAR=run.star REFERENCE=ref.mrc, or CONFIG= with a file that "
                "has particles.star"
            )
        schema = _read_yaml(self.checkout / "workflow" / "schemas" / "config.schema.yaml")
        whole = merged(merged(_read_yaml(self.checkout / "config.yaml"), given), changes)
        self.config = check(whole, schema)
        self.results = Path("results") / self.config["name"] / "particles"
        check_files(self.config["particles"])
        # a file, for Snakemake hands what stands behind --config on to its jobs without quotes
        asked = self.folder / self.results.parent / "asked.yaml"
        _write(asked, yaml.safe_dump(changes, allow_unicode=True))
        self._options = ["--snakefile", str(self.checkout / "Snakefile"), "--configfile"]
        self._options += [os.path.abspath(config)] if config else []
        self._options += [os.path.abspath(asked)]

    def release_lock(self):
        """Take away the lock of a killed run, if there is one on these results.

        Raises
        ------
        InputError
            If a run of the same results lives.
        """
        if is_locked(self.folder, self.results):
            check_abandoned(self.folder)
            self._snakemake("--unlock", "--quiet", "all", check=True)

    def _snakemake(self, *words, **settings):
        command = [sys.executable, "-m", "snakemake", *self._options, *words]
        return subprocess.run(command, cwd=self.folder, env=environment(self.folder), **settings)

    def run(self, cores="all", **settings):
        """Run the workflow.

        Parameters
        ----------
        cores : int or str
        **settings
            Of `subprocess.run`, such as where to write what is said.

        Returns
        -------
        int
            0, or the exit code of what failed; what was wrong has been said.
        """
        # the jobs say what they do; a job that fails does not keep the other particles waiting
        done = self._snakemake("--cores", str(cores), "--keep-going", "--quiet", "all", **settings)
        if done.returncode:
            self._explain()
        return done.returncode

    def _explain(self):
        """Print why no job could be started; one that failed has said so itself."""
        plan = self._snakemake("--dry-run", "--quiet", "rules", capture_output=True, text=True)
        if plan.returncode:
            print(*(plan.stdout + plan.stderr).splitlines()[-_LINES:], sep="\n", file=sys.stderr)

    def outcome(self):
        """Return in lines what came out, and where it is.

        Returns
        -------
        list of str
        """
        said = (self.folder / self.results / "summary.txt").read_text(encoding="utf-8").splitlines()
        result = next(line for line in said if line.startswith(("Resolution", "The half maps")))
        return [f"{self.results}/ holds aligned.star, average.mrc, the half maps, scores.csv and report.html.", result]


def _write(path, text):
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path.parent}: cannot be made ({error.strerror}); run in a folder of your own") from error
    write_text(path, text)


def _star_of(config):
    particles = config.get("particles") if isinstance(config, dict) else None
    return particles if isinstance(particles, str) else particles.get("star") if isinstance(particles, dict) else None
