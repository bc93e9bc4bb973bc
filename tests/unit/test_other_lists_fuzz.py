"""Mangled lists of other programs, optimisation sets and tomograms: one sentence, or what they say."""

import struct
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mangling import mangled_bytes, mangled_text
from picked_files import BOX, make_tomograms, section, star_loop, star_text
from test_motive_lists import COUNT, write_list

from gradalign.errors import InputError
from gradalign.particles.boxes import plan_boxes
from gradalign.particles.list_file import open_list
from gradalign.particles.star import read_picked
from gradalign.particles.tomograms import of_names

FEW = settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def lists(tmp_path_factory):
    """A list of each program, as text or bytes."""
    folder, rng = tmp_path_factory.mktemp("lists"), np.random.default_rng(8)
    angles, shifts = rng.uniform([-180, 5, -180], [180, 175, 180], (COUNT, 3)), rng.uniform(-3, 3, (COUNT, 3))
    files = {program: write_list(folder, program, angles, shifts) for program in ("Dynamo", "TOM", "STOPGAP")}
    return SimpleNamespace(
        dynamo=files["Dynamo"].read_text(), tom=files["TOM"].read_bytes(), stopgap=files["STOPGAP"].read_text()
    )


def refused(path, look):
    """Return what comes of looking at a file, None if that is one sentence about it."""
    try:
        return look()
    except InputError as error:
        assert str(path) in str(error)
        assert "\n" not in str(error)
        return None


def sound(picked, numbers=None):
    """Assert that a list's poses are poses and its volumes those of its numbers."""
    motives = picked.motives
    assert len(picked) == len(motives.subtomograms) >= 2
    assert picked.images == [f"s_{number}.em" for number in motives.subtomograms]
    assert np.isfinite(picked.translations(1.0)).all()
    products = motives.rotations @ np.swapaxes(motives.rotations, 1, 2)
    assert np.allclose(products, np.eye(3), atol=1e-6) and (np.linalg.det(motives.rotations) > 0).all()
    if numbers is not None:
        assert motives.subtomograms.tolist() == numbers


@FEW
@given(data=st.data())
def test_a_mangled_table_of_dynamo_is_one_sentence_or_what_it_says(lists, tmp_path, data):
    text = data.draw(mangled_text(lists.dynamo))
    path = tmp_path / "list.tbl"
    path.write_text(text, encoding="utf-8")
    picked = refused(path, lambda: read_picked(path, files="s_{}.em"))
    if picked is not None:
        words = [line.split("#")[0].split() for line in text.split("\n")]
        sound(picked, [int(float(row[0])) for row in words if row])


@FEW
@given(
    changes=st.lists(
        st.one_of(
            st.tuples(st.integers(0, 512 + 80 * COUNT), st.binary(min_size=1, max_size=4)),
            # machine, kind of number and sizes in the header, numbers of the rows behind it
            st.tuples(st.sampled_from([0, 3]), st.binary(min_size=1, max_size=1)),
            st.tuples(st.sampled_from([4, 8, 12]), st.integers(-3, 30).map(lambda n: struct.pack("<i", n))),
            st.tuples(
                st.integers(0, 20 * COUNT - 1).map(lambda n: 512 + 4 * n),
                st.floats(width=32).map(lambda value: struct.pack("<f", value)),
            ),
        ),
        max_size=3,
    ),
    cut=st.one_of(st.none(), st.integers(0, 512 + 80 * COUNT)),
)
def test_a_mangled_list_of_tom_is_one_sentence_or_what_its_bytes_say(lists, tmp_path, changes, cut):
    raw = mangled_bytes(lists.tom, changes, cut)
    path = tmp_path / "list.em"
    path.write_bytes(raw)
    picked = refused(path, lambda: read_picked(path, files="s_{}.em"))
    if picked is not None:
        kind = {1: "i1", 2: "i2", 4: "i4", 5: "f4", 9: "f8"}[raw[3]]
        order = "<" if raw[0] in (1, 6) else ">"
        rows = np.frombuffer(raw[512:], order + kind).reshape(-1, 20)
        sound(picked, rows[:, 3].astype(int).tolist())


@FEW
@given(data=st.data())
def test_a_mangled_list_of_stopgap_is_one_sentence_or_what_it_says(lists, tmp_path, data):
    path = tmp_path / "list.star"
    path.write_text(data.draw(mangled_text(lists.stopgap)), encoding="utf-8")
    picked = refused(path, lambda: read_picked(path, files="s_{}.em"))
    if picked is not None:
        sound(picked)


@FEW
@given(content=st.binary(max_size=700), ending=st.sampled_from([".tbl", ".em", ".star"]))
def test_any_bytes_for_a_list_are_one_sentence(tmp_path, content, ending):
    path = tmp_path / f"list{ending}"
    path.write_bytes(content)
    with pytest.raises(InputError, match="list"):
        read_picked(path, files="s_{}.em")


SET = star_loop(
    "", {"rlnTomoParticlesFile": ["particles.star"], "rlnTomoTomogramsFile": ["tomograms.star"], "rlnNote": ["one"]}
)


@FEW
@given(text=mangled_text(SET))
def test_a_mangled_optimisation_set_is_one_sentence_or_leads_to_its_list(tmp_path, text):
    named = tmp_path / "particles.star"
    named.write_text(star_text({"rlnImageName": ["a.mrc", "b.mrc"], "rlnOpticsGroup": [1, 1]}), encoding="utf-8")
    path = tmp_path / "optimisation_set.star"
    path.write_text(text, encoding="utf-8")
    opened = refused(path, lambda: open_list(path))
    if opened is not None and opened.set_path:
        assert opened.path == str(named)
        assert opened.tables["particles"]["rlnImageName"] == ["a.mrc", "b.mrc"]
    elif opened is not None:
        refused(path, lambda: read_picked(path))


@pytest.fixture(scope="module")
def picked(tmp_path_factory):
    return make_tomograms(tmp_path_factory.mktemp("tomograms") / "data")


def tomograms_text(folder):
    columns = {"rlnTomoName": ["TS_01", "TS_02"], "rlnTomoTiltSeriesPixelSize": [2.5, 2.5]}
    columns |= {"rlnTomoTomogramBinning": [5, 5], "rlnTomoSizeX": [550, 550], "rlnTomoSizeY": [330, 330]}
    columns |= {"rlnTomoSizeZ": [200, 200]}
    files = [f"'{folder}/tomograms of {{x}}/{name}.mrc'" for name in columns["rlnTomoName"]]
    columns["rlnTomoReconstructedTomogram"] = files
    return star_loop("global", columns)


@FEW
@given(data=st.data())
def test_a_mangled_list_of_tomograms_is_one_sentence_or_gives_sound_tomograms(picked, tmp_path, data):
    path = tmp_path / "tomograms.star"
    path.write_text(data.draw(mangled_text(tomograms_text(picked.folder))), encoding="utf-8")
    try:
        found = of_names(["TS_01", "TS_02"], "picks.star", str(path), {"voxel_size": 0, "binning": 0}, None)
    except InputError as error:
        # of the list, or of a tomogram that is otherwise than the list says
        assert "tomograms" in str(error) or "picks.star" in str(error)
        assert "\n" not in str(error)
        return
    assert sorted(found) == ["TS_01", "TS_02"]
    for tomogram in found.values():
        assert 0 < tomogram.voxel_size < np.inf and 0 < tomogram.binning < np.inf
        assert np.isfinite(tomogram.centre).all()


@FEW
@given(data=st.data())
def test_a_mangled_list_of_places_is_one_sentence_or_gives_boxes_within_their_tomograms(picked, tmp_path, data):
    path = tmp_path / "picks.star"
    path.write_text(data.draw(mangled_text(picked.star.read_text(encoding="utf-8"))), encoding="utf-8")
    settings_ = section(tmp_path, star=str(path), tomograms=str(picked.tomograms), box=BOX)
    boxes = refused(path, lambda: plan_boxes(settings_, tmp_path / "boxes"))
    if boxes is not None:
        kept = sum(len(members) for members in boxes.members)
        assert kept == len(boxes.listing.picked) >= 2
        for tomogram, members in zip(boxes.tomograms, boxes.members, strict=True):
            corners = members[:, 1:]
            assert (corners >= 0).all() and (corners + BOX <= tomogram.edges).all()
