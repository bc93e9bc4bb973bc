"""``gradalign average``: aligned subtomograms, averaged."""

import sys
from pathlib import Path

import click
import numpy as np

from gradalign.cli.options import FILE, axis_option, json_option, say, tilt_option
from gradalign.errors import InputError
from gradalign.fourier.transfer import DATA
from gradalign.particles.particle_ctf import AS_LISTED, IGNORED

_EXAMPLES = """\b
Examples:
  gradalign average aligned.star average.mrc
  gradalign average run.star average.mrc --tilt -60 60 --symmetry D7"""


@click.command(epilog=_EXAMPLES, short_help="Average aligned subtomograms.")
@click.argument("star", type=FILE)
@click.argument("output", type=click.Path(dir_okay=False))
@tilt_option
@axis_option
@click.option("--symmetry", default="C1", show_default=True, help="Point group that the average gets, Cn or Dn.")
@click.option(
    "--ctf",
    type=click.Choice((AS_LISTED, IGNORED, *DATA)),
    default=AS_LISTED,
    show_default=True,
    help="What subtomograms with rlnCtfImage are; auto: as the list or the form of the CTF volume tells; none: CTF "
    "volumes are not read.",
)
@json_option
def average(star, output, tilt, tilt_axis, symmetry, ctf, as_json):
    """Average the subtomograms of STAR as its angles and origins place them, and write OUTPUT (MRC).

    Each frequency is the mean over the subtomograms that measured it, weighted by CTF² where they have a CTF volume;
    the half maps are written beside it as OUTPUT_half1.mrc and OUTPUT_half2.mrc. Tilt ranges are those of the CTF
    volumes or of the columns gradalignTiltMin and -Max, if there are any. The resolution is worth something only if
    the half sets were aligned apart.
    """
    from gradalign.averaging.fsc import fourier_shell_correlation, resolution
    from gradalign.io.mrc import ANGSTROM_PER_NM, write_volume
    from gradalign.particles.opening import list_particles
    from gradalign.particles.star import read_picked

    if Path(output).suffix != ".mrc":
        raise InputError(f"{output}: has another ending than .mrc, which an average is written as")
    picked = read_picked(star)
    if picked.angles is None:
        raise InputError(f"{star}: has no angles (_rlnAngleRot), which an average needs; align the particles first")
    wedge = "auto" if ctf != IGNORED else "range" if picked.tilts is None else "columns"
    section = {"wedge": wedge, "tilt": tilt, "tilt_axis": str(tilt_axis), "voxel_size": 0}
    entries, box, size = list_particles(picked, section, seed=0)
    label = f"Averaging {len(entries)} subtomograms"
    with click.progressbar(entries, label=label, hidden=as_json, file=sys.stderr) as bar:
        sums = half_sums(bar, ctf, box, size, symmetry)
    maps = {half: each.volume() for half, each in sums.items()}
    frequencies, correlations = fourier_shell_correlation(*maps.values())
    reached = resolution(frequencies, correlations, 0.143, size) * ANGSTROM_PER_NM
    sums["1"].merge(sums["2"])
    files = {half: Path(output).with_name(f"{Path(output).stem}_half{half}.mrc") for half in maps}
    write_volume(output, sums["1"].volume(), size)
    for half, path in files.items():
        write_volume(path, maps[half], size)
    result = {"average": output, "half_maps": [str(path) for path in files.values()], "particles": len(picked)}
    result |= {"resolution_angstrom": reached, "voxel_size_angstrom": size * ANGSTROM_PER_NM}
    reach = "none: the half maps nowhere agree" if np.isnan(reached) else f"{reached:.1f} Å (FSC 0.143, whole box)"
    sentences = [
        f"Average      {output}, {len(picked)} subtomograms of {box}³ voxels of {size * ANGSTROM_PER_NM:g} Å",
        f"Half maps    {', '.join(result['half_maps'])}",
        f"Resolution   {reach}",
    ]
    say(as_json, result, sentences)


def half_sums(entries, ctf, box, voxel_size, symmetry):
    """Add subtomograms up in the places that their list gives.

    Parameters
    ----------
    entries : iterable of gradalign.particles.entries.Entry
        Both half sets.
    ctf : str
        As of `gradalign.particles.particle_ctf.particle_transfer`.
    box : int
        Their edge in voxels.
    voxel_size : float
        In nm.
    symmetry : str

    Returns
    -------
    dict of str to gradalign.averaging.wedge_average.WedgeAverage
        As of `gradalign.particles.rounds.empty_sums`.

    Raises
    ------
    InputError
        If a file is damaged.
    """
    from gradalign.averaging.wedge_average import sampler
    from gradalign.particles.images import read_particle
    from gradalign.particles.particle_ctf import particle_transfer, summed
    from gradalign.particles.rounds import empty_sums, particle_wedge

    sums = empty_sums(box, symmetry)
    for entry in entries:
        volume = read_particle(entry.image, box, voxel_size, entry.box_rotation)
        added, weights = summed(volume, particle_transfer(entry, ctf, box))
        sums[str(entry.half)].add(sampler(added), entry.start, entry.centre, particle_wedge(entry), weights)
    return sums
