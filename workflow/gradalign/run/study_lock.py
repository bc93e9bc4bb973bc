"""The lock that a killed run of Snakemake leaves in the study's folder, and whether it may be removed.

Snakemake locks the outputs it makes and cannot take the lock away when it is killed. The lock says nothing of who holds
it, so this looks for living processes of the study; jobs can outlive the Snakemake that started them.
"""

import re
import socket
from pathlib import Path

import psutil

from gradalign.errors import InputError

_JOB_FOLDER = "/.snakemake/scripts/"


def is_locked(folder, results=None):
    """Return whether a run of Snakemake holds the folder, or did so when it was killed.

    Parameters
    ----------
    folder : str or path
        The one in which Snakemake runs.
    results : str or path, optional
        Whether it holds the files in this folder; if left out, whether it holds any.

    Returns
    -------
    bool
    """
    locks = list(Path(folder, ".snakemake", "locks").glob("*.lock"))
    if results is None:
        return bool(locks)
    start = f"{results}/"
    return any(
        line.startswith(start)
        for lock in locks
        for line in lock.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    )


def study_processes(folder):
    """Find the living processes of this machine that run the study of a folder, or one of its jobs.

    Parameters
    ----------
    folder : str or path

    Returns
    -------
    dict of int to str
        Command lines by process number.
    """
    folder = Path(folder).resolve()
    found = {}
    for process in psutil.process_iter(["cmdline", "cwd", "status"]):
        command = process.info["cmdline"] or []
        # a zombie has ended; its working directory cannot be read
        if process.info["cwd"] and Path(process.info["cwd"]) == folder and _runs_snakemake(command):
            found[process.pid] = _told(command)
    return found


def _told(command):
    """Return a command line without the text of a program that stands in it."""
    program = command.index("-c") + 1 if "-c" in command[:3] else len(command)
    return " ".join(command[:program] + command[program + 1 :])


def _runs_snakemake(command):
    program = Path(command[0]).name if command else ""
    words = {Path(word).name for word in command[:4]}
    return program.startswith(("python", "snakemake")) and (
        "snakemake" in words or any(_JOB_FOLDER in word for word in command[:3])
    )


def last_host(folder):
    """Return the name of the machine on which Snakemake last ran in a folder.

    Parameters
    ----------
    folder : str or path

    Returns
    -------
    str or None
        From the newest of Snakemake's logs; None if they do not tell.
    """
    for path in sorted(Path(folder, ".snakemake", "log").glob("*.snakemake.log"), reverse=True):
        named = re.search(r"^\s*host: (\S+)", path.read_text(encoding="utf-8", errors="replace"), re.M | re.I)
        if named:
            return named[1]
    return None


def check_abandoned(folder):
    """Make sure that nobody runs the study of a locked folder.

    Parameters
    ----------
    folder : str or path

    Raises
    ------
    InputError
        If a process of the study lives, or the study last ran on another machine, where nothing can be seen.
    """
    processes = study_processes(folder)
    if processes:
        # Snakemake itself before its jobs: it would start further ones
        number, command = min(processes.items(), key=lambda item: (_JOB_FOLDER in item[1], item[0]))
        raise InputError(
            f"{folder}: the study still runs here, as process {number} ({command}); wait until it ends, or stop it "
            f"with `kill {number}`."
        )
    host = last_host(folder)
    if host not in (None, socket.gethostname()):
        raise InputError(
            f"{folder}: is locked by a run of the study on {host}; if that has ended, remove the lock with "
            "`snakemake --unlock`."
        )
