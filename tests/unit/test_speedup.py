import numpy as np
import pandas as pd
import pytest
from searched import noisy_pairs

from gradalign.geometry.rotations import rotation_angle
from gradalign.report.tables.speedup import count_safe, summarise_seconds, summarise_speedup
from gradalign.search.paper_scores import align_spectra
from gradalign.search.score import Start
from gradalign.search.settings import Settings, StochasticRule
from gradalign.study.columns.optimum import is_same_optimum
from gradalign.study.columns.seeds import MOST_STEPS
from gradalign.study.columns.speedup import SPEEDUP, SPEEDUP_SECONDS
from gradalign.study.conditions import Cell
from gradalign.study.pairs import prepared_pairs
from gradalign.study.seed_by_seed import compare_pairs, compare_searches, seconds_lines

CELLS = [Cell("phantom", 90.0, 1.0, score, interval) for interval in (90.0, 60.0) for score in ("rcs", "fcs")]


def compared(score="rcs", number=0, settings=None, interval=60.0):
    settings = settings or Settings()
    pair = next(prepared_pairs(*noisy_pairs(), [number], [Cell("phantom", 90.0, 1.0, score, interval)], settings))
    found, *_ = compare_searches(*pair.of(score), score, interval, settings, 1.0, np.random.default_rng(2))
    alone = align_spectra(*pair.of(score), score, settings, 1.0, np.random.default_rng(2), Start(interval))
    return found, alone, pair


@pytest.mark.parametrize("score", ["rcs", "fcs"])
def test_the_stochastic_search_is_the_aligners_and_both_ways_end_at_one_optimum(score):
    found, alone, _ = compared(score)
    assert found.stochastic_steps == alone.iterations
    # refined on from there; the two evaluations differ in the last digits of single precision
    assert found.stochastic_dissimilarity <= alone.dissimilarity * (1 + 1e-6)
    assert found.seeds == 108
    assert 5 * found.seeds < found.independent_steps <= MOST_STEPS * found.seeds
    # an easy pair: nothing missing, little noise
    assert is_same_optimum(found.rotation_difference, found.translation_difference)
    assert found.stochastic_dissimilarity == pytest.approx(found.independent_dissimilarity, rel=1e-3)


def test_the_optimum_is_first_hit_where_the_path_first_comes_within_the_tolerances():
    found, alone, _ = compared()
    turns = rotation_angle(alone.rotation.T @ alone.path[:, :9].reshape(-1, 3, 3))
    shifts = np.linalg.norm(alone.path[:, 9:] - alone.translation, axis=1)
    near = is_same_optimum(turns, shifts)
    assert 1 < found.steps_to_optimum < found.stochastic_steps
    # the two ends agree to far less than the tolerances
    assert abs(found.steps_to_optimum - 1 - np.flatnonzero(near)[0]) <= 1


def test_a_search_that_is_stopped_at_once_never_hits_the_optimum():
    found, *_ = compared(settings=Settings(rule=StochasticRule(max_steps=2)))
    assert found.stochastic_steps == 2
    assert found.steps_to_optimum is None


@pytest.mark.parametrize("turn, shift, same", [(0.49, 0.049, True), (0.51, 0.0, False), (0.0, 0.051, False)])
def test_the_same_optimum_is_within_half_a_degree_and_a_twentieth_of_a_voxel(turn, shift, same):
    assert is_same_optimum(turn, shift) == same


def test_lines_do_not_depend_on_the_pairs_compared_with_them():
    seconds = {}
    together = list(compare_pairs(*noisy_pairs(), range(3), CELLS, Settings(), 4, seconds))
    parts = [list(compare_pairs(*noisy_pairs(), [number], CELLS, Settings(), 4, {})) for number in range(3)]
    assert together == [line for part in parts for line in part]
    assert all(tuple(line) == SPEEDUP for line in together)
    assert [(line["pair"], line["score"], line["interval_deg"]) for line in together[:5]] == [
        ("0", "rcs", "90"),
        ("0", "fcs", "90"),
        ("0", "rcs", "60"),
        ("0", "fcs", "60"),
        ("1", "rcs", "90"),
    ]
    lines = list(seconds_lines(seconds, 3))
    assert [tuple(line) for line in lines] == [SPEEDUP_SECONDS] * 4
    assert all(float(line[name]) > 0 for line in lines for name in SPEEDUP_SECONDS[-3:])


def comparisons(**columns):
    frame = pd.DataFrame({"pair": range(4), "tilt_deg": 60.0, "snr": 0.5, "score": "rcs", "interval_deg": 60.0})
    frame = frame.assign(seeds=100, independent_steps=[3000, 3000, 2000, 1000], stochastic_steps=[100, 150, 200, 250])
    frame = frame.assign(independent_error_deg=[1.0, 2.0, 21.0, 3.0], stochastic_error_deg=[1.0, 90.0, 21.0, 3.0])
    frame = frame.assign(steps_to_optimum=[50, np.nan, 20, np.nan], translation_difference_voxel=0.0)
    return frame.assign(rotation_difference_deg=[0.1, 90.0, 0.5, 0.6]).assign(**columns)


def test_a_cell_has_median_ratios_and_counts_its_optima():
    (row,) = summarise_speedup(comparisons()).itertuples()
    # 30, 20, 10 and 4
    assert row.ratio_median == pytest.approx(15.0)
    assert (row.ratio_lower, row.ratio_upper) == (pytest.approx(8.5), pytest.approx(22.5))
    assert (row.n, row.hits, row.same_optimum) == (4, 2, 2)
    assert (row.independent_lost, row.stochastic_lost) == (1, 2)
    # 60 and 100
    assert row.hit_ratio_median == pytest.approx(80.0)
    assert row.hit_steps_median == 35.0
    assert row.steps_per_seed_median == 25.0
    assert (row.independent_steps_median, row.stochastic_steps_median) == (2500.0, 175.0)


def test_the_likelihoods_search_ends_at_the_optimum_of_all_its_seeds():
    cells = [cell._replace(score="likelihood", interval=60.0) for cell in CELLS[:1]]
    lines = list(compare_pairs(*noisy_pairs(), range(3), cells, Settings(), 4, {}))
    for each in lines:
        assert is_same_optimum(float(each["rotation_difference_deg"]), float(each["translation_difference_voxel"]))
        assert float(each["stochastic_error_deg"]) == pytest.approx(float(each["independent_error_deg"]), abs=0.5)
        assert 20 * int(each["stochastic_steps"]) < int(each["independent_steps"])


def test_a_cell_is_safe_where_both_ways_end_at_one_optimum_and_the_steps_are_a_twentieth():
    rows = pd.DataFrame({"n": 100, "independent_lost": [0, 5, 6, 0, 0], "same_optimum": [95, 99, 100, 94, 100]})
    assert count_safe(rows.assign(ratio_median=[20.0, 30.0, 30.0, 30.0, 19.0])) == (4, 2)


def test_cells_stand_in_the_order_of_the_papers_tables():
    frames = [comparisons(interval_deg=interval, snr=snr) for interval in (45.0, 60.0) for snr in (0.5, np.inf)]
    rows = summarise_speedup(pd.concat(frames))
    assert list(zip(rows.interval_deg, rows.snr, strict=True)) == [(60, np.inf), (60, 0.5), (45, np.inf), (45, 0.5)]


def test_seconds_are_means_of_a_pair_and_their_ratio_counts_the_seeding_in_both():
    part = {"tilt_deg": 60.0, "snr": 0.5, "score": "rcs", "interval_deg": 60.0, "pairs": 2}
    seconds = pd.DataFrame([part | {"seeding_s": 1.0, "independent_s": 9.0, "stochastic_s": 2.0}] * 2)
    (row,) = summarise_seconds(seconds).itertuples()
    assert (row.pairs, row.seeding_s, row.independent_s, row.stochastic_s) == (4, 0.5, 4.5, 1.0)
    assert row.ratio == pytest.approx(5.0)
