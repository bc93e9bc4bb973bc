import csv
import json
import re
import statistics
from pathlib import Path

import mrcfile
import numpy as np
import pytest
from interrupting import differing, interrupted
from running import overlay, snakemake

from gradalign.io.star import read_particles


def records(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


TYPESET = ("table1", "table2", "table3", "table4", "complexes")
README = Path(__file__).parents[2] / "results" / "README.md"
PHANTOM, TILT = "results/tiny/alignments/phantom", 60
AVERAGES = ("truth", "average_rcs", "average_fcs", "average_likelihood", "noise_rcs", "noise_fcs")


@pytest.fixture(scope="module")
def results(tiny_study):
    return tiny_study[0] / "results" / "tiny"


@pytest.mark.parametrize(
    "name",
    [
        *(f"bounds/{data_set}.csv" for data_set in ("phantom", "enolase")),
        *(f"alignments/{data_set}.csv" for data_set in ("phantom", "enolase", "averages", "classification")),
        *(f"maps/{name}_{kind}.mrc" for name in ("phantom", "enolase") for kind in AVERAGES),
        *(f"maps/enolase_{kind}.mrc" for kind in ("single", "class_rcs", "class_fcs")),
        *(f"maps/{gallery}.cxc" for gallery in ("averages", "classes")),
        *(f"averages/{name}_shells.csv" for name in ("phantom", "enolase")),
        "classification/classes.csv",
        "poses/classification.star",
        *(f"poses/{data_set}.star" for data_set in ("phantom", "enolase")),
        *(f"density/{data_set}.{kind}" for data_set in ("phantom", "enolase") for kind in ("mrc", "json")),
    ],
)
def test_what_the_readme_of_the_results_names_is_there(results, name):
    assert (results / name).stat().st_size > 0


def described():
    """Return the tables and figures that the README of the results names, without their endings."""
    table = README.read_text(encoding="utf-8").split("\n## ")[0]
    named = (name for line in table.splitlines() for name in re.findall(r"`((?:tables|figures)/[^`]+)`", line))
    return {name.split(".")[0] for name in named}


def test_all_tables_and_figures_are_there_and_the_readme_of_the_results_names_each(results):
    files = [path for folder in ("tables", "figures") for path in (results / folder).iterdir()]
    assert all(path.stat().st_size > 0 for path in files)
    names = {path.relative_to(results) for path in files}
    stems = {str(name.with_suffix("")) for name in names}
    assert stems == described()
    kinds = {"tables": (".csv", ".md"), "figures": (".svg", ".png")}
    missing = {Path(stem + kind) for stem in stems for kind in kinds[stem.split("/")[0]]} - names
    assert not missing


def test_every_table_and_every_figure_stands_on_the_page(results):
    page = (results / "report.html").read_text(encoding="utf-8")
    tables = {path.stem for path in (results / "tables").glob("*.csv")}
    # these are typeset, and stand there as tables
    figures = {path.stem for path in (results / "figures").glob("*.svg")} - {*TYPESET}
    links = [f"tables/{name}.csv" for name in tables] + [f"figures/{name}.svg" for name in figures]
    assert [link for link in links if f'href="{link}"' not in page] == []


@pytest.mark.parametrize("table", [1, 2, 3, 4])
def test_the_tables_are_medians_and_deviations_of_the_alignments_beside_the_papers_numbers(results, table):
    column = "rotation_error_deg" if table % 2 else "translation_error_voxel"
    alignments = records(results / "alignments" / "phantom.csv")
    paper = records(Path(__file__).parents[2] / "resources" / "paper" / "tables.csv")
    names = ("interval_deg", "score", "tilt_deg", "snr", "search")

    def condition(row):
        return tuple(float(row[name]) if name in ("tilt_deg", "snr") else row[name] for name in names)

    rows = records(results / "tables" / f"table{table}.csv")
    assert len(rows) == 12
    printed = {condition(row): row for row in paper if row["table"] == str(table)}
    for row in rows:
        errors = [float(line[column]) for line in alignments if condition(line) == condition(row)]
        median = statistics.median(errors)
        assert int(row["n"]) == len(errors) == 2
        assert float(row["median"]) == pytest.approx(median, rel=1e-4)
        assert float(row["mad"]) == pytest.approx(statistics.median(abs(e - median) for e in errors), rel=1e-3)
        paper_cell = printed.get(condition(row), {"median": "", "mad": ""})
        assert (paper_cell["median"] == "") == (row["score"] == "likelihood")
        for name in ("median", "mad"):
            assert float(row[f"paper_{name}"] or "nan") == pytest.approx(float(paper_cell[name] or "nan"), nan_ok=True)
        known, unknown = float(row["bound_known"]), float(row["bound"])
        assert known == unknown == 0 if row["snr"] == "inf" else 0 < known < unknown < 1


def test_noise_free_pairs_without_missing_wedge_are_aligned(results):
    lines = records(results / "alignments" / "phantom.csv")
    easy = [line for line in lines if (line["tilt_deg"], line["snr"]) == ("90", "inf")]
    assert easy
    assert all(float(line["rotation_error_deg"]) < 1 for line in easy)
    assert all(float(line["translation_error_voxel"]) < 0.1 for line in easy)


def test_all_subtomograms_have_their_pose_in_one_file(results):
    particles = read_particles(results / "poses" / "phantom.star")
    # two tilt ranges, two signal-to-noise ratios, two pairs
    assert len(particles.images) == 2 * 2 * 2 * 2
    assert len(set(particles.images)) == len(particles.images)


def test_subtomograms_are_gone_once_they_are_aligned_and_an_example_of_each_kind_stays(results):
    assert list(results.rglob("volumes.mrcs")) == []
    examples = list(results.rglob("example.mrc"))
    # four of the phantom, one of the complex
    assert len(examples) == 5
    assert all(mrcfile.validate(str(path)) for path in examples)


def test_the_maps_are_sound_mrc_files_at_one_place_and_the_galleries_name_them(results):
    maps = list((results / "maps").glob("*.mrc"))
    # of the one complex the class of each score and a single subtomogram, too
    assert len(maps) == 2 * len(AVERAGES) + 4
    for path in maps:
        assert mrcfile.validate(str(path))
        with mrcfile.open(path, header_only=True) as file:
            assert float(file.voxel_size.x) == 10.0
            assert file.header.origin.tolist() == (-160.0, -160.0, -160.0)
    for gallery in ("averages", "classes"):
        text = (results / "maps" / f"{gallery}.cxc").read_text(encoding="utf-8")
        opened = [line.split()[1] for line in text.splitlines() if line.startswith("open ")]
        assert opened
        assert all((results / "maps" / name).is_file() for name in opened)


def test_averages_come_near_the_truth_and_those_of_noise_do_not(results):
    rows = records(results / "tables" / "averages.csv")
    assert {(row["object"], row["kind"], row["score"]) for row in rows} == {
        (name, kind, score)
        for name in ("phantom", "enolase")
        for kind, scores in (("subtomograms", ("rcs", "fcs", "likelihood")), ("noise", ("rcs", "fcs")))
        for score in scores
    }
    assert all(float(row["truth_resolution_nm"]) < 6 for row in rows if row["kind"] == "subtomograms")
    assert not any(0 < float(row["truth_resolution_nm"] or "inf") < 6 for row in rows if row["kind"] == "noise")


def test_all_pairs_of_the_mixture_are_aligned(results):
    pairs = [(row["first"], row["second"], row["score"]) for row in records(results / "alignments/classification.csv")]
    assert sorted(pairs) == sorted(
        (str(i), str(j), score) for i in range(3) for j in range(i + 1, 3) for score in ("rcs", "fcs", "likelihood")
    )


def test_a_complex_knows_its_title_and_its_symmetry(results):
    about = json.loads((results / "density" / "enolase.json").read_text(encoding="utf-8"))
    assert (about["title"], about["point_group"]) == ("Enolase (1W6T)", "D4")
    for row, score in zip(records(results / "tables" / "complexes.csv"), ("rcs", "likelihood"), strict=True):
        assert (row["title"], row["point_group"], row["n"], row["score"]) == ("Enolase (1W6T)", "D4", "2", score)


def test_every_job_leaves_a_log_and_its_seconds(results):
    parts = list((results / "alignments").rglob("pairs~*.csv"))
    assert len(parts) == 5
    # one job for the few pairs of the phantom at all noise levels of a tilt range
    jobs = {
        part.relative_to(results).with_suffix("").as_posix().replace("/snr~inf", "").replace("/snr~0.5", "")
        if "phantom" in part.parts
        else part.relative_to(results).with_suffix("").as_posix()
        for part in parts
    }
    assert len(jobs) == 3
    for job in jobs:
        assert "alignments of" in (results / "logs" / f"{job}.log").read_text()
        assert float(records_of_benchmark(results / "benchmarks" / f"{job}.tsv")["s"]) > 0


def records_of_benchmark(path):
    names, values = (line.split("\t") for line in path.read_text().splitlines())
    return dict(zip(names, values, strict=True))


def test_a_line_for_each_job_tells_how_far_the_study_is_and_the_last_ones_what_came_out(tiny_study):
    output = tiny_study[1]
    total = int(output.split("\ntotal")[1].split()[0])
    # the rules that only gather files are not told of
    percents = [int(percent) for percent in re.findall(r"^([ \d]{3}) % ", output, re.M)]
    assert len(percents) >= total - 5
    assert percents == sorted(percents) and percents[-1] == 100
    assert "\nresults/tiny/report.html shows what came out" in f"\n{output}"
    assert " of the paper's 32 cells better, " in output


def test_nothing_is_left_to_do_afterwards(tiny_study):
    assert "Nothing to be done" in snakemake(tiny_study[0], "--dry-run").stdout


@pytest.fixture(scope="module")
def interrupted_study(tmp_path_factory):
    """Return the folder in which what chunks can change has run in other chunks, on one core, and was killed twice.

    Of the phantom one tilt range, and nothing that is drawn: figures and tables are redrawn to the byte in
    `test_report_and_reference`, and `test_faults` kills the whole study.
    """
    folder = tmp_path_factory.mktemp("interrupted")
    config = overlay(
        folder / "chunked.yaml",
        pairs_per_job=1,
        grid={"tilt": [TILT]},
        averages={"particles_per_job": 2},
        classification={"pairs_per_job": 1},
    )
    made = ("alignments/phantom.csv", "alignments/enolase.csv", "averages/enolase_shells.csv")
    targets = [f"results/tiny/{name}" for name in (*made, "classification/classes.csv")]
    arguments = ("--cores", 1, "--", *targets)
    rng = np.random.default_rng(2012)
    # long before the last of its jobs, so that no kill comes too late; one leaves the jobs alive
    struck = interrupted(folder, rng, 2, 14, *arguments, config=config)
    run = snakemake(folder, *arguments, config=config)
    assert run.returncode == 0, run.stderr
    return folder, struck


def test_a_study_killed_twice_goes_on_to_its_end(interrupted_study):
    folder, struck = interrupted_study
    assert struck == 2
    assert list((folder / "results").rglob("*.part")) == []


def test_kills_and_chunks_and_cores_change_no_byte_of_any_result(tiny_study, interrupted_study):
    folder, _ = interrupted_study
    parts = [len(list(path.glob(f"{PHANTOM}/tilt~{TILT}/**/pairs~*.csv"))) for path in (tiny_study[0], folder)]
    assert parts[1] == 2 * parts[0]
    wrong, compared = differing(folder, tiny_study[0])
    assert compared >= 15
    assert [str(name) for name in wrong] == ["alignments/phantom.csv"]
    whole, part = (records(path / f"{PHANTOM}.csv") for path in (tiny_study[0], folder))
    assert part == [row for row in whole if row["tilt_deg"] == str(TILT)] != []
