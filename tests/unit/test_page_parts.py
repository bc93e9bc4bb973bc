"""What pages are made of: captions out of figures, cells as people write them, surfaces of the right volume."""

import gzip
import json
import re
from base64 import b64decode
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gradalign.errors import InputError
from gradalign.report.csv_tables import read_csv
from gradalign.report.figures.style import Page as Sheet
from gradalign.report.figures.style import applied, save
from gradalign.report.page.drawings import inlined_svg
from gradalign.report.page.study import _named, _verdicts, table_parts
from gradalign.report.page.surfaces import LEVELS, Solid, enclosed_share, maps_part, surface
from gradalign.report.page.tables import Look, cell, column_title, table_part

TABLES = Path(__file__).parents[2] / "results" / "reference" / "tables"


@applied()
def drawn(path):
    sheet = Sheet(100.0, 60.0)
    sheet.axes(15.0, 5.0, 70.0, 40.0, clip_on=True).plot([0, 1], [0, 1])
    sheet.caption(50.0, ["Caption <&> of", "two lines."])
    save(sheet, [path])


def test_a_figure_stands_on_a_page_without_its_caption_which_the_page_gives(tmp_path):
    drawn(tmp_path / "a.svg")
    svg, caption = inlined_svg(tmp_path / "a.svg", "a", "Figure A")
    assert caption == "Caption <&> of two lines."
    assert "two lines" not in svg
    height = float(re.search(r'viewBox="\S+ \S+ \S+ (\S+)"', svg).group(1))
    assert height == pytest.approx(50.0 / 25.4 * 72, abs=0.2)


def test_two_figures_on_a_page_share_no_names(tmp_path):
    drawn(tmp_path / "a.svg")
    names = [set(re.findall(r'\bid="([^"]+)"', inlined_svg(tmp_path / "a.svg", key, "")[0])) for key in "ab"]
    assert names[0] and not names[0] & names[1]
    text = inlined_svg(tmp_path / "a.svg", "a", "")[0]
    asked = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
    assert asked <= names[0]


@pytest.mark.parametrize("text", ["", "<svg", "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'/>"])
def test_what_is_no_figure_is_named(tmp_path, text):
    (tmp_path / "a.svg").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="a.svg: is no figure of gradalign's; remove it"):
        inlined_svg(tmp_path / "a.svg", "a", "")


@pytest.mark.parametrize(
    "name, value, text, look",
    [
        ("score", "rcs", "RCS", ""),
        ("snr", np.inf, "∞", ""),
        ("median", 0.016854, "0.0169", ""),
        ("seconds", 2772.4, "2772", ""),
        ("n", 100, "100", ""),
        ("verdict", "worse", "▲ worse", "bad"),
        ("verdict", "does not hold", "does not hold", "bad"),
        ("median", np.nan, "–", ""),
        ("bound", 0.0, "0", ""),
        ("x_voxel", -0.0123456, "−0.0123", ""),
        ("dissimilarity_change", -0.0000656, "−6.56e−05", ""),
        # the paper prints two digits
        ("paper_median", 14.0, "14", ""),
        ("paper_mad", 0.5, "0.5", ""),
    ],
)
def test_cells_are_written_as_people_write(name, value, text, look):
    found = cell(name, value)
    assert (found.text, found.look) == (text, look)


def test_numbers_of_a_column_have_as_many_digits():
    rows = pd.DataFrame({"median": [0.29, 1.0, 12.0, 250.4, np.nan], "tilt_deg": [60.0, 50.0, 40.0, np.inf, np.nan]})
    found = table_part("t", Look("T", (), ()), "", rows).rows
    assert [[one.text for one in row] for row in found] == [
        ["0.290", "60"], ["1.00", "50"], ["12.0", "40"], ["250", "∞"], ["–", "–"]
    ]  # fmt: skip


def test_columns_without_a_title_of_their_own_are_named_with_their_unit():
    assert column_title("rotation_median_deg") == "Rotation median (°)"
    assert column_title("stands_for") == "Stands for"


def test_numbers_sort_as_numbers_and_nothing_comes_first():
    rows = pd.DataFrame({"snr": [0.5, np.inf, 1.0], "median": [10.0, 9.0, np.nan]})
    table = table_part("t", Look("T", (), ()), "", rows)
    assert [float(line[0].order) for line in table.rows] == [0.5, 1e99, 1.0]
    assert [line[1].order for line in table.rows] == ["10", "9", ""]


def test_columns_stand_in_the_order_asked_for_and_say_something():
    rows = pd.DataFrame({"missing": [0, 0], "mad": [1.0, 2.0], "score": ["rcs", "fcs"], "quantity": ["a", "a"]})
    table = table_part("t", Look("T", ("score",), ("score",)), "", rows, ("mad",))
    assert [column.title for column in table.columns] == ["Score", "MAD"]
    assert "minor" in table.columns[1].kind and table.filters == [0]


def ball(edge, radius):
    axis = np.arange(edge) - edge // 2
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    return radius - np.sqrt(x**2 + y**2 + z**2)


@pytest.mark.parametrize("edge", [20, 48, 80])
def test_a_surface_encloses_its_share_of_the_box_and_looks_outwards(edge):
    volume = ball(edge, edge / 4)
    share = enclosed_share(np.maximum(volume, 0))
    vertices, faces = surface(volume, share)
    corners = (vertices / 65535.0 - 0.5)[faces.astype(int)]
    # sixfold volume of the tetrahedra between the triangles and the middle
    enclosed = np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6
    assert enclosed == pytest.approx(share, rel=0.15)


def test_maps_are_packed_so_that_the_page_finds_their_triangles():
    noise = np.random.default_rng(1).normal(size=(24, 24, 24))
    solids = [Solid("</script>", "#ffffff", ball(24, 6)), Solid("noise", "#000000", noise)]
    part = maps_part("m", "M", "", {"<object>": (0.05, solids)})
    assert "<" not in part.index
    data = gzip.decompress(b64decode(part.packed))
    for maps in json.loads(part.index)["objects"][0]["maps"]:
        assert len(maps["levels"]) == len(LEVELS)
        for level in maps["levels"]:
            size = 6 * level["vertices"]
            start = level["start"] + size + -size % 4
            faces = np.frombuffer(data, "<u4" if level["wide"] else "<u2", 3 * level["faces"], start)
            assert level["start"] % 4 == 0
            assert faces.max() == level["vertices"] - 1


def test_objects_of_unlike_sizes_keep_their_sizes_and_all_fit_the_frame():
    small, large = (np.maximum(ball(24, radius), 0) for radius in (3, 8))
    solids = [Solid(f"{volume.max()}", "#000000", volume, enclosed_share(volume)) for volume in (small, large)]
    part = maps_part("m", "M", "", {"both": (solids[0].share, solids)})
    shown = json.loads(part.index)["objects"][0]
    data = gzip.decompress(b64decode(part.packed))
    wide = []
    for packed in shown["maps"]:
        level = packed["levels"][len(LEVELS) // 2]
        points = np.frombuffer(data, "<u2", 3 * level["vertices"], level["start"]) / 65535.0 - 0.5
        wide.append(np.abs(points).max())
    assert wide[1] == pytest.approx(8 / 3 * wide[0], rel=0.15)
    assert shown["nearer"] * wide[1] < 0.5


def test_objects_and_aligners_are_called_as_elsewhere():
    rows = pd.DataFrame({"object": ["a_b", "c"], "aligner": ["rcs", "scan"], "holds": ["20 a_b, 1 c", "3 c"]})
    found = _named(rows, {"a_b": "A (1ABC)", "c": "C"})
    assert found.to_dict("list") == {
        "object": ["A (1ABC)", "C"],
        "aligner": ["RCS", "Scan, 15°"],
        "holds": ["20 A (1ABC), 1 C", "3 C"],
    }


def test_a_map_of_one_value_has_no_surface():
    vertices, faces = surface(np.ones((16, 16, 16)), 0.1)
    assert len(vertices) == len(faces) == 0


def test_steps_saved_are_told_for_the_papers_scores_and_each_interval_by_itself():
    speedup = pd.DataFrame(
        {
            "interval_deg": [60] * 3 + [45] * 3,
            "score": ["rcs", "fcs", "likelihood"] * 2,
            "ratio_median": [16.0, 18.0, 90.0, 35.0, 37.0, 95.0],
        }
    )
    seconds = pd.DataFrame({"score": ["rcs", "likelihood"], "seeding_s": [0.002, 1.0], "stochastic_s": [0.006, 1.0]})
    tables = {f"table{number}": read_csv(TABLES / f"table{number}.csv") for number in (1, 2, 3, 4)}
    tables["comparison"] = pd.DataFrame()
    told = _verdicts(tables, speedup, seconds)[-1]
    assert told.number == "17 · 36 ×"
    assert "every 60° · 45° (medians); 8 ms" in told.words
    assert all(verdict.target != "figure4" for verdict in _verdicts(tables, speedup[2:3], seconds))


def test_a_table_without_a_look_of_its_own_comes_last_under_the_name_of_its_file():
    rows = pd.DataFrame({"score": ["rcs", "fcs"], "steps_median": [4, 5], "tilt_deg": [60.0, 60.0]})
    regret = rows.assign(object="phantom", regret=0.0)
    parts = table_parts({"steps_of_searches": rows, "regret": regret, "empty": rows[:0]}, {"regret": "Missed."})
    assert [(part.key, part.title) for part in parts] == [
        ("table-regret", "What the searches missed"),
        ("table-steps_of_searches", "Steps of searches"),
    ]
    assert [column.title for column in parts[1].columns] == ["Score", "Steps median", "Tilt range (±\u2060°)"]
    assert parts[1].links == [("CSV", "tables/steps_of_searches.csv"), ("Markdown", "tables/steps_of_searches.md")]
