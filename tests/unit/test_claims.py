"""The verdicts on the paper's claims, from data that are made to uphold or to break them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented import PAPER, alignments

from gradalign.report.claims import accuracy, search, structure
from gradalign.report.claims.claim import (
    FAILS,
    HOLDS,
    NOT_MEASURED,
    UNDECIDED,
    Claim,
    Interval,
    all_of,
    bootstrap,
    each_below,
    is_above,
    is_below,
    median_bounds,
    pooled_median,
)
from gradalign.report.claims.verdicts import Evidence, claims_caption, verdicts, write_claims
from gradalign.report.results_page import read_claims


def comparisons(ratio, interval=60, seeds=108, pairs=20):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"pair": np.arange(pairs), "interval_deg": interval, "seeds": seeds, "score": "rcs"})
    frame["tilt_deg"], frame["snr"], frame["stochastic_steps"] = 60, 0.5, 200
    frame["independent_steps"] = (200 * ratio * rng.uniform(0.95, 1.05, pairs)).astype(int)
    frame["rotation_difference_deg"], frame["translation_difference_voxel"] = 0.0, 0.0
    return frame


def scans(scanned, refined, translation=0.55, pairs=20, interval=10):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"pair": np.arange(pairs), "scan_interval_deg": interval, "score": "rcs"})
    frame["tilt_deg"], frame["snr"] = 60, 0.5
    for name, size in (("rotation_error_deg", scanned), ("refined_rotation_error_deg", refined)):
        frame[name] = size * rng.uniform(0.9, 1.1, pairs)
    frame["translation_error_voxel"] = translation * rng.uniform(0.99, 1.01, pairs)
    frame["refined_translation_error_voxel"] = 0.2 * rng.uniform(0.9, 1.1, pairs)
    return frame


def contrast(moved, fcs_moves=9, fcs_refused=20):
    lines = []
    for pair in range(6):
        for score in ("rcs", "fcs"):
            for factor in (1.0, 0.5, 2.0):
                turn = moved[score] if factor != 1 else 0.0
                line = {"pair": pair, "score": score, "factor": factor, "moved_deg": turn, "moved_voxel": 0.0}
                line |= {"rotation_error_deg": 2.0 + turn, "trials": 100.0}
                line["refused_trials"] = 40.0 + pair if score == "rcs" else fcs_refused + pair
                line["moves_of_g"] = 14.0 if score == "rcs" else fcs_moves
                lines.append(line)
    return pd.DataFrame(lines)


def averages(resolution, noise=8.0):
    rows = [("GroEL (1MNF)", "subtomograms", score, resolution, 1000) for score in ("rcs", "fcs")]
    rows.append(("GroEL (1MNF)", "noise", "rcs", noise, 1000))
    return pd.DataFrame(rows, columns=["title", "kind", "score", "truth_resolution_nm", "n"])


def classes(before, after):
    rows = [
        (score, stage, value, number, 20)
        for score in ("rcs", "fcs")
        for stage, value in (("before", before), ("after", after))
        for number in range(4)
    ]
    return pd.DataFrame(rows, columns=["score", "stage", "adjusted_rand_index", "class", "n"])


def with_errors(search, error, **where):
    frame = alignments(search, pairs=60)
    chosen = np.logical_and.reduce([frame[name] == value for name, value in where.items()])
    frame.loc[chosen, "rotation_error_deg"] = error * np.random.default_rng(1).uniform(0.9, 1.1, chosen.sum())
    return frame


@given(st.lists(st.floats(0.1, 100), min_size=1, max_size=60), st.floats(0.1, 100))
def test_verdicts_on_both_sides_of_a_limit_are_opposite(values, limit):
    interval = median_bounds(values)
    assert interval.low <= interval.value <= interval.high
    opposite = {HOLDS: FAILS, FAILS: HOLDS, UNDECIDED: UNDECIDED}
    assert is_above(interval, limit) == opposite[is_below(interval, limit)]


def test_the_bounds_of_a_median_hold_it_as_often_as_they_say():
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(400):
        bounds = median_bounds(rng.lognormal(0, 1, 25))
        held += bounds.low <= 1.0 <= bounds.high
    assert 0.93 <= held / 400 <= 0.99


def test_one_pair_decides_nothing():
    assert bootstrap([[3.0]], pooled_median, np.random.default_rng(0)) == Interval(3.0, -np.inf, np.inf)
    assert is_below(median_bounds([3.0]), 100.0) == UNDECIDED
    assert str(Interval(3.0, -np.inf, np.inf)) == "3"


def test_many_cells_near_a_limit_are_not_taken_for_one_beyond_it():
    rng = np.random.default_rng(2)
    cells = [rng.lognormal(np.log(5.9), 0.5, 30) for _ in range(40)]
    assert max(np.median(cell) for cell in cells) > 6.5
    assert each_below(cells, 6.0) == UNDECIDED
    assert each_below([*cells, rng.uniform(8, 9, 30)], 6.0) == FAILS
    assert each_below(cells, 30.0) == HOLDS


@pytest.mark.parametrize(
    "parts, verdict",
    [((HOLDS, HOLDS), HOLDS), ((HOLDS, FAILS), FAILS), ((HOLDS, UNDECIDED), UNDECIDED), ((UNDECIDED, FAILS), FAILS)],
)
def test_a_claim_of_several_parts_holds_only_if_all_do(parts, verdict):
    assert all_of(*parts) == verdict


@pytest.mark.parametrize("factor, verdict", [(1.05, HOLDS), (1.6, FAILS)])
def test_coarse_seeds_are_nearly_as_good_or_not(factor, verdict):
    frame = alignments("full", pairs=30)
    fine = frame[frame.interval_deg == 45]
    coarse = fine.assign(interval_deg=60, rotation_error_deg=factor * fine.rotation_error_deg)
    claim = accuracy.nearly_as_good(pd.concat([fine, coarse]), PAPER, 1)
    assert (claim.verdict, claim.n) == (verdict, 30)
    assert f"= {factor:.2g}".rstrip("0") in claim.measured


@pytest.mark.parametrize(
    "error, verdict, word", [(1.0, HOLDS, "better"), (3.1, HOLDS, "agrees"), (9.0, FAILS, "worse")]
)
def test_a_printed_error_is_met_or_missed(error, verdict, word):
    frame = with_errors("full", error, tilt_deg=70, snr=0.5, score="rcs", interval_deg=60)
    claim = accuracy.printed_value(frame, PAPER, 1, "rcs", 60)
    assert claim.verdict == verdict
    assert claim.measured.endswith(word)
    assert "3.1°" in claim.claim


@pytest.mark.parametrize("error, with_normal, without", [(2.0, HOLDS, FAILS), (30.0, FAILS, HOLDS)])
def test_the_surface_normal_helps_or_does_not(error, with_normal, without):
    assert accuracy.accurate_with_normal(with_errors("axis", error, snr=0.1)).verdict == with_normal
    assert accuracy.inaccurate_without_normal(with_errors("full", error, snr=0.1), PAPER).verdict == without


def test_the_papers_own_exceptions_are_counted():
    claim = accuracy.inaccurate_without_normal(with_errors("full", 30.0, snr=0.1), PAPER)
    assert "the smallest is 5.9°, 7 below 10°" in claim.measured


def test_a_cell_that_fails_about_an_axis_is_named():
    assert accuracy.few_seeds_about_an_axis(alignments("axis", pairs=40)).verdict == HOLDS
    frame = with_errors("axis", 40.0, tilt_deg=50, snr=0.5, score="fcs", interval_deg=45)
    claim = accuracy.few_seeds_about_an_axis(frame)
    assert claim.verdict == FAILS
    assert "(FCS, 45°, ±50°, SNR 0.5)" in claim.measured


@pytest.mark.parametrize("ratio, verdict", [(30, HOLDS), (12, FAILS)])
def test_steps_saved_are_enough_or_not(ratio, verdict):
    claim = search.fewer_steps(comparisons(ratio), 1, 60, 20, 40)
    assert claim.verdict == verdict
    assert "100 % of the pairs" in claim.measured


@pytest.mark.parametrize("ratio, verdict", [(30, HOLDS), (5, FAILS)])
def test_the_steps_of_a_seed_are_as_many_as_the_paper_says_or_not(ratio, verdict):
    # 200 · ratio steps over 108 seeds: 56 or 9
    assert search.steps_taken(comparisons(ratio), 1).verdict == verdict


@pytest.mark.parametrize("scanned, refined, verdict", [(6.0, 2.0, HOLDS), (2.0, 6.0, FAILS), (3.0, 3.0, UNDECIDED)])
def test_refinement_beats_a_scan_or_does_not(scanned, refined, verdict):
    assert search.more_precise_than_a_scan(scans(scanned, refined), 1, 10).verdict == verdict


def test_one_scanned_pair_leaves_the_claim_undecided():
    claim = search.more_precise_than_a_scan(scans(6.0, 2.0, pairs=1, interval=5), 1, 5)
    assert (claim.verdict, claim.n) == (UNDECIDED, 1)
    assert "0.3" in claim.measured


@pytest.mark.parametrize("translation, verdict", [(0.6, HOLDS), (0.3, FAILS)])
def test_whole_voxels_are_half_a_voxel_off_or_not(translation, verdict):
    assert search.whole_voxels(scans(6.0, 2.0, translation), 1).verdict == verdict


@pytest.mark.parametrize(
    "moved, verdict",
    [({"rcs": 0.0, "fcs": 30.0}, HOLDS), ({"rcs": 0.0, "fcs": 0.0}, FAILS), ({"rcs": 5.0, "fcs": 30.0}, FAILS)],
)
def test_only_one_score_may_heed_contrast(moved, verdict):
    assert search.contrast(contrast(moved)).verdict == verdict


def test_cost_and_steadiness_follow_the_counts():
    moved = {"rcs": 0.0, "fcs": 9.0}
    assert search.cheaper_step(contrast(moved)).verdict == HOLDS
    assert search.cheaper_step(contrast(moved, fcs_moves=14)).verdict == FAILS
    assert search.steadier(contrast(moved), 1).verdict == HOLDS
    assert search.steadier(contrast(moved, fcs_refused=60), 1).verdict == FAILS


@pytest.mark.parametrize(
    "resolution, noise, verdict", [(3.0, 8.0, HOLDS), (6.0, 8.0, FAILS), (np.nan, 8.0, FAILS), (3.0, 3.0, UNDECIDED)]
)
def test_averages_recover_the_structure_only_if_noise_does_not(resolution, noise, verdict):
    assert structure.averages_recover(averages(resolution, noise)).verdict == verdict


@pytest.mark.parametrize(
    "before, after, verdict", [(0.1, 0.95, HOLDS), (0.1, 0.5, FAILS), (1.0, 0.9, FAILS), (1.0, 1.0, UNDECIDED)]
)
def test_blocks_appear_by_alignment_or_not(before, after, verdict):
    claim = structure.block_structure(classes(before, after))
    assert (claim.verdict, claim.n) == (verdict, 80)


def test_what_was_not_run_is_not_measured_and_has_no_number():
    frame = alignments("full", pairs=5)
    claims = verdicts(Evidence(frame[frame.tilt_deg == 40], PAPER), 1)
    assert {claim.verdict for claim in claims} == {NOT_MEASURED}
    assert {(claim.measured, claim.n) for claim in claims} == {("", 0)}
    assert f"{len(claims)} not measured" in claims_caption(claims)


def test_claims_are_read_as_they_were_written(tmp_path):
    claims = [Claim("One.", HOLDS, "1 (0.9 to 1.1)", "below 2", 7), Claim("Two.", NOT_MEASURED, "", "below 3", 0)]
    write_claims(claims, tmp_path / "claims.csv", tmp_path / "claims.md")
    assert read_claims(tmp_path / "claims.csv") == claims
    text = (tmp_path / "claims.md").read_text(encoding="utf-8")
    assert "1. One. **Holds.** Measured: 1 (0.9 to 1.1) (n = 7). Decided by: below 2." in text
    assert "2. Two. **Not measured.** Decided by: below 3." in text


def test_verdicts_do_not_depend_on_the_order_of_the_alignments():
    frame = pd.concat([alignments(kind, pairs=10) for kind in ("full", "axis")], ignore_index=True)
    extra = {"comparisons": comparisons(25), "scans": scans(6.0, 2.0), "contrast": contrast({"rcs": 0.0, "fcs": 3.0})}
    shuffled = {name: table.sample(frac=1, random_state=2) for name, table in extra.items()}
    other = Evidence(frame.sample(frac=1, random_state=3), PAPER, **shuffled)
    assert verdicts(Evidence(frame, PAPER, **extra), 1) == verdicts(other, 1)
