import io

import mrcfile
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradalign.errors import InputError
from gradalign.io.mrc import check_numbers, check_volume, read_stack, read_volume, write_stack, write_volume


def volumes(count, box=16):
    return np.random.default_rng(0).standard_normal((count, box, box, box), dtype=np.float32)


def assert_valid(path):
    complaints = io.StringIO()
    assert mrcfile.validate(path, print_file=complaints), complaints.getvalue()


@given(voxel_size=st.floats(0.01, 10).map(lambda size: float(f"{size:.4g}")))
def test_volume_comes_back_with_its_voxel_size(tmp_path_factory, voxel_size):
    path = tmp_path_factory.mktemp("mrc") / "volume.mrc"
    (volume,) = volumes(1)
    write_volume(path, volume, voxel_size)
    again, size = read_volume(path)
    assert again.dtype == np.float32
    assert np.array_equal(again, volume)
    assert np.isclose(size, voxel_size, rtol=1e-9)


@pytest.mark.parametrize("count", [1, 3])
def test_stack_comes_back_with_its_voxel_size(tmp_path, count):
    write_stack(tmp_path / "stack.mrcs", volumes(count), 1.23)
    again, size = read_stack(tmp_path / "stack.mrcs", box=16)
    assert np.array_equal(again, volumes(count))
    assert size == 1.23


def test_mrcfile_validates_what_is_written(tmp_path):
    write_volume(tmp_path / "volume.mrc", volumes(1)[0], 1.0)
    write_stack(tmp_path / "stack.mrcs", volumes(3), 1.0)
    assert_valid(tmp_path / "volume.mrc")
    assert_valid(tmp_path / "stack.mrcs")


def test_header_says_volume_stack_angstrom_and_centred_origin(tmp_path):
    write_stack(tmp_path / "stack.mrcs", volumes(3), 1.5)
    with mrcfile.open(tmp_path / "stack.mrcs") as mrc:
        assert mrc.is_volume_stack()
        assert mrc.header.ispg == 401
        assert mrc.header.mz == 16
        assert mrc.voxel_size.item() == (15, 15, 15)
        # the centre voxel 8 is at 0
        assert mrc.header.origin.item() == (-120, -120, -120)
        assert np.array_equal(mrc.data[1], volumes(3)[1])


def test_same_volumes_make_the_same_bytes(tmp_path):
    for name in ("a.mrcs", "b.mrcs"):
        write_stack(tmp_path / name, volumes(2), 1.0)
    assert (tmp_path / "a.mrcs").read_bytes() == (tmp_path / "b.mrcs").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mrcs", "b.mrcs"]


def test_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere.mrc: there is no such file"):
        read_volume(tmp_path / "nowhere.mrc")


@pytest.mark.parametrize("length", [0, 500, 1024, 5000])
def test_truncated_file_is_named(tmp_path, length):
    path = tmp_path / "cut.mrc"
    write_volume(path, volumes(1)[0], 1.0)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(InputError, match="cut.mrc: is no complete MRC file"):
        read_volume(path)


def test_file_of_another_kind_is_named(tmp_path):
    (tmp_path / "text.mrc").write_text("no density here" * 200)
    with pytest.raises(InputError, match="text.mrc: is a text file, where an MRC or EM file is needed"):
        read_volume(tmp_path / "text.mrc")


def test_wrong_box_is_named(tmp_path):
    write_volume(tmp_path / "volume.mrc", volumes(1)[0], 1.0)
    with pytest.raises(InputError, match="volume.mrc: is a cube of 16 voxels, where 32"):
        read_volume(tmp_path / "volume.mrc", box=32)


def test_stack_is_no_volume_and_volume_no_stack(tmp_path):
    write_volume(tmp_path / "volume.mrc", volumes(1)[0], 1.0)
    write_stack(tmp_path / "stack.mrcs", volumes(2), 1.0)
    with pytest.raises(InputError, match="stack.mrcs: holds 2 volumes"):
        read_volume(tmp_path / "stack.mrcs")
    with pytest.raises(InputError, match="volume.mrc: has the shape"):
        read_stack(tmp_path / "volume.mrc")


@pytest.mark.parametrize("size", [0, (1, 1, 2)])
def test_unusable_voxel_size_is_named(tmp_path, size):
    with mrcfile.new(tmp_path / "odd.mrc") as mrc:
        mrc.set_data(volumes(1)[0])
        mrc.voxel_size = size
    with pytest.raises(InputError, match="odd.mrc: tells no voxel size"):
        read_volume(tmp_path / "odd.mrc")


def test_stored_nan_is_named_with_its_volume(tmp_path):
    data = volumes(2)
    data[1, 3, 3, 3] = np.nan
    with pytest.warns(RuntimeWarning, match="NaN"), mrcfile.new(tmp_path / "nan.mrcs") as mrc:
        mrc.set_data(data)
        mrc.voxel_size = 10
    with pytest.raises(InputError, match="nan.mrcs, volume 2: holds NaN"):
        read_stack(tmp_path / "nan.mrcs")


@pytest.mark.parametrize(
    ("volume", "words"),
    [
        (np.full((8, 8, 8), np.inf), "NaN or infinite"),
        (1e39 * np.arange(512.0).reshape(8, 8, 8), "NaN or infinite"),
        (np.ones((8, 8, 8)), "constant"),
        (np.zeros((8, 8, 9)), "shape"),
        (np.zeros((8, 8)), "shape"),
        (np.zeros((0, 0, 0)), "constant"),
        (np.zeros((8, 8, 8), dtype=complex), "type complex128"),
        (np.full((8, 8, 8), "a"), "type"),
    ],
)
def test_unusable_volume_is_refused(tmp_path, volume, words):
    with pytest.raises(InputError, match=f"^here: .*{words}"):
        check_volume(volume, "here")
    with pytest.raises(InputError, match=words):
        write_volume(tmp_path / "bad.mrc", volume, 1.0)
    assert not list(tmp_path.iterdir())


def test_integers_become_float32():
    volume = np.arange(512, dtype=np.int16).reshape(8, 8, 8)
    assert check_volume(volume, "here").dtype == np.float32


def test_integers_that_single_precision_cannot_hold_become_float64():
    volume = 2**30 + np.arange(512, dtype=np.int32).reshape(8, 8, 8)
    found = check_numbers(volume, "here")
    assert found.dtype == np.float64
    assert (found == volume).all()


def test_what_is_constant_in_single_precision_is_refused_where_that_is_needed():
    volume = 1e9 + np.arange(512.0).reshape(8, 8, 8) / 512
    assert np.ptp(check_numbers(volume, "here")) > 0
    with pytest.raises(InputError, match="^here: is constant"):
        check_volume(volume, "here")


def test_writing_where_no_folder_is_says_so(tmp_path):
    with pytest.raises(InputError, match="absent.*could not be written"):
        write_volume(tmp_path / "absent" / "volume.mrc", volumes(1)[0], 1.0)


def test_failed_writing_keeps_the_old_file(tmp_path):
    path = tmp_path / "volume.mrc"
    write_volume(path, volumes(1)[0], 1.0)
    before = path.read_bytes()
    with pytest.raises(InputError, match="voxels of -1"):
        write_volume(path, volumes(1)[0], -1)
    assert path.read_bytes() == before


def test_stack_of_nothing_is_refused(tmp_path):
    with pytest.raises(InputError, match="no volumes"):
        write_stack(tmp_path / "empty.mrcs", [], 1.0)
