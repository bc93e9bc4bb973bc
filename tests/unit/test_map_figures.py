"""Figures 1, 5 and 6."""

import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from drawn_figures import record
from matplotlib.image import imread

from gradalign.errors import InputError
from gradalign.report.figures.figure1 import figure1, figure1_caption, flow
from gradalign.report.figures.figure5 import figure5, figure5_caption
from gradalign.report.figures.figure6 import figure6, figure6_caption
from gradalign.report.figures.maps import SHOWN, gallery, read_gallery, save_gallery
from gradalign.report.figures.style import PAGE_WIDTH
from gradalign.report.tables.averages import resolution_of
from gradalign.simulation.phantom import phantom
from gradalign.study.average_shells import shell_rows
from gradalign.study.columns.classification import PAIRS_OF_ALL
from gradalign.study.partition import all_pairs

DPI = 300
CONFIG = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text(encoding="utf-8"))
GRAPH = {"simulate": [], "align_all": ["simulate"], "table": ["align_all"], "figure": ["simulate", "table"]}
ABOUT = {
    "groel": {"title": "GroEL (1MNF)", "point_group": "D7", "stand_in_for": "1KP8"},
    "clpp": {"title": "ClpP (1YG6)", "point_group": "D7", "stand_in_for": None},
}


def noisy(seed, amplitude):
    return phantom(12, 16) + amplitude * np.random.default_rng(seed).normal(size=(16, 16, 16))


def draw_figure1(folder):
    paths = [folder / "figure.svg", folder / "figure.png"]
    figure1(GRAPH, CONFIG["alignment"], [60.0, 45.0], paths, figure1_caption())
    return paths


def average_rows():
    """Return shells and table of invented averages, noise averages without resolution."""
    shells, rows = [], []
    for name, about in ABOUT.items():
        for kind, amplitude in (("subtomograms", 0.05), ("noise", 5.0)):
            for seed, score in enumerate(("rcs", "fcs")):
                halves = noisy(seed, amplitude), noisy(seed + 5, amplitude)
                average = {"object": name, "kind": kind, "score": score}
                part = pd.DataFrame(shell_rows(halves[0], halves, phantom(12, 16), 2.0, **average))
                shells.append(part)
                row = {"object": name, "kind": kind, "score": score, "n": 40, "tilt_deg": 60.0, "snr": 0.5}
                row |= {"title": about["title"], "stand_in_for": about["stand_in_for"] or ""}
                row["truth_resolution_nm"] = resolution_of(part[part.comparison == "truth"])
                rows.append(row)
    return pd.concat(shells, ignore_index=True), pd.DataFrame(rows)


def draw_figure5(folder, scores=("rcs", "fcs")):
    shells, rows = average_rows()
    shells, rows = (table[table.score.isin(scores)] for table in (shells, rows))
    maps = {
        name: {"truth": phantom(12, 16)} | {score: noisy(1, 0.05) for score in scores} | {"noise": noisy(2, 5.0)}
        for name in ABOUT
    }
    paths = [folder / "figure.svg", folder / "figure.png"]
    figure5(gallery(maps, 24.0, 2.0), shells, rows, paths, figure5_caption(rows))
    return paths


def class_rows(objects):
    rows = []
    for score in ("rcs", "fcs"):
        for stage in ("before", "after"):
            for place, name in enumerate(objects, start=1):
                row = {"tilt_deg": 60.0, "snr": 0.5, "interval_deg": 60.0, "score": score, "stage": stage}
                row |= {"adjusted_rand_index": 0.25 if stage == "before" else 0.75, "class": place, "stands_for": name}
                row |= {"n": 3, "right": 2, "holds": "2 groel, 1 clpp"}
                rows.append(row | {"truth_resolution_nm": 3.5 if stage == "after" else np.nan})
    return pd.DataFrame(rows)


def draw_figure6(folder, objects=ABOUT):
    rows, rng = class_rows(objects), np.random.default_rng(0)
    pairs = [
        [i, j, score, *rng.uniform(0, 1, 8), 5] for i, j in all_pairs(3 * len(objects)) for score in ("rcs", "fcs")
    ]
    maps = {
        name: {"single": noisy(1, 0.3), "rcs": noisy(2, 0.1), "fcs": noisy(3, 0.1), "truth": phantom(12, 16)}
        for name in objects
    }
    paths = [folder / "figure.svg", folder / "figure.png"]
    alignments = pd.DataFrame(pairs, columns=list(PAIRS_OF_ALL))
    figure6(alignments, rows, gallery(maps, 20.0, 2.0), objects, paths, figure6_caption(rows, objects))
    return paths


DRAWINGS = [draw_figure1, draw_figure5, draw_figure6]


@pytest.mark.parametrize("draw", DRAWINGS)
def test_figures_have_journal_width_and_show_something_and_nothing_is_cut_off(draw, drawn):
    vector, raster = drawn(draw).paths
    picture = imread(raster)[..., :3]
    assert picture.shape[1] == pytest.approx(PAGE_WIDTH / 25.4 * DPI, abs=2)
    assert picture[0].min() == picture[-1].min() == picture[:, 0].min() == picture[:, -1].min() == 1.0
    assert (picture < 0.5).mean() > 0.005
    root = ElementTree.parse(vector).getroot()
    assert len(root.findall(".//{http://www.w3.org/2000/svg}text")) > 5


@pytest.mark.parametrize("draw", DRAWINGS)
def test_figures_are_the_same_bytes_on_every_run(draw, drawn, tmp_path):
    first, second = ([path.read_bytes() for path in paths] for paths in (drawn(draw).paths, draw(tmp_path)))
    assert first == second


@pytest.mark.parametrize("draw", DRAWINGS)
def test_type_is_at_least_six_points(draw, drawn):
    assert min(size for _, size, _ in drawn(draw).texts) >= 6


@pytest.mark.parametrize("draw, n", [(draw_figure5, "n = 40 subtomograms"), (draw_figure6, "n = 6 subtomograms")])
def test_the_caption_gives_n_and_the_stand_in(draw, n, drawn):
    words = " ".join(text for text, *_ in drawn(draw).texts)
    assert n in words
    assert "GroEL (1MNF) stands in for the paper's entry 1KP8" in words


def test_every_rule_is_drawn_and_graphviz_is_not_needed(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("dot") is None
    words = [text for text, *_ in record(draw_figure1, tmp_path).texts]
    assert {"simulate", "table", "figure"} <= set(words)
    # broken after the underscore where it must, whole where it fits
    assert "align_all" in words


def test_the_flow_shows_the_settings_of_the_study():
    alignment = CONFIG["alignment"] | {"rule": CONFIG["alignment"]["rule"] | {"threshold": 4.5, "window": 77}}
    words = " ".join(flow(alignment, [90.0, 60.0]).values()).replace("\u00a0", " ")
    assert "t = 4.5" in words
    assert "over 77 steps" in words
    assert "90° (32) or 60° (108)" in words


def test_an_average_without_resolution_says_so_and_one_with_gives_it(drawn):
    words = [text for text, *_ in drawn(draw_figure5).texts]
    assert words.count("none") == 2
    assert len([text for text in words if text.endswith(" nm") and text != "10 nm"]) == 4


def test_mixing_and_agreement_are_shown_beside_the_classes(drawn):
    words = [text for text, *_ in drawn(draw_figure6).texts]
    assert words.count("2 of 3 right") == 4
    assert words.count("simulated, ARI 0.25") == words.count("aligned, ARI 0.75") == 2


def test_one_score_and_one_complex_can_be_drawn(tmp_path):
    for path in draw_figure5(tmp_path, scores=("fcs",)):
        assert path.stat().st_size > 1000
    for path in draw_figure6(tmp_path, {"clpp": ABOUT["clpp"]}):
        assert path.stat().st_size > 1000


def test_pictures_of_maps_are_kept_to_the_byte_and_know_their_width(tmp_path):
    drawn = gallery({"groel": {"truth": phantom(12, 16), "rcs": noisy(1, 0.05)}}, 10.0, 2.0)
    for name in ("a.npz", "b.npz"):
        save_gallery(tmp_path / name, drawn)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    read = read_gallery(tmp_path / "a.npz")
    assert read.width == drawn.width == SHOWN * 16 * 2.0
    assert list(read.pictures["groel"]) == ["truth", "rcs"]
    for kind, picture in drawn.pictures["groel"].items():
        assert picture.dtype == np.uint8 and picture.shape == (118, 118, 4)
        assert np.array_equal(read.pictures["groel"][kind], picture)
    assert 0.02 < (drawn.pictures["groel"]["truth"][..., 3] > 0).mean() < 0.9


def test_damaged_pictures_are_one_sentence(tmp_path):
    (tmp_path / "figure5.npz").write_bytes(b"PK rubbish")
    with pytest.raises(InputError, match="figure5.npz: holds no pictures of maps"):
        read_gallery(tmp_path / "figure5.npz")
