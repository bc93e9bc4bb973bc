"""Install what envs/NAME.lock pins into the environment whose Python runs this, and say how far it is.

Usage: .venv/bin/python envs/install.py envs/NAME.lock [options of pip]
"""

import re
import subprocess
import sys
from pathlib import Path

EVERY = 20
"""Packages between two lines."""


def install(lock, options):
    """Run pip; return its exit code.

    Parameters
    ----------
    lock : str
        The file.
    options : list of str
    """
    total = len(re.findall(r"^[a-z0-9-]+==", Path(lock).read_text(encoding="utf-8"), flags=re.MULTILINE))
    # some are for other systems alone
    print(f"Installing the {total} packages of {lock} into .venv: a minute or two.", flush=True)
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    command += ["--require-hashes", "--requirement", lock, *options]
    collected = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as pip:
        for line in pip.stdout:
            collected += line.startswith("Collecting")
            if line.startswith("Collecting") and collected % EVERY == 0:
                print(f"  {collected} of {total} packages fetched", flush=True)
            elif line.startswith("Installing"):
                print("  all fetched; now they are unpacked", flush=True)
    return pip.returncode


if __name__ == "__main__":
    try:
        sys.exit(install(sys.argv[1], sys.argv[2:]))
    except KeyboardInterrupt:
        sys.exit(130)
