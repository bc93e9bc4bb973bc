"""``gradalign align``: one subtomogram onto another."""

import click

from gradalign.cli.options import FILE, axis_option, json_option, same_voxel_size, say, seed_option, tilt_option
from gradalign.fourier.transfer import DATA
from gradalign.search.registry import score_names

_EXAMPLES = """\b
Examples:
  gradalign align f.mrc g.mrc --tilt -60 60
  gradalign align f.mrc g.mrc --tilt -60 60 --score likelihood --json
  gradalign align particle.mrc map.mrc --tilt-g -90 90
  gradalign align particle.mrc map.mrc --tilt-g -90 90 --ctf-f particle_ctf.mrc"""


@click.command(epilog=_EXAMPLES, short_help="Align one subtomogram to another.")
@click.argument("f", type=FILE)
@click.argument("g", type=FILE)
@tilt_option
@click.option(
    "--tilt-g",
    nargs=2,
    type=float,
    metavar="MIN MAX",
    help="Tilt range of G if it has another, degrees; -90 90 for a map without a missing wedge.",
)
@axis_option
@click.option(
    "--score",
    type=click.Choice(score_names()),
    default="rcs",
    show_default=True,
    help="Real-space or Fourier-space constrained score, or the likelihood.",
)
@click.option("--interval", type=float, default=60.0, show_default=True, help="Interval of the seed angles, degrees.")
@click.option(
    "--low-pass", type=float, metavar="Å", help="Resolution up to which the volumes are compared, Å; 53 if left out."
)
@click.option("--ctf-f", type=FILE, help="CTF or weight volume of F, with heights and signs.")
@click.option("--ctf-g", type=FILE, help="The same of G; a map without contrast transfer has none.")
@click.option(
    "--ctf-data",
    type=click.Choice(DATA),
    help="What the volumes with a CTF are; as the form of the CTF volume tells if left out.",
)
@click.option(
    "--symmetry",
    default="C1",
    show_default=True,
    help="Point group of the object, Cn or Dn: answers that differ by its elements count as one in the probability.",
)
@seed_option
@json_option
def align(f, g, tilt, tilt_g, tilt_axis, score, interval, low_pass, ctf_f, ctf_g, ctf_data, symmetry, seed, as_json):
    """Find the rotation and translation that move subtomogram G onto subtomogram F.

    f(x) ≈ g(R⁻¹(x − a)), x counted from voxel N//2; R = Rz(φ) Ry(θ) Rz(ψ).
    """
    from gradalign import Settings, align_pair
    from gradalign.io import volume_file
    from gradalign.io.mrc import ANGSTROM_PER_NM, read_volume

    fixed, size_f = read_volume(f)
    moving, size_g = read_volume(g)
    voxel_size = same_voxel_size((f, size_f), (g, size_g))
    transfers = {
        name: volume_file.read(path)[0] for name, path in (("ctf_f", ctf_f), ("ctf_g", ctf_g)) if path is not None
    }
    found = align_pair(
        fixed,
        moving,
        tilt_f=(*tilt, tilt_axis),
        tilt_g=(*(tilt_g or tilt), tilt_axis),
        score=score,
        interval=interval,
        low_pass=None if low_pass is None else low_pass / ANGSTROM_PER_NM,
        voxel_size=voxel_size,
        ctf_data=ctf_data,
        seed=seed,
        settings=Settings(symmetry=symmetry),
        **transfers,
    )
    shift = found.translation * voxel_size * ANGSTROM_PER_NM
    phi, theta, psi = found.euler_zyz
    result = {
        "euler_zyz_deg": found.euler_zyz,
        "rotation": found.rotation,
        "translation_angstrom": shift,
        "translation_voxel": found.translation,
        "voxel_size_angstrom": voxel_size * ANGSTROM_PER_NM,
        "score": score,
        "dissimilarity": found.dissimilarity,
        "verdict": found.verdict,
        "reason": found.reason,
        "rotation_sd_deg": found.rotation_sd,
        "translation_sd_angstrom": found.translation_sd * voxel_size * ANGSTROM_PER_NM,
        "probability": found.probability,
    }
    sentences = [
        f"Rotation      φ = {phi:.2f}°, θ = {theta:.2f}°, ψ = {psi:.2f}°",
        f"Translation   x = {shift[0]:.2f} Å, y = {shift[1]:.2f} Å, z = {shift[2]:.2f} Å",
        f"Dissimilarity {found.dissimilarity:.4g} ({score}; smaller is better)",
        f"Verdict       {found.verdict}{f': {found.reason}' if found.reason else ''}",
    ]
    if found.covariance is not None:
        rotation, translation = result["rotation_sd_deg"], result["translation_sd_angstrom"]
        sentences.append(f"Std. errors   {rotation:.2f}° of rotation, {translation:.2f} Å of translation")
    say(as_json, result, sentences)
