"""What programs write into MRC headers, and EM files: the same densities whatever the dialect, or one sentence."""

import gzip
import struct

import mrcfile
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradalign.errors import InputError
from gradalign.io.mrc import read_stack, read_volume, write_volume
from gradalign.io.volume_file import open_volume, read

VOLUME = np.random.default_rng(3).normal(size=(16, 16, 16)).astype(np.float32)
BYTES = ((VOLUME - VOLUME.min()) / np.ptp(VOLUME) * 255).round().astype(np.uint8)
SIGNED = (BYTES.astype(int) - 128).astype(np.int8)
IMOD = 1146047817
ORDERS = [(1, 2, 3), (1, 3, 2), (2, 1, 3), (2, 3, 1), (3, 1, 2), (3, 2, 1)]


def write(path, values, edits=(), size=12.5, **header):
    """Write an MRC file, words of its header by name, then bytes of it by place."""
    with mrcfile.new(path, overwrite=True) as mrc:
        mrc.set_data(values)
        mrc.voxel_size = size
        if values.ndim == 3:
            mrc.set_volume()
        for name, value in header.items():
            mrc.header[name] = value
    raw = bytearray(path.read_bytes())
    for place, value in edits:
        raw[place : place + len(value)] = value
    path.write_bytes(raw)
    return path


def stored(volume, order):
    """Return [z, y, x] as columns, rows and sections along the axes `order`, 1 for x."""
    return np.ascontiguousarray(volume.transpose([3 - axis for axis in order[::-1]]))


@pytest.mark.parametrize("order", ORDERS)
def test_axes_in_any_order_are_read_as_z_y_x(tmp_path, order):
    axes = dict(zip(("mapc", "mapr", "maps"), order, strict=True))
    path = write(tmp_path / "map.mrc", stored(VOLUME, order), **axes)
    assert np.array_equal(read_volume(path)[0], VOLUME)
    stack = np.stack([stored(VOLUME, order), stored(VOLUME + 1, order)])
    path = write(tmp_path / "stack.mrcs", stack, **axes)
    assert np.array_equal(read_stack(path)[0], np.stack([VOLUME, VOLUME + 1]))
    assert np.array_equal(read(path, 2)[0], VOLUME + 1)


def test_axes_that_are_not_set_are_those_of_everybody(tmp_path):
    assert np.array_equal(read(write(tmp_path / "a.mrc", VOLUME, mapc=0, mapr=0, maps=0))[0], VOLUME)


def test_axes_that_are_no_axes_are_one_sentence(tmp_path):
    with pytest.raises(InputError, match="a.mrc: says that its columns, rows and sections are the axes 1, 1, 2"):
        read(write(tmp_path / "a.mrc", VOLUME, mapc=1, mapr=1, maps=2))


def test_the_start_of_a_map_counts_along_its_own_axes(tmp_path):
    header = read(write(tmp_path / "a.mrc", stored(VOLUME, (3, 1, 2)), mapc=3, mapr=1, maps=2, nxstart=4, nystart=-2))[
        1
    ]
    assert header.origin == (-25.0, 0.0, 50.0)


@pytest.mark.parametrize(
    "edits", [[(76, struct.pack("<3f", 0, 255, 100))], [(152, struct.pack("<2i", IMOD, 0))]], ids=["extremes", "IMOD"]
)
def test_bytes_are_unsigned_where_the_header_says_so(tmp_path, edits):
    # not of MRC2014, where all bytes are signed; without extremes unless the case gives some
    edits = [(76, bytes(12)), (108, bytes(4)), *edits]
    assert np.array_equal(read(write(tmp_path / "a.mrc", BYTES.view(np.int8), edits))[0], BYTES)


def test_bytes_of_todays_files_are_signed(tmp_path):
    assert np.array_equal(read(write(tmp_path / "a.mrc", SIGNED))[0], SIGNED)
    edits = [(152, struct.pack("<2i", IMOD, 1))]
    assert np.array_equal(read(write(tmp_path / "a.mrc", SIGNED, edits))[0], SIGNED)


@pytest.mark.parametrize(
    "edits",
    [
        [(76, bytes(12)), (108, bytes(4))],
        [(76, struct.pack("<3f", 0, 255, 100)), (152, struct.pack("<2i", IMOD, 1))],
        [(152, struct.pack("<2i", IMOD, 0))],
    ],
    ids=["silent", "flag against extremes", "extremes against flag"],
)
def test_bytes_whose_signs_are_open_are_one_sentence(tmp_path, edits):
    with pytest.raises(InputError, match="a.mrc: its header leaves open whether its bytes are signed"):
        read(write(tmp_path / "a.mrc", BYTES.view(np.int8), edits))


def test_sixteen_bits_are_unsigned_where_the_largest_value_says_so(tmp_path):
    values = BYTES.astype(np.uint16) * 200
    edits = [(76, struct.pack("<3f", 0, 51000, 100))]
    assert np.array_equal(read(write(tmp_path / "a.mrc", values.view(np.int16), edits))[0], values)
    values = SIGNED.astype(np.int16) * 200
    assert np.array_equal(read(write(tmp_path / "a.mrc", values))[0], values)


@pytest.mark.parametrize("silent", [True, False])
@pytest.mark.parametrize(
    ("values", "words"),
    [
        (BYTES.view(np.int8), "signed by its header, .* jump as unsigned"),
        ((BYTES.astype(np.uint16) * 200).view(np.int16), "signed by its header, .* jump as unsigned"),
    ],
)
def test_values_that_jump_where_the_wrong_sign_would_have_them_jump_are_one_sentence(tmp_path, values, words, silent):
    edits = [(76, bytes(12))] if silent else []
    with pytest.raises(InputError, match=f"a.mrc: its integers are {words} ones do"):
        read(write(tmp_path / "a.mrc", values, edits))


def test_a_smooth_map_whose_bytes_wrap_is_one_sentence(tmp_path):
    z, y, x = np.indices((16,) * 3) - 8
    blob = np.round(250 * np.exp(-(x**2 + y**2 + z**2) / 20)).astype(np.uint8)
    with pytest.raises(InputError, match="a.mrc: its integers are signed by its header"):
        read(write(tmp_path / "a.mrc", blob.view(np.int8)))
    signed = (blob.astype(int) - 120).astype(np.int8)
    assert np.array_equal(read(write(tmp_path / "a.mrc", signed))[0], signed)


def test_signed_values_whose_header_calls_them_unsigned_are_one_sentence(tmp_path):
    edits = [(76, bytes(12)), (108, bytes(4)), (152, struct.pack("<2i", IMOD, 0))]
    with pytest.raises(InputError, match="a.mrc: its integers are unsigned by its header, .* jump as signed ones do"):
        read(write(tmp_path / "a.mrc", SIGNED, edits))


@pytest.mark.parametrize("stamp", [bytes(4), b"\x44\x20\x20\x20", b"\x44\x11\0\0", b"\x11\x11\0\0"])
@pytest.mark.parametrize("name", [b"MAP ", b"MAP\0", bytes(4)])
@pytest.mark.parametrize("dtype", ["f4", "i2", "i1"])
def test_a_whole_file_is_read_without_machine_stamp_and_name(tmp_path, stamp, name, dtype):
    values = np.rint(20 * VOLUME).astype(f"<{dtype}")
    path = write(tmp_path / "a.mrc", values, [(208, name + stamp)])
    assert np.array_equal(read(path)[0], values)
    swapped = swapped_bytes(path.read_bytes(), values.dtype)
    (tmp_path / "swapped.mrc").write_bytes(swapped[:208] + name + stamp + swapped[216:])
    assert np.array_equal(read(tmp_path / "swapped.mrc")[0], values)


def swapped_bytes(raw, dtype):
    """Return an MRC file in the other byte order."""
    header = np.frombuffer(raw[:1024], "<i4").byteswap().tobytes()
    return header[:208] + raw[208:216] + header[216:] + np.frombuffer(raw[1024:], dtype).byteswap().tobytes()


@pytest.mark.parametrize(
    ("counts", "size"), [((0, 0, 0), 0.0), ((1, 1, 1), 0.0), ((16, 16, 1), 12.5), ((16, 16, 0), 12.5)]
)
def test_intervals_of_the_cell_that_were_not_counted_leave_the_voxel_size_open(tmp_path, counts, size):
    volume, header = read(write(tmp_path / "a.mrc", VOLUME, [(28, struct.pack("<3i", *counts))]))
    assert np.array_equal(volume, VOLUME)
    assert header.voxel_size == size


def test_voxels_that_are_no_cubes_have_no_known_size(tmp_path):
    header = read(write(tmp_path / "a.mrc", VOLUME, size=(10, 10, 12)))[1]
    assert header.voxel_size == 0 and header.oblong
    assert not read(write(tmp_path / "b.mrc", VOLUME, size=(10, 10, 10)))[1].oblong


@pytest.mark.parametrize("depth", [0, 1, 16])
def test_a_stack_is_one_of_cubes_where_it_does_not_count_the_sections_of_a_volume(tmp_path, depth):
    path = write(tmp_path / "s.mrcs", np.stack([VOLUME, -VOLUME]), [(36, struct.pack("<i", depth))])
    assert np.array_equal(read(path, 2)[0], -VOLUME)
    assert open_volume(path).volumes == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda raw: raw[:-100], "100 bytes are missing"),
        (lambda raw: raw + bytes(512), "512 bytes longer than its header says"),
        (lambda raw: raw[:92] + struct.pack("<i", 1000) + raw[96:], "1000 bytes are missing"),
        (lambda raw: raw[:500], "is no complete MRC file"),
        (lambda raw: b"", "is no complete MRC file .it is empty"),
        (lambda raw: gzip.compress(raw)[:-200], "is no complete MRC file"),
    ],
)
def test_a_file_that_is_not_whole_is_one_sentence(tmp_path, change, words):
    path = write(tmp_path / "a.mrc", VOLUME)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(InputError, match=f"a.mrc: .*{words}") as caught:
        read(path)
    assert "\n" not in str(caught.value)


def spider(edge, order):
    """Return a volume as SPIDER writes it: a header of whole records of one row each."""
    record = 4 * edge
    records = -(-1024 // record)
    head = np.zeros(records * edge, f"{order}f4")
    head[[0, 1, 4, 11, 12, 21, 22]] = edge, edge, 3, edge, records, records * record, record
    return head.tobytes() + np.ones(edge**3, f"{order}f4").tobytes()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89HDF\r\n\x1a\n" + bytes(9000), "an HDF5 file, .* EMAN2's e2proc3d.py makes an MRC file of it"),
        (b"version https://git-lfs.github.com/spec/v1\nsize 9\n", "a pointer of Git LFS, .* `git lfs pull` fetches"),
        (b"\n<!DOCTYPE html>\n<html>" + b" " * 2000, "a web page, where an MRC or EM file is needed"),
        (b"\x93NUMPY\x01\x00" + bytes(2000), "a NumPy array"),
        (b"MM\x00*" + bytes(2000), "a TIFF image"),
        (b"\xfd7zXZ\x00" + bytes(2000), "compressed by xz, .*; unpack it"),
        (b"\n# version 30001\n\ndata_particles\n", "a STAR file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(2000), "a PNG image"),
        (b"MATLAB 5.0 MAT-file".ljust(128) + bytes(2000), "a MATLAB file"),
        (b"\0\0\0\3" + bytes(2000), "a DM3 file, .*dm2mrc"),
        (b"HEADER    VIRUS\nATOM      1  N   ALA A   1      11.104   6.134  -6.504\n" * 30, "a text file"),
        (spider(16, "<"), "a SPIDER file, .*e2proc3d.py"),
        (spider(20, ">"), "a SPIDER file"),
    ],
)
def test_files_of_other_kinds_are_called_by_their_names(tmp_path, content, words):
    (tmp_path / "a.mrc").write_bytes(content)
    with pytest.raises(InputError, match=f"a.mrc: is {words}"):
        read(tmp_path / "a.mrc")


@pytest.mark.parametrize(("machine", "order"), [(6, "<"), (5, ">")])
@pytest.mark.parametrize(("number", "kind"), [(2, "i2"), (4, "i4"), (5, "f4"), (9, "f8")])
def test_em_files_are_read(tmp_path, machine, order, number, kind):
    values = np.rint(100 * VOLUME).astype(order + kind)
    header = struct.pack(f"{order}4B3i", machine, 0, 0, number, 16, 16, 16)
    (tmp_path / "a.em").write_bytes(header.ljust(512, b"\0") + values.tobytes())
    volume, found = read(tmp_path / "a.em")
    assert np.array_equal(volume, values)
    assert found.voxel_size == 0
    with pytest.raises(InputError, match="a.em: is in a file of images or of one volume"):
        read(tmp_path / "a.em", 1)


def test_a_map_is_written_where_it_is_told_to_stand(tmp_path):
    write_volume(tmp_path / "a.mrc", VOLUME, 1.25, origin=(-10, 0, 2.5))
    assert read(tmp_path / "a.mrc")[1].origin == (-10.0, 0.0, 2.5)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(range(0, 220, 4)), st.integers(-3, 500)), max_size=4), st.booleans())
def test_mangled_headers_are_one_sentence_or_the_stored_values_in_some_order(tmp_path, words, stack):
    edits = [(place, struct.pack("<i", value)) for place, value in words]
    path = write(tmp_path / "a.mrc", np.stack([VOLUME, VOLUME]) if stack else VOLUME, edits)
    try:
        volume, _ = read(path, int(stack))
    except InputError as error:
        assert "a.mrc" in str(error) and "\n" not in str(error)
        return
    assert volume.nbytes in (VOLUME.nbytes, 2 * VOLUME.nbytes)
