"""Run as a RELION External job: relion_external --o External/job001/ --in_parts run.star --in_3dref ref.mrc [...].

RELION's parameters, `--symmetry C2` and the like, are keys of the section `particles` of the configuration.
"""

import argparse
import sys
from pathlib import Path

import yaml

from gradalign.errors import InputError
from gradalign.particles.relion_job import run_job
from gradalign.run.machine import take_utf8

CHECKOUT = Path(__file__).parents[2]
INPUTS = {"in_parts": "star", "in_3dref": "reference", "in_mask": "mask"}


def parameters(words):
    """Return RELION's parameters, pairs of --label and value, as keys of the section."""
    if len(words) % 2 or not all(word.startswith("--") for word in words[::2]):
        sys.exit(f"{' '.join(words)}: should be pairs of --key and value, as RELION gives the parameters of a job")
    return {label[2:]: yaml.safe_load(value) for label, value in zip(words[::2], words[1::2], strict=True)}


if __name__ == "__main__":
    take_utf8()
    # names of files that the locale cannot write
    sys.stdout.reconfigure(errors="backslashreplace")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--o", required=True)
    for name in INPUTS:
        parser.add_argument(f"--{name}", default="")
    parser.add_argument("--j", type=int, default=1)
    parser.add_argument("--config", default="")
    parser.add_argument("--pipeline_control", default="")
    given, others = parser.parse_known_args()
    files = {key: getattr(given, name) for name, key in INPUTS.items() if getattr(given, name)}
    try:
        sys.exit(run_job(CHECKOUT, given.o, files | parameters(others), given.config or None, given.j))
    except InputError as error:
        # where RELION shows it
        print(error)
        sys.exit(str(error))
