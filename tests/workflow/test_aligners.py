"""Other aligners in the tiny study: good ones, ones that fail, a file with missing pairs, and the pairs for them."""

import csv
import hashlib
import shutil

import pytest
from running import jobs, logged, overlay, snakemake

from gradalign.geometry.rotations import relative_transform
from gradalign.io.mrc import read_volume
from gradalign.io.star import POSE_LABELS, read_particles, table_text, to_relion

MODULE = """
import sys, time

def raises(f, g, **options):
    raise ValueError("not today")

def nonsense(f, g, **options):
    return "R"

def sleeps(f, g, **options):
    time.sleep(600)
"""
CONDITION = {"object": "phantom", "tilt": 60, "snr": 0.5}
ALIGNERS = {
    "scan": {
        "call": "gradalign.search.exhaustive:scan_pair",
        "options": {"interval": 30},
        "conditions": [CONDITION, {"object": "enolase", "tilt": 60, "snr": "inf"}],
    },
    "raising": {"call": "strange:raises", "conditions": [CONDITION]},
    "nonsense": {"call": "strange:nonsense", "conditions": [CONDITION]},
    "sleeping": {"call": "strange:sleeps", "conditions": [CONDITION], "time_limit": 3, "pairs": 1},
    "filed": {"star": "results.star"},
}


def records(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_truth(study, path):
    """Write the truth of each cell's second pair as somebody's results, those of the first being missing."""
    poses = read_particles(study / "poses" / "phantom.star")
    table = {label: [] for label in ("rlnTomoName", "gradalignPair", *POSE_LABELS)}
    for f in range(2, len(poses.images), 4):
        members = (pose[place] for place in (f, f + 1) for pose in (poses.rotations, poses.translations))
        rotation, shift = relative_transform(*members)
        (angles,), (origins,) = to_relion([rotation], [shift], poses.voxel_size)
        pair = (poses.columns["rlnTomoName"][f], poses.columns["gradalignPair"][f])
        for label, value in zip(table, (*pair, *angles, *origins), strict=True):
            table[label].append(str(value))
    path.write_text(table_text("alignments", table), encoding="utf-8")


@pytest.fixture(scope="module")
def run(tiny_study):
    """Return the log of a study with other aligners that ran on where the tiny study ended, and its folder."""
    # a neighbour, from where the sources have the same relative paths
    folder = shutil.copytree(tiny_study[0], tiny_study[0].with_name("aligners_copy"))
    write_truth(folder / "results" / "tiny", folder / "results.star")
    beside = folder / "mine"
    beside.mkdir()
    (beside / "strange.py").write_text(MODULE, encoding="utf-8")
    config = overlay(beside / "mine.yaml", aligners=ALIGNERS)
    targets = ("table1", "results/tiny/tables/complexes.csv", "results/tiny/figures/complexes.svg", "export")
    ended = snakemake(folder, "--cores", 2, "--", *targets, config=config)
    assert ended.returncode == 0, ended.stderr
    return logged(folder), folder / "results" / "tiny"


def test_the_studys_own_alignments_are_not_made_again(run, tiny_study):
    made = {"align", "align_levels", "simulate", "simulate_levels", "alignments", "poses"}
    assert made.isdisjoint(jobs(run[0]))
    own = [row for row in records(run[1] / "tables" / "table1.csv") if row["interval_deg"] != "0"]
    assert own == records(tiny_study[0] / "results" / "tiny" / "tables" / "table1.csv")


def test_each_aligner_stands_in_the_table_with_its_pairs_and_those_that_are_missing(run):
    rows = {
        (row["score"], row["tilt_deg"], row["snr"]): row
        for row in records(run[1] / "tables" / "table1.csv")
        if row["interval_deg"] == "0"
    }
    failing = {name: rows.pop((name, "60", "0.5")) for name in ("raising", "nonsense", "sleeping")}
    for row in failing.values():
        assert row["missing"] == row["n"]
        assert row["median"] == "inf"
    assert [row["n"] for row in failing.values()] == ["2", "2", "1"]
    scan = rows.pop(("scan", "60", "0.5"))
    assert (scan["n"], scan["missing"]) == ("2", "0")
    assert 1 < float(scan["median"]) < 30
    # of two pairs one is missing: the mean of an infinite error and another
    assert {name for name, *_ in rows} == {"filed"}
    assert len(rows) == 4
    assert all((row["n"], row["missing"], row["median"]) == ("2", "1", "inf") for row in rows.values())


def test_every_pair_says_what_became_of_it(run):
    lines = records(run[1] / "alignments" / "aligners.csv")
    said = {name: [line["missing"] for line in lines if line["score"] == name] for name in ALIGNERS}
    assert said["scan"] == ["", "", "", ""]
    assert said["raising"] == 2 * ["raised ValueError: not today"]
    assert all(words.startswith("returned no rotation and translation") for words in said["nonsense"])
    assert said["sleeping"] == ["ran past its limit of 3 s"]
    assert said["filed"] == 4 * ["not in the file", ""]
    found = [line for line in lines if line["score"] == "filed" and not line["missing"]]
    assert all(float(line["rotation_error_deg"]) < 1e-3 for line in found)
    log = run[1] / "logs" / "aligners" / "raising" / "phantom" / "tilt~60" / "snr~0.5.log"
    assert "pair 1 is missing: raised ValueError: not today" in log.read_text(encoding="utf-8")
    assert "Traceback" in log.with_suffix(".said.log").read_text(encoding="utf-8")


def test_seconds_are_in_the_benchmark_files_alone(run):
    rows = records(run[1] / "benchmarks" / "aligners.csv")
    assert {row["aligner"]: (row["pairs"], row["answers"]) for row in rows if row["object"] == "phantom"} == {
        "scan": ("2", "2"),
        "raising": ("2", "0"),
        "nonsense": ("2", "0"),
        "sleeping": ("1", "0"),
    }
    assert all(float(row["seconds"]) > 0 for row in rows if row["answers"] != "0")
    for part in ("tables/table1.csv", "alignments/aligners.csv"):
        assert not any("second" in name for name in records(run[1] / part)[0])


def test_the_complexes_have_the_aligners_rows(run):
    rows = records(run[1] / "tables" / "complexes.csv")
    assert [(row["score"], row["n"], row["missing"]) for row in rows][-1] == ("scan", "2", "0")


def test_every_pair_is_exported_once(run):
    export = run[1] / "export"
    # two tilt ranges, two signal-to-noise ratios, two pairs; one cell of the complex
    volumes = sorted(export.glob("volumes/**/*.mrc"))
    assert len(volumes) == 2 * 2 * 2 * 2 + 2 * 2
    assert len({hashlib.sha256(path.read_bytes()).hexdigest() for path in volumes}) == len(volumes)
    assert {path.name for path in export.iterdir()} == {
        "README.md",
        "pairs.star",
        "particles.star",
        "templates",
        "volumes",
        "wedges",
    }
    volume, voxel_size = read_volume(export / "templates" / "enolase.mrc")
    assert (volume.shape, voxel_size) == ((32, 32, 32), 1.0)


@pytest.mark.parametrize(
    "aligner, sentence",
    [
        ({"call": "nowhere:align"}, "config: aligners.mine.call: there is no module nowhere: neither beside"),
        ({"call": "gradalign.search.exhaustive:nothing"}, "exhaustive.py defines no nothing."),
        ({"star": "nowhere.star"}, "nowhere.star: there is no such file, where a STAR file is needed"),
    ],
)
def test_an_aligner_that_is_not_there_is_one_sentence_before_any_job(tmp_path, aligner, sentence):
    ended = snakemake(tmp_path, "--cores", 1, config=overlay(tmp_path / "bad.yaml", aligners={"mine": aligner}))
    assert ended.returncode != 0
    assert sentence in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "results").exists()


def test_an_aligner_added_after_a_part_of_the_study_repeats_no_alignment(tiny_study, tmp_path):
    # a neighbour, from where the sources have the same relative paths
    folder = shutil.copytree(tiny_study[0], tiny_study[0].with_name("part_copy"))
    # as if no more than its alignments had been asked for
    (folder / "results" / "tiny" / "poses" / "enolase.star").unlink()
    cell = {"object": "enolase", "tilt": 60, "snr": "inf"}
    config = overlay(tmp_path / "more.yaml", aligners={"scan": ALIGNERS["scan"] | {"conditions": [cell]}})
    plan = snakemake(folder, "--dry-run", "results/tiny/alignments/aligners.csv", config=config)
    assert plan.returncode == 0, plan.stderr
    assert not {"simulate", "align"} & set(jobs(plan.stdout))
    assert {"poses", "call_aligner"} <= set(jobs(plan.stdout))
