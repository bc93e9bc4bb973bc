"""The command: it prints what the functions return, lengths in Å; mistakes are one sentence and an exit code."""

import importlib.metadata
import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from picked_files import PIXEL, star_text
from scipy.spatial.transform import Rotation
from test_picked_ctf import shell_ratios, write_particles

from gradalign import align_pair
from gradalign.cli.examples import MICROSCOPE
from gradalign.cli.main import _COMMANDS, main
from gradalign.errors import InputError
from gradalign.geometry.rotations import rotation_angle, rotation_from_euler
from gradalign.io.mrc import read_volume, write_volume
from gradalign.io.star import read_particles, to_relion
from gradalign.particles.command import ParticlesRun
from gradalign.particles.star_columns import ANGLES
from gradalign.simulation.phantom import phantom

VOXEL_NM = 0.8


def run(*arguments, code=0):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def pair(tmp_path):
    rotation, shift = rotation_from_euler(40, 70, -20), np.array([1.0, -0.5, 0.25])
    write_volume(tmp_path / "f.mrc", phantom(32, rotation=rotation, translation=shift), VOXEL_NM)
    write_volume(tmp_path / "g.mrc", phantom(32), VOXEL_NM)
    return tmp_path / "f.mrc", tmp_path / "g.mrc", rotation, shift


def test_the_version_is_the_packages():
    assert importlib.metadata.version("gradalign") in run("--version").stdout


@pytest.mark.parametrize("name", _COMMANDS)
def test_each_help_gives_examples_that_call_the_command(name):
    text = run(name, "--help").stdout
    assert f"gradalign {name}" in text.split("Examples:")[1]


def test_angles_are_degrees_and_translations_angstrom(pair):
    f, g, rotation, shift = pair
    found = json.loads(run("align", f, g, "--tilt", -90, 90, "--low-pass", 45, "--json").stdout)
    assert rotation_angle(np.array(found["rotation"]).T @ rotation) < 0.5
    assert rotation_angle(rotation_from_euler(*found["euler_zyz_deg"]).T @ rotation) < 0.5
    assert np.allclose(found["translation_angstrom"], 10 * VOXEL_NM * shift, atol=0.5)
    assert found["voxel_size_angstrom"] == pytest.approx(8.0)


def test_sentences_give_the_same_numbers(pair):
    f, g, *_ = pair
    found = json.loads(run("align", f, g, "--tilt", -90, 90, "--json").stdout)
    words = run("align", f, g, "--tilt", -90, 90).stdout
    assert f"θ = {found['euler_zyz_deg'][1]:.2f}°" in words
    assert f"x = {found['translation_angstrom'][0]:.2f} Å" in words
    assert (found["verdict"], found["reason"]) == ("determined", "")
    assert "Verdict       determined\n" in words
    assert f"{found['rotation_sd_deg']:.2f}° of rotation, {found['translation_sd_angstrom']:.2f} Å" in words


def test_an_answer_that_may_be_wrong_says_so(tmp_path):
    rng = np.random.default_rng(5)
    for name in ("f", "g"):
        write_volume(tmp_path / f"{name}.mrc", rng.normal(size=(32,) * 3).astype(np.float32), VOXEL_NM)
    files = tmp_path / "f.mrc", tmp_path / "g.mrc"
    found = json.loads(run("align", *files, "--json").stdout)
    assert found["verdict"] == "undetermined"
    assert f"Verdict       undetermined: {found['reason']}" in run("align", *files).stdout


def test_what_the_locale_cannot_write_is_printed_by_its_number(pair):
    done = CliRunner(charset="iso8859-1").invoke(main, ["align", *map(str, pair[:2])])
    assert done.exit_code == 0
    assert done.output.startswith("Rotation      \\u03c6 = ")
    assert "°, \\u03b8 = " in done.output


def test_ctf_volumes_are_handed_on(pair, tmp_path):
    f, g, *_ = pair
    heights = np.cos(np.linalg.norm(np.indices((32,) * 3) - 16, axis=0) / 4).astype(np.float32)
    write_volume(tmp_path / "ctf.mrc", heights, VOXEL_NM)
    words = ("align", f, g, "--tilt", -90, 90, "--low-pass", 45, "--ctf-f", tmp_path / "ctf.mrc")
    found = json.loads(run(*words, "--ctf-data", "flipped", "--json").stdout)
    volumes = [read_volume(path)[0] for path in (f, g)]
    asked = {"tilt_f": (-90, 90, 90), "tilt_g": (-90, 90, 90), "low_pass": 4.5, "voxel_size": VOXEL_NM}
    alone = align_pair(*volumes, ctf_f=heights, ctf_data="flipped", **asked)
    assert np.allclose(found["rotation"], alone.rotation, atol=1e-6)
    assert np.abs(np.array(found["rotation"]) - align_pair(*volumes, **asked).rotation).max() > 1e-4
    write_volume(tmp_path / "small.mrc", heights[:30, :30, :30], VOXEL_NM)
    assert "ctf_g: is a CTF volume of 30 voxels" in run(*words, "--ctf-g", tmp_path / "small.mrc", code=1).stderr


def test_volumes_of_other_voxel_sizes_are_refused(pair, tmp_path):
    write_volume(tmp_path / "coarse.mrc", phantom(32), 1.6)
    result = run("align", pair[0], tmp_path / "coarse.mrc", code=1)
    assert "coarse.mrc: has voxels of 16 Å, where those of" in result.stderr
    assert result.stdout == ""


def test_mistakes_have_their_exit_codes(pair, tmp_path):
    assert "nothing.mrc: there is no such file" in run("align", pair[0], tmp_path / "nothing.mrc", code=1).stderr
    told = run("align", pair[0], tmp_path, code=1).stderr
    assert told == f"gradalign align: {tmp_path}: is a folder, where an MRC file is needed\n"
    assert "is a folder, where a STAR file is needed" in run("compare", tmp_path, tmp_path, code=1).stderr
    assert "No such option" in run("align", *pair[:2], "--speed", 3, code=2).stderr
    assert "No such command" in run("aline", code=2).stderr


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    folder = tmp_path_factory.mktemp("example") / "data"
    told = json.loads(run("simulate", folder, "--particles", 6, "--snr", "inf", "--json").stdout)
    return folder, told


def test_an_example_holds_a_list_a_reference_and_its_truth(example):
    folder, told = example
    assert told["particles"] == 6
    truth = read_particles(folder / "truth.star")
    assert len(set(truth.images)) == 6
    for image in truth.images:
        volume, size = read_volume(folder / image, told["box"])
        assert 10 * size == pytest.approx(told["voxel_size_angstrom"])
    assert "rlnAngleRot" not in (folder / "particles.star").read_text(encoding="utf-8")
    assert read_volume(folder / "reference.mrc")[0].shape == volume.shape


def test_the_next_command_can_be_typed_whatever_the_folder_is_called(tmp_path, monkeypatch):
    monkeypatch.setattr("gradalign.cli.examples.typed_program", lambda: "bin/gradalign")
    folder = tmp_path / "my data"
    said = run("simulate", folder, "--particles", 2, "--object", "phantom").stdout
    words = shlex.split(said.splitlines()[-1].removeprefix("Next: "))
    assert words == ["bin/gradalign", "particles", f"{folder}/particles.star", "--reference", f"{folder}/reference.mrc"]


def test_the_same_seed_gives_the_same_example(example, tmp_path):
    folder, _ = example
    run("simulate", tmp_path / "again", "--particles", 6, "--snr", "inf")
    for name in ("truth.star", "particles.star", "subtomograms/000003.mrc", "reference.mrc"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_a_mixture_shows_its_objects_in_turn_and_only_the_truth_tells(tmp_path):
    folder = tmp_path / "mixture"
    told = json.loads(
        run("simulate", folder, "--object", "groel", "--object", "enolase", "--particles", 4, "--json").stdout
    )
    assert told["object"] == ["groel", "enolase"]
    truth = read_particles(folder / "truth.star")
    assert truth.columns["gradalignObject"] == ["groel", "enolase"] * 2
    again = tmp_path / "again"
    said = run("simulate", again, "--object", "phantom", "--object", "groel", "--particles", 2).stdout
    assert said.endswith(f"classes {again / 'particles.star'} --name again\n")
    listed = (folder / "particles.star").read_text(encoding="utf-8")
    assert "groel" not in listed
    assert "gradalignTiltMin" in listed
    for name in ("groel", "enolase"):
        assert read_volume(folder / f"reference_{name}.mrc")[0].shape == (told["box"],) * 3


def test_an_example_does_not_overwrite_another(example):
    assert "holds a particles.star already" in run("simulate", example[0], code=1).stderr


def test_the_true_poses_average_to_the_reference(example, tmp_path):
    folder, _ = example
    told = json.loads(run("average", folder / "truth.star", tmp_path / "a.mrc", "--json").stdout)
    volume, _ = read_volume(tmp_path / "a.mrc")
    halves = [read_volume(path)[0] for path in told["half_maps"]]
    reference, _ = read_volume(folder / "reference.mrc")
    assert np.corrcoef(volume.ravel(), reference.ravel())[0, 1] > 0.9
    assert np.corrcoef(volume.ravel(), sum(halves).ravel())[0, 1] > 0.95
    assert 0 < told["resolution_angstrom"] < 60


def test_an_average_takes_the_ctf_volumes_and_what_its_list_says_of_its_data(tmp_path):
    truth = write_particles(tmp_path, "premultiplied", noise=0.2, count=12)
    turns = [rotation.inv().as_euler("ZYZ", degrees=True) for rotation, _ in truth]
    columns = {f"rlnAngle{name}": [angles[n] for angles in turns] for n, name in enumerate(("Rot", "Tilt", "Psi"))}
    columns |= {f"rlnOrigin{axis}Angst": [-shift[n] * PIXEL for _, shift in truth] for n, axis in enumerate("XYZ")}
    columns |= {"rlnImageName": [f"particle{n}.mrc" for n in range(1, 13)]}
    columns |= {"rlnCtfImage": [f"ctf{n}.mrc" for n in range(1, 13)], "rlnCtfDataAreCtfPremultiplied": [1] * 12}
    (tmp_path / "run.star").write_text(star_text(columns | {"rlnOpticsGroup": [1] * 12}), encoding="utf-8")
    spread = {}
    for ctf in ("auto", "unflipped", "none"):
        run("average", tmp_path / "run.star", tmp_path / f"{ctf}.mrc", "--ctf", ctf)
        spread[ctf] = np.ptp(shell_ratios(read_volume(tmp_path / f"{ctf}.mrc")[0]))
    assert spread["auto"] < 0.3 < min(spread["unflipped"], spread["none"])


def test_the_truth_agrees_with_itself_and_a_moved_list_differs_by_its_move(example, tmp_path):
    folder, _ = example
    same = json.loads(run("compare", folder / "truth.star", folder / "truth.star", "--json").stdout)
    assert same["particles"] == 6
    assert same["rotation_median_deg"] < 1e-3 and same["translation_median_angstrom"] == 0
    lines = (folder / "truth.star").read_text(encoding="utf-8").splitlines()
    moved = []
    for line in lines:
        parts = line.split()
        if line.startswith("subtomograms/"):
            # psi by 30°, the origin by 3 Å along x and 4 along z
            parts[4] = str(float(parts[4]) + 30)
            parts[5], parts[7] = str(float(parts[5]) + 3), str(float(parts[7]) + 4)
        moved.append(" ".join(parts) if line.startswith("subtomograms/") else line)
    (tmp_path / "moved.star").write_text("\n".join(moved) + "\n", encoding="utf-8")
    found = json.loads(run("compare", tmp_path / "moved.star", folder / "truth.star", "--json").stdout)
    assert found["rotation_median_deg"] == pytest.approx(30, abs=1e-2)
    assert found["translation_median_angstrom"] == pytest.approx(5, abs=1e-2)
    assert found["over_20_deg"] == 1.0


def test_a_list_with_whole_paths_is_held_against_one_with_short_ones(example, tmp_path):
    text = (example[0] / "truth.star").read_text(encoding="utf-8")
    (tmp_path / "whole.star").write_text(text.replace("subtomograms/", f"{example[0]}/subtomograms/"), encoding="utf-8")
    found = json.loads(run("compare", tmp_path / "whole.star", example[0] / "truth.star", "--json").stdout)
    assert found["particles"] == 6 and found["only_in_aligned"] == 0


def test_the_same_files_by_a_link_and_by_part_of_the_names_are_all_compared(example, tmp_path):
    folder = example[0]
    text = (folder / "truth.star").read_text(encoding="utf-8")
    (tmp_path / "linked").symlink_to(folder / "subtomograms")
    # some by their own path, the others by a link
    lines, number = [], 0
    for line in text.splitlines():
        if line.startswith("subtomograms/"):
            number += 1
            line = line.replace("subtomograms/", f"{folder}/subtomograms/" if number % 2 else "linked/", 1)
        lines.append(line)
    (tmp_path / "mixed.star").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = json.loads(run("compare", tmp_path / "mixed.star", folder / "truth.star", "--json").stdout)
    assert found["particles"] == 6 and found["rotation_median_deg"] < 1e-3


def test_a_particle_that_stands_twice_is_not_compared_twice(example, tmp_path):
    folder = example[0]
    text = (folder / "truth.star").read_text(encoding="utf-8").replace("subtomograms/", f"{folder}/subtomograms/")
    first = next(line for line in text.splitlines() if line.startswith(f"{folder}/"))
    for name, again in (("same", first), ("spelled", first.replace("/subtomograms/", "/./subtomograms/", 1))):
        path = tmp_path / f"{name}.star"
        path.write_text(f"{text.rstrip()}\n{again}\n", encoding="utf-8")
        for lists in ((path, folder / "truth.star"), (folder / "truth.star", path)):
            result = run("compare", *lists, code=1)
            assert f"{name}.star: lists one subtomogram as " in result.stderr
            assert "in row 1 and as" in result.stderr and "in row 7" in result.stderr


def test_files_of_one_name_in_two_folders_are_not_taken_for_the_same(example, tmp_path):
    folder = example[0]
    (tmp_path / "subtomograms").mkdir()
    for path in (folder / "subtomograms").iterdir():
        (tmp_path / "subtomograms" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "other.star").write_text((folder / "truth.star").read_text(encoding="utf-8"), encoding="utf-8")
    result = run("compare", tmp_path / "other.star", folder / "truth.star", code=1)
    assert "two different files; compare lists of the same subtomograms" in result.stderr
    assert str(tmp_path) in result.stderr and str(folder) in result.stderr


def posed(path, rotations, **columns):
    """Write a list of particles 1.mrc, 2.mrc, ... at these rotations."""
    angles = to_relion(rotations, np.zeros((len(rotations), 3)), VOXEL_NM)[0]
    table = {"rlnImageName": [f"{number + 1}.mrc" for number in range(len(rotations))]}
    table |= {"rlnPixelSize": [f"{10 * VOXEL_NM:g}"] * len(rotations)}
    table |= {label: [f"{value:.6f}" for value in angles[:, axis]] for axis, label in enumerate(ANGLES)}
    path.write_text(star_text(table | columns), encoding="utf-8")
    return path


def test_references_that_differ_in_orientation_are_told_from_lost_particles(tmp_path):
    rng = np.random.default_rng(3)
    true, other, lost = (Rotation.random(8, rng=rng).as_matrix() for _ in range(3))
    common = rotation_from_euler(40.0, 70.0, 10.0)
    truth = posed(tmp_path / "truth.star", true)
    moved = np.concatenate([true[:6] @ common, other[6:]])
    said = run("compare", posed(tmp_path / "moved.star", moved), truth).stdout
    assert "One rotation explains 75 % of these errors" in said
    assert "One rotation" not in run("compare", posed(tmp_path / "lost.star", lost), truth).stdout
    assert "One rotation" not in run("compare", truth, truth).stdout


def test_the_objects_in_each_class_are_counted(tmp_path):
    rotations = Rotation.random(6, rng=np.random.default_rng(3)).as_matrix()
    truth = posed(tmp_path / "truth.star", rotations, gradalignObject=["a", "b", "a", "b", "a", "b"])
    classes = posed(tmp_path / "classes.star", rotations, rlnClassNumber=["1", "2", "1", "1", "0", "2"])
    found = json.loads(run("compare", classes, truth, "--json").stdout)
    assert found["classes"] == {"0": {"a": 1}, "1": {"a": 2, "b": 1}, "2": {"b": 2}}
    assert "rotation_median_deg" not in found
    said = run("compare", classes, truth).stdout
    assert "No class  1 a\nClass 1  2 a, 1 b\nClass 2  2 b\n" in said
    single = posed(tmp_path / "single.star", rotations, rlnClassNumber=["1"] * 6)
    assert json.loads(run("compare", single, truth, "--json").stdout)["rotation_median_deg"] < 1e-3


def test_lists_without_a_common_particle_are_refused(example, tmp_path):
    text = (example[0] / "truth.star").read_text(encoding="utf-8").replace("subtomograms/", "elsewhere/")
    (tmp_path / "other.star").write_text(text, encoding="utf-8")
    result = run("compare", tmp_path / "other.star", example[0] / "truth.star", code=1)
    assert "have no subtomogram in common" in result.stderr


def test_the_examples_microscope_is_the_studys():
    config = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text(encoding="utf-8"))
    assert config["microscope"] == MICROSCOPE


@pytest.fixture
def told(monkeypatch, tmp_path, example):
    """Run a command of the workflow in an empty folder; return what Snakemake is told, and its configuration."""
    monkeypatch.chdir(tmp_path)
    printed = []

    def call(*arguments, code=0):
        commands = []

        def answer(command, **settings):
            commands.append(command)
            return subprocess.CompletedProcess(command, code)

        monkeypatch.setattr(subprocess, "run", answer)
        printed.append(run(*arguments, code=code).stdout)
        (command,) = commands
        asked = Path(command[command.index("--cores") - 1])
        return command, asked.parent.name, yaml.safe_load(asked.read_text(encoding="utf-8"))

    call.said = lambda: printed[-1]
    return call


def test_particles_are_handed_to_the_workflow(told, example):
    star, reference = example[0] / "particles.star", example[0] / "reference.mrc"
    command, name, asked = told("particles", star, "--reference", reference, "--cores", 2)
    assert Path(command[command.index("--snakefile") + 1]).is_file()
    assert command[command.index("--cores") + 1] == "2"
    assert name == "particles"
    assert asked == {"particles": {"star": str(star), "reference": str(reference)}}


def test_a_configuration_is_laid_below_what_was_typed(told, example, tmp_path):
    (tmp_path / "mine.yaml").write_text("name: mine\nparticles: {rounds: 2}\n", encoding="utf-8")
    star, reference = example[0] / "particles.star", example[0] / "reference.mrc"
    command, name, _ = told("particles", star, "--reference", reference, "--config", "mine.yaml")
    assert Path(command[command.index("--cores") - 2]).name == "mine.yaml"
    assert name == "mine"


def test_a_mistyped_key_is_named_where_no_particles_are(tmp_path):
    (tmp_path / "mine.yaml").write_text("particles: {stra: run.star}\n", encoding="utf-8")
    with pytest.raises(InputError, match="did you mean particles.star"):
        ParticlesRun(Path(__file__).parents[2], {"star": ""}, tmp_path / "mine.yaml", folder=tmp_path)
    with pytest.raises(InputError, match="no particles were given"):
        ParticlesRun(Path(__file__).parents[2], {"star": ""}, folder=tmp_path)


@pytest.fixture
def enough(example, tmp_path):
    """Return a list of as many subtomograms as classes need."""
    names = [f"{number}.mrc" for number in range(1, 17)]
    for name in names:
        shutil.copy(example[0] / "subtomograms" / "000001.mrc", tmp_path / name)
    (tmp_path / "particles.star").write_text(star_text({"rlnImageName": names}), encoding="utf-8")
    return tmp_path / "particles.star"


def test_classes_need_no_reference_and_take_a_name(told, enough):
    asked = {"name": "mine", "classes": {"star": str(enough)}}
    assert told("classes", enough, "--name", "mine")[1:] == ("mine", asked)
    assert told("classes", enough)[1] == "particles"


def test_the_workflow_ends_with_one_json_object(told, enough, tmp_path):
    folder = tmp_path / "results" / "mine" / "classes"
    folder.mkdir(parents=True)
    (folder / "summary.txt").write_text("1 class with 16 of 16 particles.\n", encoding="utf-8")
    (folder / "classes.csv").write_text("class,particles,resolution_nm\n1,16,2.5\n", encoding="utf-8")
    told("classes", enough, "--name", "mine", "--json")
    said = json.loads(told.said())
    assert said["classes"] == [{"class": 1, "particles": 16, "resolution_angstrom": 25.0}]
    assert said["result"] == "1 class with 16 of 16 particles."


def test_what_the_workflow_fails_with_is_the_exit_code(told, enough):
    told("classes", enough, code=3)


def test_a_list_too_short_for_classes_is_refused_before_the_workflow_starts(example):
    star = example[0] / "particles.star"
    assert f"{star}: holds 6 particles, too few for classes: at least 16" in run("classes", star, code=1).stderr


@pytest.mark.parametrize("name", ["particles", "classes"])
def test_the_aligner_alone_says_what_the_workflow_needs(name, enough, monkeypatch):
    monkeypatch.setattr("gradalign.cli.workflow.find_spec", lambda package: None)
    for module in ("particles", "classes"):
        # as where what it imports is not installed
        monkeypatch.setitem(sys.modules, f"gradalign.{module}.command", None)
    needed = ("--reference", enough.parent / "1.mrc") if name == "particles" else ()
    assert "pip install '.[study]'" in run(name, enough, *needed, code=1).stderr


def test_a_missing_list_is_refused_before_the_workflow_starts(tmp_path):
    assert "none.star: there is no such file" in run("classes", tmp_path / "none.star", code=1).stderr
