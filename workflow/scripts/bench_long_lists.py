"""Measure lists of many particles and write docs/long_lists.csv: what `make bench-lists` does.

Usage: python workflow/scripts/bench_long_lists.py [COUNT] [PARTICLES_PER_FILE] | STEP FOLDER
"""

import sys
import tempfile
from pathlib import Path

import pandas as pd

from gradalign.benchmarks.long_lists import COLUMNS, STEPS, measure, plan_command, run_step, write_input

PROJECT = Path(__file__).parents[2]
TABLE = PROJECT / "docs" / "long_lists.csv"


def measure_all(count, stack):
    """Measure all steps of one list; its lines replace those of the table."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        write_input(folder, count, stack)
        for step in STEPS:
            command = [sys.executable, __file__, step, folder]
            used = measure(plan_command(PROJECT, folder) if step == "plan" else command)
            rows.append({"particles": count, "particles_per_file": stack, "step": step} | used)
            print(f"{step}: {used['seconds']:.1f} s, {used['peak_mb']:.0f} MB", file=sys.stderr)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    if TABLE.exists():
        known = pd.read_csv(TABLE)
        others = known[(known.particles != count) | (known.particles_per_file != stack)]
        table = pd.concat([others, table]).sort_values(["particles", "particles_per_file"], kind="stable")
    table.to_csv(TABLE, index=False, float_format="%.4g")
    print(f"{TABLE.relative_to(PROJECT)} written.")
    print(table.to_string(index=False))


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in STEPS:
        run_step(sys.argv[1], sys.argv[2])
    else:
        given = dict(enumerate(map(int, sys.argv[1:])))
        measure_all(given.get(0, 1_000_000), given.get(1, 1000))
