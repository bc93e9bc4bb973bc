"""Alignments by others beside the truth: files, calls, missing pairs; and the pairs exported for them."""

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from gemmi import cif
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import one_cell

from gradalign.aligners.calling import Answer
from gradalign.aligners.declared import Condition
from gradalign.aligners.export import export_volumes, image_name, wedge_name, wedge_volume, write_lists
from gradalign.aligners.lines import called_answers, result_lines, seconds_line
from gradalign.aligners.result_file import LABELS, answered_conditions, file_answers, read_results
from gradalign.errors import InputError
from gradalign.geometry.rotations import random_rotations, relative_transform, rotation_angle, rotation_from_euler
from gradalign.geometry.wedge import measured
from gradalign.io.csv_lines import write_records
from gradalign.io.mrc import read_volume
from gradalign.io.star import POSE_LABELS, Particles, read_table, table_text, to_relion, tomogram_name
from gradalign.report.aligner_times import summarise_seconds
from gradalign.report.tables.aligners import with_others
from gradalign.simulation.dataset import DataSet
from gradalign.simulation.microscope import Microscope
from gradalign.simulation.phantom import phantom
from gradalign.simulation.protocol import Protocol
from gradalign.study.columns.aligners import ALIGNER_SECONDS, ALIGNERS

CONDITION = Condition("phantom", 60.0, 0.5)
OTHER = Condition("phantom", 60.0, math.inf)
NAME = tomogram_name(*CONDITION)


def particles(pairs=3, seed=3):
    """Return true poses of both conditions' pairs, the other condition's first."""
    rng = np.random.default_rng(seed)
    names = [tomogram_name(*condition) for condition in (OTHER, CONDITION) for _ in range(2 * pairs)]
    count = len(names)
    columns = {
        "rlnTomoName": names,
        "gradalignPair": [str(index // 2 % pairs) for index in range(count)],
        "gradalignMember": ["fg"[index % 2] for index in range(count)],
    }
    rotations, shifts = random_rotations(rng, count), rng.uniform(-1.6, 1.6, (count, 3))
    return Particles(["x"] * count, rotations, shifts, 1.0, 32, 300.0, 2.0, columns)


def truth(poses, pair, pairs=3):
    f, g = (2 * pairs + 2 * pair + member for member in (0, 1))
    return relative_transform(poses.rotations[f], poses.translations[f], poses.rotations[g], poses.translations[g])


def written(path, transforms, voxel_size=1.0, name=NAME, **columns):
    """Write a file of results as somebody would who read export/README.md."""
    angles, origins = to_relion([r for r, _ in transforms.values()], [a for _, a in transforms.values()], voxel_size)
    table = {"rlnTomoName": [name] * len(transforms), "gradalignPair": [str(pair) for pair in transforms]}
    numbers = np.concatenate([angles, origins], axis=1).T
    table |= {label: [f"{x:.6f}" for x in column] for label, column in zip(POSE_LABELS, numbers, strict=True)}
    Path(path).write_text(table_text("alignments", table | columns), encoding="utf-8")
    return path


def lines_of(results, poses, pairs=3, voxel_size=1.0):
    answers = file_answers(results, CONDITION, range(pairs), voxel_size)
    return list(result_lines("theirs", CONDITION, range(pairs), answers, poses, "C1"))


@pytest.mark.parametrize("voxel_size", [1.0, 0.37])
def test_the_truth_in_a_file_has_no_error(tmp_path, voxel_size):
    poses = particles()
    path = written(tmp_path / "a.star", {pair: truth(poses, pair) for pair in (2, 0, 1)}, voxel_size)
    lines = lines_of(read_results(path), poses, voxel_size=voxel_size)
    assert [line["pair"] for line in lines] == ["0", "1", "2"]
    for line in lines:
        assert tuple(line) == ALIGNERS
        assert float(line["rotation_error_deg"]) < 1e-3
        assert float(line["translation_error_voxel"]) < 1e-4
        assert (line["object"], line["score"], line["search"], line["interval_deg"]) == (
            "phantom",
            "theirs",
            "full",
            "0",
        )
        assert line["missing"] == line["steps"] == line["dissimilarity"] == ""


@settings(max_examples=20)
@given(st.floats(0.1, 179), st.integers(0, 1000))
def test_an_error_is_that_of_the_estimate(angle, seed):
    poses = particles()
    rotation, shift = truth(poses, 1)
    turn = random_rotations(np.random.default_rng(seed), 1)[0]
    # by that angle, about an axis of any direction
    wrong = rotation @ turn @ rotation_from_euler(angle, 0, 0) @ turn.T
    (line,) = result_lines("x", CONDITION, [1], [Answer(wrong, shift + [0, 3, 4], "")], poses, "C1")
    assert float(line["rotation_error_deg"]) == pytest.approx(rotation_angle(wrong.T @ rotation), abs=1e-3)
    assert float(line["rotation_error_deg"]) == pytest.approx(angle, abs=1e-3)
    assert float(line["translation_error_voxel"]) == pytest.approx(5, abs=1e-4)


def test_a_pair_that_the_file_leaves_out_has_a_line_that_says_so(tmp_path):
    poses = particles()
    path = written(tmp_path / "a.star", {1: truth(poses, 1)})
    lines = lines_of(read_results(path), poses)
    assert [line["missing"] for line in lines] == ["not in the file", "", "not in the file"]
    assert lines[0]["rotation_error_deg"] == lines[0]["phi_deg"] == ""


@pytest.fixture
def one_answer_of_three(tmp_path):
    poses = particles()
    path = written(tmp_path / "a.star", {1: truth(poses, 1)})
    write_records(tmp_path / "a.csv", ALIGNERS, lines_of(read_results(path), poses))
    return tmp_path / "a.csv"


def test_missing_pairs_are_infinitely_wrong_when_they_are_read(one_answer_of_three):
    own = one_cell([1.0, 2.0])
    frame = with_others(own, [one_answer_of_three], "phantom")
    theirs = frame[frame.score == "theirs"]
    assert np.isinf(theirs.rotation_error_deg).tolist() == [True, False, True]
    assert np.isinf(theirs.translation_error_voxel).tolist() == [True, False, True]
    assert theirs.missing.notna().tolist() == [True, False, True]
    ours = frame[frame.score != "theirs"]
    assert ours.missing.isna().all()
    assert ours.rotation_error_deg.tolist() == [1.0, 2.0]


def test_a_data_set_without_other_aligners_is_as_it_was(one_answer_of_three):
    own = one_cell([1.0, 2.0])
    assert with_others(own, [one_answer_of_three], "enolase").equals(own)
    assert with_others(own, [], "phantom").equals(own)


def test_a_damaged_line_is_no_missing_pair(tmp_path):
    line = dict.fromkeys(ALIGNERS, "") | {"object": "phantom", "rotation_error_deg": "x", "axis_error_deg": "1"}
    write_records(tmp_path / "a.csv", ALIGNERS, [line])
    with pytest.raises(InputError, match=r"a\.csv: holds an error that is not a finite number"):
        with_others(one_cell([1.0]), [tmp_path / "a.csv"], "phantom")


@pytest.mark.parametrize(
    "damage, words",
    [
        ({"rlnAngleTilt": ["x"]}, "_rlnAngleTilt of row 1 is 'x', where a number is needed"),
        ({"rlnOriginXAngst": ["nan"]}, "_rlnOriginXAngst of row 1 is 'nan', where a number is needed"),
        ({"gradalignPair": ["0.5"]}, "_gradalignPair is 0.5, where a whole number is needed"),
        ({"gradalignPair": ["7"]}, f"holds pair 7 of {NAME}, where the pairs are 0 to 2"),
        ({"rlnTomoName": ["elsewhere"]}, "holds an alignment in elsewhere, which the study does not have"),
    ],
)
def test_a_mistake_in_a_file_is_one_sentence(tmp_path, damage, words):
    path = written(tmp_path / "a.star", {0: truth(particles(), 0)}, **damage)
    with pytest.raises(InputError) as caught:
        answered_conditions(read_results(path), [OTHER, CONDITION], 3)
    assert str(caught.value) == f"{path}: {words}"


@pytest.mark.parametrize(
    "text, words",
    [
        ("data_particles\nloop_\n_a\n1\n", "has no table data_alignments, which is needed"),
        (
            "data_alignments\nloop_\n_rlnTomoName\n1\n",
            "data_alignments lacks the column _gradalignPair, which is needed",
        ),
        ("no star", "is no readable STAR file"),
    ],
)
def test_a_file_of_another_kind_is_one_sentence(tmp_path, text, words):
    path = tmp_path / "a.star"
    path.write_text(text)
    with pytest.raises(InputError, match=re.escape(f"{path}: {words}")):
        read_results(path)


def test_a_pair_that_is_there_twice_is_one_sentence(tmp_path):
    path = written(tmp_path / "a.star", {0: truth(particles(), 0), 1: truth(particles(), 1)}, gradalignPair=["1", "1"])
    with pytest.raises(InputError, match=f"holds pair 1 of {NAME} twice"):
        read_results(path)


def test_the_cells_of_a_file_are_those_it_holds_a_pair_of(tmp_path):
    path = written(tmp_path / "a.star", {0: truth(particles(), 0)})
    assert answered_conditions(read_results(path), [OTHER, CONDITION], 3) == [CONDITION]


class Recorder:
    """Stands for a `Caller`; keeps what it was asked."""

    def __init__(self):
        self.asked = []

    def align(self, *question):
        self.asked.append(question)
        return Answer(np.eye(3), np.zeros(3), "")


def data_set():
    protocol = Protocol(Microscope(300.0, -4.0, 2.0, 5.0), box=16, simulation_box=16)
    return DataSet(*CONDITION[:1], phantom(16, 24), 1.0, *CONDITION[1:], 7, protocol)


def test_a_called_aligner_gets_the_subtomograms_of_the_study_and_a_seed_of_each_pair():
    recorder, source = Recorder(), data_set()
    assert len(list(called_answers(recorder, source, CONDITION, [0, 2], "theirs", 7))) == 2
    for pair, (f, g, tilt_f, tilt_g, voxel_size, _) in zip([0, 2], recorder.asked, strict=True):
        assert np.array_equal(f, source.subtomogram(2 * pair)[0])
        assert np.array_equal(g, source.subtomogram(2 * pair + 1)[0])
        assert (tilt_f, tilt_g, voxel_size) == (60.0, 60.0, 1.0)
    alone = Recorder()
    list(called_answers(alone, source, CONDITION, [2], "theirs", 7))
    assert alone.asked[0][-1] == recorder.asked[1][-1] != recorder.asked[0][-1]


def test_seconds_are_medians_of_the_alignments_that_were_answered(tmp_path):
    answers = [Answer(None, None, "", seconds, seconds / 2) for seconds in (1.0, 5.0, 2.0)]
    answers.append(Answer(None, None, "raised ValueError"))
    write_records(
        tmp_path / "a.csv", ALIGNER_SECONDS, [seconds_line("theirs", OTHER, *each) for each in enumerate(answers)]
    )
    (row,) = summarise_seconds([tmp_path / "a.csv"]).to_dict("records")
    assert row == {
        "aligner": "theirs",
        "object": "phantom",
        "tilt_deg": 60,
        "snr": math.inf,
        "pairs": 4,
        "answers": 3,
        "seconds": 2.0,
        "cpu_seconds": 1.0,
    }
    assert summarise_seconds([]).empty


def config():
    return {
        "name": "small",
        "seed": 7,
        "pairs": 2,
        "subtomograms": {"box": 16, "voxel_size": 0.8},
        "microscope": {"voltage": 300.0, "spherical_aberration": 2.0},
    }


@pytest.fixture
def exported(tmp_path):
    (tmp_path / "wedges").mkdir()
    write_lists(tmp_path, [OTHER, CONDITION, Condition("phantom", 90.0, 0.5)], config())
    return tmp_path


def test_the_exported_volumes_are_those_of_the_study(tmp_path):
    folder = (tmp_path / image_name(CONDITION, 0, "f")).parent
    folder.mkdir(parents=True)
    source = data_set()
    paths = list(export_volumes(folder, source, CONDITION, 2))
    assert paths == [tmp_path / image_name(CONDITION, pair, member) for pair in (0, 1) for member in "fg"]
    for index, path in enumerate(paths):
        volume, voxel_size = read_volume(path)
        assert np.array_equal(volume, source.subtomogram(index)[0])
        assert voxel_size == 1.0


def test_the_lists_name_every_pair_with_its_files_and_wedge(exported):
    pairs = read_table(exported / "pairs.star", "pairs", LABELS[:2])
    assert len(pairs["gradalignPair"]) == 3 * 2
    assert pairs["rlnTomoName"][2] == NAME
    assert pairs["gradalignFixed"][3] == image_name(CONDITION, 1, "f")
    assert pairs["gradalignMoving"][3] == image_name(CONDITION, 1, "g")
    assert (pairs["gradalignTiltMin"][3], pairs["gradalignTiltMax"][3], pairs["gradalignSnr"][3]) == (
        "-60",
        "60",
        "0.5",
    )
    assert pairs["gradalignWedge"] == 4 * ["wedges/tilt~60.mrc"] + 2 * ["None"]
    images = read_table(exported / "particles.star", "particles", ["rlnImageName"])["rlnImageName"]
    assert sorted(images) == sorted([*pairs["gradalignFixed"], *pairs["gradalignMoving"]])
    optics = read_table(exported / "particles.star", "optics", ["rlnImagePixelSize"])
    assert [float(optics[name][0]) for name in ("rlnImagePixelSize", "rlnImageSize", "rlnVoltage")] == [8, 16, 300]


def test_the_truth_is_in_no_file_of_the_exported_set(exported):
    for path in exported.rglob("*.star"):
        text = path.read_text(encoding="utf-8")
        assert not any(label in text for label in ("Angle", "Origin"))


def test_a_wedge_is_what_its_tilt_range_measures(exported):
    volume, _ = read_volume(exported / wedge_name(60.0))
    assert np.array_equal(volume, wedge_volume(16, 60.0))
    assert not (exported / "wedges" / "tilt~90.mrc").exists()
    for z, y, x in [(0, 0, 0), (3, 0, 1), (1, 5, 3), (-7, 2, -4), (2, -8, 0)]:
        assert volume[8 + z, 8 + y, 8 + x] == measured([x, y, z], 60.0)
    # ±60° leaves out a third of all directions about the tilt axis
    assert volume.mean() == pytest.approx(2 / 3, abs=0.05)


def test_the_example_of_the_readme_is_a_file_of_results(exported, tmp_path):
    text = (exported / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```\n(data_.*?)```", text, flags=re.DOTALL)
    path = tmp_path / "example.star"
    path.write_text(example)
    assert len(cif.read_file(str(path)).find_block("alignments").find(["_rlnTomoName"])) == 1
    results = read_results(path)
    assert answered_conditions(results, [OTHER], 2) == [OTHER]
    assert "pair0" not in text
    assert "seed 7" in text


def test_every_column_is_explained_beside_the_results():
    text = (Path(__file__).parents[2] / "results" / "README.md").read_text(encoding="utf-8")
    names = {*ALIGNERS, *summarise_seconds([]).columns}
    assert [name for name in names if f"`{name}`" not in text] == []
    assert isinstance(summarise_seconds([]), pd.DataFrame)
