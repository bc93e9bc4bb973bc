"""Paper against here, the report, and the reference, from the tiny study."""

import csv
import re
import subprocess

import pytest
from running import REPOSITORY, jobs, logged, snakemake

from gradalign.report.claims.verdicts import Evidence, verdicts
from gradalign.report.reference_run import check_reference, differences, store, unpack
from gradalign.report.statistics import read_alignments, read_paper

VERDICTS = {"holds", "does not hold", "undecided", "not measured"}
# what the study shows: what its rules call it, and the tables
LABELS = [
    *(
        label
        for topic in ("figures", "verdicts")
        for label in re.findall(
            r'labels=\{"": "(.+)"\}', (REPOSITORY / "workflow" / "rules" / f"{topic}.smk").read_text(encoding="utf-8")
        )
    ),
    *(f"Table {number}:" for number in range(1, 5)),
    "The complexes",
    "The averages",
    "The classes",
    "Run times and memory by rule",
]


def records(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def results(tiny_study):
    return tiny_study[0] / "results" / "tiny"


def test_every_cell_of_the_paper_that_was_computed_is_compared(results):
    rows = records(results / "tables" / "comparison.csv")
    # two tilt ranges, ratios, scores, searches and quantities, one interval
    assert len(rows) == 32
    for row in rows:
        ratio, low, high = (float(row[name]) for name in ("ratio", "ratio_low", "ratio_high"))
        assert ratio == pytest.approx(float(row["median"]) / float(row["paper_median"]), rel=1e-4)
        assert row["verdict"] == ("agrees" if low <= 1 <= high else "better" if ratio < 1 else "worse")
    text = (results / "tables" / "comparison.md").read_text(encoding="utf-8")
    assert "32 cells, n = 2 alignments a cell" in text


def test_every_claim_has_a_verdict_from_this_study_or_none(results):
    rows = records(results / "claims.csv")
    alignments = read_alignments(results / "alignments" / "phantom.csv")
    paper = read_paper(REPOSITORY / "resources" / "paper" / "tables.csv")
    assert [row["claim"] for row in rows] == [each.claim for each in verdicts(Evidence(alignments, paper), seed=1)]
    assert {row["verdict"] for row in rows} <= VERDICTS
    assert all(bool(row["measured"]) == (row["verdict"] != "not measured") for row in rows)
    contrast = next(row for row in rows if "contrast" in row["claim"])
    assert contrast["n"] == "2"
    assert "RCS: 0 % of the answers move" in contrast["measured"]
    # SNR 0.1 is not in the tiny grid
    assert next(row for row in rows if "surface normal known" in row["claim"])["verdict"] == "not measured"


def test_run_times_name_every_rule_that_ran(results, tiny_study):
    rows = {row["rule"]: row for row in records(results / "benchmarks" / "run_times.csv")}
    ran = jobs(tiny_study[1])
    # these two have no benchmark: the first only writes what it was given, the second writes the table
    assert {"configuration", "run_times"} <= set(ran)
    assert set(rows) - {"all"} == set(ran) - {"configuration", "run_times", "page", "tables", "figures", "verdicts"}
    assert int(rows["align"]["jobs"]) == ran["align"]
    assert float(rows["all"]["peak_memory_mb"]) > 50


def test_the_report_is_one_file_that_holds_everything_and_fetches_nothing(results, tiny_study):
    run = snakemake(tiny_study[0], "--report", results / "appendix.html")
    assert run.returncode == 0, run.stderr
    page = (results / "appendix.html").read_text(encoding="utf-8")
    assert [label for label in LABELS if label not in page] == []
    assert "n = 2 pairs" in page
    assert re.findall(r"<(?:script|img|iframe)[^>]* src=\"?http", page) == []
    assert re.findall(r"<link[^>]* href=\"?http", page) == []


@pytest.fixture(scope="module")
def reference(results, tmp_path_factory):
    paper = read_paper(REPOSITORY / "resources" / "paper" / "tables.csv")
    cells = len(records(results / "tables" / "comparison.csv"))
    folder = tmp_path_factory.mktemp("kept") / "results" / "reference"
    folder.parent.mkdir()
    store(results, folder, REPOSITORY / "envs" / "requirements.lock", paper.head(cells))
    return folder


def test_a_run_kept_as_reference_agrees_with_itself(reference, results):
    assert differences(reference, results) == []
    assert not [name for name in check_reference(reference)["files"] if ".mrc" in name]


def test_tables_and_figures_are_redrawn_from_the_reference_to_the_byte(reference):
    folder = reference.parents[1]
    unpack(reference, folder / "results" / "redrawn")
    shown = ["make", "--silent", "--eval", "shown:;@echo $(DRAWN)", "shown"]
    drawn = subprocess.run(shown, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.split()
    options = ("--cores", 2, "--config", "name=redrawn", "--forceall", "--allowed-rules", *drawn)
    config = folder / "results" / "redrawn" / "config.yaml"
    run = snakemake(folder, *options, "--", "tables", "figures", "verdicts", config=config)
    assert run.returncode == 0, run.stderr
    done = set(jobs(logged(folder)))
    assert {"figure2", "figure5", "figure6", "claims", "comparison", "table_of_phantom"} <= done
    assert not {"simulate", "simulate_levels", "align", "align_levels", "average_part", "mixture"} & done
    compared = [path for kind in ("tables/*", "figures/*", "claims.*") for path in reference.glob(kind)]
    assert len(compared) > 30
    redrawn = folder / "results" / "redrawn"
    pairs = [(path, redrawn / path.relative_to(reference)) for path in compared]
    assert [old.name for old, new in pairs if old.read_bytes() != new.read_bytes()] == []
