"""The calibration: its variants beside the configuration."""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from invented import PAPER

from gradalign.report.calibration import beside_base
from gradalign.study.calibration import half_of, variants
from gradalign.study.columns.paper import CELL

CONFIG = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text(encoding="utf-8"))


def test_the_halves_are_a_checkerboard():
    halves = np.array([[half_of(CONFIG, t, s) for s in CONFIG["grid"]["snr"]] for t in CONFIG["grid"]["tilt"]])
    assert (halves[:, 1:] != halves[:, :-1]).all()
    assert (halves[1:] != halves[:-1]).all()


def test_the_file_for_the_worse_cells_tries_only_what_it_names():
    path = Path(__file__).parents[2] / "workflow" / "config" / "worse_cells.yaml"
    given = yaml.safe_load(path.read_text(encoding="utf-8"))
    aligner, given = given["alignment"], given["calibration"]
    config = CONFIG | {
        "alignment": CONFIG["alignment"] | aligner,
        "calibration": CONFIG["calibration"]
        | {"alternatives": CONFIG["calibration"]["alternatives"] | given["alternatives"]},
    }
    tried = [(key, value) for key, value, _ in variants(config)]
    assert len(tried) == 1 + sum(len(values) for values in given["alternatives"].values())
    assert len(set(tried)) == len(tried)


def test_a_variant_is_what_the_list_says_whatever_the_number_is_that_it_replaces():
    section = CONFIG["calibration"] | {"alternatives": {"alignment.least_overlap": [0.25]}}
    config = CONFIG | {"alignment": CONFIG["alignment"] | {"least_overlap": 0}, "calibration": section}
    assert variants(config)[1][2]["alignment"]["least_overlap"] == 0.25


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
