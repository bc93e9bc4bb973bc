"""What the scores make of contrast, measured on a few simulated pairs."""

import numpy as np
import pandas as pd
import pytest

from gradalign.search.settings import Settings
from gradalign.simulation.dataset import DataSet
from gradalign.simulation.microscope import Microscope
from gradalign.simulation.phantom import phantom
from gradalign.simulation.protocol import Protocol
from gradalign.study.columns.contrast import CONTRAST, CONTRAST_SECONDS, FACTORS
from gradalign.study.conditions import Cell
from gradalign.study.contrast import measure, seconds_lines
from gradalign.study.pairs import Subtomograms

PAIRS = 2


@pytest.fixture(scope="module")
def measured():
    protocol = Protocol(Microscope(300.0, -4.0, 2.0, tilt_step=2.0))
    data_set = DataSet("phantom", phantom(32, 48), 1.0, 60.0, 0.5, 5, protocol)
    subtomograms = [data_set.subtomogram(index) for index in range(2 * PAIRS)]
    volumes = np.array([volume for volume, *_ in subtomograms])
    particles = data_set.particles([pose for _, *pose in subtomograms], "volumes.mrcs")
    cells = [Cell("phantom", 60.0, 0.5, score, 60.0) for score in ("rcs", "fcs")]
    seconds = {}
    lines = list(measure(Subtomograms(volumes, particles, "C1"), range(PAIRS), cells, Settings(alike=True), 5, seconds))
    frame = pd.DataFrame(lines)
    names = [name for name in CONTRAST if name != "score"]
    return frame.assign(**{name: pd.to_numeric(frame[name]) for name in names}), list(seconds_lines(seconds))


def test_every_pair_is_aligned_with_both_scores_at_every_contrast(measured):
    rows, _ = measured
    assert tuple(rows.columns) == CONTRAST
    assert len(rows) == PAIRS * 2 * len(FACTORS)
    assert (rows[rows.factor == 1].moved_deg == 0).all()


def test_rcs_gives_the_same_answer_at_every_contrast_and_fcs_another(measured):
    rows, _ = measured
    scaled = rows[rows.factor != 1].groupby("score")
    assert scaled.moved_deg.max().rcs == scaled.moved_voxel.max().rcs == 0.0
    assert scaled.moved_deg.max().fcs > 0.5


def test_refused_trials_and_moves_of_g_are_counted(measured):
    rows, _ = measured
    counted = rows[rows.factor == 1]
    assert (counted.refused_trials < counted.trials).all() and (counted.refused_trials >= 0).all()
    # value, trial and differences of six parameters, or of three and the derivatives' own
    assert set(counted[counted.score == "rcs"].moves_of_g) == {14}
    assert set(counted[counted.score == "fcs"].moves_of_g) == {9}
    assert rows[rows.factor != 1].trials.isna().all()


def test_a_step_of_each_score_is_timed(measured):
    _, lines = measured
    assert [tuple(line) for line in lines] == [CONTRAST_SECONDS, CONTRAST_SECONDS]
    assert all(float(line["step_us"]) > 0 and float(line["paper_step_ms"]) > 0 for line in lines)
