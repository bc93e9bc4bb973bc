"""Hold a run against the reference: exit code 0 if they agree, 1 with a line for each difference if not.

Usage: python workflow/scripts/compare.py results/STUDY
"""

import sys
from pathlib import Path

from gradalign.errors import InputError
from gradalign.report.reference_run import differences

REFERENCE = Path(__file__).parents[2] / "results" / "reference"

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip().splitlines()[-1])
    try:
        found = differences(REFERENCE, sys.argv[1])
    except InputError as error:
        sys.exit(str(error))
    print("\n".join(found) or f"{sys.argv[1]} agrees with results/reference.")
    sys.exit(1 if found else 0)
