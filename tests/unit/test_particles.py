from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from five_points import POINTS, WEIGHTS, FivePoints, density
from gemmi import cif
from hypothesis import given
from hypothesis import strategies as st
from scipy import fft
from scipy.spatial.transform import Rotation

from gradalign.errors import InputError
from gradalign.geometry.rotations import random_rotations
from gradalign.io.mrc import read_stack, write_stack
from gradalign.io.star import Particles, from_relion, join_particles, read_particles, to_relion, write_particles
from gradalign.simulation.angles import tilt_angles
from gradalign.simulation.reconstruction import BackProjection
from gradalign.simulation.tilt_series import Projector

ANGLES = ["_rlnAngleRot", "_rlnAngleTilt", "_rlnAnglePsi"]
ORIGINS = ["_rlnOriginXAngst", "_rlnOriginYAngst", "_rlnOriginZAngst"]

RELION_FILE = """
# version 30001

data_optics

loop_
_rlnOpticsGroup #1
_rlnOpticsGroupName #2
_rlnSphericalAberration #3
_rlnVoltage #4
_rlnImagePixelSize #5
_rlnImageSize #6
_rlnImageDimensionality #7
           1 opticsGroup1     2.700000   300.000000    12.000000      32            3


# version 30001

data_particles

loop_
_rlnMicrographName #1
_rlnImageName #2
_rlnOpticsGroup #3
_rlnAngleRot #4
_rlnAngleTilt #5
_rlnAnglePsi #6
_rlnOriginXAngst #7
_rlnOriginYAngst #8
_rlnOriginZAngst #9
TS_01  000001@stack.mrcs  1   25.0   65.0 -140.0    9.0  -18.0    6.0
TS_01  000002@stack.mrcs  1 -100.0  120.0   10.0   -3.0    4.5   12.0
"""


def places_by_relions_convention(path):
    """Where the five points are in each particle, in voxels: from the STAR file and SciPy alone."""
    document = cif.read_file(str(path))
    pixel_size = float(document.find_block("optics").find_loop("_rlnImagePixelSize")[0])
    places = []
    for row in document.find_block("particles").find(ANGLES + ORIGINS):
        numbers = [float(value) for value in row]
        # RELION's angles turn the particle to the reference, its origins shift the particle to the centre
        rotation = Rotation.from_euler("ZYZ", numbers[:3], degrees=True).inv()
        places.append(rotation.apply(POINTS) - np.array(numbers[3:]) / pixel_size)
    return places


def subtomogram(rotation, translation):
    angles = tilt_angles(90, 1)
    spectra = Projector(angles, np.ones((48, 25)))(FivePoints(), rotation, translation)
    return BackProjection(48, 32, angles, 1)(fft.irfft2(spectra))


def assert_points_stand_at(volume, places):
    expected = density(32, places)
    assert np.linalg.norm(volume - expected) < 2e-2 * np.linalg.norm(expected)
    # the mirror image would not pass
    mirrored = density(32, places * [1, 1, -1])
    assert np.linalg.norm(volume - mirrored) > 0.3 * np.linalg.norm(expected)


def particles(rotations, translations, columns=None):
    images = [f"{index + 1:06d}@stack.mrcs" for index in range(len(rotations))]
    return Particles(images, rotations, translations, 1.2, 32, 300.0, 2.0, columns or {})


def test_star_and_stack_alone_tell_where_the_points_are(tmp_path):
    rng = np.random.default_rng(4)
    rotations, translations = random_rotations(rng, 3), rng.uniform(-2, 2, (3, 3))
    volumes = [subtomogram(*pose) for pose in zip(rotations, translations, strict=True)]
    write_stack(tmp_path / "stack.mrcs", volumes, 1.2)
    write_particles(tmp_path / "poses.star", particles(rotations, translations))
    stored, _ = read_stack(tmp_path / "stack.mrcs")
    for volume, places in zip(stored, places_by_relions_convention(tmp_path / "poses.star"), strict=True):
        assert_points_stand_at(volume, places)


def test_relions_file_puts_the_points_where_relion_does(tmp_path):
    path = tmp_path / "relion.star"
    path.write_text(RELION_FILE)
    read = read_particles(path)
    places = places_by_relions_convention(path)
    for rotation, translation, expected in zip(read.rotations, read.translations, places, strict=True):
        assert np.allclose(POINTS @ rotation.T + translation, expected)
        assert_points_stand_at(subtomogram(rotation, translation), expected)


def test_relions_file_is_read_whole(tmp_path):
    (tmp_path / "relion.star").write_text(RELION_FILE)
    read = read_particles(tmp_path / "relion.star")
    assert read.images == ["000001@stack.mrcs", "000002@stack.mrcs"]
    assert (read.voxel_size, read.box, read.voltage, read.spherical_aberration) == (1.2, 32, 300.0, 2.7)
    assert read.columns == {"rlnMicrographName": ["TS_01", "TS_01"]}
    assert np.allclose(read.translations[0], [-0.75, 1.5, -0.5])


def test_relions_angles_follow_from_the_zyz_angles_as_the_readme_says(tmp_path):
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    rule = "rot = 180° − ψ, tilt = θ, psi = 180° − φ and −a times the voxel size in Å"
    assert rule in " ".join(readme.split())
    rng = np.random.default_rng(21)
    zyz, shifts = rng.uniform([-180, 5, -180], [180, 175, 180], (5, 3)), rng.uniform(-2, 2, (5, 3))
    columns = dict(zip(ANGLES, np.stack([180 - zyz[:, 2], zyz[:, 1], 180 - zyz[:, 0]], axis=1).T, strict=True))
    columns |= dict(zip(ORIGINS, -shifts.T * 12.0, strict=True))
    document = cif.Document()
    optics = document.add_new_block("optics").init_loop("", ["_rlnImagePixelSize"])
    optics.add_row(["12.0"])
    loop = document.add_new_block("particles").init_loop("", list(columns))
    for row in zip(*columns.values(), strict=True):
        loop.add_row([str(value) for value in row])
    document.write_file(str(tmp_path / "poses.star"))
    turns = Rotation.from_euler("ZYZ", zyz, degrees=True)
    for turn, shift, places in zip(turns, shifts, places_by_relions_convention(tmp_path / "poses.star"), strict=True):
        assert np.allclose(places, turn.apply(POINTS) + shift)


angle = st.floats(-720, 720)


@given(rot=angle, tilt=angle, psi=angle, seed=st.integers(0, 2**32 - 1), voxel_size=st.floats(0.05, 5))
def test_conversion_and_back_is_the_identity(rot, tilt, psi, seed, voxel_size):
    rotations = Rotation.from_euler("ZYZ", [[rot, tilt, psi]], degrees=True).as_matrix()
    translations = np.random.default_rng(seed).uniform(-5, 5, (1, 3))
    angles, origins = to_relion(rotations, translations, voxel_size)
    assert (np.abs(angles) <= 180).all()
    assert 0 <= angles[0, 1]
    again = from_relion(angles, origins, voxel_size)
    assert np.allclose(again[0], rotations, atol=1e-6)
    assert np.allclose(again[1], translations)


def test_file_and_back_keeps_poses_and_columns(tmp_path):
    rng = np.random.default_rng(9)
    rotations, translations = random_rotations(rng, 20), rng.uniform(-2, 2, (20, 3))
    columns = {"gradalignPair": [str(index // 2) for index in range(20)], "note": ["two words"] * 20}
    write_particles(tmp_path / "poses.star", particles(rotations, translations, columns))
    again = read_particles(tmp_path / "poses.star")
    assert np.allclose(again.rotations, rotations, atol=1e-7)
    assert np.allclose(again.translations, translations, atol=1e-6)
    assert (again.voxel_size, again.box, again.voltage, again.spherical_aberration) == (1.2, 32, 300.0, 2.0)
    assert again.columns == columns
    assert again.images[19] == "000020@stack.mrcs"


def test_joined_particles_are_all_of_them_in_order():
    rng = np.random.default_rng(2)
    rotations, translations = random_rotations(rng, 5), rng.uniform(-2, 2, (5, 3))
    whole = particles(rotations, translations, {"number": list("01234")})
    parts = [
        Particles(whole.images[at], rotations[at], translations[at], 1.2, 32, 300.0, 2.0, {"number": number})
        for at, number in ((slice(0, 2), ["0", "1"]), (slice(2, 5), ["2", "3", "4"]))
    ]
    joined = join_particles(parts)
    assert joined.images == whole.images
    assert joined.columns == whole.columns
    assert np.array_equal(joined.rotations, rotations)
    assert np.array_equal(joined.translations, translations)


@pytest.mark.parametrize(
    ("change", "word"),
    [({"box": 48}, "box"), ({"voxel_size": 1.0}, "voxel_size"), ({"columns": {"a": ["b"]}}, "columns")],
)
def test_particles_of_different_kinds_are_not_joined(change, word):
    one = particles(np.eye(3)[None], np.zeros((1, 3)))
    with pytest.raises(InputError, match=word):
        join_particles([one, replace(one, **change)])


def test_written_file_has_relions_layout(tmp_path):
    write_particles(tmp_path / "poses.star", particles(np.eye(3)[None], np.zeros((1, 3))))
    text = (tmp_path / "poses.star").read_text()
    assert text.count("# version 30001\n") == 2
    assert "\ndata_optics\n\nloop_\n_rlnOpticsGroup #1\n" in text
    assert "\n\n# version 30001\n\ndata_particles\n\nloop_\n_rlnImageName #1\n" in text
    assert "000001@stack.mrcs 1 180.000000 0.000000 180.000000 0.000000 0.000000 0.000000\n" in text
    assert len(WEIGHTS) == len(POINTS)


def broken(tmp_path, old, new):
    assert old in RELION_FILE
    path = tmp_path / "broken.star"
    path.write_text(RELION_FILE.replace(old, new))
    return path


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("_rlnAngleTilt", "_rlnAngleTilted", "data_particles lacks the column _rlnAngleTilt"),
        ("_rlnOriginZAngst", "_rlnOriginZ", "data_particles lacks the column _rlnOriginZAngst"),
        ("_rlnImageName", "_rlnName", "data_particles lacks the column _rlnImageName"),
        ("_rlnImagePixelSize", "_rlnPixelSize", "data_optics lacks the column _rlnImagePixelSize"),
        ("data_optics", "data_other", "has no table data_optics"),
        ("data_particles", "data_", "has no table data_particles"),
        ("-100.0", "north", "_rlnAngleRot of row 2 is 'north', where a number is needed"),
        ("65.0", "nan", "_rlnAngleTilt of row 1 is 'nan', where a number is needed"),
        ("12.000000", "0", "_rlnImagePixelSize is 0"),
        ("-140.0", "", "is no readable STAR file"),
    ],
)
def test_broken_file_is_told_in_a_sentence(tmp_path, old, new, words):
    with pytest.raises(InputError, match=f"broken.star: .*{words}"):
        read_particles(broken(tmp_path, old, new))


def test_differing_optics_groups_are_refused(tmp_path):
    line = "           1 opticsGroup1     2.700000   300.000000    12.000000      32            3\n"
    other = line.replace("1 opticsGroup1", "2 opticsGroup2").replace("12.0", "13.0")
    with pytest.raises(InputError, match="optics groups"):
        read_particles(broken(tmp_path, line, line + other))


def test_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere.star: there is no such file"):
        read_particles(tmp_path / "nowhere.star")


def test_file_that_is_no_text_is_named(tmp_path):
    (tmp_path / "noise.star").write_bytes(bytes(range(256)))
    with pytest.raises(InputError, match="noise.star: is no readable STAR file"):
        read_particles(tmp_path / "noise.star")


def test_writing_where_no_folder_is_says_so(tmp_path):
    with pytest.raises(InputError, match="could not be written"):
        write_particles(Path(tmp_path, "absent", "poses.star"), particles(np.eye(3)[None], np.zeros((1, 3))))
