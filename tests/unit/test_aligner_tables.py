"""Other aligners in tables and figures: apart from the study's own scores, missing pairs counted."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented import BOUNDS, PAPER, alignments, one_cell

from gradalign.base.medians import median_and_deviation
from gradalign.report.csv_tables import read_csv, write_csv
from gradalign.report.figures.style import BODY, Page
from gradalign.report.figures.tables import complexes_figure, table_figure
from gradalign.report.numbers import number, spread
from gradalign.report.statistics import summarise, summarise_complexes
from gradalign.report.tables.bounds import complexes_with_bounds, with_bounds
from gradalign.report.tables.complexes import complexes_caption, write_complexes_markdown
from gradalign.report.tables.phantom import table_caption, write_markdown

ABOUT = {"groel": {"title": "GroEL (1MNF)", "point_group": "D7", "stand_in_for": None}}


def theirs(errors, name="theirs", **columns):
    """Return lines of another aligner, None for a missing pair."""
    frame = one_cell([math.inf if error is None else error for error in errors], score=name, interval_deg=0, **columns)
    absent = np.array([error is None for error in errors])
    frame.loc[absent, ["translation_error_voxel", "axis_error_deg"]] = np.inf
    return frame.assign(missing=np.where(absent, "raised ValueError", None))


def both(*errors, **columns):
    return pd.concat([alignments(), *(theirs(each, f"theirs{n}", **columns) for n, each in enumerate(errors))])


def first_table(frame):
    rows = summarise(frame, PAPER)
    return rows[rows.table == 1].reset_index(drop=True)


def test_the_studys_own_cells_are_what_they_are_without_other_aligners():
    alone, together = first_table(alignments()), first_table(both([1.0, 2.0, None]))
    assert together[together.score != "theirs0"].reset_index(drop=True).equals(alone)
    (row,) = together[together.score == "theirs0"].itertuples()
    assert (row.n, row.missing, row.median, row.mad) == (3, 1, 2.0, 1.0)
    assert math.isnan(row.paper_median)
    assert (alone.missing == 0).all()
    assert table_caption(together).startswith(table_caption(alone))


@given(st.lists(st.floats(0, 180), min_size=1, max_size=12), st.integers(0, 12))
def test_a_missing_pair_never_makes_a_median_better(errors, missing):
    here, _ = median_and_deviation(errors)
    with_missing, deviation = median_and_deviation([*errors, *[math.inf] * missing])
    assert with_missing >= here
    assert math.isinf(with_missing) == (missing >= len(errors))
    assert math.isnan(deviation) == math.isinf(with_missing)
    assert not math.isinf(deviation)


def test_an_infinite_median_is_printed_alone():
    assert number(math.inf) == "∞"
    assert spread(math.inf, math.nan) == "∞"
    assert spread(math.nan, math.nan) == "–"


def test_markdown_has_a_block_of_other_aligners_with_the_number_of_their_pairs(tmp_path):
    rows = first_table(both([1.0, 2.0, None], [None, None], [3.0]))
    write_markdown(rows, tmp_path / "a.md", table_caption(rows))
    caption, *_, title, table = (tmp_path / "a.md").read_text(encoding="utf-8").strip().split("\n\n")
    assert title == "**Other aligners**"
    assert table.splitlines() == [
        "| Tilt | theirs0, SNR 0.5 | theirs1, SNR 0.5 | theirs2, SNR 0.5 |",
        "| --- | ---: | ---: | ---: |",
        "| ±60° | 2 ± 1 (n = 3, 1 missing) | **∞** (n = 2, 2 missing) | 3 ± 0 (n = 1) |",
    ]
    assert "n = 9 alignments a cell" in caption
    assert "missing pair counts as infinitely wrong" in caption


def test_captions_without_other_aligners_say_nothing_of_them():
    assert "ther aligners" not in table_caption(first_table(alignments()))


def test_an_infinite_median_survives_its_file(tmp_path):
    rows = first_table(both([None, 2.0]))
    write_csv(rows, tmp_path / "a.csv")
    again = read_csv(tmp_path / "a.csv")
    (row,) = again[again.score == "theirs0"].itertuples()
    assert (row.median, row.n, row.missing) == (math.inf, 2, 1)
    assert table_caption(again) == table_caption(rows)


def drawn(monkeypatch, draw, *arguments):
    seen, original = [], Page.text

    def note(page, x, y, words, size=BODY, **properties):
        seen.append(words)
        return original(page, x, y, words, size, **properties)

    monkeypatch.setattr(Page, "text", note)
    draw(*arguments)
    return seen


def test_the_figure_shows_the_block_with_pairs_beneath_the_medians(tmp_path, monkeypatch):
    rows = first_table(both([1.0, 2.0, None], [None, None]))
    words = drawn(monkeypatch, table_figure, with_bounds(rows, BOUNDS), [tmp_path / "a.svg"], table_caption(rows))
    assert words.count("Other aligners") == 1
    assert {"theirs0", "theirs1", "2 ± 1", "n = 3, 1 missing", "∞", "n = 2, 2 missing"} <= set(words)
    assert (tmp_path / "a.svg").stat().st_size > 0


@pytest.fixture
def complexes():
    frame = pd.concat([one_cell([1.0, 2.0, 4.0]), theirs([5.0, None, 3.0], "b"), theirs([None, None], "a")])
    return summarise_complexes({"groel": frame}, ABOUT)


def test_the_complexes_list_other_aligners_last_and_the_caption_says_what_is_missing(complexes, tmp_path):
    assert complexes.score.tolist() == ["rcs", "a", "b"]
    assert complexes.missing.tolist() == [0, 2, 1]
    assert complexes.rotation_median_deg.tolist() == [2.0, math.inf, 5.0]
    caption = complexes_caption(complexes)
    assert "of n = 3 alignments a row" in caption
    assert "GroEL (1MNF), a: n = 2, 2 missing; GroEL (1MNF), b: n = 3, 1 missing." in caption
    write_complexes_markdown(complexes, tmp_path / "a.md", caption)
    lines = [line.split(" | ") for line in (tmp_path / "a.md").read_text(encoding="utf-8").splitlines()]
    assert [line[4:7] for line in lines if len(line) == 10][2:] == [
        ["60°", "RCS", "2 ± 1"],
        ["–", "a", "∞"],
        ["–", "b", "5 ± 2"],
    ]


def test_the_figure_of_the_complexes_shows_other_aligners(complexes, tmp_path, monkeypatch):
    rows = complexes_with_bounds(complexes, {"groel": BOUNDS[BOUNDS.search == "full"]})
    words = drawn(monkeypatch, complexes_figure, rows, [tmp_path / "a.svg"], complexes_caption(rows))
    assert {"a", "b", "∞", "5 ± 2"} <= set(words)
