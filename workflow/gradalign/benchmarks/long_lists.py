"""Lists of a million particles: opened, checked, shared out, joined and written, each step in its own process."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import mrcfile
import numpy as np

from gradalign.particles.entries import read_entries, write_entries
from gradalign.particles.listing import check_files
from gradalign.particles.opening import list_particles
from gradalign.particles.results import scores_table, write_star
from gradalign.particles.sharing import particles_per_job
from gradalign.particles.star import read_picked

BOX, VOXEL_NM = 16, 1.0
COLUMNS = ("particles", "particles_per_file", "step", "seconds", "cpu_seconds", "peak_mb")
"""Columns of the table; docs/performance.md says what they hold."""
STEPS = ("check", "share", "join", "write", "plan")
"""What is measured, in this order: what each leaves on disk the next one takes."""
_FOUND = SimpleNamespace(
    euler_zyz=(10.0, 20.0, 30.0),
    translation=(1.0, 1.0, 1.0),
    dissimilarity=0.5,
    probability=0.9,
    rotation_sd=1.5,
    translation_sd=0.2,
    excess=0.1,
    verdict="determined",
)
_LABELS = (
    "rlnTomoName",
    "rlnCoordinateX",
    "rlnCoordinateY",
    "rlnCoordinateZ",
    "rlnAngleRot",
    "rlnAngleTilt",
    "rlnAnglePsi",
)
_LABELS += (
    "rlnOriginXAngst",
    "rlnOriginYAngst",
    "rlnOriginZAngst",
    "rlnRandomSubset",
    "rlnOpticsGroup",
    "rlnImageName",
)
_OPTICS = (
    "data_optics\n\nloop_\n_rlnOpticsGroup\n_rlnImagePixelSize\n_rlnImageSize\n_rlnVoltage\n_rlnSphericalAberration\n"
)


def write_input(folder, count, stack):
    """Write a list of RELION 5's form and stacks that hold nothing, which take no room on a disk.

    Parameters
    ----------
    folder : str or path
    count : int
        Of particles.
    stack : int
        Particles of one file; 1 for a file for each.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    header = np.zeros(1, mrcfile.dtypes.HEADER_DTYPE)[0]
    with mrcfile.new(folder / "reference.mrc", np.zeros((BOX,) * 3, np.float32), overwrite=True) as mrc:
        mrc.voxel_size = 10 * VOXEL_NM
        header = mrc.header.copy()
    for number in range(-(-count // stack)):
        held = min(stack, count - number * stack)
        header.nz, header.ispg, header.cella.z = held * BOX, 401 if stack > 1 else 1, held * BOX * 10 * VOXEL_NM
        header.mz = BOX
        with open(folder / f"{number:07d}.mrc", "wb") as file:
            # the first volume is looked at, and must vary
            file.write(header.tobytes() + np.float32(1).tobytes())
            file.truncate(header.nbytes + 4 * held * BOX**3)
    rng = np.random.default_rng(1)
    with open(folder / "run.star", "w", encoding="utf-8") as file:
        file.write(f"{_OPTICS}1 {10 * VOXEL_NM} {BOX} 300.0 2.7\n\ndata_particles\n\nloop_\n")
        file.writelines(f"_{label}\n" for label in _LABELS)
        for row in range(count):
            places = " ".join(f"{value:.6f}" for value in rng.uniform(0, 4000, 3))
            angles = " ".join(f"{value:.6f}" for value in rng.uniform(1, 179, 3))
            shifts = " ".join(f"{value:.6f}" for value in rng.uniform(-20, 20, 3))
            image = f"{row // stack:07d}.mrc" if stack == 1 else f"{row % stack + 1:06d}@{row // stack:07d}.mrc"
            file.write(f"TS_{row // 1000:04d} {places} {angles} {shifts} {row % 2 + 1} 1 {image}\n")


def _section(folder):
    star, reference = str(Path(folder) / "run.star"), str(Path(folder) / "reference.mrc")
    return {
        "star": star,
        "reference": reference,
        "mask": "none",
        "class_number": 0,
        "subtomograms": "",
        "search": "full",
        "wedge": "range",
        "tilt": [-60, 60],
        "tilt_axis": "y",
        "voxel_size": 0.0,
    }


def _chunk_files(folder):
    return sorted(Path(folder).glob("chunk*.csv"))


def run_step(step, folder):
    """Do one step.

    Parameters
    ----------
    step : str
        One of `STEPS`.
    folder : str or path
        From `write_input`.
    """
    folder, section = Path(folder), _section(folder)
    if step == "check":
        check_files(section)
    elif step == "share":
        entries = list_particles(read_picked(section["star"], 0), section, 2012)[0]
        size = particles_per_job(len(entries), 250)
        for number, first in enumerate(range(0, len(entries), size)):
            write_entries(folder / f"chunk{number:05d}.csv", entries[first : first + size])
    elif step == "join":
        # as a job leaves them, one after the other
        for path in _chunk_files(folder):
            write_entries(path, [entry.placed(_FOUND, (0.0, 0.1, 0.1)) for entry in read_entries(path)])
        entries = [entry for path in _chunk_files(folder) for entry in read_entries(path)]
        np.nanmedian([entry.rotation_change_deg for entry in entries])
    else:
        entries = [entry for path in _chunk_files(folder) for entry in read_entries(path)]
        state = SimpleNamespace(references=np.empty((2, BOX, BOX, BOX)), voxel_size=VOXEL_NM)
        write_star(folder / "aligned.star", read_picked(section["star"], 0), entries, state)
        scores_table(entries)


def measure(command):
    """Run a command and return what it took.

    Parameters
    ----------
    command : sequence of str

    Returns
    -------
    dict
        ``seconds``, ``cpu_seconds`` and ``peak_mb``.

    Raises
    ------
    subprocess.CalledProcessError
        If it fails.
    """
    start = time.perf_counter()
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), command)
    return {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_mb": used.ru_maxrss / 1024,
    }


def plan_command(checkout, folder):
    """Return the command that plans the rounds of a list.

    Parameters
    ----------
    checkout : str or path
        Of gradalign.
    folder : str or path
        From `write_input`.

    Returns
    -------
    list of str
    """
    words = [sys.executable, "-m", "snakemake", "--snakefile", Path(checkout) / "Snakefile", "--directory", folder]
    words += [
        "--dry-run",
        "--quiet",
        "all",
        "--cores",
        "64",
        "--config",
        "particles=run.star",
        "reference=reference.mrc",
    ]
    return list(map(str, words))
