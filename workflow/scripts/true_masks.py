"""Measure pairs under masks along the particles' true surfaces, and write docs/true_masks.csv.

Usage: python workflow/scripts/true_masks.py
"""

from pathlib import Path

import yaml

from gradalign.io.csv_lines import write_records
from gradalign.ladder.climb import open_site
from gradalign.ladder.robust import ROWS
from gradalign.ladder.rungs import PLAIN, conditions
from gradalign.ladder.true_masks import COLUMNS, measure
from gradalign.ladder.true_masks import ROWS as NAMES

ROOT = Path(__file__).parents[2]


def lines():
    """Yield the lines of all rows."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    known, rows = conditions(config["ladder"]["conditions"]), {row.name: row for row in ROWS}
    for name in NAMES:
        rung = rows[name].rung
        maps = {(rung.object, False): ROOT / "resources" / "density" / f"{rung.object}.mrc"}
        site, alone = (open_site(rung, known[condition], maps, config) for condition in (rung.condition, PLAIN))
        for found in measure(name, site, rung, alone):
            print(*found.values(), sep="  ", flush=True)
            yield found


if __name__ == "__main__":
    output = ROOT / "docs" / "true_masks.csv"
    write_records(output, COLUMNS, lines())
    print(f"{output.relative_to(ROOT)} is written")
