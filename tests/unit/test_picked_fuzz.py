"""Mangled STAR and MRC files: one sentence, or what the bytes say; never a traceback, never anything else."""

import contextlib
import re
import struct

import mrcfile
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mangling import mangled_bytes, mangled_text, mangling
from picked_files import make_particles, section, star_text

from gradalign.errors import InputError
from gradalign.particles.ctf_wedge import fit_wedge
from gradalign.particles.images import check_headers, inspect, load, read_map, read_particle
from gradalign.particles.listing import check_files
from gradalign.particles.places import Finder, Place
from gradalign.particles.star import read_picked

FEW = settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
LABELS = ["rlnImageName", "rlnOpticsGroup", "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnOriginXAngst"]
LABELS += ["rlnOriginYAngst", "rlnOriginZAngst", "rlnRandomSubset"]
ROWS = [
    ["a.mrc", 1, 10.5, 60, -5, 1, 2, 3, 1],
    ["2@b.mrcs", 1, -20, 70, 0, 0, 0, -4.5, 2],
    ["c.mrc", 1, 1, 2, 3, 4, 5, 6, 1],
]
TEXT = star_text(dict(zip(LABELS, zip(*ROWS, strict=True), strict=True)))

NAMES = st.one_of(st.text(min_size=1, max_size=12), st.integers(250, 5000).map("x".__mul__))


def plain_rows(text):
    """Read the particles' loop the simplest way; None where quotes and comments would need more."""
    if any(mark in text for mark in "'\";\0") or "data_particles" not in text:
        return None
    # a comment starts a word
    words = re.sub(r"(?m)(^|\s)#.*$", " ", text.split("data_particles", 1)[1]).split()
    if not words or words[0] != "loop_":
        return None
    labels = []
    words = words[1:]
    while words and words[0].startswith("_"):
        labels.append(words.pop(0)[1:])
    return [
        dict(zip(labels, words[n : n + len(labels)], strict=False)) for n in range(0, len(words), max(len(labels), 1))
    ]


@FEW
@given(text=mangled_text(TEXT))
def test_a_mangled_star_file_is_one_sentence_or_what_it_says(tmp_path, text):
    path = tmp_path / "run.star"
    path.write_text(text, encoding="utf-8")
    try:
        picked = read_picked(path)
    except InputError as error:
        assert str(error).startswith(str(path))
        assert "\n" not in str(error)
        return
    assert len(picked) == len(picked.images) == len(picked.origins) >= 2
    assert np.isfinite(picked.translations(1.0)).all()
    assert picked.pixel_size is None or picked.pixel_size > 0
    rows = plain_rows(text)
    if rows is not None and picked.name == "particles":
        assert picked.images == [row["rlnImageName"] for row in rows]
        if picked.angles is not None:
            said = [[float(row[label]) for label in ("rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi")] for row in rows]
            assert picked.angles.tolist() == said


@FEW
@given(content=st.binary(max_size=400))
def test_any_bytes_for_a_star_file_are_one_sentence(tmp_path, content):
    (tmp_path / "run.star").write_bytes(content)
    with pytest.raises(InputError, match="run.star"):
        read_picked(tmp_path / "run.star")


def mrc_bytes(tmp_path, stack=False):
    rng = np.random.default_rng(1)
    with mrcfile.new(tmp_path / "whole.mrc", overwrite=True) as mrc:
        mrc.set_data(rng.normal(size=(2, 16, 16, 16) if stack else (16, 16, 16)).astype(np.float32))
        mrc.voxel_size = 12.5
    return (tmp_path / "whole.mrc").read_bytes()


def decoded(raw, number):
    """Read the densities the simplest way: header words of the byte order that makes sense of the mode."""
    order = "<" if 0 <= struct.unpack("<i", raw[12:16])[0] < 128 else ">"
    nx, ny, nz, mode = struct.unpack(f"{order}4i", raw[:16])
    extended = struct.unpack(f"{order}i", raw[92:96])[0]
    kind = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2"}[mode]
    data = np.frombuffer(raw[1024 + extended :], order + kind)
    assert data.size == nx * ny * nz
    return data.astype(float).reshape(-1, 16, 16, 16)[max(number, 1) - 1]


@FEW
@given(changes=mangling(17000), cut=st.one_of(st.none(), st.integers(0, 18000)), stack=st.booleans())
def test_a_mangled_mrc_file_is_one_sentence_or_what_its_bytes_say(tmp_path, changes, cut, stack):
    raw = mangled_bytes(mrc_bytes(tmp_path, stack), changes, cut)
    path = tmp_path / "p.mrc"
    path.write_bytes(raw)
    where = Place(str(path), 1 if stack else 0)
    for look in (
        lambda: check_headers([where], 16),
        lambda: inspect(where),
        lambda: fit_wedge(load(where)[0], where),
        lambda: read_map(path, 16, 1.25, "mask"),
    ):
        try:
            look()
        except InputError as error:
            assert "\n" not in str(error)
    try:
        volume = read_particle(where, 16, 0.0)
    except InputError as error:
        assert "p.mrc" in str(error)
        assert "\n" not in str(error)
        return
    assert volume.dtype == np.float32
    expected = decoded(raw, where.number)
    expected = expected / np.abs(expected).max()
    assert np.allclose(volume, (expected - expected.mean()) / expected.std(), atol=1e-3)


@FEW
@given(content=st.binary(max_size=1500))
def test_any_bytes_for_a_volume_are_one_sentence(tmp_path, content):
    (tmp_path / "p.mrc").write_bytes(content)
    where = Place(str(tmp_path / "p.mrc"), 0)
    for look in (lambda: check_headers([where], 16), lambda: read_particle(where, 16, 0.0)):
        try:
            look()
        except InputError as error:
            assert "p.mrc" in str(error)
        else:
            # only what is compressed is left for later
            assert content[:2] in (b"\x1f\x8b", b"BZ")


@FEW
@given(
    key=st.sampled_from(["star", "reference", "mask"]),
    value=NAMES,
)
def test_any_name_for_a_file_is_one_sentence(tmp_path, key, value):
    if not (tmp_path / "run.star").exists():
        make_particles(tmp_path, 2)
    elsewhere = tmp_path / "empty"
    elsewhere.mkdir(exist_ok=True)
    try:
        # a drawn name may be that of a file in the folder where the tests run
        with contextlib.chdir(elsewhere):
            check_files(section(tmp_path, **{key: value}))
    except InputError as error:
        assert str(error)
    else:
        assert key == "mask" and value in ("sphere", "none")


@FEW
@given(image=st.one_of(NAMES, NAMES.map("1@".__add__), st.just("1@run.star"), st.just("run.star")))
def test_any_name_for_an_image_is_one_sentence(tmp_path, image):
    (tmp_path / "run.star").write_text(TEXT)
    try:
        where = Finder(tmp_path / "run.star").place(image)
        check_headers([where], 16)
    except InputError as error:
        assert "run.star" in str(error)
    else:
        raise AssertionError("there is no volume")
