"""The command's entrance: its sub-commands, its version, and how mistakes are told."""

import importlib
import sys

import click

import gradalign
from gradalign.errors import InputError
from gradalign.run.machine import take_utf8

_COMMANDS = {
    "align": "align_two",
    "particles": "workflow",
    "classes": "workflow",
    "average": "averages",
    "simulate": "examples",
    "compare": "comparing",
}

EXIT_CODES = """\b
Exit codes:
  0    done
  1    an input cannot be used, one sentence says which and why; or a job failed
  2    the command itself was mistyped
  130  interrupted with Ctrl-C"""


class _Commands(click.Group):
    """Sub-commands that are imported when they are called, and refusals in one sentence."""

    def main(self, args=None, *others, **options):
        if args is None:
            # as it is called from a shell
            take_utf8()
        # letters that the locale cannot write, in a result or in the name of a file
        sys.stdout.reconfigure(errors="backslashreplace")
        return super().main(args, *others, **options)

    def list_commands(self, ctx):
        return list(_COMMANDS)

    def get_command(self, ctx, name):
        if name not in _COMMANDS:
            return None
        module = importlib.import_module(f"gradalign.cli.{_COMMANDS[name]}")
        return getattr(module, name)

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except InputError as error:
            click.echo(f"gradalign {ctx.invoked_subcommand}: {error}", err=True)
            ctx.exit(1)
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(130)


@click.group(cls=_Commands, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(gradalign.__version__, prog_name="gradalign")
def main():
    """Gradient-guided alignment of cryo-electron subtomograms.

    Angles are in degrees and lengths in Å. Volumes are MRC files, cubes with density bright, the beam along z; voxel
    sizes are read from their headers.
    """


if __name__ == "__main__":
    sys.exit(main())
