from pathlib import Path

import numpy as np
import pytest
from gemmi import cif
from hypothesis import assume, given
from hypothesis import strategies as st
from picked_files import old_star_text, star_text

from gradalign.errors import InputError
from gradalign.geometry.rotations import random_rotations
from gradalign.io.star import read_particles, to_relion
from gradalign.io.star_text import read_tables, table_text
from gradalign.particles.aligned import without_microscope, write_aligned, write_optimisation_set
from gradalign.particles.star import read_picked

COLUMNS = {
    "rlnImageName": ["a.mrc", "b.mrc", "c.mrc"],
    "rlnOpticsGroup": [1, 1, 1],
    "rlnAngleRot": [10.5, -20, 179],
    "rlnAngleTilt": [60, 70, 80],
    "rlnAnglePsi": [-5, 0, 5],
    "rlnOriginXAngst": [12.5, 0, -25],
    "rlnOriginYAngst": [0, 0, 0],
    "rlnOriginZAngst": [0, 25, 0],
}

# R and a of two particles
STILL = np.eye(3)[None].repeat(2, 0), np.zeros((2, 3))


def write(folder, columns, **optics):
    path = folder / "run.star"
    path.write_text(star_text(columns, **optics), encoding="utf-8")
    return path


def changed(**columns):
    columns = COLUMNS | columns
    return {label: values for label, values in columns.items() if values is not None}


def test_angles_origins_and_pixel_size_are_read(tmp_path):
    picked = read_picked(write(tmp_path, COLUMNS))
    assert picked.images == ["a.mrc", "b.mrc", "c.mrc"]
    assert (picked.pixel_size, picked.box) == (12.5, 24)
    assert picked.angles.tolist() == [[10.5, 60, -5], [-20, 70, 0], [179, 80, 5]]
    assert picked.translations(1.25).tolist() == [[-1, 0, 0], [0, 0, -2], [2, 0, 0]]
    assert (picked.priors, picked.subsets, picked.tilts, picked.ctf_images) == (None, None, None, None)


def test_images_alone_are_enough(tmp_path):
    picked = read_picked(write(tmp_path, {"rlnImageName": ["a.mrc", "b.mrc"]}))
    assert picked.angles is None
    assert not picked.translations(1.0).any()


def test_a_file_of_before_relion_3_1_has_origins_in_pixels_and_its_pixel_size_by_magnification(tmp_path):
    columns = {"rlnImageName": ["1@s.mrcs", "2@s.mrcs"], "rlnMagnification": [10000, 10000]}
    columns |= {"rlnDetectorPixelSize": [10.0, 10.0]} | {f"rlnOrigin{axis}": [1.5, -2] for axis in "XYZ"}
    path = tmp_path / "old.star"
    path.write_text(old_star_text(columns), encoding="utf-8")
    picked = read_picked(path)
    assert picked.pixel_size == 10.0
    assert picked.translations(1.0).tolist() == [[-1.5] * 3, [2.0] * 3]


PIXELS = {"rlnOriginX": [1, 0, -2], "rlnOriginY": [0, 0, 0], "rlnOriginZ": [0, 2, 0]}


@pytest.mark.parametrize("labels", [PIXELS, ["rlnOriginX", "rlnOriginY"], ["rlnOriginZ"]])
def test_origins_in_pixels_beside_those_in_angstrom_change_nothing_where_they_agree(tmp_path, labels):
    picked = read_picked(write(tmp_path, changed(**{label: PIXELS[label] for label in labels})))
    assert picked.translations(1.25).tolist() == [[-1, 0, 0], [0, 0, -2], [2, 0, 0]]


@pytest.mark.parametrize(
    "pixels", [{"rlnOriginX": [1, 0.5, -2]}, {"rlnOriginX": [-1, 0, 2]}, {label: [0, 0, 0] for label in PIXELS}]
)
def test_origins_in_pixels_that_contradict_those_in_angstrom_are_one_sentence(tmp_path, pixels):
    with pytest.raises(InputError, match=r"run.star: _rlnOrigin.Angst of row . is \S+ Å and .* contradict") as caught:
        read_picked(write(tmp_path, changed(**PIXELS | pixels)))
    assert "\n" not in str(caught.value)


def test_priors_subsets_and_tilt_ranges_are_read(tmp_path):
    columns = {"rlnAngleTiltPrior": [1, 2, 3], "rlnAnglePsiPrior": [4, 5, 6], "rlnRandomSubset": [1, 2, 1]}
    columns |= {"gradalignTiltMin": [-60] * 3, "gradalignTiltMax": [50] * 3}
    picked = read_picked(write(tmp_path, changed(**columns)))
    assert picked.priors.tolist() == [[1, 4], [2, 5], [3, 6]]
    assert picked.subsets.tolist() == [1, 2, 1]
    assert picked.tilts.tolist() == [[-60, 50, 90]] * 3


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (changed(rlnImageName=None), "has no column _rlnImageName"),
        (changed(rlnImageName=None, rlnImagename=["a.mrc", "b.mrc", "c.mrc"]), "it has _rlnImagename, which RELION"),
        (changed(rlnAngleTilt=None), "has the column _rlnAngleRot but lacks _rlnAngleTilt"),
        (changed(rlnOriginZAngst=None), "lacks _rlnOriginZAngst"),
        (changed(gradalignTiltMin=[-60] * 3), "lacks _gradalignTiltMax"),
        (changed(rlnAngleRot=[1, "north", 3]), "_rlnAngleRot of row 2 is 'north', where a number is needed"),
        (changed(rlnAngleRot=[1, 2, "nan"]), "_rlnAngleRot of row 3 is 'nan'"),
        (changed(rlnAngleRot=["1_0", 2, 3]), "_rlnAngleRot of row 1 is '1_0'"),
        (changed(rlnAnglePsi=[1, 2, "1e30"]), "_rlnAnglePsi of row 3 is 1e\\+30, where degrees are needed"),
        (changed(rlnOriginXAngst=[1, "inf", 3]), "_rlnOriginXAngst of row 2 is 'inf'"),
        (changed(rlnImageName=["a.mrc", "''", "c.mrc"]), "_rlnImageName of row 2 is empty"),
        (changed(rlnRandomSubset=[1, 1, 1]), "_rlnRandomSubset must say 1 or 2"),
        (changed(rlnRandomSubset=[1, 2, 3]), "_rlnRandomSubset must say 1 or 2"),
        (changed(rlnOpticsGroup=[1, 1, 2]), "names the optics group 2, which data_optics lacks"),
        (changed(rlnTomoSubtomogramRot=[0, 30, 0]), "lacks _rlnTomoSubtomogramTilt"),
        (changed(rlnCtfImage=["a_ctf.mrc", "None", "c_ctf.mrc"]), "_rlnCtfImage of row 2 is 'None'"),
        (changed(rlnClassNumber=[1, 2, 1]), "holds the classes 1, 2 .*particles.class_number to one of them, or"),
        (changed(rlnClassNumber=[1, 0, 1]), "holds the classes 0, 1 .*particles.class_number to one of them above 0"),
        (changed(rlnClassNumber=[1, 1.5, 1]), "_rlnClassNumber of row 2 is 1.5, where a whole number is needed"),
        ({label: values[:1] for label, values in COLUMNS.items()}, "holds one particle"),
        ({label: [] for label in COLUMNS}, "holds no particles"),
    ],
)
def test_a_mistake_in_a_column_is_one_sentence(tmp_path, columns, words):
    with pytest.raises(InputError, match=f"run.star: .*{words}") as caught:
        read_picked(write(tmp_path, columns), class_number=0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("_rlnAngleTilt #4", "_rlnAngleRot #4", "duplicate tag"),
        ("opticsGroup1 300.0 2.7 12.5 24 3", "opticsGroup1 300.0 2.7 12.5 24 2", "2-D stacks"),
        ("12.5 24 3\n", "12.5 24 3\n2 opticsGroup2 300.0 2.7 13.5 24 3\n", "different pixel size"),
        ("12.5 24 3\n", "12.5 24 3\n1 opticsGroup1 300.0 2.7 12.5 24 3\n", "the same optics group twice"),
        (" 12.5 24 3", " 0 24 3", "pixel size of 0"),
        (" 12.5 24 3", " ten 24 3", "_rlnImagePixelSize of row 1 is 'ten'"),
        ("data_particles", "data_optics", "the table data_optics twice"),
        ("1 opticsGroup1 300.0 2.7 12.5 24 3\n", "", "data_optics holds no group"),
        ("c.mrc 1 179", "c.mrc 179", "no readable STAR file"),
    ],
)
def test_a_broken_file_is_one_sentence(tmp_path, old, new, words):
    columns = changed(rlnOpticsGroup=[1, 1, 2]) if "opticsGroup2" in new else COLUMNS
    path = write(tmp_path, columns)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(InputError, match=f"run.star: .*{words}") as caught:
        read_picked(path)
    assert "\n" not in str(caught.value)


def test_relion_5s_stacks_of_tilt_images_are_refused(tmp_path):
    path = write(tmp_path, COLUMNS)
    path.write_text("data_general\n\n_rlnTomoSubTomosAre2DStacks 1\n\n" + path.read_text().replace("24 3", "24 2"))
    with pytest.raises(InputError, match="2-D stacks of tilt images, where volumes are needed"):
        read_picked(path)


def test_a_list_of_tomograms_is_told_from_one_of_particles(tmp_path):
    path = tmp_path / "tomograms.star"
    path.write_text("data_global\n\nloop_\n_rlnTomoName #1\n_rlnVoltage #2\nTS_1 300\n", encoding="utf-8")
    with pytest.raises(InputError, match="no column _rlnImageName.* it lists tomograms: give the list of their"):
        read_picked(path)


def test_particles_in_two_tables_are_one_sentence(tmp_path):
    path = write(tmp_path, COLUMNS)
    text = path.read_text()
    path.write_text(text + text[text.index("data_particles") :].replace("data_particles", "data_more"))
    with pytest.raises(InputError, match="names volumes .* in data_particles and in data_more; put all particles into"):
        read_picked(path)


def test_an_optimisation_set_without_particles_is_told_from_a_list(tmp_path):
    path = tmp_path / "optimisation_set.star"
    path.write_text("data_\n\n_rlnTomoTomogramsFile tomograms.star\n", encoding="utf-8")
    with pytest.raises(InputError, match="an optimisation set names its particles as _rlnTomoParticlesFile"):
        read_picked(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere.star: there is no such file"):
        read_picked(tmp_path / "nowhere.star")


@pytest.mark.parametrize("old", [False, True])
def test_what_is_written_back_keeps_all_else_and_is_read_by_others(tmp_path, old):
    note = {"rlnMicrographName": ["one", "'two words'", "three"], "rlnCoordinateX": [1, 2, 3]}
    path = tmp_path / "run.star"
    pixels = {f"rlnOrigin{axis}": [1, 2, 3] for axis in "XYZ"}
    path.write_text(
        old_star_text({"rlnImageName": ["a.mrc", "b.mrc", "c.mrc"]} | pixels | note)
        if old
        else star_text(COLUMNS | note)
    )
    rng = np.random.default_rng(2)
    rotations, translations = random_rotations(rng, 2), rng.uniform(-2, 2, (2, 3))
    out = tmp_path / "aligned.star"
    poses = rotations, translations
    write_aligned(out, read_picked(path), [0, 1], poses, 1.25, 24, {"rlnRandomSubset": ["1", "2"]})
    table = {item.loop.tags[0]: item for item in cif.read_file(str(out)).find_block("particles")}["_rlnImageName"].loop
    assert list(table.tags).count("_rlnAngleRot") == 1
    assert not {"_rlnOriginX", "_rlnOriginY"} & set(table.tags)
    again = read_picked(out)
    angles, origins = to_relion(rotations, translations, 1.25)
    assert np.allclose(again.angles, angles, atol=1e-5)
    assert np.allclose(again.origins, origins, atol=1e-5)
    assert (again.images, again.pixel_size, again.box) == (["a.mrc", "b.mrc"], 12.5, 24)
    assert again.tables["particles"]["rlnMicrographName"] == ["one", "two words"]
    if not old:
        assert np.allclose(read_particles(out).rotations, rotations, atol=1e-6)


def test_optics_groups_without_a_table_of_them_get_one(tmp_path):
    path = tmp_path / "run.star"
    path.write_text(old_star_text({"rlnImageName": ["sub_a.mrc", "'data_b.mrc'"], "rlnOpticsGroup": ["0.0", "2"]}))
    write_aligned(tmp_path / "out.star", read_picked(path), [0, 1], STILL, 1.0, 24, {})
    again = read_picked(tmp_path / "out.star")
    assert again.tables["optics"]["rlnOpticsGroup"] == ["1", "2"]
    assert again.images == ["sub_a.mrc", "data_b.mrc"]
    # readers that know no quotes get as few as can be
    text = (tmp_path / "out.star").read_text()
    assert "\nsub_a.mrc 1 " in text
    assert "\n'data_b.mrc' 2 " in text


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8),
        min_size=2,
        max_size=5,
        unique=True,
    )
)
def test_any_text_of_a_column_comes_back(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("any") / "out.star"
    table = {"rlnImageName": [f"{n}.mrc" for n in range(len(texts))], "note": texts}
    path.write_text(table_text("particles", table), encoding="utf-8")
    assume(not any("'" in text and '"' in text for text in texts))
    assert read_picked(path).tables["particles"]["note"] == texts


def test_one_prior_without_the_other_is_no_prior(tmp_path):
    assert read_picked(write(tmp_path, changed(rlnAngleTiltPrior=[90, 90, 90]))).priors is None


@pytest.mark.parametrize("text", ["None", "nan", '""', ".", "?", "<NA>"])
def test_columns_that_are_left_blank_count_as_absent(tmp_path, text):
    blank = [text] * 3
    labels = ("rlnCtfImage", "rlnRandomSubset", "rlnAngleTiltPrior", "rlnAnglePsiPrior", "rlnClassNumber")
    picked = read_picked(write(tmp_path, changed(**dict.fromkeys(labels, blank))))
    assert (picked.ctf_images, picked.subsets, picked.priors) == (None, None, None)


def test_an_optics_group_is_the_same_with_and_without_a_point(tmp_path):
    assert read_picked(write(tmp_path, changed(rlnOpticsGroup=["1.0", "1", "1.000000"]))).pixel_size == 12.5


def test_what_the_list_says_of_premultiplied_data_is_read_for_each_optics_group(tmp_path):
    assert read_picked(write(tmp_path, COLUMNS)).premultiplied is None
    column = {"rlnCtfDataAreCtfPremultiplied": [1, 0, 1]}
    assert read_picked(write(tmp_path, COLUMNS | column)).premultiplied.tolist() == [True, False, True]
    path = write(tmp_path, changed(rlnOpticsGroup=[2, 1, 2]))
    text = path.read_text(encoding="utf-8")
    row = "1 opticsGroup1 300.0 2.7 12.5 24 3"
    assert row in text
    head = "_rlnImageDimensionality #7"
    text = text.replace(head, f"{head}\n_rlnCtfDataAreCtfPremultiplied #8")
    path.write_text(text.replace(row, f"{row} 0\n{row.replace('1', '2', 1)} 1.000000"), encoding="utf-8")
    assert read_picked(path).premultiplied.tolist() == [True, False, True]
    path.write_text(path.read_text(encoding="utf-8").replace("1.000000", "2"), encoding="utf-8")
    with pytest.raises(InputError, match="_rlnCtfDataAreCtfPremultiplied must say 0 or 1"):
        read_picked(path)


def test_the_class_that_is_asked_for_is_taken(tmp_path):
    path = write(tmp_path, changed(rlnClassNumber=[2, 1, "2.0"]))
    picked = read_picked(path, class_number=2)
    assert picked.images == ["a.mrc", "c.mrc"]
    assert picked.rows.tolist() == [0, 2]
    assert picked.angles[:, 0].tolist() == [10.5, 179]
    assert len(picked.translations(1.0)) == 2
    with pytest.raises(InputError, match="holds no particle of class 3, only 1, 2"):
        read_picked(path, class_number=3)
    with pytest.raises(InputError, match="has no column _rlnClassNumber, which particles.class_number: 1 needs"):
        read_picked(write(tmp_path, COLUMNS), class_number=1)


def test_an_optimisation_set_leads_to_its_particles(tmp_path):
    job = tmp_path / "project" / "Extract" / "job007"
    job.mkdir(parents=True)
    write(job, COLUMNS)
    given = job / "optimisation_set.star"
    given.write_text(
        "data_\n\n_rlnTomoParticlesFile Extract/job007/run.star\n"
        "_rlnTomoTomogramsFile Tomograms/job001/tomograms.star\n"
    )
    picked = read_picked(given)
    assert picked.images == ["a.mrc", "b.mrc", "c.mrc"]
    assert (picked.path, picked.set_path) == (str(job / "run.star"), str(given))
    write_optimisation_set(tmp_path / "out.star", picked, "aligned.star")
    table = read_tables(tmp_path / "out.star")[""]
    assert table["rlnTomoParticlesFile"] == [str(Path("aligned.star").absolute())]
    assert table["rlnTomoTomogramsFile"] == ["Tomograms/job001/tomograms.star"]
    given.write_text("data_\n\n_rlnTomoParticlesFile absent.star\n")
    with pytest.raises(InputError, match="absent.star .*is neither in this folder nor beside the optimisation set"):
        read_picked(given)


def test_places_without_volumes_are_told_how_to_get_them(tmp_path):
    places = {"rlnTomoName": ["TS_1", "TS_1"], **{f"rlnCoordinate{axis}": [1, 2] for axis in "XYZ"}}
    with pytest.raises(InputError, match="run.star: lists places in tomograms .* set box .* or extract them"):
        read_picked(write(tmp_path, places))


def aligned_tables(tmp_path, text):
    (tmp_path / "run.star").write_text(text)
    write_aligned(tmp_path / "out.star", read_picked(tmp_path / "run.star"), [0, 1], STILL, 1.25, 24, {})
    return read_tables(tmp_path / "out.star")


def test_optics_of_before_relion_3_1_move_to_groups_of_their_own(tmp_path):
    microscope = {"rlnVoltage": [300, 200], "rlnSphericalAberration": [2.7, 2.0], "rlnAmplitudeContrast": [0.07, 0.1]}
    size = {"rlnMagnification": [10000] * 2, "rlnDetectorPixelSize": [12.5] * 2}
    tables = aligned_tables(tmp_path, old_star_text({"rlnImageName": ["a.mrc", "b.mrc"]} | microscope | size))
    optics, table = tables["optics"], tables["particles"]
    groups = [optics["rlnOpticsGroup"].index(group) for group in table["rlnOpticsGroup"]]
    for label, values in microscope.items():
        assert [float(optics[label][group]) for group in groups] == values
        assert label not in table
    assert not set(size) & set(table)
    assert optics["rlnImagePixelSize"] == ["12.500000"] * 2
    assert optics["rlnImageDimensionality"] == ["3", "3"]


def test_a_list_that_tells_no_voltage_gets_relions_usual_one(tmp_path):
    text = old_star_text({"rlnImageName": ["a.mrc", "b.mrc"]})
    optics = aligned_tables(tmp_path, text)["optics"]
    assert [float(optics[label][0]) for label in ("rlnVoltage", "rlnSphericalAberration")] == [300, 2.7]
    assert without_microscope(read_picked(tmp_path / "run.star"))
    assert not without_microscope(read_picked(write(tmp_path, COLUMNS)))


def test_the_pixel_size_that_was_used_is_written(tmp_path):
    assert aligned_tables(tmp_path, star_text(COLUMNS, pixel=1.0))["optics"]["rlnImagePixelSize"] == ["12.500000"]


def test_columns_about_the_angles_of_a_former_refinement_are_taken_out(tmp_path):
    stale = ("rlnLogLikeliContribution", "rlnMaxValueProbDistribution", "rlnNrOfSignificantSamples")
    columns = COLUMNS | {label: [1, 2, 3] for label in stale} | {"rlnCoordinateX": [4, 5, 6]}
    columns |= {"rlnCenteredCoordinateXAngst": ["1.25", "-2.5", "3"]}
    table = aligned_tables(tmp_path, star_text(columns))["particles"]
    assert not set(stale) & set(table)
    assert table["rlnCoordinateX"] == ["4", "5"]
    assert table["rlnCenteredCoordinateXAngst"] == ["1.25", "-2.5"]


def test_images_are_named_so_that_they_are_found_from_everywhere(tmp_path):
    for name in ("a.mrc", "b.mrcs", "c.mrc"):
        (tmp_path / name).write_bytes(b"")
    names = ["a.mrc", "000002@./b.mrcs", "elsewhere.mrc"]
    table = aligned_tables(tmp_path, star_text(COLUMNS | {"rlnImageName": names, "rlnCtfImage": ["c.mrc"] * 3}))
    assert table["particles"]["rlnImageName"] == [str(tmp_path / "a.mrc"), f"000002@{tmp_path / 'b.mrcs'}"]
    assert table["particles"]["rlnCtfImage"] == [str(tmp_path / "c.mrc")] * 2
