"""Measure what the scores make of other people's volumes, and write docs/robust_alignment.csv.

Usage: python workflow/scripts/robust.py [--pairs 48] [--rows NAME ...] [--output FILE]
"""

import argparse
import csv
import hashlib
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import yaml

from gradalign.base.sources import source_files
from gradalign.io.csv_lines import write_records
from gradalign.io.provenance import read_provenance
from gradalign.ladder.robust import COLUMNS, PAIRS, ROWS, judged, measure
from gradalign.ladder.rungs import conditions

ROOT = Path(__file__).parents[2]
DENSITY = ROOT / "resources" / "density"


def digest():
    """Return a name for all that the rows follow from, so that rows of other sources are not taken for these."""
    found = hashlib.sha256()
    for path in sorted([*source_files(__file__), ROOT / "config.yaml"]):
        found.update(Path(path).read_bytes())
    return found.hexdigest()[:12]


def measured(row, pairs, folder):
    """Return the file of a row, made unless it is there."""
    path = folder / f"{row.name.replace(' ', '_').replace('/', '')}_{pairs}.csv"
    if not path.exists():
        config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
        condition = conditions(config["ladder"]["conditions"])[row.rung.condition]
        maps = {(row.rung.object, fine): DENSITY / ("fine" * fine) / f"{row.rung.object}.mrc" for fine in (False, True)}
        symmetry = read_provenance(DENSITY / f"{row.rung.object}.json")["point_group"]
        write_records(path, COLUMNS, measure(row, condition, maps, symmetry, config, pairs))
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--rows", nargs="+", choices=[row.name for row in ROWS], default=[row.name for row in ROWS])
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "robust_alignment.csv")
    options = parser.parse_args()
    folder = ROOT / "results" / "robust" / digest()
    folder.mkdir(parents=True, exist_ok=True)
    rows = [row for row in ROWS if row.name in options.rows]
    lines = []
    with ProcessPoolExecutor(min(2, os.cpu_count())) as pool:
        for row, path in zip(rows, pool.map(partial(measured, pairs=options.pairs, folder=folder), rows), strict=True):
            with open(path, encoding="utf-8", newline="") as file:
                own = list(csv.DictReader(file))
            lines += own
            print(f"{row.name}: {own[0]['rotation_median_deg']} deg, lost {own[0]['lost']}", flush=True)
    write_records(options.output, COLUMNS, judged(lines))
    print(f"{sum(each['reached'] == 'yes' for each in lines)} of {len(rows)} rows reach their goal: {options.output}")
