"""The calibration: its smallest overlap, and its variants beside the configuration."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from invented import PAPER

from gradalign.fourier.spectrum import prepare
from gradalign.report.calibration import beside_base
from gradalign.scores.evaluation import evaluate
from gradalign.search.paper_scores import align_spectra
from gradalign.search.score import Start
from gradalign.search.seeds import start_rotations
from gradalign.search.settings import Settings
from gradalign.simulation.phantom import phantom
from gradalign.study.calibration import half_of, variants
from gradalign.study.columns.paper import CELL
from gradalign.study.conditions import Cell
from gradalign.study.least_overlap import overlap_shares, search_with_overlap

CONFIG = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text(encoding="utf-8"))
TILT = 40.0
CELL_FCS = Cell("phantom", TILT, np.inf, "fcs", 60.0)


@pytest.fixture(scope="module")
def pair():
    f = phantom(16, 24)[4:-4, 4:-4, 4:-4]
    g = np.random.default_rng(3).normal(size=f.shape).astype(np.float32)
    return prepare(f, TILT, 5.3, 1.0, 3.0), prepare(g, TILT, 5.3, 1.0, 3.0)


def search(pair, least, cell=CELL_FCS):
    return search_with_overlap(*pair, cell, Settings(), 1.0, least, np.random.default_rng(5))


def test_a_share_is_the_overlap_that_the_kernels_compare_over_what_was_measured(pair):
    rotations = np.ascontiguousarray(start_rotations(60)[::7])
    counts = evaluate(*pair, 0, rotations, np.zeros((len(rotations), 3)))[3]
    np.testing.assert_allclose(overlap_shares(*pair, rotations), counts / len(pair[0].lattice), atol=1e-12)


def test_without_a_smallest_overlap_the_search_is_the_papers(pair):
    rotation, translation, steps = search(pair, 0.0)
    found = align_spectra(*pair, "fcs", Settings(), 1.0, np.random.default_rng(5), Start(60.0))
    assert np.array_equal(rotation, found.rotation)
    assert np.array_equal(translation, found.translation)
    assert steps == found.iterations


@pytest.mark.parametrize("least", [0.3, 0.5])
def test_an_answer_has_the_smallest_overlap_at_least(pair, least):
    assert overlap_shares(*pair, [search(pair, 0.0)[0]]) < least
    assert overlap_shares(*pair, [search(pair, least)[0]]) >= least


def test_an_overlap_that_no_seed_has_still_gives_a_rotation(pair):
    rotation, _, steps = search(pair, 0.9999)
    assert steps == 0
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)


def test_the_halves_are_a_checkerboard():
    halves = np.array([[half_of(CONFIG, t, s) for s in CONFIG["grid"]["snr"]] for t in CONFIG["grid"]["tilt"]])
    assert (halves[:, 1:] != halves[:, :-1]).all()
    assert (halves[1:] != halves[:-1]).all()


def test_the_file_for_the_worse_cells_tries_only_what_it_names():
    path = Path(__file__).parents[2] / "workflow" / "config" / "worse_cells.yaml"
    given = yaml.safe_load(path.read_text(encoding="utf-8"))["calibration"]
    config = CONFIG | {
        "calibration": CONFIG["calibration"]
        | {"alternatives": CONFIG["calibration"]["alternatives"] | given["alternatives"]}
    }
    tried = [(key, value) for key, value, _ in variants(config)]
    assert len(tried) == 1 + sum(len(values) for values in given["alternatives"].values())
    assert len(set(tried)) == len(tried)


def test_a_variant_stands_beside_the_configuration_on_the_same_cells():
    printed = PAPER[PAPER.search == "full"]
    rows = printed[[*CELL, "median"]].assign(key="base", value="", half=1, steps=100)
    rows.loc[rows.snr == 1, "half"] = 2
    factor = np.where(rows.tilt_deg == 40, 0.5, 1.1)
    rows = pd.concat([rows, rows.assign(key="one", value="2", median=rows["median"] * factor, steps=50)])
    comparison = printed[CELL].assign(verdict=np.where(printed.tilt_deg == 40, "worse", "agrees"))
    base, one = beside_base(rows, PAPER, comparison).to_dict("records")
    names = ["worse_fit", "worse_judged", "others_fit", "others_judged"]
    np.testing.assert_allclose([base[name] for name in names], 1.0)
    np.testing.assert_allclose([one[name] for name in names], [0.5, 0.5, 1.1, 1.1])
    assert (one["still_worse"], one["newly_worse"], one["steps"]) == (0, 0, 50)
