"""Boxes cut out of tomograms: the right voxels, and coordinates that lead back into the tomogram."""

import mrcfile
import numpy as np
import pytest
from gemmi import cif
from picked_files import (
    BINNING,
    BOX,
    EDGES,
    PIXEL,
    errors,
    make_tomograms,
    places_star,
    run_rounds,
    section,
    star_loop,
    write_mrc,
)
from scipy.spatial.transform import Rotation

from gradalign.errors import InputError
from gradalign.particles.boxes import check_input, plan_boxes
from gradalign.particles.cutting import cut_boxes, read_members, write_list
from gradalign.particles.results import write_star
from gradalign.particles.star import read_picked

PIXEL_UNBINNED = PIXEL / BINNING


def asked(picked, **changes):
    """Return the configuration's section for the boxes of the fixture."""
    files = {"star": str(picked.star), "tomograms": str(picked.tomograms)}
    return section(picked.folder, **(files | {"box": BOX} | changes))


def tomograms_star(path, names, **columns):
    table = {"rlnTomoName": names, "rlnTomoTiltSeriesPixelSize": [PIXEL_UNBINNED] * len(names)}
    table |= {"rlnTomoTomogramBinning": [BINNING] * len(names)} | columns
    path.write_text(star_loop("global", table), encoding="utf-8")
    return path


def cut(settings, folder):
    """Cut all boxes of a list, as the workflow's two steps do; return the plan and the settings for the boxes."""
    boxes = plan_boxes(settings, folder)
    folder.mkdir(exist_ok=True)
    files = [folder / f"members~{name}.csv" for name in boxes.folders]
    write_list(boxes, files)
    for name, tomogram, members in zip(boxes.folders, boxes.tomograms, files, strict=True):
        done = cut_boxes(folder / name, tomogram.paths, tomogram.voxel_size, read_members(members), boxes.edge)
        assert len(list(done)) == len(read_members(members))
    return boxes, settings | {"star": boxes.star, "tomograms": "", "box": 0, "binning": 0}


@pytest.fixture(scope="module")
def picked(tmp_path_factory):
    """Two tomograms with eight particles each, which were picked up to two voxels beside where they stand."""
    return make_tomograms(tmp_path_factory.mktemp("picked") / "data")


def places_of(star):
    """Return where a list's particles stand in voxels, by RELION's rule: coordinate - origin / pixel size."""
    block = cif.read(str(star)).find_block("particles")
    columns = [list(map(float, block.find_values(f"_rlnCoordinate{axis}"))) for axis in "XYZ"]
    origins = [list(map(float, block.find_values(f"_rlnOrigin{axis}Angst"))) for axis in "XYZ"]
    return (np.array(columns).T - np.array(origins).T / PIXEL_UNBINNED) / BINNING


def test_what_was_picked_aside_is_centred_by_cutting_again_at_the_aligned_places(picked, tmp_path):
    settings = asked(picked)
    boxes, own = cut(settings, tmp_path / "boxes")
    assert np.abs(places_of(boxes.star) - picked.picks).max() < 1e-4
    entries, state = run_rounds(own, rounds=2)
    write_star(tmp_path / "aligned.star", read_picked(own["star"]), entries, state)
    assert np.linalg.norm(picked.picks - picked.stands, axis=1).min() > 0.4
    assert np.linalg.norm(places_of(tmp_path / "aligned.star") - picked.stands, axis=1).max() < 0.3

    again = settings | {"star": str(tmp_path / "aligned.star"), "tomograms": str(picked.tomograms)}
    boxes, own = cut(again, tmp_path / "again")
    given = read_picked(boxes.star).translations(PIXEL / 10)
    assert np.abs(given).max() <= 0.5 + 1e-6
    centres = np.concatenate([members[:, 1:] for members in boxes.members]) + BOX // 2
    assert np.abs(centres + given - picked.stands).max() < 0.3
    entries, state = run_rounds(own | {"search": "local", "local_range": 10.0}, rounds=1)
    local = [(rotation, rest) for (rotation, _), rest in zip(picked.truth, picked.stands - centres, strict=True)]
    angles, shifts = errors(entries, local).T
    assert np.median(angles) < 3 and np.median(shifts) < 0.2


def test_boxes_hold_the_voxels_around_their_places_and_stand_where_they_stood(picked, tmp_path):
    boxes, _ = cut(asked(picked, box=16), tmp_path / "boxes")
    tomogram = mrcfile.read(picked.tomograms / "TS_02.mrc")
    x, y, z = np.rint(picked.picks[9]).astype(int) - 8
    with mrcfile.open(tmp_path / "boxes" / "TS_02" / "10.mrc") as mrc:
        assert np.array_equal(mrc.data, tomogram[z : z + 16, y : y + 16, x : x + 16])
        assert mrc.voxel_size.x == pytest.approx(PIXEL)
        assert [mrc.header.origin[axis] for axis in "xyz"] == pytest.approx([x * PIXEL, y * PIXEL, z * PIXEL])
    assert boxes.sentence() == "16 boxes of 16³ voxels of 12.5 Å out of 2 tomograms, coordinates in pixels of 6.25 Å."
    listed = read_picked(boxes.star)
    assert listed.images[9] == str(tmp_path / "boxes" / "TS_02" / "10.mrc")
    assert listed.tables["particles"]["rlnTomoParticleName"][9] == "TS_02/10"


def test_tomograms_are_found_in_relions_list_and_halves_are_added(picked, tmp_path):
    volume = mrcfile.read(picked.tomograms / "TS_01.mrc")
    write_mrc(tmp_path / "odd.mrc", 0.25 * volume)
    write_mrc(tmp_path / "even.mrc", 0.75 * volume)
    halves = {"rlnTomoReconstructedTomogramHalf1": ["odd.mrc"], "rlnTomoReconstructedTomogramHalf2": ["even.mrc"]}
    first = picked.picks[:8]
    star = places_star(tmp_path / "picks.star", first, rlnTomoName=["TS_01"] * 8)
    listed = tomograms_star(tmp_path / "tomograms.star", ["TS_01"], **halves)
    cut(section(picked.folder, star=str(star), tomograms=str(listed), box=16), tmp_path / "boxes")
    x, y, z = np.rint(first[2]).astype(int) - 8
    box = mrcfile.read(tmp_path / "boxes" / "TS_01" / "3.mrc")
    assert np.abs(box - volume[z : z + 16, y : y + 16, x : x + 16]).max() < 1e-6


def test_centred_coordinates_of_an_optimisation_set_lead_to_the_same_boxes(picked, tmp_path):
    sizes = {f"rlnTomoSize{axis}": [int(edge * BINNING)] * 2 for axis, edge in zip("XYZ", EDGES, strict=True)}
    files = [f'"{picked.tomograms}/{name}.mrc"' for name in ("TS_01", "TS_02")]
    tomograms_star(tmp_path / "tomograms.star", ["TS_01", "TS_02"], rlnTomoReconstructedTomogram=files, **sizes)
    centred = (picked.picks - EDGES / 2) * PIXEL
    columns = {f"rlnCenteredCoordinate{axis}Angst": list(centred[:, n]) for n, axis in enumerate("XYZ")}
    (tmp_path / "picks.star").write_text(
        star_loop("particles", {"rlnTomoName": picked.names} | columns), encoding="utf-8"
    )
    named = {"rlnTomoParticlesFile": ["picks.star"], "rlnTomoTomogramsFile": ["tomograms.star"]}
    (tmp_path / "set.star").write_text(star_loop("optimisation_set", named), encoding="utf-8")
    boxes, _ = cut(section(picked.folder, star=str(tmp_path / "set.star"), box=BOX), tmp_path / "boxes")
    same = plan_boxes(asked(picked), tmp_path / "same")
    for here, there in zip(boxes.members, same.members, strict=True):
        assert here.tolist() == there.tolist()
    assert boxes.star == str(tmp_path / "boxes" / "optimisation_set.star")
    block = cif.read(read_picked(boxes.star).path).find_block("particles")
    for n, axis in enumerate("XYZ"):
        written = np.array(list(map(float, block.find_values(f"_rlnCenteredCoordinate{axis}Angst"))))
        origins = np.array(list(map(float, block.find_values(f"_rlnOrigin{axis}Angst"))))
        assert np.abs(written - origins - centred[:, n]).max() < 1e-4


def test_a_box_that_leaves_its_tomogram_is_left_out_and_named(picked, tmp_path):
    picks = picked.picks.copy()
    picks[3], picks[12] = [3, 30, 20], [50, 30, EDGES[2] - 11]
    star = places_star(tmp_path / "picks.star", picks, rlnTomoName=picked.names)
    settings = section(picked.folder, star=str(star), tomograms=str(picked.tomograms), box=BOX)
    boxes, own = cut(settings, tmp_path / "boxes")
    assert [row[:2] for row in boxes.left_out] == [(4, "TS_01"), (13, "TS_02")]
    told = (tmp_path / "boxes" / "left_out.csv").read_text().splitlines()
    assert told[1] == "4,TS_01,3,30,20,a box of 24 voxels leaves the tomogram of 112 x 68 x 44"
    assert "2 boxes would leave their tomogram" in boxes.sentence()
    assert len(read_picked(own["star"])) == 14


def test_orientations_of_turned_boxes_become_those_in_the_tomogram(picked, tmp_path):
    rng = np.random.default_rng(5)
    box, own = (rng.uniform([-180, 5, -180], [180, 175, 180], (16, 3)) for _ in range(2))
    shift = rng.uniform(-3, 3, (16, 3))
    columns = {f"rlnTomoSubtomogram{name}": list(box[:, n]) for n, name in enumerate(("Rot", "Tilt", "Psi"))}
    columns |= {f"rlnAngle{name}": list(own[:, n]) for n, name in enumerate(("Rot", "Tilt", "Psi"))}
    columns |= {f"rlnOrigin{axis}Angst": list(shift[:, n]) for n, axis in enumerate("XYZ")}
    star = places_star(tmp_path / "picks.star", picked.picks, rlnTomoName=picked.names, **columns)
    settings = section(picked.folder, star=str(star), tomograms=str(picked.tomograms), box=16)
    boxes, _ = cut(settings, tmp_path / "boxes")
    # RELION: A_subtomogram takes vectors of the box into the tomogram; A = (Rz(rot) Ry(tilt) Rz(psi))^-1
    turned = Rotation.from_euler("ZYZ", box, degrees=True).inv()
    assert np.abs(places_of(boxes.star) - (picked.picks - turned.apply(shift) / PIXEL)).max() < 1e-4
    expected = turned * Rotation.from_euler("ZYZ", own, degrees=True).inv()
    found = Rotation.from_euler("ZYZ", read_picked(boxes.star).angles, degrees=True).inv()
    assert (expected.inv() * found).magnitude().max() < 1e-5
    assert read_picked(boxes.star).box_angles is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"box": 0, "tomograms": ""}, "picks.star: lists places in tomograms .*; set box"),
        ({"box": 0, "tomograms": "."}, "tomograms: is given without box"),
        ({"box": 200}, "box: is a cube of 200 voxels, where 16 to 160 are taken"),
        ({"tomograms": "nowhere"}, "nowhere: there is no such file or folder"),
        ({"tomograms": "empty"}, "picks.star: there is no tomogram TS_01 .* in .*empty"),
        ({"tomograms": "other.star"}, "other.star: has no tomogram TS_02, of which .*; it has TS_01"),
        ({"tomograms": "lost.star"}, "lost.star: lost.mrc, the tomogram TS_01, is neither"),
        ({"binning": 4.0}, "TS_01.mrc: has voxels of 12.5 Å, where the list says 4 times 6.25 Å"),
        ({"binning": 0.1, "voxel_size": 1.25}, "0 of 16 boxes of 24 voxels lie within"),
    ],
)
def test_a_mistake_with_tomograms_is_one_sentence(picked, tmp_path, changes, words):
    (tmp_path / "empty").mkdir()
    file = f'"{picked.tomograms / "TS_01.mrc"}"'
    tomograms_star(tmp_path / "other.star", ["TS_01"], rlnTomoReconstructedTomogram=[file])
    tomograms_star(tmp_path / "lost.star", ["TS_01", "TS_02"], rlnTomoReconstructedTomogram=["lost.mrc", file])
    if changes.get("tomograms"):
        changes = changes | {"tomograms": str(tmp_path / changes["tomograms"])}
    settings = asked(picked, **changes)
    with pytest.raises(InputError, match=words) as caught:
        check_input(settings, tmp_path / "boxes")
    assert "\n" not in str(caught.value)


def test_a_changed_tomogram_or_choice_is_noticed(picked, tmp_path):
    settings = asked(picked)
    first = check_input(settings, tmp_path)[2]
    assert check_input(settings, tmp_path)[2] == first
    assert check_input(settings | {"box": 20}, tmp_path)[2] != first


def test_ctf_volumes_of_boxes_that_were_extracted_otherwise_are_not_taken_for_those_of_the_cut_ones(picked, tmp_path):
    columns = {"rlnTomoName": picked.names, "rlnCtfImage": ["ctf.mrc"] * len(picked.names)}
    star = places_star(tmp_path / "picks.star", picked.picks, **columns)
    settings = section(picked.folder, star=str(star), tomograms=str(picked.tomograms), box=16)
    boxes, _ = cut(settings, tmp_path / "boxes")
    assert read_picked(boxes.star).ctf_images is None
