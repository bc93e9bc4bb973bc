"""Write docs/results.md and the tables of the other notes from the reference run: what `make docs` does."""

import sys
from pathlib import Path

from gradalign.benchmarks.report import goals_table
from gradalign.errors import InputError
from gradalign.report.csv_tables import read_csv
from gradalign.report.notes import (
    calibrated_complexes_table,
    calibration_table,
    load_table,
    long_lists_table,
    true_masks_table,
    with_tables,
    worse_cells_table,
)
from gradalign.report.results_page import results_document
from gradalign.report.tables.ladder import breaks_table

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = DOCS.parent / "results" / "reference"

# the tables of each note, and how they are made
TABLES = {
    "ladder.md": {"breaks": (breaks_table, REFERENCE / "tables" / "ladder.csv")},
    "method.md": {"true_masks": (true_masks_table, DOCS / "true_masks.csv")},
    "performance.md": {
        "benchmarks": (goals_table, REFERENCE / "benchmark" / "summary.csv"),
        "long_lists": (long_lists_table, DOCS / "long_lists.csv"),
    },
    "protocol.md": {
        "calibration": (calibration_table, DOCS / "calibration.csv"),
        "complexes": (calibrated_complexes_table, DOCS / "calibration_complexes.csv"),
        "worse_cells": (worse_cells_table, DOCS / "calibration_worse_cells.csv"),
    },
    "robustness.md": {"load": (load_table, REFERENCE / "benchmarks" / "run_times.csv")},
}


def notes():
    """Yield the path of each note and its text, all numbers filled in."""
    yield DOCS / "results.md", results_document(REFERENCE, DOCS / "results.template.md")
    for name, tables in TABLES.items():
        # a reference may be kept before its ladder was climbed
        filled = {table: make(read_csv(path)) for table, (make, path) in tables.items() if path.is_file()}
        yield DOCS / name, with_tables((DOCS / name).read_text(encoding="utf-8"), filled)


if __name__ == "__main__":
    try:
        for path, text in notes():
            path.write_text(text, encoding="utf-8")
            print(f"docs/{path.name} written from results/reference")
    except InputError as error:
        sys.exit(str(error))
