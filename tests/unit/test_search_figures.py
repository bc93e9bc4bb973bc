"""Figures 3 and 4 and that of the scans."""

import matplotlib
import numpy as np
import pandas as pd
import pytest
from drawn_figures import record
from invented import BOUNDS
from matplotlib.image import imread
from test_plotting import DPI
from test_scanning import scans
from test_speedup import comparisons

from gradalign.report.colours import INK, SCORE_COLOURS, score_colour
from gradalign.report.convergence import summarise_convergence
from gradalign.report.figures.figure3 import figure3, figure3_caption
from gradalign.report.figures.figure4 import figure4, figure4_caption
from gradalign.report.figures.scans import scanning_figure, scanning_figure_caption
from gradalign.report.figures.style import PAGE_WIDTH
from gradalign.report.tables.bounds import scans_with_bounds
from gradalign.report.tables.scans import scanning_caption, summarise_scans
from gradalign.report.tables.speedup import summarise_speedup


def curves():
    """Return curves that fall below zero and towards the truth, in different numbers of steps."""
    found = {}
    for score, scale in (("rcs", 1.0), ("fcs", 300.0)):
        found[score] = []
        for steps in (30, 50, 80):
            fall = np.exp(-np.arange(steps) / 12.0)
            found[score].append(np.stack([scale * (0.5 * fall - 0.01), 3.0 * fall + 0.2], axis=1))
    return summarise_convergence(found)


def draw_figure3(folder):
    rows = curves()
    paths = [folder / "figure3.svg", folder / "figure3.png"]
    figure3(rows, paths, figure3_caption(rows, 60.0, 0.5, 60.0))
    return paths


def draw_figure4(folder):
    cells = [
        comparisons(tilt_deg=tilt, snr=snr, score=score, interval_deg=interval)
        for tilt in (90.0, 40.0)
        for snr in (np.inf, 0.1)
        for score in ("rcs", "fcs")
        for interval in (60.0, 45.0)
    ]
    rows = summarise_speedup(pd.concat(cells))
    paths = [folder / "figure4.svg", folder / "figure4.png"]
    figure4(rows, paths, figure4_caption(rows))
    return paths


def draw_scanning(folder):
    frame = [
        scans(
            interval, [interval / 2 + step for step in range(count)], [2.0 + step for step in range(count)], tilt, score
        )
        for interval, count in ((30.0, 3), (15.0, 3), (10.0, 1))
        for tilt in (70.0, 60.0)
        for score in ("rcs", "fcs")
    ]
    rows = summarise_scans(pd.concat(frame)).assign(rotations=lambda r: (r.scan_interval_deg / 360) ** -3 / 2)
    rows = scans_with_bounds(rows, BOUNDS)
    paths = [folder / "scanning.svg", folder / "scanning.png"]
    scanning_figure(rows, paths, scanning_figure_caption(rows, scanning_caption(rows)))
    return paths


each_figure = pytest.mark.parametrize("draw", [draw_figure3, draw_figure4, draw_scanning])


@each_figure
def test_figures_have_journal_width_free_edges_and_something_inside(draw, drawn):
    picture = imread(drawn(draw).paths[1])[..., :3]
    assert picture.shape[1] == pytest.approx(PAGE_WIDTH / 25.4 * DPI, abs=2)
    assert picture[0].min() == picture[-1].min() == picture[:, 0].min() == picture[:, -1].min() == 1.0
    assert (picture < 0.5).mean() > 0.005


@each_figure
def test_figures_are_the_same_bytes_on_every_run(draw, drawn, tmp_path):
    first = drawn(draw).paths
    with matplotlib.rc_context({"font.size": 20, "svg.hashsalt": "another"}):
        second = draw(tmp_path)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@each_figure
def test_type_is_at_least_six_points_and_the_caption_gives_n(draw, drawn):
    texts = drawn(draw).texts
    assert min(size for _, size, _ in texts) >= 6
    assert "n =" in " ".join(words for words, *_ in texts)


def test_figure3_draws_medians_quartiles_and_the_line_of_zero(drawn):
    excess, distance, *_ = drawn(draw_figure3).axes
    rows = curves()
    rcs = rows[rows.score == "rcs"]
    median, example, zero, stopped = excess.lines
    assert np.array_equal(median.get_ydata(), rcs.excess_median)
    assert np.array_equal(example.get_ydata(), rcs.excess_example)
    assert list(zero.get_ydata()) == [0.0, 0.0]
    assert median.get_color() == SCORE_COLOURS["rcs"]
    # of searches of 30, 50 and 80 steps two have stopped at step 51
    assert stopped.get_xdata()[0] == 51
    (band,) = excess.collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (rcs.excess_lower.min(), rcs.excess_upper.max())
    low, high = excess.get_ylim()
    assert low < rcs.excess_lower.min() < 0 < rcs.excess_upper.max() < high
    assert np.array_equal(distance.lines[0].get_ydata(), rcs.distance_median)


def test_a_score_without_a_colour_is_drawn_in_black(tmp_path):
    rows = curves()
    rows = rows.assign(score=rows.score.replace("fcs", "balance"))
    figure3(rows, [tmp_path / "figure3.svg"], "n = 1")
    assert score_colour("balance") == INK
    assert "balance" in (tmp_path / "figure3.svg").read_text().lower()


def test_figure3_draws_what_earlier_runs_have_written(tmp_path):
    rows = curves().drop(columns=["excess_example", "distance_example"])
    assert "thin black line" not in figure3_caption(rows, 60.0, 0.5, 60.0)
    assert "thin black line" in figure3_caption(curves(), 60.0, 0.5, 60.0)
    figure3(rows, [tmp_path / "figure3.svg"], "caption")


def test_a_scan_of_one_pair_is_not_joined_to_the_others(drawn):
    lines = [line for axes in drawn(draw_scanning).axes for line in axes.lines]
    joining = [line for line in lines if line.get_linestyle() == "-" and line.get_alpha() == 0.6]
    assert len(joining) == 8
    # three intervals, the finest of which one pair stands for
    assert all(len(line.get_xdata()) == 2 for line in joining)


def test_figure3_says_which_sign_is_which():
    caption = figure3_caption(curves(), 60.0, 0.5, 60.0)
    assert "minus that of the true one: positive above the truth" in caption
    assert "stopped keeps its last value" in caption
    assert "±60°, SNR 0.5, seeds every 60°" in caption


def test_figure4_prints_the_ratios_and_what_the_paper_claims(drawn):
    texts = [words for words, *_ in drawn(draw_figure4).texts]
    # as `test_speedup` has them: median ratio, ratio to the optimum, agreement
    assert (texts.count("15"), texts.count("80"), texts.count("50 %")) == (16, 16, 16)
    said = " ".join(texts)
    assert "20 to 40 on average at 60° and 84 at 45°" in said
    assert "0.5° and 0.05 voxel" in said
    assert "25 steps a seed, 175 steps of the stochastic search" in said


def test_figure4_says_what_it_prints_in_thousands():
    rows = summarise_speedup(comparisons(steps_to_optimum=1))
    rows["hit_ratio_median"] = 2850.0
    # printed as 2.9k; NumPy's own rounding makes 2.8 of 2.85
    assert " 2.9k stands for 2,900: in half of the pairs" in figure4_caption(rows)


def test_figure4_leaves_a_dash_where_the_optimum_is_never_hit(tmp_path):
    rows = summarise_speedup(comparisons(steps_to_optimum=np.nan))

    def draw(folder):
        figure4(rows, [folder / "figure4.png"], figure4_caption(rows))

    assert "–" in [words for words, *_ in record(draw, tmp_path).texts]


def test_scans_of_fewer_pairs_are_open_circles(drawn):
    first = drawn(draw_scanning).axes[0]
    circles = [line for line in first.lines if line.get_marker() == "o"]
    assert sorted(line.get_markerfacecolor() == "white" for line in circles) == [False] * 4 + [True] * 2
    assert {text.get_text() for text in first.texts} == {"30°", "15°", "10°", "bound"}


def test_a_line_stands_at_the_bound(drawn):
    for axes in drawn(draw_scanning).axes[:4]:
        heights = [line.get_ydata() for line in axes.lines]
        assert any(np.array_equal(height, [0.12, 0.12]) for height in heights)
        assert axes.get_ylim()[0] < 0.12
