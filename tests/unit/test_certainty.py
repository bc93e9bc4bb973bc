from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.transform import Rotation

from gradalign.report.figures.certainty import certainty_figure
from gradalign.report.tables.certainty import roc_area, summarise_certainty, write_certainty_markdown
from gradalign.search.seeds import free_directions
from gradalign.search.settings import Alignment
from gradalign.study.pairs import verdict_values


def test_the_roc_area_is_the_chance_that_a_found_pair_has_the_larger_value():
    assert roc_area([0.1, 0.2], [0.9, 0.8]) == 1.0
    assert roc_area([0.9, 0.8], [0.1, 0.2]) == 0.0
    assert roc_area([0.5, 0.1], [0.5, 0.7]) == pytest.approx(3.5 / 4)
    assert np.isnan(roc_area([], [0.5]))


def answers(covariance, count, basis, seed=1):
    """Yield alignments whose errors have a covariance, and their truths."""
    rng = np.random.default_rng(seed)
    for change in rng.multivariate_normal(np.zeros(6), covariance, count):
        rotation, shift = Rotation.random(rng=rng).as_matrix(), rng.normal(size=3)
        truth = Rotation.from_rotvec(change[:3]).as_matrix() @ rotation, shift + change[3:]
        none = np.empty(0)
        yield Alignment(rotation, shift, 1.0, 0, none, none, covariance, 0.9, 50.0, 0.0, ""), truth


@pytest.mark.parametrize("surface", [None, np.eye(3)])
def test_quantiles_of_errors_with_the_stated_covariance_are_uniform(surface):
    basis = free_directions(surface)
    spread = np.diag([0.02, 0.01, 0.03, 0.1, 0.2, 0.1])
    spread[0, 3] = spread[3, 0] = 0.02
    projector = basis @ basis.T
    covariance = projector @ spread @ spread @ projector
    values = [verdict_values(found, truth, basis) for found, truth in answers(covariance, 400, basis)]
    quantiles = np.array([[float(number) for number in each[2:4]] for each in values])
    assert np.abs(quantiles.mean(axis=0) - 0.5).max() < 0.06
    assert np.abs((quantiles < 0.68).mean(axis=0) - 0.68).max() < 0.08


def test_an_alignment_that_judges_nothing_has_empty_columns():
    found = Alignment(np.eye(3), np.zeros(3), 1.0, 0, np.empty(0), np.empty(0))
    assert verdict_values(found, (np.eye(3), np.zeros(3)), np.eye(6)) == [None] * 7 + ["unjudged"]


def lines(errors, probabilities, quantiles, **condition):
    frame = pd.DataFrame({"rotation_error_deg": errors, "probability": probabilities})
    frame["rotation_quantile"] = frame["translation_quantile"] = quantiles
    frame["verdict"] = np.where(frame.probability >= 0.9, "determined", "undetermined")
    columns = {"search": "full", "score": "rcs", "interval_deg": 60.0, "tilt_deg": 60.0, "snr": 1.0}
    return frame.assign(**columns | condition)


def test_a_cell_says_which_parts_are_within_their_intervals():
    frame = lines([1.0, 2.0, 1.0, 90.0], [0.99, 0.95, 0.8, 0.5], [0.1, 0.7, 0.99, 1.0])
    (row,) = summarise_certainty({"phantom": frame}).itertuples()
    assert [row.n, row.lost, row.determined, row.determined_lost] == [4, 1, 2, 0]
    assert row.rotation_68 == pytest.approx(1 / 3) and row.rotation_95 == pytest.approx(2 / 3)
    assert row.roc_area == 1.0


def test_where_next_to_none_are_lost_there_is_no_roc_area():
    frame = lines([1.0] * 30, [0.99] * 30, [0.5] * 30)
    assert np.isnan(summarise_certainty({"phantom": frame}).roc_area[0])


def test_alignments_of_an_older_version_give_a_table_and_a_figure_that_say_nothing(tmp_path):
    frame = lines([1.0], [0.9], [0.5]).drop(columns=["probability", "rotation_quantile", "translation_quantile"])
    rows = summarise_certainty({"phantom": frame})
    assert rows.empty
    write_certainty_markdown(rows, tmp_path / "certainty.md")
    assert "do not judge" in (tmp_path / "certainty.md").read_text()
    certainty_figure(frame, [tmp_path / "a.svg", tmp_path / "a.png"])
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_the_figure_draws_a_line_for_each_score_and_search(tmp_path):
    rng = np.random.default_rng(3)
    frames = [
        lines([1.0] * 40, [0.9] * 40, rng.uniform(size=40), score=score, search=search)
        for score in ("rcs", "likelihood")
        for search in ("full", "axis")
    ]
    certainty_figure(pd.concat(frames), [tmp_path / "a.svg", tmp_path / "a.png"])
    text = (tmp_path / "a.svg").read_text()
    assert "Likelihood, axis" in text and "RCS, full" in text


def test_every_column_of_the_table_is_explained():
    text = (Path(__file__).parents[2] / "results" / "README.md").read_text()
    part = text.split("## Columns of `tables/certainty.csv`")[1].split("##")[0]
    rows = summarise_certainty({"phantom": lines([1.0], [0.9], [0.5])})
    assert [name for name in rows.columns if f"`{name}`" not in part] == []
