"""RELION's own programs on what is written here, and what they write read back (make test-relion).

RELION 3.1, as Debian has it. Angles, origins and maps are held against RELION's by RELION itself, on a chiral object.
"""

import shutil
import subprocess

import mrcfile
import numpy as np
import pytest
from picked_files import BOX, REPOSITORY, errors, make_particles, run_rounds, section, star_text, write_mrc
from test_picked_ctf import write_particles

from gradalign.geometry.rotations import rotation_angle
from gradalign.geometry.wedge import measured
from gradalign.io.star import read_particles
from gradalign.io.star_text import read_tables
from gradalign.particles.results import (
    MERIT,
    PROBABILITY,
    ROTATION_SD,
    TRANSLATION_SD,
    scores_table,
    write_maps,
    write_star,
)
from gradalign.particles.star import read_picked

pytestmark = [
    pytest.mark.relion,
    pytest.mark.skipif(
        shutil.which("relion_refine") is None, reason="RELION is not installed (make test-relion installs Debian's)"
    ),
]
COUNT = 24
# shells of the average to half of Nyquist's frequency, where the signal is
BAND = slice(1, BOX // 4 + 1)


def relion(folder, program, *words):
    done = subprocess.run([f"relion_{program}", *map(str, words)], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def aligned(tmp_path_factory):
    """Return a folder with particles, their CTF volumes, aligned.star and the maps, the entries and the state."""
    folder = tmp_path_factory.mktemp("relion")
    truth, _, _ = make_particles(folder, COUNT)
    axis = np.fft.fftfreq(BOX)
    z, y, x = np.meshgrid(axis, axis, np.abs(axis[: BOX // 2 + 1]), indexing="ij")
    write_mrc(folder / "wedge.mrc", measured(np.stack([x, y, z], axis=-1), (-60, 60, 90)))
    images = [f"particle{number + 1}.mrc" for number in range(COUNT)]
    columns = {"rlnImageName": images, "rlnCtfImage": ["wedge.mrc"] * COUNT, "rlnOpticsGroup": [1] * COUNT}
    (folder / "run.star").write_text(star_text(columns))
    entries, state = run_rounds(section(folder), rounds=3)
    assert np.median(errors(entries, truth)[:, 0]) < 2
    results = folder / "results"
    results.mkdir()
    write_star(results / "aligned.star", read_picked(folder / "run.star"), entries, state)
    names = {"average": "average", "half1": "average_half1", "half2": "average_half2", "filtered": "filtered"}
    write_maps({name: results / f"{file}.mrc" for name, file in names.items()}, state, (0.0, 0.0, 0.0))
    return results, entries, state


def shell_correlations(first, second):
    """Return the correlation of two MRC files by shell."""
    transforms = [np.fft.fftn(mrcfile.read(path).astype(float)) for path in (first, second)]
    axis = np.fft.fftfreq(BOX, 1 / BOX)
    shell = np.sqrt(sum(edge**2 for edge in np.meshgrid(axis, axis, axis))).round().astype(int).ravel()
    cross, *powers = (
        np.bincount(shell, (one * other.conj()).real.ravel())
        for one, other in (transforms, transforms[:1] * 2, transforms[1:] * 2)
    )
    return cross / np.sqrt(powers[0] * powers[1])


def test_relion_reconstructs_the_average(aligned):
    results, _, _ = aligned
    relion(results, "reconstruct", "--i", "aligned.star", "--o", "relion.mrc", "--3d_rot", "--ctf")
    assert shell_correlations(results / "average.mrc", results / "relion.mrc")[BAND].min() >= 0.98
    # with each origin's sign, each angle's sense or the hand wrong it would not
    tables = (results / "aligned.star").read_text()
    particles = read_tables(results / "aligned.star")["particles"]
    for old, new in zip(particles["rlnAnglePsi"], reversed(particles["rlnAnglePsi"]), strict=True):
        tables = tables.replace(f" {old} ", f" {new}_ ")
    (results / "wrong.star").write_text(tables.replace("_ ", " "))
    relion(results, "reconstruct", "--i", "wrong.star", "--o", "wrong.mrc", "--3d_rot", "--ctf")
    assert shell_correlations(results / "average.mrc", results / "wrong.mrc")[BAND].min() < 0.8


def test_relion_reconstructs_the_average_of_particles_with_contrast_transfer(tmp_path):
    write_particles(tmp_path, "unflipped", count=COUNT)
    entries, state = run_rounds(section(tmp_path, low_pass=3.5), rounds=1)
    write_star(tmp_path / "aligned.star", read_picked(tmp_path / "run.star"), entries, state)
    files = {name: tmp_path / f"{name}.mrc" for name in ("average", "half1", "half2", "filtered")}
    write_maps(files, state, (0.0, 0.0, 0.0))
    correlations = []
    for ctf in (["--ctf"], []):
        relion(tmp_path, "reconstruct", "--i", "aligned.star", "--o", "relion.mrc", "--3d_rot", *ctf)
        correlations.append(shell_correlations(tmp_path / "average.mrc", tmp_path / "relion.mrc")[1:7].min())
    assert correlations[0] >= 0.97
    # beyond the first zero its own way without CTF has the other sign
    assert correlations[1] < 0


@pytest.fixture(scope="module")
def refined(aligned):
    """Return the list that a refinement of RELION writes which starts from ours and may turn by its steps."""
    results, _, _ = aligned
    (results / "refine").mkdir()
    steps = ["--healpix_order", 4, "--sigma_ang", 3, "--offset_range", 2, "--offset_step", 1, "--oversampling", 0]
    model = ["--iter", 1, "--K", 1, "--tau2_fudge", 1, "--ini_high", 33, "--particle_diameter", 280, "--ctf", "--norm"]
    model += ["--scale", "--flatten_solvent", "--zero_mask", "--dont_check_norm", "--random_seed", 1]
    files = ["--i", "aligned.star", "--ref", "average.mrc", "--o", "refine/run"]
    relion(results, "refine", *files, *model, *steps)
    return results / "refine" / "run_it001_data.star"


def test_a_refinement_of_relion_starts_from_the_list_and_stays(aligned, refined):
    before, after = read_particles(aligned[0] / "aligned.star"), read_particles(refined)
    order = [after.images.index(image) for image in before.images]
    turned = rotation_angle(np.swapaxes(before.rotations, 1, 2) @ after.rotations[order])
    # RELION's grid is 3.7 degrees and a voxel wide
    assert np.median(turned) < 4
    assert np.median(np.abs(before.translations - after.translations[order])) < 0.75


def test_relion_selects_by_the_score(aligned):
    results, entries, _ = aligned
    limit = -float(np.median([entry.dissimilarity for entry in entries]))
    relion(results, "star_handler", "--i", "aligned.star", "--o", "best.star", "--select", MERIT, "--minval", limit)
    kept = read_tables(results / "best.star")["particles"]["rlnImageName"]
    expected = [str(entry.image) for entry in entries if -entry.dissimilarity >= limit]
    assert abs(len(kept) - len(expected)) <= 1
    assert 0 < len(set(kept) & set(expected)) <= len(kept) < COUNT


@pytest.mark.parametrize(
    ("label", "bound"), [(PROBABILITY, "--minval"), (ROTATION_SD, "--maxval"), (TRANSLATION_SD, "--maxval")]
)
def test_relion_selects_by_the_verdict(aligned, label, bound):
    results, _, _ = aligned
    table = read_tables(results / "aligned.star")["particles"]
    numbers = np.array([float(text) for text in table[label]])
    limit = float(np.median(numbers))
    relion(results, "star_handler", "--i", "aligned.star", "--o", "sure.star", "--select", label, bound, limit)
    kept = read_tables(results / "sure.star")["particles"]["rlnImageName"]
    right = numbers >= limit if bound == "--minval" else numbers <= limit
    assert kept == [image for image, wanted in zip(table["rlnImageName"], right, strict=True) if wanted]
    assert COUNT // 2 <= len(kept)


def test_relion_postprocesses_the_half_maps(aligned):
    results, _, _ = aligned
    relion(
        results, "mask_create", "--i", "average.mrc", "--o", "mask.mrc", "--ini_threshold", 0.3, "--extend_inimask", 2
    )
    (results / "post").mkdir()
    # where there is no Ghostscript the last of its pages is not written, which is its only complaint
    words = ["--i", "average_half1.mrc", "--mask", "mask.mrc", "--o", "post/run", "--angpix", 12.5]
    subprocess.run(["relion_postprocess", *map(str, words)], cwd=results, capture_output=True)
    general = read_tables(results / "post" / "run.star")["general"]
    resolution = float(general["rlnFinalResolution"][0])
    assert 2 * 12.5 <= resolution < 60


def test_a_list_that_relion_wrote_goes_through_the_local_search(aligned, refined):
    results, entries, state = aligned
    picked = read_picked(refined)
    assert picked.angles is not None and picked.subsets is not None
    settings = section(results.parent, star=str(refined), search="local", low_pass=state.low_pass)
    again, last = run_rounds(settings, rounds=1)
    assert np.median([row["start_rotation_deg"] for row in scores_table(again)]) < 5
    by_image = {entry.image.file: entry for entry in entries}
    turns = [rotation_angle(by_image[entry.image.file].pose[0].T @ entry.pose[0]) for entry in again]
    assert np.median(turns) < 1
    # what RELION said of its own angles is not true of ours
    write_star(results / "again.star", picked, again, last)
    assert "rlnLogLikeliContribution" not in read_tables(results / "again.star")["particles"]
    relion(results, "reconstruct", "--i", "again.star", "--o", "again.mrc", "--3d_rot", "--ctf")
    assert shell_correlations(results / "average.mrc", results / "again.mrc")[BAND].min() > 0.95


JOB = """
data_job

_rlnJobType                            99
_rlnJobIsContinue                       0

data_joboptions_values

loop_
_rlnJobOptionVariable #1
_rlnJobOptionValue #2
fn_exe {executable}
in_part {particles}
in_3dref Extract/ref.mrc
nr_threads 1
param1_label rounds
param1_value 2
do_queue No
"""
PIPELINE = "\ndata_pipeline_general\n\n_rlnPipeLineJobCounter 1\n"


def pipeline_job(project, particles):
    """Run one External job in a project by RELION's own pipeliner; return the job's folder."""
    executable = REPOSITORY / "workflow" / "scripts" / "relion_external"
    (project / "default_pipeline.star").write_text(PIPELINE)
    (project / "job.star").write_text(JOB.format(executable=executable, particles=particles))
    relion(project, "pipeliner", "--addJobFromStar", "job.star")
    relion(project, "pipeliner", "--RunJobs", "External/job001/", "--schedule", "once", "--sec_wait_after", 1)
    return project / "External" / "job001"


def test_relions_pipeliner_runs_the_external_job_and_takes_its_outputs(aligned, tmp_path):
    particles, extract = aligned[0].parent, tmp_path / "Extract"
    extract.mkdir()
    for path in (*particles.glob("particle*.mrc"), particles / "ref.mrc"):
        shutil.copy(path, extract / path.name)
    images = [f"Extract/particle{number + 1}.mrc" for number in range(COUNT)]
    (extract / "run.star").write_text(star_text({"rlnImageName": images}))
    job = pipeline_job(tmp_path, "Extract/run.star")
    said = (job / "run.out").read_text()
    assert (job / "RELION_JOB_EXIT_SUCCESS").exists(), said
    assert "round 2: 24 particles" in said
    assert said.splitlines()[-1].startswith("Resolution")
    assert read_tables(job / "RELION_OUTPUT_NODES.star")["output_nodes"]["rlnPipeLineNodeType"] == ["3", "6", "10"]
    # RELION has taken them into its pipeline
    nodes = read_tables(tmp_path / "default_pipeline.star")["pipeline_nodes"]["rlnPipeLineNodeName"]
    assert {f"External/job001/{name}" for name in ("aligned.star", "average.mrc", "average_half1.mrc")} <= set(nodes)


def test_a_refused_external_job_says_why_in_run_out_and_ends_as_failed(aligned, tmp_path):
    (tmp_path / "Extract").mkdir()
    shutil.copy(aligned[0].parent / "ref.mrc", tmp_path / "Extract" / "ref.mrc")
    (tmp_path / "Extract" / "run.star").write_text(star_text({"rlnImageName": ["Extract/a.mrc", "Extract/b.mrc"]}))
    executable = REPOSITORY / "workflow" / "scripts" / "relion_external"
    words = ["--o", "External/job001/", "--in_parts", "Extract/run.star", "--in_3dref", "Extract/ref.mrc", "--j", "1"]
    done = subprocess.run([executable, *words], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode
    assert "Extract/a.mrc (_rlnImageName) is neither in this folder" in done.stdout
    assert (tmp_path / "External/job001/RELION_JOB_EXIT_FAILURE").exists()
    assert not (tmp_path / "External/job001/RELION_JOB_EXIT_SUCCESS").exists()
