from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from searched import noisy_pairs

from gradalign.errors import InputError
from gradalign.geometry.rotations import alignment_error, seed_rotations
from gradalign.report.tables.scans import scanning_caption, summarise_scans, summarise_seconds, write_scanning_markdown
from gradalign.scores.evaluation import dissimilarity_at
from gradalign.search.exhaustive import scan
from gradalign.search.settings import Settings
from gradalign.study.columns.scans import SCAN_SECONDS, SCANS
from gradalign.study.conditions import Cell
from gradalign.study.pairs import Subtomograms, prepared_pairs
from gradalign.study.scans import scan_pairs, seconds_lines

CELLS = [Cell("phantom", 90.0, 1.0, score, 60.0) for score in ("rcs", "fcs")]


def prepared(number=0):
    return next(prepared_pairs(*noisy_pairs(), [number], [Cell("phantom", 90.0, 1.0, "rcs", 60.0)], Settings()))


@pytest.mark.parametrize("score", ["rcs", "fcs"])
def test_no_rotation_of_the_grid_with_any_whole_voxel_translation_is_better(score):
    pair, settings = prepared(), Settings(start_reach=2.0)
    found = scan(*pair.of(score), score, 90.0, settings)
    assert found.rotations == 32
    axis = np.arange(-2, 3)
    shifts = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(-1, 3)
    every = [
        dissimilarity_at(*pair.of(score), score, rotation, shift)
        for rotation in seed_rotations(90.0)
        for shift in shifts
    ]
    assert found.dissimilarity == pytest.approx(min(every), rel=1e-5)
    assert np.array_equal(found.translation, np.round(found.translation))


def test_the_answer_has_the_dissimilarity_it_says():
    pair = prepared()
    found = scan(*pair.of("rcs"), "rcs", 30.0, Settings())
    value = dissimilarity_at(*pair.of("rcs"), "rcs", found.rotation, found.translation)
    assert found.dissimilarity == pytest.approx(value, rel=1e-5)
    assert found.rotations == 12 * 6 * 12


def test_a_grid_of_more_rotations_than_are_held_at_a_time_is_searched_to_its_end(monkeypatch):
    pair = prepared()
    whole = scan(*pair.of("rcs"), "rcs", 45.0, Settings())
    monkeypatch.setattr("gradalign.search.exhaustive._BLOCK", 100)
    parts = scan(*pair.of("rcs"), "rcs", 45.0, Settings())
    assert np.array_equal(whole.rotation, parts.rotation)
    assert whole.dissimilarity == parts.dissimilarity
    assert parts.rotations == 256


def test_a_finer_scan_is_nearer_but_no_nearer_than_its_grid():
    errors = {}
    for interval in (45.0, 15.0):
        each = []
        for number in range(3):
            pair = prepared(number)
            found = scan(*pair.of("rcs"), "rcs", interval, Settings())
            each.append(alignment_error(found.rotation, found.translation, *pair.poses)[0])
        errors[interval] = np.median(each)
    assert 1 < errors[15.0] < 15 < errors[45.0] < 45


def test_voxel_size_is_the_distance_of_neighbouring_translations():
    pair = prepared()
    small = scan(*pair.of("rcs"), "rcs", 90.0, Settings(start_reach=4.0), voxel_size=1.0)
    large = scan(*pair.of("rcs"), "rcs", 90.0, Settings(start_reach=8.0), voxel_size=2.0)
    assert np.array_equal(small.translation, large.translation)
    assert small.dissimilarity == large.dissimilarity


def test_the_spacing_of_start_translations_plays_no_part():
    pair = prepared()
    coarse = scan(*pair.of("rcs"), "rcs", 90.0, replace(Settings(), start_spacing=3.0))
    assert coarse.dissimilarity == scan(*pair.of("rcs"), "rcs", 90.0, Settings()).dissimilarity


def test_an_interval_that_does_not_divide_180_is_one_sentence():
    pair = prepared()
    with pytest.raises(InputError, match="does not divide 180"):
        scan(*pair.of("rcs"), "rcs", 7.0, Settings())


def test_lines_do_not_depend_on_the_pairs_scanned_with_them():
    seconds = {}
    arguments = (CELLS, 60.0, Settings(), 5)
    subtomograms = Subtomograms(*noisy_pairs(), "C1")
    together = list(scan_pairs(subtomograms, range(3), *arguments, seconds))
    parts = [list(scan_pairs(subtomograms, [number], *arguments, {})) for number in range(3)]
    assert together == [line for part in parts for line in part]
    assert all(tuple(line) == SCANS for line in together)
    # the refinement ends lower and nearer
    assert all(float(line["refined_dissimilarity"]) < float(line["dissimilarity"]) for line in together)
    assert all(float(line["refined_rotation_error_deg"]) < 5 for line in together)
    assert {(line["rotations"], line["seeds"]) for line in together} == {("108", "108")}
    lines = list(seconds_lines(seconds, 60.0, 3))
    assert [tuple(line) for line in lines] == [SCAN_SECONDS] * 2
    assert all(float(line[name]) > 0 for line in lines for name in ("scan_s", "refinement_s"))


def scans(interval, errors, refined, tilt=60.0, score="rcs"):
    count = len(errors)
    frame = pd.DataFrame({"pair": range(count), "tilt_deg": tilt, "snr": 0.5, "score": score})
    frame = frame.assign(scan_interval_deg=interval, rotations=864, rotation_error_deg=errors, seed_interval_deg=60.0)
    frame = frame.assign(translation_error_voxel=np.array(errors) / 10, dissimilarity=0.3, seeds=108)
    frame = frame.assign(refined_steps=range(100, 100 + count), refined_rotation_error_deg=refined)
    frame = frame.assign(refined_translation_error_voxel=0.1)
    return frame.assign(refined_dissimilarity=[0.4] + [0.2] * (count - 1))


def test_medians_of_scan_and_refinement_are_of_the_same_pairs(tmp_path):
    frame = pd.concat([scans(10.0, [6.0], [2.0]), scans(30.0, [20.0, 10.0, 15.0], [2.0, 1.0, 4.0])])
    rows = summarise_scans(frame)
    assert rows.scan_interval_deg.tolist() == [30, 10]
    wide, narrow = rows.itertuples()
    assert (wide.n, wide.rotation_median_deg, wide.rotation_mad_deg) == (3, 15.0, 5.0)
    assert (wide.translation_median_voxel, wide.refined_rotation_median_deg, wide.refined_rotation_mad_deg) == (
        1.5,
        2,
        1,
    )
    assert (wide.refined_steps_median, wide.scan_wins) == (101, 1)
    assert (narrow.n, narrow.rotation_median_deg, narrow.refined_rotation_median_deg) == (1, 6.0, 2.0)
    path = tmp_path / "scanning.md"
    write_scanning_markdown(rows, path, scanning_caption(rows))
    text = path.read_text(encoding="utf-8")
    assert "n = 3 at 30°, 1 at 10°" in text
    lines = [line.split(" | ") for line in text.splitlines() if line.startswith("| ±60°")]
    assert [line[4] for line in lines] == ["3", "1†"]
    assert lines[0][6] == "15 ± 5"
    assert "† Scanned on fewer pairs" in text


def test_scans_of_equally_many_pairs_carry_no_mark():
    rows = summarise_scans(pd.concat([scans(10.0, [6.0], [2.0]), scans(30.0, [20.0], [2.0])]))
    assert "†" not in scanning_caption(rows)


def test_seconds_of_fewer_pairs_are_extrapolated_and_say_so():
    part = {"tilt_deg": 60.0, "snr": 0.5, "score": "rcs", "refinement_s": 0.2}
    seconds = pd.DataFrame(
        [
            part | {"scan_interval_deg": 30.0, "pairs": 20, "scan_s": 2.0, "refinement_s": 0.4},
            part | {"scan_interval_deg": 5.0, "pairs": 2, "scan_s": 12.0, "refinement_s": 0.04},
        ]
    )
    rows = summarise_seconds(seconds).set_index("scan_interval_deg")
    assert rows.scan_s.to_dict() == {30.0: 0.1, 5.0: 6.0}
    assert rows.ratio.to_dict() == pytest.approx({30.0: 5.0, 5.0: 300.0})
    assert rows.all_scan_s.to_dict() == pytest.approx({30.0: 2.0, 5.0: 120.0})
    assert rows.extrapolated.to_dict() == {30.0: "no", 5.0: "yes"}
