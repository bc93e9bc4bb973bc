import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented import PAPER, alignments, one_cell

from gradalign.base.medians import median_and_deviation
from gradalign.base.randomness import generator
from gradalign.errors import InputError
from gradalign.geometry.rotations import alignment_error, random_rotations, rotation_from_euler
from gradalign.report.statistics import (
    compare,
    log_ratio,
    median_interval,
    median_standard_error,
    random_azimuth_error,
    read_alignments,
    read_paper,
    summarise,
    summarise_complexes,
)
from gradalign.study.columns.paper import CELL

COMPLEX = {"title": "GroEL (1MNF)", "point_group": "D7", "stand_in_for": "1KP8"}


def test_deviation_is_the_median_distance_from_the_median_unscaled():
    # median 3; distances 2 1 0 1 97
    assert median_and_deviation([1, 2, 3, 4, 100]) == (3.0, 1.0)


@given(st.lists(st.floats(0, 180), min_size=1, max_size=50), st.floats(0.1, 10))
def test_median_and_deviation_scale_with_the_errors(errors, factor):
    median, deviation = median_and_deviation(errors)
    assert min(errors) <= median <= max(errors)
    scaled = median_and_deviation(factor * np.array(errors))
    assert scaled == pytest.approx((factor * median, factor * deviation))


def test_no_alignments_are_refused():
    with pytest.raises(InputError, match="at least one alignment"):
        median_and_deviation([])


@pytest.mark.parametrize("search, tables", [("full", [1, 2]), ("axis", [3, 4])])
def test_every_cell_of_the_paper_finds_its_printed_value(search, tables):
    rows = summarise(alignments(search), PAPER)
    printed = PAPER[PAPER.table.isin(tables)].reset_index(drop=True)
    assert len(rows) == 192
    # in the paper's own order, and with the paper's own numbers
    pd.testing.assert_frame_equal(rows[CELL], printed[CELL], check_dtype=False)
    assert (rows.paper_median == printed["median"]).all()
    assert (rows.paper_mad == printed["mad"]).all()
    assert (rows.n == 9).all()


def test_rows_hold_the_medians_of_their_own_cell():
    frame = alignments()
    rows = summarise(frame, PAPER)
    cell = frame[(frame.interval_deg == 45) & (frame.score == "fcs") & (frame.tilt_deg == 60) & (frame.snr == 0.1)]
    row = rows[(rows.table == 2) & (rows.interval_deg == 45) & (rows.score == "fcs")]
    row = row[(row.tilt_deg == 60) & (row.snr == 0.1)].iloc[0]
    assert row["median"] == np.median(cell.translation_error_voxel)
    assert row["mad"] == np.median(np.abs(cell.translation_error_voxel - row["median"]))
    assert (row.paper_median, row.paper_mad) == (0.72, 0.36)


def test_rows_do_not_depend_on_the_order_of_the_alignments():
    frame = alignments()
    shuffled = frame.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(summarise(frame, PAPER), summarise(shuffled, PAPER))


def test_a_cell_that_the_paper_lacks_has_no_printed_value():
    rows = summarise(one_cell([1.0, 2.0, 3.0], tilt_deg=65), PAPER)
    assert rows["median"].tolist() == [2.0, 1.0]
    assert rows.paper_median.isna().all()


@pytest.mark.parametrize("symmetry, fold", [("C1", 1), ("C7", 7), ("D4", 4), ("D7", 7)])
def test_a_random_azimuth_reads_as_expected(symmetry, fold):
    rng = np.random.default_rng(1)
    pose_f, pose_g = random_rotations(rng, 2)
    turns = rotation_from_euler(rng.uniform(0, 360, 1500), 0.0, 0.0)
    origin = np.zeros(3)
    errors = [
        alignment_error(pose_f @ turn @ pose_g.T, origin, pose_f, origin, pose_g, origin, symmetry)[0] for turn in turns
    ]
    assert max(errors) <= 180 / fold + 1e-6
    assert np.median(errors) == pytest.approx(random_azimuth_error(symmetry), rel=0.06)
    assert random_azimuth_error("D7") == pytest.approx(180 / 14)


def test_complexes_keep_their_order_and_their_axis_apart():
    polymerase = {"title": "RNA polymerase (2GHO)", "point_group": "C1", "stand_in_for": None}
    frames = {
        "groel": pd.concat([one_cell([1.0, 2.0, 4.0], score=score) for score in ("fcs", "rcs")]),
        "rna_polymerase": one_cell([5.0, 6.0, 8.0]),
    }
    rows = summarise_complexes(frames, {"groel": COMPLEX, "rna_polymerase": polymerase})
    assert rows.object.tolist() == ["groel", "groel", "rna_polymerase"]
    assert rows.score.tolist() == ["rcs", "fcs", "rcs"]
    assert rows.rotation_median_deg.tolist() == [2.0, 2.0, 6.0]
    assert rows.rotation_mad_deg.tolist() == [1.0, 1.0, 1.0]
    assert rows.axis_median_deg[0] == 1.0
    assert rows.random_azimuth_deg[0] == pytest.approx(90 / 7)
    # without a symmetry axis there is neither
    assert np.isnan(rows.axis_median_deg[2])
    assert np.isnan(rows.random_azimuth_deg[2])
    assert rows.stand_in_for.tolist() == ["1KP8", "1KP8", ""]
    assert rows.n.tolist() == [3, 3, 3]


def test_bootstrap_interval_holds_the_true_median_as_often_as_it_says():
    rng = np.random.default_rng(0)
    held = 0
    for number in range(100):
        low, high = median_interval(rng.lognormal(1.0, 0.8, 60), generator(1, "test", number))
        held += low <= np.exp(1.0) <= high
    assert 88 <= held <= 100


def test_bootstrap_is_the_same_for_the_same_seed_in_any_order():
    errors = np.random.default_rng(0).lognormal(0, 1, 40)
    first = median_interval(errors, generator(1, "test"))
    assert median_interval(errors[::-1], generator(1, "test")) == first
    assert median_interval(errors, generator(2, "test")) != first


def test_printed_deviation_gives_the_standard_error_that_the_bootstrap_gives():
    rng = np.random.default_rng(3)
    formula, bootstrap = [], []
    for number in range(20):
        errors = rng.normal(10.0, 1.0, 100)
        _, deviation = median_and_deviation(errors)
        formula.append(median_standard_error(deviation, 100))
        low, high = median_interval(errors, generator(1, "test", number))
        bootstrap.append((high - low) / (2 * 1.96))
    assert np.mean(formula) == pytest.approx(np.mean(bootstrap), rel=0.15)
    # √(π/2) σ/√n of a normal distribution
    assert np.mean(formula) == pytest.approx(1.2533 / 10, rel=0.1)


def test_two_samples_of_one_distribution_agree_as_often_as_the_level_says():
    rng = np.random.default_rng(4)
    agreed = 0
    for number in range(100):
        here, there = rng.lognormal(1.0, 0.6, (2, 100))
        agreed += log_ratio(here, *median_and_deviation(there), generator(1, "test", number)).agrees
    assert 85 <= agreed <= 100


def test_a_doubled_error_disagrees_and_the_interval_holds_the_ratio():
    errors = np.random.default_rng(5).lognormal(np.log(4.0), 0.4, 100)
    ratio = log_ratio(errors, 2.0, 0.5, generator(1, "test"))
    assert not ratio.agrees
    assert ratio.low < np.log(2.0) < ratio.high
    assert ratio.value == pytest.approx(np.log(np.median(errors) / 2.0))


def test_a_larger_printed_deviation_widens_the_interval_on_both_sides():
    errors = np.random.default_rng(5).lognormal(0.0, 0.4, 50)
    narrow, wide = (log_ratio(errors, 1.0, deviation, generator(1, "test")) for deviation in (0.1, 1.0))
    assert wide.low < narrow.low < narrow.high < wide.high


def test_a_negative_error_is_refused():
    with pytest.raises(InputError, match="negative"):
        log_ratio([-0.1, 1.0], 1.0, 0.5, generator(1, "test"))


def test_one_alignment_has_no_interval():
    with pytest.raises(InputError, match="at least 2"):
        median_interval([1.0], generator(1, "test"))


def test_compared_cells_carry_ratio_and_verdict():
    frame = pd.concat([one_cell(np.linspace(3.0, 4.4, 30)), one_cell(np.linspace(1, 2, 30), tilt_deg=65)])
    rows = summarise(frame, PAPER)
    result = compare(frame, rows, study_seed=1)
    # the paper has no ±65°
    assert result.tilt_deg.tolist() == [60, 60]
    assert result.ratio[0] == pytest.approx(1.0)
    assert result.agrees.tolist() == [True, False]
    assert (result.ratio_low <= result.ratio).all()
    assert (result.ratio <= result.ratio_high).all()
    pd.testing.assert_frame_equal(result, compare(frame.iloc[::-1], rows, study_seed=1))


def test_alignments_are_read_with_infinite_snr(tmp_path):
    path = tmp_path / "phantom.csv"
    alignments(pairs=1).to_csv(path, index=False)
    assert np.isinf(read_alignments(path).snr).any()


@pytest.mark.parametrize(
    "text, message",
    [
        (None, "no readable CSV"),
        ("", "no readable CSV"),
        ("pair,tilt_deg\n1,60\n", "lacks the column"),
        (
            "search,interval_deg,score,tilt_deg,snr,rotation_error_deg,translation_error_voxel,axis_error_deg\n",
            "no line",
        ),
        (
            "search,interval_deg,score,tilt_deg,snr,rotation_error_deg,translation_error_voxel,axis_error_deg\n"
            "full,60,rcs,60,0.5,nan,1,1\n",
            "rotation_error_deg",
        ),
    ],
)
def test_unusable_alignments_are_named(tmp_path, text, message):
    path = tmp_path / "phantom.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=message) as error:
        read_alignments(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_table_of_the_paper_without_its_columns_is_named(tmp_path):
    path = tmp_path / "tables.csv"
    path.write_text("table,median\n1,2\n")
    with pytest.raises(InputError, match="lacks the column"):
        read_paper(path)
