"""A SLURM cluster of one node on this machine, for as long as a test needs it."""

import os
import re
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import psutil

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "sinfo")
TEMPLATE = Path(__file__).with_name("slurm.conf")
# the only place where commands that Snakemake's plug-in starts look: it takes SLURM_* out of their environment
INSTALLED = Path("/etc/slurm/slurm.conf")
_MUNGE_FOLDERS = ("/run/munge", "/var/log/munge", "/var/lib/munge")
_PATIENCE = 60


def why_not():
    """Return why no cluster can be started here, or None."""
    if os.geteuid() != 0:
        return "only root can start a SLURM cluster"
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        return f"{missing[0]} is not installed"
    if INSTALLED.exists() and not _left_over():
        return f"{INSTALLED} is there: this machine has a SLURM of its own, or such a test runs"
    return None


def _left_over():
    """Return whether the configuration is that of a test that was killed, whose cluster is gone with it."""
    text = INSTALLED.read_text(encoding="utf-8")
    if text.splitlines()[:1] != TEMPLATE.read_text(encoding="utf-8").splitlines()[:1]:
        return False
    return not any(_runs(Path(name)) for name in re.findall(r"^Slurm\w+PidFile=(.+)$", text, re.M))


def _runs(pid_file):
    try:
        return psutil.Process(int(pid_file.read_text())).name() == pid_file.stem
    except (OSError, ValueError, psutil.NoSuchProcess):
        return False


@contextmanager
def one_node_cluster(folder):
    """Start the cluster with its files in a folder, and stop what was started."""
    text = TEMPLATE.read_text(encoding="utf-8")
    memory = psutil.virtual_memory().total // 2**20 * 3 // 4
    for name, value in (("FOLDER", folder), ("CPUS", os.cpu_count()), ("MEMORY_MB", memory)):
        text = text.replace(f"@{name}@", str(value))
    for name in ("state", "spool"):
        (folder / name).mkdir()
    started = []
    INSTALLED.write_text(text, encoding="utf-8")
    try:
        started += _start_munge(folder)
        started.append(_start(folder, "slurmctld", "-c", "-f", INSTALLED))
        started.append(_start(folder, "slurmd", "-f", INSTALLED, "-N", "localhost"))
        _wait_until_idle(folder)
        yield
    finally:
        for process in reversed(started):
            _stop(process)
        INSTALLED.unlink()


def _start(folder, program, *arguments, **settings):
    subprocess.run([program, *map(str, arguments)], check=True, **settings)
    pid_file = folder / f"{program}.pid"
    deadline = time.monotonic() + _PATIENCE
    while not (pid_file.is_file() and pid_file.read_text().strip()):
        assert time.monotonic() < deadline, f"{program} did not start"
        time.sleep(0.1)
    return psutil.Process(int(pid_file.read_text()))


def _start_munge(folder):
    """Start munged unless one answers; return what was started."""
    if subprocess.run(["munge", "-n"], capture_output=True).returncode == 0:
        return []
    for name in _MUNGE_FOLDERS:
        Path(name).mkdir(parents=True, exist_ok=True)
        shutil.chown(name, "munge", "munge")
    pid_folder = folder / "munge"
    pid_folder.mkdir()
    # munged trusts no folder that others may write to
    for parent in (pid_folder, *pid_folder.parents):
        if parent == Path("/tmp"):
            break
        parent.chmod(0o755)
    shutil.chown(pid_folder, "munge", "munge")
    process = _start(pid_folder, "munged", f"--pid-file={pid_folder / 'munged.pid'}", user="munge", group="munge")
    return [process]


def _wait_until_idle(folder):
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        state = subprocess.run(["sinfo", "-h", "-o", "%T"], capture_output=True, text=True).stdout.strip()
        if state == "idle":
            return
        time.sleep(0.2)
    raise AssertionError(f"the node is {state!r}: " + (folder / "slurmctld.log").read_text(encoding="utf-8")[-2000:])


def _stop(process):
    try:
        process.send_signal(signal.SIGTERM)
        process.wait(_PATIENCE)
    except psutil.NoSuchProcess:
        pass
