from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from searched import noisy_pairs

from gradalign.geometry.rotations import relative_transform, rotation_angle, rotation_from_euler
from gradalign.report.tables.regret import summarise_regret, write_regret_markdown
from gradalign.search.score import Start, load_score
from gradalign.search.seeds import free_directions
from gradalign.search.settings import Settings
from gradalign.study.columns.regret import is_search_loss
from gradalign.study.conditions import Cell
from gradalign.study.pairs import prepared_pairs, regret


@pytest.mark.parametrize(
    "value, turn, shift, loss",
    [
        (101.0, 90.0, 3.0, True),
        (100.05, 90.0, 3.0, False),
        (90.0, 90.0, 3.0, False),
        (101.0, 0.3, 0.01, False),
        (101.0, 0.3, 0.5, True),
    ],
)
def test_a_better_answer_elsewhere_is_the_searchs_loss(value, turn, shift, loss):
    assert is_search_loss(value, 100.0, turn, shift) == loss


@pytest.fixture(scope="module", params=["rcs", "likelihood"])
def prepared(request):
    volumes, particles = noisy_pairs(1, noise=1.0)
    settings = Settings()
    (pair,) = prepared_pairs(volumes, particles, [0], [Cell("phantom", 90.0, 1.0, request.param, 60.0)], settings)
    return load_score(request.param), pair.of(request.param), relative_transform(*pair.poses), settings


def test_a_search_that_finds_the_particle_has_missed_nothing(prepared):
    score, volumes, truth, settings = prepared
    found = score.search(*volumes, settings)
    value, loss = regret(score, volumes, found, truth, free_directions(), settings)
    assert not loss
    assert value == pytest.approx(found.dissimilarity, rel=5e-3)


def test_a_search_that_starts_far_off_has_missed_the_particle(prepared):
    score, volumes, truth, settings = prepared
    # the phantom is symmetric under x <-> y, and turned by 90 degrees about its own axis it is another
    far = truth[0] @ rotation_from_euler([100.0, 110.0], 90.0, 20.0)
    found = score.search(*volumes, settings, start=Start(rotations=far))
    value, loss = regret(score, volumes, found, truth, free_directions(), settings)
    assert rotation_angle(found.rotation.T @ truth[0]) > 20.0
    assert loss and value < found.dissimilarity


def lines(losses, errors, **condition):
    frame = pd.DataFrame({"search_loss": losses, "rotation_error_deg": errors})
    return frame.assign(
        **{"search": "full", "score": "rcs", "interval_deg": 60.0, "tilt_deg": 60.0, "snr": 1.0} | condition
    )


def test_losses_are_counted_cell_by_cell():
    phantom = pd.concat(
        [
            lines([1, 0, 1, 0], [90.0, 1.0, 2.0, 50.0]),
            lines([0, 0], [1.0, 1.0], snr=np.inf),
            lines([0], [1.0], search="axis"),
            # another aligner says nothing of it
            lines([np.nan], [1.0], score="mine"),
        ]
    )
    rows = summarise_regret({"phantom": phantom, "groel": lines([1], [3.0])})
    assert rows.object.tolist() == ["phantom"] * 3 + ["groel"]
    first = rows[(rows.object == "phantom") & (rows.snr == 1.0) & (rows.search == "full")].iloc[0]
    assert [first.n, first.lost, first.lost_by_search, first.search_loss, first.regret] == [4, 2, 1, 2, 0.5]
    assert rows.search.tolist() == ["full", "full", "axis", "full"]
    assert rows.snr.tolist()[0] == np.inf
    assert "mine" not in set(rows.score)


def test_the_table_sums_each_score_and_names_every_cell(tmp_path):
    rows = summarise_regret({"phantom": lines([1, 0, 1, 0], [90.0, 1.0, 2.0, 50.0])})
    write_regret_markdown(rows, tmp_path / "regret.md")
    text = (tmp_path / "regret.md").read_text()
    assert text.count("| RCS | ") == 2
    assert "| all | full | RCS |" in text and "50.0 %" in text


def test_alignments_of_an_older_version_give_a_table_that_says_so(tmp_path):
    rows = summarise_regret({"phantom": lines([1], [1.0]).drop(columns="search_loss")})
    assert rows.empty
    write_regret_markdown(rows, tmp_path / "regret.md")
    assert "do not say" in (tmp_path / "regret.md").read_text()


def test_every_column_of_the_table_is_explained():
    text = (Path(__file__).parents[2] / "results" / "README.md").read_text()
    part = text.split("## Columns of `tables/regret.csv`")[1].split("##")[0]
    rows = summarise_regret({"phantom": lines([1], [1.0])})
    assert [name for name in rows.columns if f"`{name}`" not in part] == []
