"""RELION on the ladder: particles against a reference by `relion_refine`, stage by stage.

RELION estimates the noise from all particles and averages them anew in every iteration, so that it gets those of a rung
together. The stages are in a file of their own, in RELION's own words.
"""

import resource
import shlex
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from gradalign.errors import InputError
from gradalign.geometry.rotations import rotation_angle
from gradalign.geometry.wedge import measured
from gradalign.io.mrc import ANGSTROM_PER_NM, write_volume
from gradalign.io.star import optics_text, read_particles, table_text
from gradalign.ladder.answer import Answer

PROGRAM = "relion_refine"
# RELION wants a folder in the name of its outputs
_RUN = "Class3D/run"
# voxels by which RELION's circular mask is narrower than the box
_MARGIN = 4
# as a list has to name them; with a wedge or a transfer function given as a volume they count for nothing
_VOLTAGE, _ABERRATION = 300.0, 2.0


class Relion:
    """RELION's three-dimensional classification with one class.

    Parameters
    ----------
    settings : str or path
        File of the stages, see `read_stages`.
    """

    name, tasks = "relion", ("map", "average")

    def __init__(self, settings):
        self._settings = settings

    def missing(self):
        """Return why it cannot take part; empty if it can."""
        return "" if shutil.which(PROGRAM) else f"{PROGRAM} is not on the PATH: apt-get install relion (Debian, Ubuntu)"

    def align(self, observed, seed, symmetry):
        """Align all particles of a rung together, see `gradalign.ladder.contestants.OwnScore.align`.

        The processor time is the mean of all particles.
        """
        stages, cpu = read_stages(self._settings), _children_seconds()
        with TemporaryDirectory(prefix="relion-") as folder:
            write_inputs(folder, observed)
            run_stages(folder, stages, observed, seed)
            before, last = (read_poses(folder, path) for path in _lists(folder)[-2:])
        seconds = (_children_seconds() - cpu) / len(observed.fixed)
        for rotation, translation, former in zip(*last, before[0], strict=True):
            yield Answer(rotation, translation, seconds, last_change=float(rotation_angle(former.T @ rotation)))


def _children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def read_stages(path):
    """Read the stages of a refinement.

    Parameters
    ----------
    path : str or path
        A text file with the arguments of `relion_refine`, a line for each stage; lines that begin with # are comments.

    Returns
    -------
    list of list of str

    Raises
    ------
    InputError
        If there is no such file, or no two stages in it.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError(f"{path}: there is no such file, where the arguments of {PROGRAM} are needed") from error
    stages = [shlex.split(line) for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if len(stages) < 2:
        raise InputError(f"{path}: has {len(stages)} stages, where at least two lines of arguments are needed")
    return stages


def write_inputs(folder, observed):
    """Write what RELION reads: particles, reference, the volume of their transfer, and the list of all.

    Parameters
    ----------
    folder : str or path
    observed : gradalign.ladder.observed.Observed

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    folder, size, box = Path(folder), observed.voxel_size, len(observed.fixed[0])
    outside = _distances(box) > (box - _MARGIN) / 2
    images = [f"particle{number + 1:04d}.mrc" for number in range(len(observed.fixed))]
    for image, volume in zip(images, observed.fixed, strict=True):
        # RELION wants a background of mean 0 and deviation 1
        background = volume[outside].astype(float)
        write_volume(folder / image, (volume - background.mean()) / background.std(), size, (0.0, 0.0, 0.0))
    reference = observed.moving[0]
    write_volume(folder / "reference.mrc", reference - np.median(reference[outside]), size, (0.0, 0.0, 0.0))
    write_volume(folder / "ctf.mrc", _transfer(observed, box), size, (0.0, 0.0, 0.0))
    count = len(images)
    columns = {"rlnImageName": images, "rlnCtfImage": ["ctf.mrc"] * count, "rlnOpticsGroup": ["1"] * count}
    columns["rlnMicrographName"] = ["tomogram"] * count
    text = optics_text(size, box, _VOLTAGE, _ABERRATION) + table_text("particles", columns)
    (folder / "particles.star").write_text(text, encoding="utf-8")


def _distances(box):
    axis = np.arange(box) - box // 2
    return np.sqrt(sum(edge**2 for edge in np.meshgrid(axis, axis, axis, indexing="ij")))


def _transfer(observed, box):
    """Return the wedge, with the transfer function if that is told: [kz, ky, kx], zero frequency at voxel box // 2."""
    axis = np.arange(box) - box // 2
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    wedge = measured(np.stack([x, y, z], axis=-1), observed.tilt_fixed).astype(np.float32)
    return wedge * observed.told["ctf"] if "ctf" in observed.told else wedge


def run_stages(folder, stages, observed, seed):
    """Run `relion_refine` once for each stage.

    Parameters
    ----------
    folder : str or path
        Where `write_inputs` wrote.
    stages : list of list of str
        From `read_stages`.
    observed : gradalign.ladder.observed.Observed
    seed : int
        Of RELION's random numbers.

    Raises
    ------
    InputError
        If RELION ends with an error: its own words.
    """
    diameter = (len(observed.fixed[0]) - _MARGIN) * observed.voxel_size * ANGSTROM_PER_NM
    first = ["--i", "particles.star", "--ref", "reference.mrc", "--o", _RUN]
    first += ["--particle_diameter", f"{diameter:g}", "--random_seed", str(seed)]
    (Path(folder) / _RUN).parent.mkdir(exist_ok=True)
    for number, stage in enumerate(stages):
        if number:
            last = _lists(folder)[-1].relative_to(folder).as_posix()
            first = ["--continue", last.replace("_data.star", "_optimiser.star"), "--o", _RUN]
        done = subprocess.run([PROGRAM, *first, *stage], cwd=folder, capture_output=True, text=True)
        if done.returncode:
            raise InputError(
                f"{PROGRAM}: stage {number + 1} ended with code {done.returncode}: {_complaint(done.stderr)}"
            )


def _complaint(said):
    """Return what RELION says after the word ERROR, or its last line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["without a word"]
    return next((after for line, after in pairwise(lines) if line.startswith("ERROR")), lines[-1])


def _lists(folder):
    """Return the lists of the iterations, in their order."""
    return sorted(Path(folder).glob(f"{_RUN}_it*_data.star"))


def read_poses(folder, path):
    """Read the poses of an iteration, in the order in which `write_inputs` wrote the particles.

    Parameters
    ----------
    folder : str or path
    path : str or path
        A list of RELION's.

    Returns
    -------
    rotations : numpy.ndarray of shape (n, 3, 3)
    translations : numpy.ndarray of shape (n, 3)
        In voxels.

    Raises
    ------
    InputError
        If the list is incomplete.
    """
    found = read_particles(path)
    order = np.argsort([Path(image).name for image in found.images], kind="stable")
    return found.rotations[order], found.translations[order]
