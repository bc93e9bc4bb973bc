"""Align and average a user's particles; `make particles` and RELION's External job do so.

Usage: python workflow/scripts/particles.py [--star FILE] [--reference FILE] [--config FILE] [--name NAME] [--cores N]
"""

import argparse
import sys
from pathlib import Path

from gradalign.errors import InputError
from gradalign.particles.command import ParticlesRun

CHECKOUT = Path(__file__).parents[2]

if __name__ == "__main__":
    # names of files that the locale cannot write
    sys.stdout.reconfigure(errors="backslashreplace")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("star", "reference", "config", "name"):
        parser.add_argument(f"--{name}", default="")
    parser.add_argument("--cores", default="all")
    given = parser.parse_args()
    try:
        run = ParticlesRun(
            CHECKOUT, {"star": given.star, "reference": given.reference}, given.config or None, given.name or None
        )
        run.release_lock()
        sys.exit(run.run(given.cores))
    except InputError as error:
        sys.exit(str(error))
