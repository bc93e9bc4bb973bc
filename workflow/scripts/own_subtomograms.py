"""Run the workflow on a user's subtomograms; `make particles` and `make classes` do so.

Usage: python workflow/scripts/own_subtomograms.py particles [--star FILE] [--reference FILE] [--config FILE]
           [--name NAME] [--cores N]
       python workflow/scripts/own_subtomograms.py classes [--star FILE] [--config FILE] [--name NAME] [--cores N]
"""

import argparse
import sys
from pathlib import Path

from gradalign.run.interrupts import end_with_a_sentence
from gradalign.run.machine import take_utf8

# the rest takes a second to load
end_with_a_sentence()
take_utf8()

from gradalign.classes.command import ClassesRun  # noqa: E402
from gradalign.errors import InputError  # noqa: E402
from gradalign.particles.command import ParticlesRun  # noqa: E402

CHECKOUT = Path(__file__).parents[2]
FILES = {ParticlesRun: ("star", "reference"), ClassesRun: ("star",)}

if __name__ == "__main__":
    # names of files that the locale cannot write
    sys.stdout.reconfigure(errors="backslashreplace")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kinds = parser.add_subparsers(required=True)
    for kind, names in FILES.items():
        asked = kinds.add_parser(kind.section)
        asked.set_defaults(kind=kind)
        for name in (*names, "config", "name"):
            asked.add_argument(f"--{name}", default="")
        asked.add_argument("--cores", default="all")
    given = parser.parse_args()
    try:
        files = {name: getattr(given, name) for name in FILES[given.kind]}
        run = given.kind(CHECKOUT, files, given.config or None, given.name or None)
        run.release_lock()
        sys.exit(run.run(given.cores))
    except InputError as error:
        sys.exit(str(error))
