"""Measure speed, accuracy, growth and memory, and write results/benchmark: what `make bench` does.

Usage: OMP_NUM_THREADS=1 python workflow/scripts/benchmark.py [REPEATS]
"""

import os
import sys
from pathlib import Path

from gradalign.benchmarks.report import run_benchmarks
from gradalign.benchmarks.workload import Workload
from gradalign.errors import InputError

PROJECT = Path(__file__).parents[2]

if __name__ == "__main__":
    if os.environ.get("OMP_NUM_THREADS") != "1":
        sys.exit("OMP_NUM_THREADS: must be 1, so that all times are those of one core")
    try:
        summary = run_benchmarks(
            Workload(PROJECT / "config.yaml", PROJECT / "workflow" / "schemas" / "config.schema.yaml"),
            "results",
            int(sys.argv[1]) if len(sys.argv) > 1 else 15,
            lambda text: print(text, file=sys.stderr),
        )
    except InputError as error:
        sys.exit(str(error))
    print(summary.to_string(index=False, float_format="%.4g"))
    goals, missed = summary[summary.goal != ""], summary[summary.met == "MISSED"]
    print(
        f"{len(goals) - len(missed)} of {len(goals)} goals are met; results/benchmark/benchmarks.md holds all numbers"
    )
    for row in missed.itertuples():
        print(f"missed: {row.quantity} is {row.value:.4g} {row.unit}, where {row.goal} is the goal")
