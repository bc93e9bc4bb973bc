"""Lists of Dynamo, TOM, AV3 and STOPGAP: their rules of angles by their definitions, and all else kept."""

import struct

import numpy as np
import pytest
from picked_files import BOX, PIXEL, PLACES, density, errors, make_particles, particle, run_rounds, section, write_mrc
from scipy.spatial.transform import Rotation

from gradalign.errors import InputError
from gradalign.io import em
from gradalign.io.star import from_relion
from gradalign.particles.list_file import open_list
from gradalign.particles.results import write_motives
from gradalign.particles.star import read_picked

PROGRAMS = ("Dynamo", "TOM", "STOPGAP")
COUNT = 6


def turn(axis, degrees):
    """The matrix that turns vectors about an axis, counterclockwise seen against it."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return {"x": np.array([[1, 0, 0], [0, c, -s], [0, s, c]]), "z": np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])}[axis]


def zxz(first, second, third):
    return turn("z", third) @ turn("x", second) @ turn("z", first)


@pytest.fixture
def poses():
    """Angles in the order in which they turn, and shifts in voxels."""
    rng = np.random.default_rng(8)
    return rng.uniform([-180, 5, -180], [180, 175, 180], (COUNT, 3)), rng.uniform(-3, 3, (COUNT, 3))


def write_list(folder, program, angles, shifts, first=1):
    """Write a list by the definition of its columns, with marks in columns that have nothing to do with the pose."""
    count = len(angles)
    if program == "Dynamo":
        rows = np.zeros((count, 35))
        rows[:, 0], rows[:, 1], rows[:, 3:6], rows[:, 6:9] = np.arange(first, first + count), 1, shifts, angles
        rows[:, 12], rows[:, 13], rows[:, 14], rows[:, 19], rows[:, 21] = 1, -58, 62, 7, 2
        rows[:, 23:26], rows[:, 30] = [101.5, 202, 303], 4242
        np.savetxt(folder / "list.tbl", rows, fmt="%.10g")
        return folder / "list.tbl"
    if program == "TOM":
        rows = np.zeros((1, count, 20), "<f4")
        rows[0, :, 3], rows[0, :, 4], rows[0, :, 19] = np.arange(first, first + count), 7, 2
        rows[0, :, 10:13], rows[0, :, [16, 18, 17]], rows[0, :, 6] = shifts, angles.T, 4242
        header = struct.pack("<4b3i", 6, 0, 0, 5, 20, count, 1).ljust(512, b"\0")
        (folder / "list.em").write_bytes(header + rows.tobytes())
        return folder / "list.em"
    labels = "motl_idx tomo_num object subtomo_num halfset orig_x orig_y orig_z score x_shift y_shift z_shift"
    labels = f"{labels} phi psi the class".split()
    lines = ["", "data_stopgap_motivelist", "", "loop_", *(f"_{label}" for label in labels)]
    for n, ((phi, the, psi), shift) in enumerate(zip(angles, shifts, strict=True)):
        half = "AB"[n % 2]
        lines.append(" ".join(map(str, [n + 1, 7, 4242, first + n, half, 1, 2, 3, 0.5, *shift, phi, psi, the, 2])))
    (folder / "list.star").write_text("\n".join([*lines, ""]), encoding="utf-8")
    return folder / "list.star"


@pytest.mark.parametrize("program", PROGRAMS)
def test_angles_and_shifts_are_those_of_the_programs_definition(tmp_path, poses, program):
    angles, shifts = poses
    picked = read_picked(write_list(tmp_path, program, angles, shifts), files="data/s_{:04d}.em")
    assert picked.images[3] == "data/s_0004.em"
    rotations, translations = from_relion(picked.angles, picked.origins, 0.1)
    for rotation, given in zip(rotations, angles, strict=True):
        expected = zxz(*given)
        # Dynamo's brings the particle onto the reference, the others' the reference onto the particle
        assert np.abs(rotation - (expected.T if program == "Dynamo" else expected)).max() < 1e-6
    assert np.abs(picked.translations(1.0) - shifts).max() < 1e-5
    assert picked.origins_in_pixels
    assert np.abs(translations - shifts).max() < 1e-5


def test_what_else_a_list_tells_is_taken(tmp_path, poses):
    picked = read_picked(write_list(tmp_path, "Dynamo", *poses), class_number=2, files="{}.em")
    assert picked.tilts.tolist() == [[-58, 62, 90]] * COUNT
    assert picked.tables["particles"]["rlnTomoName"] == ["7"] * COUNT
    picked = read_picked(write_list(tmp_path, "STOPGAP", *poses), files="{}.mrc")
    assert picked.subsets.tolist() == [1, 2] * (COUNT // 2)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_list_goes_through_the_rounds_and_comes_back_in_its_own_form(tmp_path, program):
    """The truth is placed by the program's own rule; the list starts up to 8 degrees and a voxel beside it."""
    rng, wedge = np.random.default_rng(6), (-60.0, 60.0, 90.0)
    write_mrc(tmp_path / "ref.mrc", density(BOX, PLACES))
    angles = rng.uniform([-180, 20, -180], [180, 160, 180], (COUNT, 3))
    shifts, truth = rng.uniform(-1, 1, (COUNT, 3)), []
    for n in range(COUNT):
        matrix = zxz(*angles[n]).T if program == "Dynamo" else zxz(*angles[n])
        truth.append((Rotation.from_matrix(matrix), shifts[n]))
        em.write(tmp_path / f"particle_{n + 11:06d}.em", particle(*truth[n], wedge, rng, noise=0.3).astype(np.float32))
    star = write_list(tmp_path, program, angles + 4, shifts + 0.5, first=11)
    settings = section(tmp_path, star=str(star), search="local", voxel_size=PIXEL / 10, class_number=2)
    entries, _ = run_rounds(settings, rounds=1)
    assert (errors(entries, truth).max(axis=0) < [3, 0.3]).all()

    picked = read_picked(star, 2)
    entries[4] = entries[4]._replace(failure="damaged")
    again = tmp_path / f"again{picked.motives.ending}"
    write_motives(again, picked, entries)
    old, new = picked.motives, open_list(again).motives
    kept = [0, 1, 2, 3, 5]
    assert new.program == program
    assert new.subtomograms.tolist() == [11, 12, 13, 14, 16]
    found = errors_of(new, [truth[n] for n in kept])
    assert (found.max(axis=0) < [3, 0.3]).all()
    marks = {"Dynamo": 30, "TOM": 6, "STOPGAP": "object"}[program]
    values = [
        np.array(each.values[marks] if program == "STOPGAP" else each.values[:, marks], float) for each in (old, new)
    ]
    assert values[0].tolist() == [4242] * COUNT and values[1].tolist() == [4242] * len(kept)


def errors_of(motives, truth):
    found = []
    for matrix, shift, (rotation, true) in zip(motives.rotations, motives.translations, truth, strict=True):
        angle = np.degrees((Rotation.from_matrix(matrix).inv() * rotation).magnitude())
        found.append((angle, np.linalg.norm(shift - true)))
    return np.array(found)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.tbl", b"1 2 3\n4 5\n", "a.tbl: is no readable table of Dynamo"),
        ("a.tbl", b"1 2 3\n4 5 6\n", "a.tbl: is no table of Dynamo, which has a row of at least 9"),
        ("a.tbl", b"1 1 1 0 0 0 nan 0 0\n" * 2, "a.tbl: holds numbers, angles or shifts of subtomograms that are not"),
        ("a.tbl", b"\ndata_particles\n\nloop_\n_rlnNote\n1\n2\n", "a.tbl: has no column _rlnImageName"),
        ("a.tbl", b"1.5 1 1 0 0 0 0 0 0\n" * 2, "a.tbl: has a subtomogram of number 1.5"),
        (
            "a.tbl",
            b"1 1 1 0 0 0 0 0 0\n" * 2,
            "list of Dynamo, which names no files, .* set subtomograms to their names",
        ),
        ("a.em", b"nothing", "a.em: is a text file, where an MRC or EM file is needed"),
        (
            "a.star",
            b"data_stopgap_motivelist\nloop_\n_motl_idx\n1\n2\n",
            "stopgap_motivelist lacks the column _subtomo_num",
        ),
    ],
)
def test_a_mistake_in_such_a_list_is_one_sentence(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=words) as caught:
        read_picked(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("files", ["a.em", "{}{}.em", "{name}.em", "{", "{:q}.em"])
def test_a_name_for_subtomograms_without_a_place_for_the_number_is_one_sentence(tmp_path, poses, files):
    star = write_list(tmp_path, "Dynamo", *poses)
    with pytest.raises(InputError, match="subtomograms: is .* where a file name with {} in the place of the number"):
        read_picked(star, files=files)


def test_names_of_subtomograms_are_for_lists_that_tell_none(tmp_path):
    make_particles(tmp_path, 2)
    with pytest.raises(InputError, match="subtomograms: is given for .*run.star, which is no list of Dynamo"):
        read_picked(tmp_path / "run.star", files="{}.mrc")
