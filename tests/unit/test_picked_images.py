import bz2
import gzip

import mrcfile
import numpy as np
import pytest
from five_points import POINTS, density
from picked_files import write_mrc
from scipy.spatial.transform import Rotation

from gradalign.errors import InputError
from gradalign.io.mrc import write_stack, write_volume
from gradalign.particles.images import check_headers, inspect, read_map, read_particle
from gradalign.particles.places import Finder, Place

VOLUME = np.random.default_rng(0).normal(3.0, 2.0, (16, 16, 16)).astype(np.float32)
NORMED = (VOLUME - VOLUME.mean()) / VOLUME.std()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "particle.mrc"
    write_mrc(path, VOLUME)
    return path


def test_a_particle_comes_on_zero_mean_and_unit_variance(file):
    assert np.allclose(read_particle(Place(str(file), 0), 16, 1.25), NORMED, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.int8, np.float16])
def test_every_real_mode_is_read(tmp_path, dtype):
    whole = np.rint(10 * NORMED + 60)
    write_mrc(tmp_path / "p.mrc", whole, dtype=dtype)
    assert np.allclose(read_particle(Place(str(tmp_path / "p.mrc"), 0), 16, 1.25), NORMED, atol=0.1)


def test_a_file_of_the_other_byte_order_is_read_right(tmp_path):
    with mrcfile.new(tmp_path / "p.mrc") as mrc:
        mrc.set_data(VOLUME)
        mrc.voxel_size = 12.5
    raw = bytearray((tmp_path / "p.mrc").read_bytes())
    header = np.frombuffer(bytes(raw[:1024]), "<i4").copy()
    swapped = header.byteswap().tobytes()
    # the machine stamp is bytes, the map's name characters
    swapped = swapped[:208] + b"MAP " + b"\x11\x11\x00\x00" + swapped[216:]
    data = np.frombuffer(bytes(raw[1024:]), "<f4").byteswap().tobytes()
    (tmp_path / "big.mrc").write_bytes(swapped + data)
    assert np.allclose(read_particle(Place(str(tmp_path / "big.mrc"), 0), 16, 1.25), NORMED, atol=1e-5)


@pytest.mark.parametrize(("ending", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress)])
def test_a_compressed_volume_is_read_and_a_compressed_stack_refused(tmp_path, file, ending, pack):
    packed = tmp_path / f"particle.mrc.{ending}"
    packed.write_bytes(pack(file.read_bytes()))
    assert np.allclose(read_particle(Place(str(packed), 0), 16, 1.25), NORMED, atol=1e-5)
    check_headers([Place(str(packed), 0)], 16)
    with pytest.raises(InputError, match="compressed stack; unpack it"):
        read_particle(Place(str(packed), 1), 16, 1.25)


def test_one_volume_of_a_stack_is_read(tmp_path):
    with mrcfile.new(tmp_path / "s.mrcs") as mrc:
        mrc.set_data(np.stack([VOLUME[::-1], VOLUME]))
        mrc.voxel_size = 12.5
    where = Finder(tmp_path / "run.star").place("2@s.mrcs")
    assert np.allclose(read_particle(where, 16, 1.25), NORMED, atol=1e-5)
    assert inspect(where) == (16, 1.25)
    check_headers([where], 16)
    wrong = Finder(tmp_path / "run.star").place("3@s.mrcs")
    for look in (lambda: check_headers([wrong], 16), lambda: read_particle(wrong, 16, 1.25)):
        with pytest.raises(InputError, match="3@.*the stack ends at 2"):
            look()


def test_a_stack_of_images_is_refused(tmp_path):
    with mrcfile.new(tmp_path / "s.mrcs") as mrc:
        mrc.set_data(VOLUME)
        mrc.set_image_stack()
    for look in (lambda where: check_headers([where], 16), lambda where: read_particle(where, 16, 0)):
        with pytest.raises(InputError, match="stack of volumes"):
            look(Finder(tmp_path / "run.star").place("1@s.mrcs"))


def broken(path, change):
    volume = VOLUME.copy()
    change(volume)
    write_mrc(path, volume)


def _nan(volume):
    volume[3, 4, 5] = np.nan


def _infinite(volume):
    volume[3, 4, 5] = np.inf


def _constant(volume):
    volume[:] = 7.0


@pytest.mark.parametrize(("change", "words"), [(_nan, "NaN or infinite"), (_infinite, "NaN"), (_constant, "constant")])
def test_an_unusable_volume_is_one_sentence(tmp_path, change, words):
    broken(tmp_path / "p.mrc", change)
    with pytest.raises(InputError, match=f"p.mrc: .*{words}"):
        read_particle(Place(str(tmp_path / "p.mrc"), 0), 16, 1.25)


def test_a_truncated_file_is_one_sentence_from_its_header_alone(file):
    with open(file, "r+b") as opened:
        opened.truncate(3000)
    for look in (lambda: check_headers([Place(str(file), 0)], 16), lambda: read_particle(Place(str(file), 0), 16, 0)):
        with pytest.raises(InputError, match="particle.mrc: is no complete MRC file"):
            look()


@pytest.mark.parametrize("as_stack", [False, True])
def test_one_subtomogram_that_was_copied_is_one_sentence(tmp_path, as_stack):
    volumes = np.random.default_rng(8).normal(size=(3, 16, 16, 16)).astype(np.float32)
    volumes = volumes[[0, 1, 2, 1]]
    if as_stack:
        write_stack(tmp_path / "s.mrcs", volumes, 1.0)
        places = [Place(str(tmp_path / "s.mrcs"), number) for number in (1, 2, 3, 4)]
    else:
        for number, volume in enumerate(volumes):
            # another header, the same densities
            write_volume(tmp_path / f"{number}.mrc", volume, 1.0 + 0.001 * number)
        places = [Place(str(tmp_path / f"{number}.mrc"), 0) for number in range(4)]
    check_headers(places[:3], 16)
    with pytest.raises(InputError, match=f"{places[3]}: holds the same densities as {places[1]}"):
        check_headers(places, 16)


def test_volumes_that_are_alike_in_a_row_are_not_taken_for_copies(tmp_path):
    volumes = np.random.default_rng(8).normal(size=(2, 16, 16, 16)).astype(np.float32)
    volumes[1, 8, 8] = volumes[0, 8, 8]
    write_stack(tmp_path / "s.mrcs", volumes, 1.0)
    check_headers([Place(str(tmp_path / "s.mrcs"), number) for number in (1, 2)], 16)


def test_a_file_that_is_no_mrc_file_is_one_sentence(tmp_path):
    (tmp_path / "p.mrc").write_bytes(bytes(range(256)) * 20)
    with pytest.raises(InputError, match="p.mrc: is no complete MRC file"):
        check_headers([Place(str(tmp_path / "p.mrc"), 0)], 16)


def test_another_box_or_voxel_size_is_one_sentence(file):
    where = Place(str(file), 0)
    with pytest.raises(InputError, match="has 16 x 16 x 16 voxels, where 24 x 24 x 24 are needed"):
        check_headers([where], 24)
    with pytest.raises(InputError, match="24 voxels are needed"):
        read_particle(where, 24, 1.25)
    with pytest.raises(InputError, match="has voxels of 12.5 Å, where those of 10 Å are needed"):
        read_particle(where, 16, 1.0)
    with pytest.raises(InputError, match="the mask has voxels of 12.5 Å, where the subtomograms have 10 Å"):
        read_map(file, 16, 1.0, "mask")
    with pytest.raises(InputError, match="the reference is a cube of 16 voxels, where the subtomograms have 32"):
        read_map(file, 32, 1.25, "reference")


@pytest.mark.parametrize("image", ["0@s.mrcs", "-1@s.mrcs", "x@s.mrcs", "1.5@s.mrcs", "@s.mrcs"])
def test_a_place_that_is_none_is_named(tmp_path, image):
    with pytest.raises(InputError, match="n@stack with n from 1"):
        Finder(tmp_path / "run.star").place(image)


def test_files_are_looked_for_here_and_beside_the_star_file(tmp_path, monkeypatch, file):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert Finder(tmp_path / "run.star").place("particle.mrc").file == str(file)
    with pytest.raises(InputError, match="absent.mrc .*is neither in this folder nor beside the STAR file"):
        Finder(tmp_path / "run.star").place("absent.mrc")


@pytest.mark.parametrize(("name", "image"), [("a@b.mrc", "a@b.mrc"), ("p.mrc", "p.mrc:mrc"), ("s.ctf", "s.ctf:mrc")])
def test_signs_in_a_name_and_relions_format_behind_a_colon_are_understood(tmp_path, name, image):
    write_mrc(tmp_path / name, VOLUME)
    assert Finder(tmp_path / "run.star").place(image) == Place(str(tmp_path / name), 0)


@pytest.mark.parametrize("size", [0.0, 1.0])
def test_a_reference_without_a_voxel_size_has_that_of_the_particles(tmp_path, size):
    write_mrc(tmp_path / "r.mrc", VOLUME, pixel=size)
    assert np.array_equal(read_map(tmp_path / "r.mrc", 16, 1.25, "reference"), VOLUME)
    assert inspect(Place(str(tmp_path / "r.mrc"), 0)) == (16, 0.0)


def test_the_configured_voxel_size_overrules_the_headers_of_maps(file):
    assert np.array_equal(read_map(file, 16, 1.0, "mask", overruled=True), VOLUME)


def test_voxels_that_are_no_cubes_are_one_sentence_unless_the_configuration_overrules_them(file):
    with mrcfile.open(file, "r+") as mrc:
        mrc.voxel_size = (12.5, 12.5, 25)
    with pytest.raises(InputError, match="particle.mrc: its header tells voxels of different edges"):
        check_headers([Place(str(file), 0)], 16)
    with pytest.raises(InputError, match="or, if its header is wrong, set particles.voxel_size"):
        read_map(file, 16, 1.25, "reference")
    check_headers([Place(str(file), 0)], 16, overruled=True)
    assert np.array_equal(read_map(file, 16, 1.25, "reference", overruled=True), VOLUME)


def test_a_box_that_is_turned_against_its_tomogram_is_turned_back(tmp_path):
    rotation = Rotation.from_euler("ZYZ", [40, 70, -20], degrees=True)
    # a box shows at x what its tomogram has at Rx
    write_mrc(tmp_path / "turned.mrc", density(24, rotation.inv().apply(POINTS * 0.8)))
    write_mrc(tmp_path / "straight.mrc", density(24, POINTS * 0.8))
    turned = read_particle(Place(str(tmp_path / "turned.mrc"), 0), 24, 1.25, rotation.as_matrix())
    straight = read_particle(Place(str(tmp_path / "straight.mrc"), 0), 24, 1.25)
    assert np.corrcoef(turned.ravel(), straight.ravel())[0, 1] > 0.995
