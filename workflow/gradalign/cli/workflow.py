"""``gradalign particles`` and ``gradalign classes``: the workflow on a user's own subtomograms."""

import subprocess
from importlib.util import find_spec
from pathlib import Path

import click

from gradalign.base.files import no_file
from gradalign.cli.options import FILE, json_option, say
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
  gradalign classes mixture/particles.star --name mixture
  gradalign classes run.star --config mine.yaml --cores 8"""

_shared = (
    click.argument("star", type=FILE),
    click.option("--config", type=FILE, help="YAML file with further settings, laid over config.yaml."),
    click.option("--name", help="Results lie under results/NAME; as the STAR file is called if left out."),
    click.option("--cores", default="all", show_default=True, help="Processor cores to use."),
    json_option,
)


def _with_shared(command):
    for option in reversed(_shared):
        command = option(command)
    return command


@click.command(epilog=_PARTICLES, short_help="Align particles to a reference and average them.")
@_with_shared
@click.option("--reference", type=FILE, required=True, help="MRC file of the particles' box and voxel size.")
def particles(star, config, name, cores, as_json, reference):
    """Align the subtomograms that STAR lists to a reference and average them in rounds, the half sets kept apart.

    The page report.html gives the resolution, the map, orientations and scores; aligned.star and the maps lie beside
    it. The same command goes on where it was interrupted.
    """
    _need_workflow()
    from gradalign.particles.command import ParticlesRun

    _run(ParticlesRun, {"star": star, "reference": reference}, config, name, cores, as_json)


@click.command(epilog=_CLASSES, short_help="Sort particles into classes without a reference.")
@_with_shared
def classes(star, config, name, cores, as_json):
    """Sort the subtomograms that STAR lists into classes, without a reference, and average each class.

    The same command goes on where it was interrupted.
    """
    _need_workflow()
    from gradalign.classes.command import ClassesRun

    _run(ClassesRun, {"star": star}, config, name, cores, as_json)


def _need_workflow():
    """Say so where the aligner is installed without the workflow, whose packages the runs import."""
    if find_spec("snakemake") is None:
        raise InputError("the workflow needs more than the aligner: type pip install '.[study]' in gradalign's folder")


def _run(kind, files, config, name, cores, as_json):
    """Run the workflow in this folder; end with its exit code."""
    from gradalign.run.outcome import outcome_numbers

    needed = {"star": "a STAR file", "reference": "an MRC file", "config": "a configuration"}
    for key, file in {**files, "config": config}.items():
        if file is not None and not Path(file).is_file():
            raise no_file(file, needed[key])
    run = kind(shipped_folder(), files, config, name)
    run.release_lock()
    # what came out stands on standard output, progress on standard error
    code = run.run(cores, **({"stdout": subprocess.DEVNULL} if as_json else {}))
    if as_json and not code:
        say(as_json, outcome_numbers(run.results), ())
    click.get_current_context().exit(code)
