"""A user's own particles sorted into classes, from a STAR file alone, by the command line of the README."""

import os
import shutil

import mrcfile
import numpy as np
import pytest
import yaml
from interrupting import killed_after, release_lock
from mixture_files import EACH, LABELS, PAPER, TABLES, configured, write_list, write_mixture
from picked_files import BOX
from running import jobs, logged, planned_on_a_node, snakemake

from gradalign.io.star import read_particles
from gradalign.study.partition import adjusted_rand_index


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sorted")
    write_mixture(folder)
    done = snakemake(folder, "--cores", 2, config=configured(folder))
    assert done.returncode == 0, done.stderr
    return folder, done.stdout + done.stderr + logged(folder)


def test_one_command_makes_the_outputs_of_classes_and_nothing_of_the_study(run):
    folder, said = run
    results = folder / "results" / "run"
    others = ["report.html", "classes.svg", "classes.png", "maps"]
    assert {path.name for path in (results / "classes").iterdir()} >= {*TABLES, *others}
    assert {path.name for path in results.iterdir()} == {"classes", "logs", "benchmarks", "config.yaml"}
    assert yaml.safe_load((results / "config.yaml").read_text())["classes"]["star"] == "run.star"
    assert "2 classes in the sample" in said


def test_the_classes_are_the_objects(run):
    particles = read_particles(run[0] / "results/run/classes/classified.star")
    found = [int(text) for text in particles.columns["rlnClassNumber"]]
    assert adjusted_rand_index(found, LABELS) == 1.0
    assert set(particles.columns["gradalignClassVerdict"]) == {"member"}


def test_each_class_has_its_maps_and_its_own_star_file(run):
    maps = run[0] / "results/run/classes/maps"
    for label in (1, 2):
        for kind in ("", "_half1", "_half2", "_filtered"):
            with mrcfile.open(maps / f"class_{label}{kind}.mrc") as mrc:
                assert mrc.data.shape == (BOX, BOX, BOX)
        assert len(read_particles(maps / f"class_{label}.star").images) == EACH
    assert "class_2_filtered.mrc" in (maps / "classes.cxc").read_text()


def test_each_class_has_a_figure_of_its_own_that_stands_on_the_page(run):
    classes = run[0] / "results/run/classes"
    page = (classes / "report.html").read_text(encoding="utf-8")
    for label in (1, 2):
        assert {path.name for path in (classes / "figures").iterdir()} >= {f"class_{label}.svg", f"class_{label}.png"}
        assert f'id="class-{label}-caption"' in page
    assert f"{EACH} particles after the last round" in page


def test_the_summary_says_what_came_out_and_how_a_class_goes_on(run):
    text = (run[0] / "results/run/classes/summary.txt").read_text()
    assert f"2 classes with {len(LABELS)} of {len(LABELS)} particles" in text
    maps = "results/run/classes/maps"
    assert f"gradalign particles {maps}/class_1.star --reference {maps}/class_1_filtered.mrc" in text


def test_a_killed_run_in_other_chunks_gives_the_same_sample_and_the_same_round(run, tmp_path):
    folder, _ = run
    for path in folder.glob("*.mrc"):
        shutil.copy(path, tmp_path)
    shutil.copy(folder / "run.star", tmp_path)
    targets = [f"results/run/classes/{name}" for name in ("sample/matrices.npz", "rounds/1/state.npz")]
    config = configured(tmp_path, per_job=12, pairs_per_job=30)
    planned = snakemake(tmp_path, "--cores", 1, "--dry-run", "--", *targets, config=config)
    assert jobs(planned.stdout)["classes_pairs"] == 2 * jobs(run[1])["classes_pairs"]
    killed_after(tmp_path, 2, 0.3, "--cores", 1, "--", *targets, config=config)
    release_lock(tmp_path, config)
    done = snakemake(tmp_path, "--cores", 1, "--", *targets, config=config)
    assert done.returncode == 0, done.stderr
    for name in targets:
        ours, theirs = (np.load(root / name, allow_pickle=False) for root in (folder, tmp_path))
        assert set(ours) == set(theirs)
        assert all(np.array_equal(ours[key], theirs[key], equal_nan=ours[key].dtype.kind == "f") for key in ours), name
    ours, theirs = (particles_of_round(root / "results/run/classes/rounds/1") for root in (folder, tmp_path))
    assert len(ours) == len(LABELS)
    assert ours == theirs


def particles_of_round(folder):
    """Return the lines of all particles after a round, in their order, whatever the chunks."""
    parts = sorted(folder.glob("particles~*.csv"), key=lambda path: int(path.stem.split("~")[1].split("-")[0]))
    return [line for part in parts for line in part.read_text().splitlines()[1:]]


def test_a_finished_run_has_nothing_left_to_do(run):
    done = snakemake(run[0], "--cores", 1, "--dry-run", config=run[0] / "mine.yaml")
    assert not jobs(done.stdout), done.stdout


def test_a_round_that_a_cluster_runs_by_itself_stands_on_no_round_before_the_first(run):
    rules = ("classes_sort", "classes_round")
    done = planned_on_a_node(run[0], "classes_round:round=1", *rules, config=run[0] / "mine.yaml")
    assert done["classes_round"] == 1


def test_a_list_that_has_changed_makes_all_anew_whatever_its_date(run, tmp_path):
    shutil.copytree(run[0], tmp_path, dirs_exist_ok=True)
    star = tmp_path / "run.star"
    lines = star.read_text(encoding="utf-8").splitlines(keepends=True)
    first, second = (next(n for n, line in enumerate(lines) if f"particle{k}.mrc" in line) for k in (1, 2))
    lines[first], lines[second] = lines[second], lines[first]
    star.write_text("".join(lines), encoding="utf-8")
    os.utime(star, (1.5e9, 1.5e9))
    done = snakemake(tmp_path, "--cores", 1, "--dry-run", config=tmp_path / "mine.yaml")
    assert jobs(done.stdout)["classes_start"] == 1


def test_results_are_named_after_the_list_and_kept_from_another_of_its_name(run, tmp_path):
    for name in ("a", "b"):
        shutil.copytree(run[0], tmp_path / name, ignore=shutil.ignore_patterns("results", ".snakemake"))
    plan = snakemake(tmp_path, "--summary", "--config", "classes=a/run.star", config=None)
    assert "results/run/classes/classified.star" in plan.stdout
    record = tmp_path / "results" / "run" / "config.yaml"
    record.parent.mkdir(parents=True)
    record.write_text("particles: {star: ''}\nclasses: {star: a/run.star}\n", encoding="utf-8")
    other = snakemake(tmp_path, "--dry-run", "--config", "classes=b/run.star", config=None)
    assert other.returncode
    assert "results/run: holds the results of a/run.star; give those of b/run.star a name of their own" in other.stderr


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["classes=none.star"], "classes.star: there is no file none.star"),
        (["classes=short.star"], "short.star: holds 15 particles, too few for classes: at least 16 are needed"),
        (["classes=uneven.star"], "uneven.star: a half set has 2 particles in the sample, too few for classes"),
        (["classes=20240501"], "classes: is 20240501, where a file is needed"),
        (["classes=run.star", "particles=run.star", "reference=run.star"], "one of the two is needed"),
    ],
)
def test_a_mistake_is_told_in_one_sentence_before_any_job(run, change, words):
    names = [f"particle{number}.mrc" for number in range(1, len(LABELS) + 1)]
    write_list(run[0] / "short.star", names[:15])
    write_list(run[0] / "uneven.star", names, rlnRandomSubset=[1, 1, *[2] * (len(names) - 2)])
    done = snakemake(run[0], "--cores", 1, "--config", "name=wrong", *change, config=PAPER)
    assert done.returncode != 0
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not (run[0] / "results" / "wrong").exists()
