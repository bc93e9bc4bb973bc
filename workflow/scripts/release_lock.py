"""Remove the lock of a study that was killed, unless it still runs; `make report` does so before it goes on.

Usage: python workflow/scripts/release_lock.py [options of snakemake]
"""

import subprocess
import sys
from pathlib import Path

from gradalign.errors import InputError
from gradalign.run.study_lock import check_abandoned, is_locked

if __name__ == "__main__":
    if not is_locked(Path.cwd()):
        sys.exit()
    try:
        check_abandoned(Path.cwd())
    except InputError as error:
        sys.exit(str(error))
    print("The last run was killed; its lock is removed.")
    sys.exit(subprocess.run([sys.executable, "-m", "snakemake", "--unlock", *sys.argv[1:]]).returncode)
