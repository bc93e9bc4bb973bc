"""``gradalign simulate``: subtomograms to try things on, with their truth."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from gradalign.cli.options import json_option, say, seed_option
from gradalign.cli.shipped import shipped_folder
from gradalign.errors import InputError

OBJECTS = ("rna_polymerase", "groel", "enolase", "clpp", "phantom")
MICROSCOPE = {"voltage": 300.0, "defocus": -4.0, "spherical_aberration": 2.0, "tilt_step": 1.0}
"""That of the study: kV, µm, mm, degrees."""
_PHANTOM_BOX, _BOX, _VOXEL_NM = 48, 32, 1.0
_EXAMPLES = """\b
Examples:
  gradalign simulate example
  gradalign particles example/particles.star --reference example/reference.mrc
  gradalign compare results/particles/particles/aligned.star example/truth.star"""


@click.command(epilog=_EXAMPLES, short_help="Write an example data set with its truth.")
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--particles", "count", type=click.IntRange(min=2), default=40, show_default=True, help="Subtomograms.")
@click.option("--object", "name", type=click.Choice(OBJECTS), default=OBJECTS[0], show_default=True)
@click.option("--snr", type=float, default=0.5, show_default=True, help="Variance of signal over that of noise.")
@click.option("--tilt", type=float, default=60.0, show_default=True, metavar="MAX", help="Tilt range is ±MAX degrees.")
@seed_option
@json_option
def simulate(folder, count, name, snr, tilt, seed, as_json):
    """Write an example data set into FOLDER.

    particles.star lists the subtomograms, boxes of 32 voxels of 10 Å, without angles; truth.star lists them with the
    true angles and origins; reference.mrc is what a perfect average would be.
    """
    from gradalign.base.files import write_text
    from gradalign.io.mrc import ANGSTROM_PER_NM, write_volume
    from gradalign.io.star import optics_text, table_text, write_particles
    from gradalign.simulation.dataset import DataSet, Protocol
    from gradalign.simulation.microscope import Microscope

    folder = Path(folder)
    if (folder / "particles.star").exists():
        raise InputError(f"{folder}: holds a particles.star already; name another folder")
    density, title, group = _object(name)
    protocol = Protocol(Microscope(**MICROSCOPE), _BOX, _BOX)
    data = DataSet(name, density, _VOXEL_NM, tilt, snr, seed, protocol)
    perfect = DataSet(name, density, _VOXEL_NM, 90.0, np.inf, seed, protocol)
    boxes = folder / "subtomograms"
    try:
        boxes.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror})") from error
    poses, images = [], []
    with click.progressbar(range(count), label="Simulating", hidden=as_json, file=sys.stderr) as bar:
        for index in bar:
            volume, *pose = data.subtomogram(index)
            poses.append(pose)
            images.append(f"subtomograms/{index + 1:06d}.mrc")
            write_volume(folder / images[-1], volume, _VOXEL_NM)
    truth = replace(data.particles(poses, ""), images=images)
    columns = {label: truth.columns[label] for label in ("rlnTomoName", "gradalignTiltMin", "gradalignTiltMax")}
    truth = replace(truth, columns=columns)
    write_particles(folder / "truth.star", truth)
    optics = optics_text(truth.voxel_size, truth.box, truth.voltage, truth.spherical_aberration)
    listed = table_text("particles", {"rlnImageName": images, "rlnOpticsGroup": ["1"] * count} | columns)
    write_text(folder / "particles.star", optics + listed)
    write_volume(folder / "reference.mrc", perfect.example(), _VOXEL_NM)
    result = {"folder": str(folder), "particles": count, "object": name, "point_group": group, "snr": snr}
    result |= {"box": _BOX, "voxel_size_angstrom": _VOXEL_NM * ANGSTROM_PER_NM, "tilt_deg": [-tilt, tilt]}
    voxel = f"{_VOXEL_NM * ANGSTROM_PER_NM:g} Å"
    sentences = [
        f"{count} subtomograms of {title}, {_BOX}³ voxels of {voxel}, SNR {snr:g}, ±{tilt:g}°",
        f"List        {folder / 'particles.star'}",
        f"Reference   {folder / 'reference.mrc'}",
        f"Truth       {folder / 'truth.star'}",
        f"Next: gradalign particles {folder / 'particles.star'} --reference {folder / 'reference.mrc'}",
    ]
    say(as_json, result, sentences)


def _object(name):
    """Return density, title and point group of an object."""
    from gradalign.io.mrc import read_volume
    from gradalign.simulation.phantom import phantom

    if name == "phantom":
        return phantom(_BOX, _PHANTOM_BOX), "the phantom", "C1"
    maps = shipped_folder() / "resources" / "density"
    about = json.loads((maps / f"{name}.json").read_text(encoding="utf-8"))
    return read_volume(maps / f"{name}.mrc")[0], about["title"], about["point_group"]
