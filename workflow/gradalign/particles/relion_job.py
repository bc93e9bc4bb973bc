"""A job of RELION's type External: called as RELION calls it, leaving behind what RELION looks for.

RELION starts the job in the project's folder, from which all names count, and redirects what it says to run.out.
"""

import os
import shutil
import subprocess
from pathlib import Path

from gradalign.base.files import write_text
from gradalign.errors import InputError
from gradalign.io.star_text import table_text
from gradalign.particles.command import ParticlesRun

SUCCESS, FAILURE = "RELION_JOB_EXIT_SUCCESS", "RELION_JOB_EXIT_FAILURE"
# RELION 3.1 knows its nodes by number, later ones by label
_NODES = {
    "aligned.star": (3, "ParticleGroupMetadata.star.relion"),
    "average.mrc": (6, "DensityMap.mrc"),
    "average_half1.mrc": (10, "DensityMap.mrc.relion.halfmap"),
}
_FILES = ("star", "tomograms", "reference", "mask")
_COPIED = (*_NODES, "average_half2.mrc", "average_filtered.mrc", "scores.csv", "summary.txt")


def write_nodes(folder):
    """Write which files of a job's folder others may take as input.

    Parameters
    ----------
    folder : str or path
        As RELION named it, from the project's folder.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    nodes = {
        "rlnPipeLineNodeName": [os.path.join(folder, name) for name in _NODES],
        "rlnPipeLineNodeType": [number for number, _ in _NODES.values()],
        "rlnPipeLineNodeTypeLabel": [label for _, label in _NODES.values()],
    }
    write_text(Path(folder) / "RELION_OUTPUT_NODES.star", table_text("output_nodes", nodes))


def run_job(checkout, folder, files, config=None, cores=1):
    """Align and average the particles of a RELION project as one of its jobs.

    Parameters
    ----------
    checkout : str or path
        Of gradalign.
    folder : str or path
        The job's, from the project's folder, in which this runs.
    files : dict of str to str
        ``star``, ``reference`` and ``mask``, and other keys of the section ``particles``.
    config : str, optional
        A configuration file.
    cores : int

    Returns
    -------
    int
        The exit code. RELION_JOB_EXIT_SUCCESS or RELION_JOB_EXIT_FAILURE lies in the folder then.

    Raises
    ------
    InputError
        If something is missing or wrong; RELION_JOB_EXIT_FAILURE lies in the folder.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in (SUCCESS, FAILURE):
        (folder / name).unlink(missing_ok=True)
    done = False
    try:
        whole = {key: os.path.abspath(name) if key in _FILES else name for key, name in files.items()}
        run = ParticlesRun(checkout, whole, config, name="job", folder=folder)
        run.release_lock()
        # all to standard output, which RELION keeps as run.out
        code = run.run(cores, stderr=subprocess.STDOUT)
        if code == 0:
            for name in _COPIED:
                shutil.copyfile(folder / run.results / name, folder / name)
            write_nodes(folder)
            done = True
        return code
    except OSError as error:
        raise InputError(f"{folder}: cannot be written into ({error.strerror or error})") from error
    finally:
        (folder / (SUCCESS if done else FAILURE)).touch()
