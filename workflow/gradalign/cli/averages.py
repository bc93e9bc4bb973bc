"""``gradalign average``: aligned subtomograms, averaged."""

import sys
from pathlib import Path

import click
import numpy as np

from gradalign.cli.options import FILE, axis_option, json_option, say, tilt_option
from gradalign.errors import InputError

_EXAMPLES = """\b
Examples:
  gradalign average aligned.star average.mrc
  gradalign average run.star average.mrc --tilt -60 60 --symmetry D7"""


@click.command(epilog=_EXAMPLES, short_help="Average aligned subtomograms.")
@click.argument("star", type=FILE)
@click.argument("output", type=FILE)
@tilt_option
@axis_option
@click.option("--symmetry", default="C1", show_default=True, help="Point group that the average gets, Cn or Dn.")
@json_option
def average(star, output, tilt, tilt_axis, symmetry, as_json):
    """Average the subtomograms of STAR as its angles and origins place them, and write OUTPUT (MRC).

    Each frequency is the mean over the subtomograms that measured it; the half maps are written beside it as
    OUTPUT_half1.mrc and OUTPUT_half2.mrc. Tilt ranges are those of the columns gradalignTiltMin and -Max, if there are
    any. The resolution is worth something only if the half sets were aligned apart.
    """
    from gradalign.averaging.fsc import fourier_shell_correlation, resolution
    from gradalign.averaging.wedge_average import WedgeAverage, sampler
    from gradalign.io.mrc import ANGSTROM_PER_NM, write_volume
    from gradalign.io.star import from_relion
    from gradalign.particles.images import inspect, read_particle
    from gradalign.particles.places import Finder
    from gradalign.particles.star import read_picked

    if Path(output).suffix != ".mrc":
        raise InputError(f"{output}: has another ending than .mrc, which an average is written as")
    picked = read_picked(star)
    if picked.angles is None:
        raise InputError(f"{star}: has no angles (_rlnAngleRot), which an average needs; align the particles first")
    finder = Finder(picked.path)
    places = [finder.place(image) for image in picked.images]
    box, header = inspect(places[0])
    size = (picked.pixel_size or 0.0) / ANGSTROM_PER_NM or header
    if not size:
        raise InputError(f"{star}: tells no pixel size, nor does {places[0]}")
    rotations = from_relion(picked.angles, np.zeros((len(picked), 3)), size)[0]
    translations = picked.translations(size)
    halves = np.arange(len(picked)) % 2 + 1 if picked.subsets is None else picked.subsets
    wedges = [tuple(row) for row in picked.tilts] if picked.tilts is not None else [(*tilt, tilt_axis)] * len(picked)
    sums = {}
    label = f"Averaging {len(picked)} subtomograms"
    with click.progressbar(places, label=label, hidden=as_json, file=sys.stderr) as bar:
        for row, where in enumerate(bar):
            volume = read_particle(where, box, size)
            if not sums:
                scale = float(np.abs(volume).max())
                sums = {half: WedgeAverage(box, scale, symmetry) for half in (1, 2)}
            sums[int(halves[row])].add(sampler(volume), rotations[row], translations[row], wedges[row])
    maps = {half: each.volume() for half, each in sums.items()}
    frequencies, correlations = fourier_shell_correlation(*maps.values())
    reached = resolution(frequencies, correlations, 0.143, size) * ANGSTROM_PER_NM
    sums[1].merge(sums[2])
    files = {half: Path(output).with_name(f"{Path(output).stem}_half{half}.mrc") for half in maps}
    write_volume(output, sums[1].volume(), size)
    for half, path in files.items():
        write_volume(path, maps[half], size)
    result = {"average": output, "half_maps": [str(path) for path in files.values()], "particles": len(picked)}
    result |= {"resolution_angstrom": reached, "voxel_size_angstrom": size * ANGSTROM_PER_NM}
    reach = "none: the half maps nowhere agree" if np.isnan(reached) else f"{reached:.1f} Å (FSC 0.143, whole box)"
    sentences = [
        f"Average      {output}, {len(picked)} subtomograms of {box}³ voxels of {size * ANGSTROM_PER_NM:g} Å",
        f"Half maps    {files[1]}, {files[2]}",
        f"Resolution   {reach}",
    ]
    say(as_json, result, sentences)
