"""The reference: kept whole, found damaged, and held against other runs; and the document written from it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented import PAPER, alignments

from gradalign.errors import InputError
from gradalign.report import reference_run as module
from gradalign.report.claims.verdicts import Evidence, verdicts, write_claims
from gradalign.report.comparison import compare_cells
from gradalign.report.csv_tables import write_csv
from gradalign.report.reference_run import bootstrap_bounds, check_reference, differences, store, unpack, write_config
from gradalign.report.results_page import results_document
from gradalign.report.statistics import summarise

ROOT = Path(__file__).parents[2]


def run(folder, pairs=20, **changes):
    """Write what a finished study leaves, from invented alignments."""
    frame = pd.concat([alignments(search, pairs=pairs, **changes) for search in ("full", "axis")])
    for name in ("alignments", "tables", "figures", "subtomograms"):
        (folder / name).mkdir(parents=True)
    write_csv(frame, folder / "alignments" / "phantom.csv")
    rows = summarise(frame, PAPER).assign(bound=0.5)
    for number in range(1, 5):
        write_csv(rows[rows.table == number], folder / "tables" / f"table{number}.csv")
    write_csv(compare_cells(frame, PAPER, 1), folder / "tables" / "comparison.csv")
    write_claims(verdicts(Evidence(frame, PAPER), 1), folder / "claims.csv", folder / "claims.md")
    write_config({"name": "new", "seed": 7, "pairs": pairs, "snr": float("inf")}, folder / "config.yaml")
    (folder / "figures" / "table1.png").write_bytes(b"\x89PNG")
    (folder / "subtomograms" / "volumes.mrcs").write_bytes(b"volumes")
    return folder


@pytest.fixture
def lock(tmp_path):
    path = tmp_path / "requirements.lock"
    path.write_text("numpy==2.0\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return run(tmp_path_factory.mktemp("finished") / "study")


@pytest.fixture
def study(tmp_path, finished):
    return shutil.copytree(finished, tmp_path / "study")


@pytest.fixture
def kept(tmp_path, study, lock):
    store(study, tmp_path / "reference", lock, PAPER)
    return tmp_path / "reference"


def test_a_reference_holds_results_and_no_volumes(kept, lock):
    manifest = check_reference(kept)
    names = {"config.yaml", "alignments/phantom.csv.xz", "tables/table3.csv", "figures/table1.png"}
    assert names < set(manifest["files"])
    assert not list(kept.rglob("*.mrc*"))
    assert (manifest["study"], manifest["seed"], manifest["pairs"]) == ("new", 7, 20)
    lock.write_text("numpy==2.1\n", encoding="utf-8")
    assert module.digest(lock) != manifest["lock_sha256"]


def test_a_new_reference_takes_the_place_of_the_old_one(kept, study, lock):
    (kept / "tables" / "old.csv").write_text("a\n", encoding="utf-8")
    store(study, kept, lock, PAPER)
    assert not (kept / "tables" / "old.csv").exists()
    assert not Path(f"{kept}.partial").exists()


def test_what_the_benchmark_measured_stays_with_a_new_reference(kept, study, lock):
    measured = kept / "benchmark" / "summary.csv"
    measured.parent.mkdir()
    measured.write_text("older")
    store(study, kept, lock, PAPER)
    assert measured.read_text() == "older"
    newer = study.parent / "benchmark" / "summary.csv"
    newer.parent.mkdir()
    newer.write_text("newer")
    store(study, kept, lock, PAPER)
    assert measured.read_text() == "newer"


@pytest.mark.parametrize("name", ["claims.csv", "tables/comparison.csv", "config.yaml"])
def test_an_unfinished_run_makes_no_reference(tmp_path, study, lock, name):
    (study / name).unlink()
    with pytest.raises(InputError, match=f"{name}: is missing"):
        store(study, tmp_path / "reference", lock, PAPER)
    assert not (tmp_path / "reference").exists()


def test_a_part_of_the_grid_makes_no_reference(tmp_path, study, lock):
    rows = pd.read_csv(study / "tables" / "comparison.csv")
    write_csv(rows.head(96), study / "tables" / "comparison.csv")
    with pytest.raises(InputError, match="96 cells.*384"):
        store(study, tmp_path / "reference", lock, PAPER)


def test_too_large_a_run_makes_no_reference(tmp_path, study, lock, monkeypatch):
    monkeypatch.setattr(module, "LARGEST_MB", 0.1)
    with pytest.raises(InputError, match="0.1 MB is the most; the largest file is alignments/phantom.csv.xz"):
        store(study, tmp_path / "reference", lock, PAPER)
    assert list(tmp_path.glob("reference*")) == []


def test_a_damaged_reference_is_found(kept, study):
    path = kept / "tables" / "table2.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("1", "2"), encoding="utf-8")
    with pytest.raises(InputError, match=r"table2\.csv: was changed"):
        differences(kept, study)
    path.unlink()
    with pytest.raises(InputError, match=r"table2\.csv: is missing from the reference"):
        differences(kept, study)
    (kept / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="manifest.json: is missing or damaged"):
        check_reference(kept)


def test_a_run_agrees_with_itself(kept, study):
    assert differences(kept, study) == []


def test_a_run_that_differs_only_by_chance_agrees_nearly_everywhere(kept, tmp_path):
    # both medians scatter, and the interval is that of one
    assert len(differences(kept, run(tmp_path / "other", seed=5))) < 0.05 * 384


def test_every_cell_that_is_off_is_listed(kept, study):
    rows = pd.read_csv(study / "tables" / "table1.csv")
    rows.loc[[3, 40], "median"] *= 20
    rows.loc[40, "n"] = 19
    write_csv(rows.drop(index=7), study / "tables" / "table1.csv")
    found = differences(kept, study)
    assert len(found) == 4
    assert found[0].startswith("Table 1, 60°, RCS, ±90°, SNR 0.1: ") and "is outside" in found[0]
    assert any("stands on 19 alignments, the reference on 20" in sentence for sentence in found)
    assert any(sentence.endswith(": is missing.") for sentence in found)


def test_alignments_are_counted_in_every_data_set(kept, study):
    path = study / "alignments" / "phantom.csv"
    path.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:-5]), encoding="utf-8")
    # 2 searches, 96 cells, 20 pairs
    assert differences(kept, study) == ["alignments/phantom.csv: has 3835 alignments, the reference 3840."]
    path.unlink()
    assert differences(kept, study) == ["alignments/phantom.csv: is missing."]


def test_no_run_at_all_is_one_sentence(kept, tmp_path):
    with pytest.raises(InputError, match="holds no tables"):
        differences(kept, tmp_path / "nothing")


def test_a_reference_is_laid_out_as_a_run(kept, study, tmp_path):
    (tmp_path / "redrawn").mkdir()
    (tmp_path / "redrawn" / "old.csv").write_text("a\n", encoding="utf-8")
    unpack(kept, tmp_path / "redrawn")
    assert not (tmp_path / "redrawn" / "old.csv").exists()
    unpacked = tmp_path / "redrawn" / "alignments" / "phantom.csv"
    assert unpacked.read_bytes() == (study / "alignments" / "phantom.csv").read_bytes()


@given(st.integers(5, 60), st.integers(0, 1000), st.floats(0.5, 0.999))
def test_bootstrap_bounds_are_values_about_the_median_and_widen_with_the_level(count, seed, level):
    values = np.random.default_rng(seed).lognormal(0, 1, count)
    low, high = bootstrap_bounds(values, level)
    wider = bootstrap_bounds(values, 0.5 + level / 2)
    assert low <= np.median(values) <= high
    assert wider[0] <= low and high <= wider[1]
    assert {low, high} <= set(values)


def test_bootstrap_bounds_are_what_resampling_tends_to():
    values = np.random.default_rng(1).lognormal(0, 1, 41)
    rng = np.random.default_rng(2)
    medians = np.median(values[rng.integers(0, 41, (40000, 41))], axis=1)
    assert bootstrap_bounds(values, 0.9) == pytest.approx(np.percentile(medians, [5, 95]), rel=1e-9)


def test_the_document_is_filled_from_the_reference_alone(kept):
    text = results_document(kept, ROOT / "docs" / "results.template.md")
    assert "seed 7, 20 pairs a cell" in text
    assert "{{" not in text and "{%" not in text
    # eight blocks of six rows, a line each
    assert sum(line.startswith("| ±") for line in text.splitlines()) == 48
    assert text == results_document(kept, ROOT / "docs" / "results.template.md")


def test_the_committed_document_is_that_of_the_committed_reference():
    committed = ROOT / "results" / "reference"
    if not (committed / "manifest.json").is_file():
        pytest.skip("no reference is kept yet")
    text = results_document(committed, ROOT / "docs" / "results.template.md")
    assert (ROOT / "docs" / "results.md").read_text(encoding="utf-8") == text, "run `make docs`"


def test_the_committed_reference_is_whole_and_small():
    committed = ROOT / "results" / "reference"
    if not (committed / "manifest.json").is_file():
        pytest.skip("no reference is kept yet")
    files = json.loads((committed / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert check_reference(committed)["files"] == files
    assert sum((committed / name).stat().st_size for name in files) <= 1e6 * module.LARGEST_MB
