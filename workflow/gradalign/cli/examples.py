"""``gradalign simulate``: subtomograms to try things on, with their truth."""

import json
import re
import shlex
import sys
from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from gradalign.cli.options import json_option, say, seed_option
from gradalign.cli.shipped import shipped_folder
from gradalign.errors import InputError
from gradalign.run.machine import typed_program
from gradalign.simulation.complexes import COMPLEXES
from gradalign.study.columns.classification import OBJECT_COLUMN

OBJECTS = (*COMPLEXES, "phantom")
MICROSCOPE = {"voltage": 300.0, "defocus": -4.0, "spherical_aberration": 2.0, "tilt_step": 1.0}
"""That of the study: kV, µm, mm, degrees."""
_TILTS = ("gradalignTiltMin", "gradalignTiltMax")
# what results can be called
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PHANTOM_BOX, _BOX, _VOXEL_NM = 48, 32, 1.0
_EXAMPLES = """\b
Examples:
  gradalign simulate example
  gradalign particles example/particles.star --reference example/reference.mrc
  gradalign compare results/particles/particles/aligned.star example/truth.star
  gradalign simulate mixture --object groel --object enolase --particles 80"""


@click.command(epilog=_EXAMPLES, short_help="Write an example data set with its truth.")
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--particles", "count", type=click.IntRange(min=2), default=40, show_default=True, help="Subtomograms.")
@click.option(
    "--object",
    "names",
    type=click.Choice(OBJECTS),
    multiple=True,
    default=("rna_polymerase",),
    show_default=True,
    help="Given more than once, the subtomograms show the objects in turn.",
)
@click.option("--snr", type=float, default=0.5, show_default=True, help="Variance of signal over that of noise.")
@click.option("--tilt", type=float, default=60.0, show_default=True, metavar="MAX", help="Tilt range is ±MAX degrees.")
@seed_option
@json_option
def simulate(folder, count, names, snr, tilt, seed, as_json):
    """Write an example data set into FOLDER.

    particles.star lists the subtomograms, boxes of 32 voxels of 10 Å, without angles; truth.star lists them with the
    true angles and origins; reference.mrc is what a perfect average would be. Of several objects truth.star names each
    particle's, and each object has a reference_<object>.mrc.
    """
    from gradalign.io.mrc import ANGSTROM_PER_NM, write_volume

    folder, names = Path(folder), list(dict.fromkeys(names))
    if (folder / "particles.star").exists():
        raise InputError(f"{folder}: holds a particles.star already; name another folder")
    try:
        (folder / "subtomograms").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror})") from error
    objects = {name: _object(name) for name in names}
    sets = {name: _data_set(name, objects[name][0], tilt, snr, seed) for name in names}
    _write_particles(folder, sets, count, as_json)
    references = {}
    for name, (density, *_) in objects.items():
        references[name] = folder / ("reference.mrc" if len(names) == 1 else f"reference_{name}.mrc")
        write_volume(references[name], _data_set(name, density, 90.0, np.inf, seed).example(), _VOXEL_NM)
    single = len(names) == 1
    result = {"folder": str(folder), "particles": count, "object": names[0] if single else names, "snr": snr}
    result |= {"point_group": objects[names[0]][2] if single else [objects[name][2] for name in names]}
    result |= {"box": _BOX, "voxel_size_angstrom": _VOXEL_NM * ANGSTROM_PER_NM, "tilt_deg": [-tilt, tilt]}
    voxel, listed = f"{_VOXEL_NM * ANGSTROM_PER_NM:g} Å", folder / "particles.star"
    titles = ", ".join(objects[name][1] for name in names)
    sentences = [
        f"{count} subtomograms of {titles}, {_BOX}³ voxels of {voxel}, SNR {snr:g}, ±{tilt:g}°",
        f"List        {listed}",
        f"Reference   {', '.join(map(str, references.values()))}",
        f"Truth       {folder / 'truth.star'}",
    ]
    named = ["--name", folder.name] if _NAME.fullmatch(folder.name) else []
    onwards = ["particles", listed, "--reference", references[names[0]]] if single else ["classes", listed, *named]
    sentences.append(f"Next: {shlex.join(map(str, [typed_program(), *onwards]))}")
    say(as_json, result, sentences)


def _data_set(name, density, tilt, snr, seed):
    from gradalign.simulation.dataset import DataSet
    from gradalign.simulation.microscope import Microscope
    from gradalign.simulation.protocol import Protocol

    return DataSet(
        name, density, _VOXEL_NM, tilt, snr, seed, Protocol(Microscope(**MICROSCOPE), box=_BOX, simulation_box=_BOX)
    )


def _write_particles(folder, sets, count, quiet):
    """Write the subtomograms, which show the objects in turn, their list and their truth."""
    from gradalign.base.files import write_text
    from gradalign.io.mrc import write_volume
    from gradalign.io.star import optics_text, table_text, write_particles

    names, poses, images = list(sets), [], []
    with click.progressbar(range(count), label="Simulating", hidden=quiet, file=sys.stderr) as bar:
        for index in bar:
            volume, *pose = sets[names[index % len(names)]].subtomogram(index // len(names))
            poses.append(pose)
            images.append(f"subtomograms/{index + 1:06d}.mrc")
            write_volume(folder / images[-1], volume, _VOXEL_NM)
    truth = replace(sets[names[0]].particles(poses, ""), images=images)
    # a tomogram is named after its object
    kept = _TILTS if len(names) > 1 else ("rlnTomoName", *_TILTS)
    columns = {label: truth.columns[label] for label in kept}
    shown = {} if len(names) == 1 else {OBJECT_COLUMN: [names[index % len(names)] for index in range(count)]}
    truth = replace(truth, columns=columns | shown)
    write_particles(folder / "truth.star", truth)
    optics = optics_text(truth.voxel_size, truth.box, truth.voltage, truth.spherical_aberration)
    listed = table_text("particles", {"rlnImageName": images, "rlnOpticsGroup": ["1"] * count} | columns)
    write_text(folder / "particles.star", optics + listed)


def _object(name):
    """Return density, title and point group of an object."""
    from gradalign.io.mrc import read_volume
    from gradalign.simulation.phantom import phantom

    if name == "phantom":
        return phantom(_BOX, _PHANTOM_BOX), "the phantom", "C1"
    maps = shipped_folder() / "resources" / "density"
    about = json.loads((maps / f"{name}.json").read_text(encoding="utf-8"))
    return read_volume(maps / f"{name}.mrc")[0], about["title"], about["point_group"]
