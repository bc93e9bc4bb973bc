"""Keep the small outputs of a finished full run as the reference.

Usage: python workflow/scripts/store_reference.py results/STUDY
"""

import sys
from pathlib import Path

from gradalign.errors import InputError
from gradalign.report.reference_run import LARGEST_MB, store
from gradalign.report.statistics import read_paper

ROOT = Path(__file__).parents[2]

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip().splitlines()[-1])
    try:
        manifest = store(
            sys.argv[1],
            ROOT / "results" / "reference",
            ROOT / "envs" / "requirements.lock",
            read_paper(ROOT / "resources" / "paper" / "tables.csv"),
        )
    except InputError as error:
        sys.exit(str(error))
    size = sum((ROOT / "results" / "reference" / name).stat().st_size for name in manifest["files"]) / 1e6
    print(f"results/reference: {len(manifest['files'])} files of {sys.argv[1]}, {size:.1f} of {LARGEST_MB:g} MB")
