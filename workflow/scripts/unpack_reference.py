"""Lay out the reference as a run, so that its tables and figures can be made anew.

Usage: python workflow/scripts/unpack_reference.py results/STUDY
"""

import sys
from pathlib import Path

from gradalign.errors import InputError
from gradalign.report.reference_run import unpack

REFERENCE = Path(__file__).parents[2] / "results" / "reference"

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip().splitlines()[-1])
    try:
        unpack(REFERENCE, sys.argv[1])
    except InputError as error:
        sys.exit(str(error))
