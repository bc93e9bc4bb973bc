"""A user's own particles, from a STAR file and a reference to the average, by the command line of the README."""

import subprocess
import sys
from pathlib import Path

import mrcfile
import numpy as np
import pytest
import yaml
from running import REPOSITORY, jobs

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from picked_files import BOX, make_particles, write_mrc
from scipy.spatial.transform import Rotation

from gradalign.io.star import read_particles

FILES = ["aligned.star", "average.mrc", "average_half1.mrc", "average_half2.mrc", "average_filtered.mrc", "average.cxc"]
FILES += ["scores.csv", "left_out.csv", "rounds.csv", "fsc.csv", "summary.txt", "particles.svg", "particles.png"]


def snakemake(folder, *arguments):
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--snakefile",
        str(REPOSITORY / "Snakefile"),
        "--directory",
        str(folder),
    ]
    return subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, cwd=folder)


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
    rows = [int(name.removeprefix("particle").removesuffix(".mrc")) - 1 for name in aligned.images]
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


def test_nothing_is_left_to_do_and_more_rounds_go_on_from_the_last(run):
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
    assert (more["particles_align"], more["particles_round"]) == (1, 1)
    assert "particles_start" not in more


def test_a_mistake_in_the_star_file_is_one_sentence_before_any_job(run, tmp_path):
    text = (run[0] / "run.star").read_text()
    (tmp_path / "bad.star").write_text(text.replace("_rlnImageName", "_rlnName"))
    done = snakemake(tmp_path, "--cores", 1, "--config", "particles=bad.star", f"reference={run[0] / 'ref.mrc'}")
    assert done.returncode != 0
    said = [line for line in done.stderr.splitlines() if not line.startswith(("Using workflow", "Config file"))]
    assert said == ["bad.star: has no column _rlnImageName, where RELION's table data_particles is needed"]
    assert not (tmp_path / "results").exists()
