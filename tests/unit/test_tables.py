import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from invented import PAPER, alignments, one_cell

from gradalign.errors import InputError
from gradalign.report.csv_tables import read_csv, write_csv
from gradalign.report.numbers import number, snr_label, spread, tilt_label
from gradalign.report.statistics import summarise, summarise_complexes
from gradalign.report.tables.complexes import complexes_caption, write_complexes_markdown
from gradalign.report.tables.phantom import blocks, table_caption, write_markdown

ABOUT = {
    "groel": {"title": "GroEL (1MNF)", "point_group": "D7", "stand_in_for": "1KP8"},
    "rna_polymerase": {"title": "RNA polymerase (2GHO)", "point_group": "C1", "stand_in_for": None},
}


def complexes():
    return summarise_complexes({name: one_cell([1.0, 2.0, 4.0]) for name in ABOUT}, ABOUT)


def first_table(**changes):
    rows = summarise(alignments(**changes), PAPER)
    return rows[rows.table == 1]


@pytest.mark.parametrize(
    "value, text",
    [
        (0.0053, "0.0053"),
        (0.035, "0.035"),
        (0.97, "0.97"),
        (2.0, "2"),
        (2.04, "2"),
        (2.56, "2.6"),
        (9.96, "10"),
        (14.2, "14"),
        (99.6, "100"),
        (123.4, "123"),
        (0.0996, "0.1"),
        (0.0, "0"),
        (math.nan, "–"),
    ],
)
def test_numbers_look_as_the_paper_prints_them(value, text):
    assert number(value) == text


def test_every_number_of_the_paper_prints_as_it_was_printed():
    for value in (*PAPER["median"], *PAPER["mad"]):
        assert number(value) == f"{value:g}"


@given(st.floats(1e-6, 1e4))
@example(9.95)
@example(0.0995)
def test_rounding_to_two_digits_is_nearest_and_final(value):
    text = number(value)
    assert "e" not in text
    rounded = float(text)
    # half a unit of the second digit, or half of one from 100 on
    unit = 10.0 ** min(math.floor(math.log10(value)) - 1, 0)
    assert abs(rounded - value) <= 0.5000001 * unit
    assert number(rounded) == text
    if rounded < 100:
        assert len(text.replace(".", "").lstrip("0").rstrip("0")) <= 2


def test_missing_values_print_as_a_dash():
    assert spread(math.nan, math.nan) == "–"
    assert spread(14.04, 9.31) == "14 ± 9.3"


def test_labels():
    assert [snr_label(snr) for snr in (np.inf, 1.0, 0.5)] == ["∞", "1", "0.5"]
    assert tilt_label(60.0) == "±60°"


def test_blocks_follow_the_paper():
    arranged = blocks(first_table())
    assert [block.interval for block in arranged] == [60, 45]
    for block in arranged:
        assert block.tilts == [90, 80, 70, 60, 50, 40]
        snrs = [math.inf, 1, 0.5, 0.1]
        assert block.columns == [("rcs", snr) for snr in snrs] + [("fcs", snr) for snr in snrs]
        assert len(block.cells) == 48


def test_rows_of_two_tables_are_refused():
    with pytest.raises(InputError, match="one table"):
        blocks(summarise(alignments(), PAPER))


def lines_of(rows, tmp_path):
    path = tmp_path / "table.md"
    write_markdown(rows, path, table_caption(rows))
    return path.read_text(encoding="utf-8").splitlines()


def cells_of(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_only_rotation_errors_above_five_degrees_are_bold(tmp_path):
    frame = pd.concat([one_cell([value] * 3, snr=snr) for value, snr in ((5.0, 1), (5.01, 0.5), (4.9, 0.1))])
    rows = summarise(frame, PAPER)
    here = [cell.split(" (")[0] for cell in cells_of(lines_of(rows[rows.table == 1], tmp_path)[-1])[1:]]
    assert here == ["5 ± 0", "**5 ± 0**", "4.9 ± 0"]
    assert "**" not in lines_of(rows[rows.table == 2].assign(median=50.0), tmp_path)[-1]


def test_markdown_shows_every_cell_beside_the_printed_one(tmp_path):
    rows = first_table()
    lines = lines_of(rows, tmp_path)
    body = [cells_of(line) for line in lines if line.startswith("| ±")]
    assert len(body) == 12
    shown = {(index // 6, line[0]): line[1:] for index, line in enumerate(body)}
    for row in rows.itertuples():
        place = 4 * (row.score == "fcs") + [np.inf, 1, 0.5, 0.1].index(row.snr)
        cell = shown[int(row.interval_deg == 45), tilt_label(row.tilt_deg)][place]
        assert cell.replace("*", "") == f"{spread(row.median, row.mad)} ({spread(row.paper_median, row.paper_mad)})"
        assert cell.startswith("**") == (row.median > 5)
        assert cell.endswith("**)") == (row.paper_median > 5)


def test_cells_outside_the_grid_and_outside_the_paper_are_marked(tmp_path):
    frame = pd.concat([one_cell([1.0, 2.0], tilt_deg=65, snr=1), one_cell([1.0, 2.0], snr=0.5)])
    rows = summarise(frame, PAPER)
    lines = lines_of(rows[rows.table == 1], tmp_path)
    assert cells_of(lines[-2]) == ["±65°", "1.5 ± 0.5", "–"]
    assert cells_of(lines[-1]) == ["±60°", "–", "1.5 ± 0.5 (3.7 ± 2.4)"]


def test_captions_say_how_many_alignments_there_are(tmp_path):
    rows = first_table(pairs=7)
    assert "n = 7 alignments" in table_caption(rows)
    assert "n = 7 alignments" in lines_of(rows, tmp_path)[0]
    mixed = pd.concat([one_cell([1.0, 2.0], snr=1), one_cell([1.0, 2.0, 3.0], snr=0.5)])
    rows = summarise(mixed, PAPER)
    assert "n = 2 to 3 alignments" in table_caption(rows[rows.table == 1])
    assert "n = 3 alignments" in complexes_caption(complexes())


def test_captions_name_quantity_and_search():
    rows = summarise(alignments("axis"), PAPER)
    caption = table_caption(rows[rows.table == 4])
    assert caption.startswith("Table 4. Alignment translation error in voxels, search about one axis")
    assert "5°" not in caption
    assert "Bold: median above 5°" in table_caption(first_table())


def test_table_survives_its_file(tmp_path):
    rows = first_table()
    path = tmp_path / "table1.csv"
    write_csv(rows, path)
    header, first, *_ = path.read_text().splitlines()
    names = "table quantity search interval_deg score tilt_deg snr median mad n missing paper_median paper_mad"
    assert header == names.replace(" ", ",")
    assert first.startswith("1,rotation_deg,full,60,rcs,90,inf,")
    again = read_csv(path)
    pd.testing.assert_frame_equal(again, rows.reset_index(drop=True), rtol=1e-5, check_dtype=False)


def test_complexes_survive_their_file(tmp_path):
    path = tmp_path / "complexes.csv"
    write_csv(complexes(), path)
    again = read_csv(path)
    assert again.stand_in_for.tolist() == ["1KP8", ""]
    assert complexes_caption(again) == complexes_caption(complexes())


def test_complexes_are_shown_with_stand_in_and_random_azimuth(tmp_path):
    rows = complexes()
    path = tmp_path / "complexes.md"
    write_complexes_markdown(rows, path, complexes_caption(rows))
    text = path.read_text(encoding="utf-8")
    assert "GroEL (1MNF) stands in for the paper's entry 1KP8." in text
    groel, polymerase = (cells_of(line) for line in text.splitlines()[-2:])
    assert groel == ["GroEL (1MNF)", "D7", "±60°", "0.5", "60°", "RCS", "2 ± 1", "12.9", "1 ± 0", "1 ± 0"]
    assert polymerase[6:] == ["2 ± 1", "–", "–", "1 ± 0"]


def test_a_table_that_cannot_be_written_or_read_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        write_csv(first_table(), tmp_path / "nowhere" / "table1.csv")
    with pytest.raises(InputError, match="missing"):
        read_csv(tmp_path / "missing.csv")
