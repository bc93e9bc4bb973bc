"""Picked particles before any round: what is read, checked and refused."""

import gzip
import re

import numpy as np
import pytest
from five_points import density
from picked_files import (
    ALIGNMENT,
    BOX,
    PLACES,
    make_particles,
    particle,
    run_rounds,
    section,
    star_text,
    write_mrc,
)
from scipy.spatial.transform import Rotation

from gradalign.errors import InputError
from gradalign.particles.memory import memory_mb
from gradalign.particles.opening import open_particles
from gradalign.particles.reference_checks import check_mask, check_symmetry
from gradalign.particles.sample_checks import clearly_worse


def opened(settings):
    return open_particles(settings, ALIGNMENT, 5, lambda text: None)


def test_half_sets_of_the_file_are_kept(tmp_path):
    make_particles(tmp_path, 4)
    columns = {"rlnImageName": [f"particle{n + 1}.mrc" for n in range(4)], "rlnRandomSubset": [1, 1, 2, 2]}
    (tmp_path / "run.star").write_text(star_text(columns))
    entries, _ = opened(section(tmp_path))
    assert [entry.half for entry in entries] == [1, 1, 2, 2]


def test_half_sets_are_even_where_the_file_has_none(tmp_path):
    make_particles(tmp_path, 9, noise=0.1)
    entries, _ = opened(section(tmp_path))
    assert sorted(entry.half for entry in entries) == [1] * 5 + [2] * 4


def break_reference(folder):
    write_mrc(folder / "ref.mrc", np.ones((32, 32, 32)) * np.arange(32))


def break_pixel(folder):
    write_mrc(folder / "ref.mrc", density(BOX, PLACES), pixel=8.0)


def pack_reference(folder):
    (folder / "ref.mrc").write_bytes(gzip.compress((folder / "ref.mrc").read_bytes())[:2000])


def truncate(folder):
    path = folder / "particle3.mrc"
    path.write_bytes(path.read_bytes()[:-100])


def shrink(folder):
    write_mrc(folder / "particle3.mrc", np.random.default_rng(0).normal(size=(16, 16, 16)))


def remove(folder):
    (folder / "particle3.mrc").unlink()


def other_pixel(folder):
    for number in range(4):
        write_mrc(folder / f"particle{number + 1}.mrc", density(BOX, PLACES), pixel=9.0)


@pytest.mark.parametrize(
    ("harm", "changes", "words"),
    [
        (break_reference, {}, "ref.mrc: the reference is a cube of 32 voxels, where the subtomograms have 24"),
        (break_pixel, {}, "ref.mrc: the reference has voxels of 8 Å, where the subtomograms have 12.5 Å"),
        (pack_reference, {}, "ref.mrc: is no complete MRC file"),
        (truncate, {}, "particle3.mrc: is no complete MRC file"),
        (shrink, {}, "particle3.mrc: has 16 x 16 x 16 voxels, where 24 x 24 x 24 are needed"),
        (remove, {}, "particle3.mrc .*is neither in this folder nor beside the STAR file"),
        (other_pixel, {}, "has voxels of 9 Å, where .*run.star says 12.5 Å; set particles.voxel_size"),
        (None, {"reference": "nowhere.mrc"}, "particles.reference: there is no file nowhere.mrc"),
        (None, {"mask": "nowhere.mrc"}, "particles.mask: there is no file nowhere.mrc"),
        (None, {"search": "local"}, "has no angles .*which particles.search: local"),
        (None, {"search": "axis"}, "has no _rlnAngleTiltPrior"),
        (None, {"wedge": "ctf"}, "has no column _rlnCtfImage"),
        (None, {"wedge": "columns"}, "has no column _gradalignTiltMin"),
        (None, {"mask_radius": 40.0}, "particles.mask_radius: is 40 nm, where the box has room for at most 11.25 nm"),
        (None, {"low_pass": 40.0}, "particles.low_pass: is 40 nm, where at most the box's edge of 30 nm"),
    ],
)
def test_a_mistake_is_one_sentence_before_any_work(tmp_path, harm, changes, words):
    make_particles(tmp_path, 4)
    if harm:
        harm(tmp_path)
    with pytest.raises(InputError, match=words) as caught:
        opened(section(tmp_path, **changes))
    assert "\n" not in str(caught.value)


def test_the_configuration_settles_a_pixel_size_that_disagrees(tmp_path):
    make_particles(tmp_path, 4, noise=0.2)
    for number in range(4):
        path = tmp_path / f"particle{number + 1}.mrc"
        raw = bytearray(path.read_bytes())
        # the header's cell: as if the voxels had 2 A
        raw[40:52] = np.full(3, 2 * BOX, "<f4").tobytes()
        path.write_bytes(raw)
    with pytest.raises(InputError, match="set particles.voxel_size"):
        opened(section(tmp_path))
    entries, _ = run_rounds(section(tmp_path, voxel_size=1.25), rounds=1)
    assert not any(entry.failure for entry in entries)


def test_dark_particles_are_told_from_bright_ones(tmp_path):
    rng = np.random.default_rng(6)
    make_particles(tmp_path, 8)
    for number in range(8):
        rotation = Rotation.random(rng=rng)
        write_mrc(tmp_path / f"particle{number + 1}.mrc", -particle(rotation, np.zeros(3), (-60, 60), rng))
    with pytest.raises(InputError, match="particles.contrast: .*set it to the other of white and dark"):
        opened(section(tmp_path))
    _, state = run_rounds(section(tmp_path, contrast="dark"), rounds=1)
    assert np.corrcoef(state.maps[0].ravel(), density(BOX, PLACES).ravel())[0, 1] > 0.6


def test_the_other_sign_of_the_tilt_angles_is_noticed(tmp_path):
    make_particles(tmp_path, 12, wedge=(-40.0, 60.0, 90.0))
    said = []
    open_particles(section(tmp_path, tilt=[-40, 60]), ALIGNMENT, 5, said.append)
    assert any(line.startswith("sign of the tilt angles: correlates better than the other by") for line in said)
    with pytest.raises(InputError, match=r"particles.tilt: 12 particles .* other sign .* such as \[-40, 60\]"):
        opened(section(tmp_path, tilt=[-60, 40]))


def test_a_reference_of_the_other_hand_is_noticed(tmp_path):
    make_particles(tmp_path, 10)
    said = []
    open_particles(section(tmp_path), ALIGNMENT, 5, said.append)
    assert any(line.startswith("hand of the reference: correlates better than the other by") for line in said)
    write_mrc(tmp_path / "ref.mrc", np.roll(density(BOX, PLACES)[:, :, ::-1], 1, axis=2))
    with pytest.raises(InputError, match="particles.reference: 10 particles .* correlate better with its mirror image"):
        opened(section(tmp_path))


def test_a_reference_without_the_point_group_that_is_asked_for_is_one_sentence(tmp_path):
    make_particles(tmp_path, 2)
    with pytest.raises(InputError, match="particles.symmetry: the reference is not of C3: .* by [-0-9.]+; rotate it"):
        opened(section(tmp_path, symmetry="C3"))
    volume = density(BOX, PLACES)
    assert check_symmetry(volume, "C1", 4.0) is None
    # turned by half a turn about z, and about x, through the centre voxel
    about_z = np.roll(volume[:, ::-1, ::-1], 1, axis=(1, 2))
    twofold = volume + about_z
    assert check_symmetry(twofold, "C2", 4.0) == pytest.approx(1.0, abs=1e-3)
    # an average of few particles: their noise and missing wedge are no reason to refuse it
    frequency = np.fft.fftfreq(BOX)
    noisy = twofold + 5.0 * twofold.std() * np.random.default_rng(0).normal(size=twofold.shape)
    wedge = np.abs(frequency[:, None, None]) <= np.abs(frequency) * np.tan(np.radians(50.0))
    assert check_symmetry(np.fft.ifftn(np.fft.fftn(noisy) * wedge).real, "C2", 4.0) < 0.7
    with pytest.raises(InputError, match="particles.symmetry: the reference is not of D3"):
        check_symmetry(twofold, "D3", 6.0)
    about_x = np.roll(twofold[::-1, ::-1], 1, axis=(0, 1))
    assert check_symmetry(twofold + about_x, "D2", 4.0) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("mask", ["inverted", "beside"])
def test_a_mask_that_leaves_nothing_of_the_reference_is_one_sentence(tmp_path, mask):
    make_particles(tmp_path, 2)
    z, y, x = np.indices((BOX,) * 3) - BOX // 2
    where = x**2 + y**2 + z**2 > 10.5**2 if mask == "inverted" else x + y + z < -1.3 * BOX
    write_mrc(tmp_path / "mask.mrc", where)
    with pytest.raises(InputError, match="mask.mrc: the mask leaves .* % of the reference's squared density"):
        opened(section(tmp_path, mask=str(tmp_path / "mask.mrc")))


def test_a_mask_on_a_small_part_of_the_reference_is_taken(tmp_path):
    volume = np.zeros((48,) * 3)
    volume[8:40, 8:40, 20:28] = 1.0
    z, y, x = np.indices(volume.shape) - 24
    small = x**2 + y**2 + (z - 5) ** 2 < 3.0**2
    left = (volume**2 * small).sum() / (volume**2).sum()
    assert left < 0.02
    check_mask(small.astype(float), volume, "mask.mrc")
    check_mask((0.5 * small), volume, "mask.mrc")
    with pytest.raises(InputError, match="mask.mrc: the mask leaves 0 %"):
        check_mask(((volume == 0) & (x < 0)).astype(float), volume, "mask.mrc")


@pytest.mark.parametrize(("count", "surplus"), [(2, -50.0), (4, -8.0), (8, -4.0), (32, -3.1)])
def test_few_particles_have_to_differ_more_before_a_choice_is_called_wrong(count, surplus):
    assert not clearly_worse(surplus, count, 3.0)
    assert clearly_worse(5.0 * surplus, count, 3.0)


def given_columns(angles, search):
    columns = {"rlnImageName": [f"particle{n + 1}.mrc" for n in range(len(angles))]}
    if search == "axis":
        return columns | {"rlnAngleTiltPrior": angles[:, 1], "rlnAnglePsiPrior": angles[:, 2]}
    return columns | {f"rlnAngle{name}": angles[:, n] for n, name in enumerate(("Rot", "Tilt", "Psi"))}


@pytest.mark.parametrize(
    ("search", "convention", "right"),
    [
        ("local", lambda angles: angles + [3.0, -3.0, 3.0], True),
        ("local", np.radians, False),
        ("local", lambda angles: Rotation.from_euler("ZYZ", angles, degrees=True).inv().as_euler("ZYZ", True), False),
        ("axis", lambda angles: angles, True),
        ("axis", np.radians, False),
    ],
    ids=["local", "local, radians", "local, inverse", "axis", "axis, radians"],
)
def test_orientations_of_another_convention_are_noticed(tmp_path, search, convention, right):
    _, angles, _ = make_particles(tmp_path, 12, seed=3)
    (tmp_path / "run.star").write_text(star_text(given_columns(convention(angles), search)), encoding="utf-8")
    settings, said = section(tmp_path, search=search), []
    if right:
        open_particles(settings, ALIGNMENT, 5, said.append)
        assert any(line.startswith("given orientations: correlate better than random ones by") for line in said)
        assert not any("looks alike" in line for line in said)
    else:
        with pytest.raises(
            InputError, match=f"particles.search: {search}: .* 12 particles .* hardly better than random"
        ):
            open_particles(settings, ALIGNMENT, 5, said.append)


def sphere():
    z, y, x = np.indices((BOX,) * 3) - BOX // 2
    return 1.0 / (1.0 + np.exp(np.sqrt(x**2 + y**2 + z**2) - 5.0))


@pytest.mark.parametrize(
    ("search", "words"),
    [
        ("local", "the given orientations are taken as they are, whatever their convention"),
        ("axis", "it tells no orientation, and what the average shows may be chance alone"),
        ("full", "it tells no orientation, and what the average shows may be chance alone"),
    ],
)
def test_a_reference_that_looks_alike_in_all_orientations_is_told_and_not_refused(tmp_path, search, words):
    _, angles, _ = make_particles(tmp_path, 12, seed=3)
    write_mrc(tmp_path / "ref.mrc", sphere())
    (tmp_path / "run.star").write_text(star_text(given_columns(angles, search)), encoding="utf-8")
    said = []
    entries, _ = open_particles(section(tmp_path, search=search), ALIGNMENT, 5, said.append)
    assert len(entries) == 12
    assert f"The reference looks alike in all orientations up to 50.0 Å: {words}." in said


@pytest.mark.parametrize(
    ("changes", "columns", "words"),
    [
        ({}, False, "Tilt range: -60° to 60° about y, by particles.tilt and tilt_axis."),
        ({"tilt": [-40, 40]}, True, "Tilt ranges: those of the list .*; particles.tilt and tilt_axis are not used"),
        ({"wedge": "range", "tilt": [-50, 50]}, True, "Tilt range: -50° to 50° about y, by particles.tilt"),
    ],
    ids=["range", "columns", "range over columns"],
)
def test_where_the_tilt_ranges_come_from_is_said(tmp_path, changes, columns, words):
    make_particles(tmp_path, 4, noise=0.2)
    if columns:
        ranges = {"gradalignTiltMin": [-60] * 4, "gradalignTiltMax": [60] * 4}
        names = {"rlnImageName": [f"particle{n + 1}.mrc" for n in range(4)]}
        (tmp_path / "run.star").write_text(star_text(names | ranges), encoding="utf-8")
    settings, said = section(tmp_path, **changes), []
    entries, state = open_particles(settings, ALIGNMENT, 5, said.append)
    assert {entry.wedge[0] for entry in entries} == {
        -60.0 if columns and not changes.get("wedge") else settings["tilt"][0]
    }
    assert sum(bool(re.match(words, line)) for line in said) == 1


def test_an_origin_outside_the_box_is_named(tmp_path):
    make_particles(tmp_path, 4)
    columns = {"rlnImageName": [f"particle{n + 1}.mrc" for n in range(4)]}
    columns |= {f"rlnOrigin{axis}Angst": [0, 0, 200, 0] for axis in "XYZ"}
    (tmp_path / "run.star").write_text(star_text(columns))
    with pytest.raises(InputError, match="the origin of row 3 lies outside its box of 300 Å"):
        opened(section(tmp_path))


def test_a_mask_from_a_file_is_checked_and_used(tmp_path):
    make_particles(tmp_path, 4, noise=0.2)
    axis = np.arange(BOX) - BOX // 2
    distance = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2)
    write_mrc(tmp_path / "mask.mrc", distance < 9)
    _, state = opened(section(tmp_path, mask=str(tmp_path / "mask.mrc")))
    assert np.array_equal(state.mask, (distance < 9).astype(np.float32))
    write_mrc(tmp_path / "mask.mrc", 3.0 * (distance < 9))
    with pytest.raises(InputError, match="mask.mrc: the mask reaches from 0 to 3, not 0 to 1"):
        opened(section(tmp_path, mask=str(tmp_path / "mask.mrc")))


def test_memory_is_told_before_the_work_for_large_boxes_and_covers_the_grids():
    # of the aligner's grid alone at Nyquist's frequency: two float32 a point
    reach = 2 * 79 + 2
    assert memory_mb(160, 79) > (reach + 2) * (2 * reach + 1) ** 2 * 8 / 1e6
    assert memory_mb(32, 6) < memory_mb(96, 18) < memory_mb(160, 30) < memory_mb(160, 79)


def test_each_particle_may_have_a_tilt_range_of_its_own(tmp_path):
    make_particles(tmp_path, 4, noise=0.2)
    columns = {"rlnImageName": [f"particle{n + 1}.mrc" for n in range(4)]}
    columns |= {
        "gradalignTiltMin": [-60, -50, -40, -60],
        "gradalignTiltMax": [60] * 4,
        "gradalignTiltAxis": [90, 90, 85, 0],
    }
    (tmp_path / "run.star").write_text(star_text(columns))
    entries, _ = opened(section(tmp_path))
    assert [entry.wedge for entry in entries] == [(-60, 60, 90), (-50, 60, 90), (-40, 60, 85), (-60, 60, 0)]
    columns["gradalignTiltMin"][2] = 70
    (tmp_path / "run.star").write_text(star_text(columns))
    with pytest.raises(InputError, match="row 3: tilt range .70, 60. is impossible"):
        opened(section(tmp_path))
