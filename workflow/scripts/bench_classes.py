"""Classify mixtures whose classes are known and write docs/classes.csv: what `make bench-classes` does.

Usage: OMP_NUM_THREADS=1 python workflow/scripts/bench_classes.py [SEEDS] [CASE ...]

SEEDS are numbers with commas between them; lines that the table has already are kept as they are.
"""

import os
import sys
from pathlib import Path

import pandas as pd

from gradalign.benchmarks.class_cases import Mixtures
from gradalign.benchmarks.classes import COLUMNS, ROWS, measure
from gradalign.benchmarks.workload import Workload
from gradalign.errors import InputError

PROJECT = Path(__file__).parents[2]
TABLE = PROJECT / "docs" / "classes.csv"


def _say(text):
    print(text, file=sys.stderr)


def measure_all(seeds, names):
    """Measure what the table lacks and print it."""
    config = Workload(PROJECT / "config.yaml", PROJECT / "workflow" / "schemas" / "config.schema.yaml").config
    mixtures = Mixtures(PROJECT / "resources" / "density", config)
    known = pd.read_csv(TABLE) if TABLE.exists() else pd.DataFrame(columns=list(COLUMNS))
    rows = {(row["case"], int(row["seed"])): row for row in known.to_dict("records")}
    for seed in seeds:
        for name in names:
            if (name, seed) not in rows:
                _say(f"{name}, seed {seed}")
                rows[name, seed] = measure(name, mixtures, seed, _say)
                # in the table's order, each line as soon as it is known
                order = [rows[key] for key in sorted(rows, key=lambda key: (list(ROWS).index(key[0]), key[1]))]
                pd.DataFrame(order, columns=list(COLUMNS)).to_csv(TABLE, index=False, float_format="%.4g")
    print(pd.read_csv(TABLE).to_string(index=False))


if __name__ == "__main__":
    if os.environ.get("OMP_NUM_THREADS") != "1":
        sys.exit("OMP_NUM_THREADS: must be 1, so that all times are those of one core")
    chosen = [int(text) for text in sys.argv[1].split(",")] if len(sys.argv) > 1 else [2012, 2013, 2014]
    unknown = [name for name in sys.argv[2:] if name not in ROWS]
    if unknown:
        sys.exit(f"{unknown[0]}: is no case, where one of {', '.join(ROWS)} is needed")
    try:
        measure_all(chosen, sys.argv[2:] or list(ROWS))
    except InputError as error:
        sys.exit(str(error))
