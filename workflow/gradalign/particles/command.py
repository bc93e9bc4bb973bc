"""The workflow run on a user's particles: checked before it, told to Snakemake, and summed up at the end."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import yaml

from gradalign.base.files import write_text
from gradalign.errors import InputError
from gradalign.particles.boxes import check_input
from gradalign.run.interrupts import INTERRUPTED, SENTENCE, left_to_the_child
from gradalign.run.machine import check_names, check_python, environment
from gradalign.run.study_lock import check_abandoned, is_locked
from gradalign.study.configuration import check, expanded, read_schema

# an interruption ends it in silence until the workflow is read, which takes seconds
_SNAKEMAKE = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); from snakemake.cli import main; "
    "del sys.argv[0]; main()"
)


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


class WorkflowRun:
    """One run of the workflow on a user's subtomograms.

    Parameters
    ----------
    checkout : str or path
        Of gradalign, where its Snakefile lies.
    files : dict of str to str
        ``star`` and other keys of the run's section that are given outside the configuration.
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

    section: str
    """Of the configuration, and the folder of the results."""
    typed: str
    """How the run is asked for with make."""

    def check(self, section):
        """Make sure of what the section names.

        Parameters
        ----------
        section : dict

        Raises
        ------
        InputError
        """
        raise NotImplementedError

    def __init__(self, checkout, files, config=None, name=None, folder="."):
        check_python()
        check_names()
        self.checkout, self.folder = Path(os.path.abspath(checkout)), Path(folder)
        changes = {self.section: {key: value for key, value in files.items() if value != ""}}
        changes |= {"name": name} if name else {}
        config = expanded(config)
        given = _read_yaml(config) if config else {}
        schema = read_schema(self.checkout)
        whole = merged(merged(_read_yaml(self.checkout / "config.yaml"), given), changes)
        if not (changes[self.section].get("star") or _star_of(given, self.section)):
            # a key that is mistyped is named first
            check(whole, schema)
            raise InputError(
                f"no particles were given: {self.typed}, or CONFIG= with a file that has {self.section}.star"
            )
        self.config = check(whole, schema)
        self.results = Path("results") / self.config["name"] / self.section
        self.check(self.config[self.section])
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
            done = self._snakemake("--unlock", "--quiet", "all")
            if done.returncode:
                sys.exit(done.returncode)

    def _snakemake(self, *words, **settings):
        command = [sys.executable, "-c", _SNAKEMAKE, "snakemake", *self._options, *words]
        with left_to_the_child() as interrupted:
            done = subprocess.run(command, cwd=self.folder, env=environment(self.folder), **settings)
        if interrupted:
            if done.returncode == -signal.SIGINT:
                # before it could say so itself
                print(SENTENCE, file=sys.stderr)
            done.returncode = INTERRUPTED
        return done

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
            0, or the exit code of what failed; what was wrong, or what came out, has been said.
        """
        # a job that fails does not keep the other particles waiting
        return self._snakemake("--cores", str(cores), "--keep-going", **settings).returncode


class ParticlesRun(WorkflowRun):
    """Particles aligned to a reference and averaged; see `WorkflowRun`."""

    section = "particles"
    typed = "make particles STAR=run.star REFERENCE=ref.mrc"

    def check(self, section):
        """See `WorkflowRun.check`."""
        check_input(section, self.folder / self.results.parent / "boxes")


def _write(path, text):
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{path.parent}: cannot be made ({error.strerror}); run `gradalign particles` or `gradalign classes` of "
            "this installation in a folder of your own"
        ) from error
    write_text(path, text)


def _star_of(config, section):
    found = config.get(section) if isinstance(config, dict) else None
    return found if isinstance(found, str) else found.get("star") if isinstance(found, dict) else None
