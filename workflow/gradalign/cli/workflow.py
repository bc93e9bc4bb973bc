"""``gradalign particles`` and ``gradalign classes``: the workflow on a user's own subtomograms."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from gradalign.cli.options import FILE
from gradalign.cli.shipped import shipped_folder
from gradalign.errors import InputError

_PARTICLES = """\b
Examples:
  gradalign simulate example
  gradalign particles example/particles.star --reference example/reference.mrc
  gradalign particles run.star --reference ref.mrc --config mine.yaml --cores 8"""
_CLASSES = """\b
Examples:
  gradalign simulate mixture --object groel --object enolase
  gradalign classes mixture/particles.star
  gradalign classes run.star --config mine.yaml --cores 8"""

_shared = (
    click.argument("star", type=FILE),
    click.option("--config", type=FILE, help="YAML file with further settings, laid over config.yaml."),
    click.option("--name", help="Results lie under results/NAME; as the STAR file is called if left out."),
    click.option("--cores", default="all", show_default=True, help="Processor cores to use."),
)


def _with_shared(command):
    for option in reversed(_shared):
        command = option(command)
    return command


@click.command(epilog=_PARTICLES, short_help="Align particles to a reference and average them.")
@_with_shared
@click.option("--reference", type=FILE, required=True, help="MRC file of the particles' box and voxel size.")
def particles(star, config, name, cores, reference):
    """Align the subtomograms that STAR lists to a reference and average them in rounds, the half sets kept apart.

    The page report.html gives the resolution, the map, orientations and scores; aligned.star and the maps lie beside
    it. The same command goes on where it was interrupted.
    """
    _run({"particles": {"star": star, "reference": reference}}, star, config, name, cores, "particles")


@click.command(epilog=_CLASSES, short_help="Sort particles into classes without a reference.")
@_with_shared
def classes(star, config, name, cores):
    """Sort the subtomograms that STAR lists into classes, without a reference, and average each class.

    The same command goes on where it was interrupted.
    """
    _run({"classes": {"star": star}}, star, config, name, cores, "classes")


def _run(asked, star, config, name, cores, part):
    """Run the workflow in this folder and say what came out; end with its exit code."""
    if find_spec("snakemake") is None:
        raise InputError("the workflow needs more than the aligner: install it with pip install 'gradalign[study]'")
    for file in (star, config, *asked[part].values()):
        if file is not None and not Path(file).is_file():
            raise InputError(f"{file}: there is no such file")
    name = name or re.sub(r"[^A-Za-z0-9._-]", "_", Path(star).stem)
    folder = Path("results") / name
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(shipped_folder() / "Snakefile"), "--cores", cores]
    command += ["--keep-going", "--configfile", *([config] if config else []), str(_written(folder, asked, name))]
    code = subprocess.run(command).returncode
    if code:
        click.get_current_context().exit(code)
    for line in (folder / part / "summary.txt").read_text(encoding="utf-8").splitlines():
        click.echo(line)
    click.echo(f"Results: {folder / part}/")


def _written(folder, asked, name):
    """Write what was asked for where Snakemake's jobs find it; on their command line blanks would part it."""
    import yaml

    from gradalign.base.files import write_text

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror}); run in a folder of your own") from error
    path = folder / "asked.yaml"
    write_text(path, yaml.safe_dump({"name": name} | asked, allow_unicode=True))
    return path
