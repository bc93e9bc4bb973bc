"""A user's own particles, from a STAR file and a reference to the average, by the command line of the README."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import mrcfile
import numpy as np
import pytest
import running
import yaml
from running import REPOSITORY, jobs, planned_on_a_node

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from picked_files import BOX, make_particles, make_tomograms, write_mrc
from scipy.spatial.transform import Rotation

from gradalign.io.star import read_particles
from gradalign.particles.star import read_picked

FILES = ["aligned.star", "average.mrc", "average_half1.mrc", "average_half2.mrc", "average_filtered.mrc", "average.cxc"]
FILES += ["scores.csv", "left_out.csv", "rounds.csv", "fsc.csv", "summary.txt", "particles.svg", "particles.png"]


def snakemake(folder, *arguments):
    return running.snakemake(folder, *arguments, config=None, cwd=folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    truth, _, _ = make_particles(folder, 9)
    write_mrc(folder / "particle2.mrc", np.full((BOX,) * 3, np.nan))
    done = snakemake(folder, "--cores", 2, "--config", "particles=run.star", "reference=ref.mrc", "name=own")
    assert done.returncode == 0, done.stderr
    return folder, truth, done.stdout + done.stderr


def test_one_command_makes_the_particle_outputs_and_nothing_of_the_study(run):
    folder, _, said = run
    results = folder / "results" / "own"
    assert {path.name for path in (results / "particles").iterdir()} >= set(FILES)
    assert {path.name for path in results.iterdir()} == {
        "particles",
        "logs",
        "benchmarks",
        "config.yaml",
    }
    assert "contrast white: correlates better" in said
    assert yaml.safe_load((results / "config.yaml").read_text())["particles"]["star"] == "run.star"


def test_the_aligned_particles_stand_where_they_were_put(run):
    folder, truth, _ = run
    aligned = read_particles(folder / "results/own/particles/aligned.star")
    rows = [int(Path(name).name.removeprefix("particle").removesuffix(".mrc")) - 1 for name in aligned.images]
    assert rows == [0, *range(2, 9)]
    angles = [
        np.degrees((Rotation.from_matrix(rotation).inv() * truth[row][0]).magnitude())
        for rotation, row in zip(aligned.rotations, rows, strict=True)
    ]
    assert np.median(angles) < 3


def test_the_particle_that_could_not_be_read_is_named_and_left_out(run):
    folder, _, said = run
    results = folder / "results/own/particles"
    assert "particle 2 is left out: " in said
    assert "particle2.mrc: holds NaN" in (results / "left_out.csv").read_text()
    assert "8 of 9 particles" in (results / "summary.txt").read_text()


def test_maps_are_whole_and_in_angstrom(run):
    for name in ("average", "average_half1", "average_half2", "average_filtered"):
        with mrcfile.open(run[0] / f"results/own/particles/{name}.mrc") as mrc:
            assert mrc.data.shape == (BOX,) * 3
            assert abs(float(mrc.voxel_size.x) - 12.5) < 1e-3


def test_nothing_is_left_to_do_and_more_rounds_open_nothing_anew(run):
    folder = run[0]
    (folder / "more.yaml").write_text(
        yaml.safe_dump({"name": "own", "particles": {"star": "run.star", "reference": "ref.mrc"}})
    )
    again = snakemake(folder, "--dry-run", "--configfile", "more.yaml")
    assert "Nothing to be done" in again.stdout
    (folder / "more.yaml").write_text(
        yaml.safe_dump({"name": "own", "particles": {"star": "run.star", "reference": "ref.mrc", "rounds": 6}})
    )
    more = jobs(snakemake(folder, "--dry-run", "--configfile", "more.yaml").stdout)
    assert more["particles_rounds"] == 1
    assert "particles_start" not in more


def test_a_mistake_in_the_star_file_is_one_sentence_before_any_job(run, tmp_path):
    text = (run[0] / "run.star").read_text()
    (tmp_path / "bad.star").write_text(text.replace("_rlnImageName", "_rlnName"))
    done = snakemake(tmp_path, "--cores", 1, "--config", "particles=bad.star", f"reference={run[0] / 'ref.mrc'}")
    assert done.returncode != 0
    said = [line for line in done.stderr.splitlines() if not line.startswith(("Using workflow", "Config file"))]
    assert said == ["bad.star: has no column _rlnImageName, where RELION's table data_particles is needed"]
    assert not (tmp_path / "results").exists()


def planned(folder, star, *arguments):
    """Return the jobs that Snakemake would run for a list."""
    plan = snakemake(folder, "--dry-run", "--config", f"particles={star}", *arguments)
    assert plan.returncode == 0, plan.stderr
    return jobs(plan.stdout)


@pytest.fixture
def finished(run, tmp_path):
    """A folder as deep as the run's, with its lists, volumes and results, dates and all."""
    return shutil.copytree(run[0], tmp_path, symlinks=True, dirs_exist_ok=True)


def aligned_in(folder):
    """Return the lines of all particles after a round, in their order, whatever the jobs that aligned them."""
    parts = sorted(folder.glob("particles~*.csv"), key=lambda path: int(path.stem.split("~")[1].split("-")[0]))
    return [line for part in parts for line in part.read_text(encoding="utf-8").splitlines()[1:]]


def test_the_jobs_of_a_round_change_no_result(run, finished, tmp_path_factory):
    shared = tmp_path_factory.mktemp("shared")
    shutil.copytree(run[0], shared, ignore=shutil.ignore_patterns("results", ".snakemake"), dirs_exist_ok=True)
    last = Path("results", "own", "particles", "rounds", "2")
    for folder, per_job in ((finished, 100), (shared, 5)):
        chosen = {"star": "run.star", "reference": "ref.mrc", "rounds": 2, "per_job": per_job}
        (folder / "two.yaml").write_text(yaml.safe_dump({"name": "own", "particles": chosen}))
        done = snakemake(folder, "--cores", 2, "--configfile", "two.yaml", "--", last / "state.npz")
        assert done.returncode == 0, done.stderr
    # results are made from these
    one, several = finished / last, shared / last
    assert len(list(several.glob("particles~*.csv"))) == 2
    assert len(aligned_in(one)) == 9
    assert aligned_in(one) == aligned_in(several)
    with np.load(one / "state.npz") as ours, np.load(several / "state.npz") as theirs:
        assert set(ours) == set(theirs)
        assert [key for key in ours if ours[key].tobytes() != theirs[key].tobytes()] == []
    # a cluster's node stands on no round before the first
    rules = ("particles_align", "particles_round")
    first = planned_on_a_node(shared, "particles_round:round=1", *rules, config=shared / "two.yaml")
    assert first["particles_round"] == 1


def test_a_copied_run_has_nothing_left_to_do(finished):
    assert planned(finished, "run.star", "reference=ref.mrc", "name=own") == {}


def test_a_list_that_was_changed_behind_an_older_date_is_noticed(finished):
    star, other = finished / "run.star", finished / "other.star"
    text = star.read_text()
    changes = {
        "order": text.replace("particle3.mrc", "X")
        .replace("particle4.mrc", "particle3.mrc")
        .replace("X", "particle4.mrc"),
        "origins": text.replace(
            "_rlnOpticsGroup #2", "_rlnOpticsGroup #2\n_rlnOriginXAngst #3\n_rlnOriginYAngst #4\n_rlnOriginZAngst #5"
        ).replace(".mrc 1\n", ".mrc 1 12.5 0 0\n"),
    }
    for changed in changes.values():
        assert changed != text
        other.write_text(changed)
        os.utime(other, (1e9, 1e9))
        shutil.copy2(other, star)
        assert "particles_start" in planned(finished, "run.star", "reference=ref.mrc", "name=own")


def test_volumes_that_were_extracted_again_are_noticed(finished):
    volume = finished / "particle5.mrc"
    before = volume.stat()
    os.utime(volume, ns=(before.st_atime_ns, before.st_mtime_ns - 10**12))
    assert "particles_start" in planned(finished, "run.star", "reference=ref.mrc", "name=own")
    os.utime(volume, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert planned(finished, "run.star", "reference=ref.mrc", "name=own") == {}


def test_a_folder_behind_a_link_that_was_turned_is_noticed(finished):
    files = [*finished.glob("*.star"), *finished.glob("*.mrc")]
    for name in ("moved", "older"):
        (finished / name).mkdir()
    for path in files:
        shutil.copy2(path, finished / "older" / path.name)
        os.utime(finished / "older" / path.name, (1e9, 1e9))
        path.rename(finished / "moved" / path.name)
        path.symlink_to(f"now/{path.name}")
    (finished / "now").symlink_to("moved")
    assert planned(finished, "run.star", "reference=ref.mrc", "name=own") == {}
    (finished / "now").unlink()
    (finished / "now").symlink_to("older")
    assert "particles_start" in planned(finished, "run.star", "reference=ref.mrc", "name=own")


def test_results_are_named_after_their_list_and_not_given_to_another(run, tmp_path):
    for name in ("a", "b"):
        shutil.copytree(run[0], tmp_path / name, ignore=shutil.ignore_patterns("results", ".snakemake"))
    plan = snakemake(tmp_path, "--summary", "--config", "particles=a/run.star", "reference=a/ref.mrc")
    assert "results/run/particles/aligned.star" in plan.stdout
    record = tmp_path / "results" / "run" / "config.yaml"
    record.parent.mkdir(parents=True)
    record.write_text("particles: {star: a/run.star}\n")
    assert planned(tmp_path, "a/run.star", "reference=a/ref.mrc")
    other = snakemake(tmp_path, "--dry-run", "--config", "particles=b/run.star", "reference=b/ref.mrc")
    assert other.returncode
    assert "results/run: holds the results of a/run.star; give those of b/run.star a name of their own" in other.stderr
    assert planned(tmp_path, "b/run.star", "reference=b/ref.mrc", "name=b")


def command(folder, *arguments):
    """Run what `make particles` runs."""
    script = REPOSITORY / "workflow" / "scripts" / "own_subtomograms.py"
    words = [sys.executable, str(script), "particles", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, cwd=folder)


def sentences(done):
    """Return what was said, but for the plan and the jobs that ended."""
    lines = [line for line in done.stderr.splitlines() if not line.startswith(("Using workflow", "Config file"))]
    return [line for line in lines if not re.match(r"\d+ jobs?$|[ \d]{3} % ", line)]


def test_without_a_list_the_command_says_so_and_does_not_start_the_study(tmp_path):
    done = command(tmp_path)
    assert done.returncode
    assert len(sentences(done)) == 1
    assert "no particles were given: make particles STAR=run.star REFERENCE=ref.mrc" in done.stderr
    assert not list(tmp_path.iterdir())


def test_what_shows_in_a_job_is_one_sentence_without_snakemakes_trace(run, tmp_path):
    folder = tmp_path / "own"
    shutil.copytree(run[0], folder, ignore=shutil.ignore_patterns("results", ".snakemake"))
    write_mrc(folder / "small.mrc", np.random.default_rng(1).normal(size=(20,) * 3))
    done = command(folder, "--star", "run.star", "--reference", "small.mrc")
    assert done.returncode
    assert sentences(done) == [
        "small.mrc: the reference is a cube of 20 voxels, where the subtomograms have 24; crop, pad or rescale it",
        "Failed: particles start; its log is results/run/logs/particles/start.log",
        "Some jobs failed; when the cause is mended, the same command goes on from here.",
    ]


@pytest.mark.parametrize(("section", "start"), [("particles", "rounds/0/state.npz"), ("classes", "sample/state.npz")])
def test_places_in_tomograms_are_cut_out_before_anything_is_aligned(tmp_path, section, start):
    make_tomograms(tmp_path)
    choices = {"star": "picks.star", "tomograms": "tomograms of {x}", "box": BOX}
    choices |= {"reference": "ref.mrc"} if section == "particles" else {"least": 2, "classes": 1}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump({"name": "own", section: choices}), encoding="utf-8")
    done = snakemake(tmp_path, "--cores", 1, "--configfile", "own.yaml", "--", Path("results", "own", section, start))
    assert done.returncode == 0, done.stderr
    boxes = tmp_path / "results" / "own" / "boxes"
    assert {path.name for path in (boxes / "TS_02").glob("*.mrc")} == {f"{row}.mrc" for row in range(9, 17)}
    assert read_picked(boxes / "particles.star").images[0] == str(boxes / "TS_01" / "1.mrc")


def test_files_and_names_of_all_signs_go_through_the_command_to_its_last_line(run, tmp_path):
    # the last byte is no UTF-8
    folder = tmp_path / "my data (1) {x} 'ä' $HOME \udce4"
    shutil.copytree(run[0], folder, ignore=shutil.ignore_patterns("results", ".snakemake"))
    (folder / "mine.yaml").write_text("particles: {rounds: 1}\n", encoding="utf-8")
    files = ("--star", folder / "run.star", "--reference", folder / "ref.mrc", "--config", folder / "mine.yaml")
    done = command(tmp_path, *files, "--name", "2026_11")
    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-2:]
    assert last[0].startswith("results/2026_11/particles/report.html shows what came out; beside it lie aligned.star")
    assert last[1].startswith("Resolution ")
    results = tmp_path / "results/2026_11/particles"
    for name in ("aligned.star", "scores.csv"):
        assert os.fsencode(folder) in (results / name).read_bytes()


@pytest.mark.parametrize("target", ["particles", "classes"])
def test_make_hands_on_what_was_typed(target):
    star = "a b(1)'\"$x`.star"
    plan = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", target, f"STAR={star}", "CONFIG=mine [1].yaml", "NAME=2024_05"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    line = " ".join(line.rstrip("\\") for line in plan.stdout.splitlines())
    line = line[line.index(".venv/bin/python workflow/scripts/own_subtomograms.py") :]
    words = [word for word in shlex.split(line)[2:] if word != "--reference="]
    assert words == [target, f"--star={star}", "--config=mine [1].yaml", "--name=2024_05"]
