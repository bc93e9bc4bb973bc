import numpy as np
import pandas as pd
import pytest
from invented import BOUNDS, PAPER, alignments, one_cell

from gradalign.errors import InputError
from gradalign.report.statistics import summarise, summarise_complexes
from gradalign.report.tables.bounds import (
    bounds_markdown,
    complexes_bounds_markdown,
    complexes_with_bounds,
    read_bounds,
    scans_with_bounds,
    with_bounds,
)


def bounds(**columns):
    """Bounds that differ from cell to cell."""
    values = np.arange(1.0, len(BOUNDS) + 1)
    return BOUNDS.assign(bound_known=values, bound=values + 0.5, **columns)


def test_each_cell_gets_the_bound_of_its_tilt_range_ratio_search_and_quantity():
    rows = summarise(pd.concat([alignments("full"), alignments("axis")]), PAPER)
    found = with_bounds(rows, bounds())
    pd.testing.assert_frame_equal(found[rows.columns], rows)
    expected = bounds().set_index(["search", "quantity", "tilt_deg", "snr"])
    for row in found.itertuples():
        cell = expected.loc[(row.search, row.quantity, row.tilt_deg, row.snr)]
        assert (row.bound_known, row.bound) == (cell.bound_known, cell.bound)


def test_a_cell_without_a_bound_has_none():
    rows = with_bounds(summarise(one_cell([1.0, 2.0], tilt_deg=65), PAPER), bounds())
    assert rows.bound.isna().all() and rows.bound_known.isna().all()
    assert bounds_markdown(rows[rows.table == 1]).splitlines()[-1] == "| ±65° | – |"


def test_bounds_survive_their_file_even_where_every_number_is_whole(tmp_path):
    path = tmp_path / "phantom.csv"
    cells = bounds()
    cells[(cells.tilt_deg == 60) & (cells.snr == 1)].astype({"snr": int}).to_csv(path, index=False)
    rows = with_bounds(summarise(one_cell([1.0, 2.0], snr=1), PAPER), read_bounds(path))
    assert rows.bound.notna().all()


def test_files_that_hold_no_bounds_are_named(tmp_path):
    with pytest.raises(InputError, match=r"missing\.csv"):
        read_bounds(tmp_path / "missing.csv")
    bounds().drop(columns="bound").to_csv(tmp_path / "half.csv")
    with pytest.raises(InputError, match=r"half\.csv: lacks the column\(s\) bound"):
        read_bounds(tmp_path / "half.csv")


def test_markdown_gives_a_line_for_each_tilt_range_the_known_signal_in_brackets():
    rows = with_bounds(summarise(alignments(), PAPER), BOUNDS)
    lines = bounds_markdown(rows[rows.table == 1]).splitlines()
    assert lines[0].startswith("**Bound**")
    assert lines[2] == "| Tilt | SNR ∞ | SNR 1 | SNR 0.5 | SNR 0.1 |"
    assert lines[-6:] == [f"| ±{tilt}° | {' | '.join(4 * ['0.12 (0.11)'])} |" for tilt in (90, 80, 70, 60, 50, 40)]


def test_complexes_have_the_bounds_of_all_three_errors_and_no_axis_without_symmetry():
    about = {
        "groel": {"title": "GroEL", "point_group": "D7", "stand_in_for": None},
        "rna_polymerase": {"title": "RNA polymerase", "point_group": "C1", "stand_in_for": None},
    }
    quantities = ["rotation_deg", "translation_voxel", "axis_deg"]
    frames = {
        name: pd.DataFrame({"search": "full", "quantity": quantities, "tilt_deg": 60, "snr": 0.5}).assign(
            bound_known=[first, first + 1, first + 2], bound=[first + 3, first + 4, first + 5]
        )
        for name, first in (("groel", 10), ("rna_polymerase", 20))
    }
    rows = summarise_complexes({name: one_cell([1.0, 2.0]) for name in about}, about)
    groel, polymerase = complexes_with_bounds(rows, frames).itertuples(index=False)
    assert (groel.bound_known, groel.axis_bound_known, groel.translation_bound_known) == (10, 12, 11)
    assert (groel.bound, groel.axis_bound, groel.translation_bound) == (13, 15, 14)
    assert (polymerase.bound, polymerase.translation_bound) == (23, 24)
    assert np.isnan([polymerase.axis_bound, polymerase.axis_bound_known]).all()
    assert complexes_bounds_markdown(complexes_with_bounds(rows, frames)).splitlines()[-2:] == [
        "| GroEL | ±60° | 0.5 | 13 (10) | 15 (12) | 14 (11) |",
        "| RNA polymerase | ±60° | 0.5 | 23 (20) | – | 24 (21) |",
    ]


def test_scans_have_the_bounds_of_the_full_search_and_none_where_there_is_no_such_cell():
    rows = pd.DataFrame({"tilt_deg": [60, 65], "snr": [0.5, 0.5], "scan_interval_deg": 30})
    there, elsewhere = scans_with_bounds(rows, bounds()).itertuples(index=False)
    cell = bounds().set_index(["search", "quantity", "tilt_deg", "snr"]).sort_index()
    for quantity, prefix in (("rotation_deg", ""), ("translation_voxel", "translation_")):
        expected = cell.loc[("full", quantity, 60, 0.5)]
        assert getattr(there, f"{prefix}bound_known") == expected.bound_known
        assert getattr(there, f"{prefix}bound") == expected.bound
        assert np.isnan(getattr(elsewhere, f"{prefix}bound"))
