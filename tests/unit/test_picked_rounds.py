import gzip

import numpy as np
import pandas as pd
import pytest
from five_points import POINTS, WEIGHTS, density
from gemmi import cif
from picked_files import (
    ALIGNMENT,
    BOX,
    PIXEL,
    PLACES,
    errors,
    make_particles,
    particle,
    run_rounds,
    section,
    star_text,
    write_mrc,
)
from scipy.ndimage import affine_transform
from scipy.spatial.transform import Rotation

import gradalign.particles.rounds
from gradalign.errors import InputError
from gradalign.particles.limits import bound_sentence, known_reference_bound
from gradalign.particles.memory import chunk_memory_mb, memory_mb
from gradalign.particles.opening import open_particles
from gradalign.particles.results import filtered_average, scores_table, summary, write_chimerax, write_star
from gradalign.particles.star import read_picked
from gradalign.particles.state import load_state, save_state


def opened(settings):
    return open_particles(settings, ALIGNMENT, 5, lambda text: None)


@pytest.fixture(scope="module")
def aligned(tmp_path_factory):
    """A run of two rounds over ten particles of which one is NaN: folder, truth, entries, state."""
    folder = tmp_path_factory.mktemp("picked")
    truth, _, _ = make_particles(folder, 10)
    bad = np.full((BOX,) * 3, np.nan, np.float32)
    write_mrc(folder / "particle4.mrc", bad)
    entries, state = run_rounds(section(folder))
    return folder, truth, entries, state


def test_particles_are_found_from_nothing_but_their_files(aligned):
    _, truth, entries, state = aligned
    found = errors(entries, truth)
    assert len(found) == 9
    assert (np.median(found, axis=0) < [2.0, 0.2]).all()
    assert found[:, 0].max() < 10
    assert state.history[:, 0].tolist() == [1, 2]


def test_a_particle_that_cannot_be_used_is_named_and_the_others_go_on(aligned):
    _, _, entries, state = aligned
    (failed,) = [entry for entry in entries if entry.failure]
    assert failed.particle == 4
    assert "particle4.mrc: holds NaN" in failed.failure
    assert state.history[:, 2].tolist() == [1, 1]


def points_by_scipy(path):
    """Where the five points stand in each particle, in voxels: from the STAR file, RELION's rule and SciPy alone."""
    table = cif.read_file(str(path)).find_block("particles")
    angles = ["_rlnAngleRot", "_rlnAngleTilt", "_rlnAnglePsi"]
    origins = ["_rlnOriginXAngst", "_rlnOriginYAngst", "_rlnOriginZAngst"]
    rows = np.array([[float(text) for text in row] for row in table.find([*angles, *origins])])
    turn_back = Rotation.from_euler("ZYZ", rows[:, :3], degrees=True)
    # x_reference = A (x_particle + origin): RELION's angles turn the centred particle onto the reference
    return np.array([a.inv().apply(PLACES) - o / PIXEL for a, o in zip(turn_back, rows[:, 3:], strict=True)])


def test_relions_rule_puts_a_chiral_object_where_the_particles_have_it(aligned, tmp_path):
    folder, truth, entries, state = aligned
    write_star(tmp_path / "aligned.star", read_picked(folder / "run.star"), entries, state)
    kept = [entry.particle - 1 for entry in entries if not entry.failure]
    expected = np.array([truth[row][0].apply(PLACES) + truth[row][1] for row in kept])
    distances = np.linalg.norm(points_by_scipy(tmp_path / "aligned.star") - expected, axis=-1)
    assert np.median(distances) < 0.3
    # the mirror image, or the inverse rule, would be far off
    assert np.median(np.linalg.norm(points_by_scipy(tmp_path / "aligned.star") * [1, 1, -1] - expected, axis=-1)) > 2
    assert len(WEIGHTS) == len(POINTS)


def test_the_written_file_starts_a_local_search_that_stays_where_it_is(aligned, tmp_path):
    folder, _, entries, state = aligned
    write_star(folder / "again.star", read_picked(folder / "run.star"), entries, state)
    settings = section(folder, star=str(folder / "again.star"), search="local", local_range=10.0)
    settings |= {"low_pass": state.low_pass}
    again, _ = run_rounds(settings, rounds=1)
    kept = [entry for entry in entries if not entry.failure]
    for before, after in zip(kept, again, strict=True):
        assert np.linalg.norm(before.pose[1] - after.pose[1]) < 0.5
    assert np.median([row["start_rotation_deg"] for row in scores_table(again)]) < 3


def test_an_average_shows_the_object_and_its_half_maps_agree(aligned):
    _, _, entries, state = aligned
    truth = density(BOX, PLACES)
    assert np.corrcoef(filtered_average(state).ravel(), truth.ravel())[0, 1] > 0.8
    assert state.shells[2, :3].min() > 0.7
    assert "9 of 10 particles" in summary(picked_of(aligned), entries, state, section_of(aligned))[0]
    assert any("left_out.csv" in line for line in summary(picked_of(aligned), entries, state, section_of(aligned)))


def section_of(aligned):
    return section(aligned[0])


def picked_of(aligned):
    return read_picked(aligned[0] / "run.star")


def test_scores_and_their_change_are_told_for_each_particle(aligned):
    table = pd.DataFrame(scores_table(aligned[2]))
    assert table.particle.tolist() == list(range(1, 11))
    usable = table[table.failure == ""]
    assert usable[["dissimilarity", "dissimilarity_change", "rotation_change_deg"]].notna().all().all()


def test_chunks_change_no_result(aligned):
    folder, _, entries, state = aligned
    again, other = run_rounds(section(folder), chunks=3)
    assert again == entries or all(map(same, again, entries))
    assert np.array_equal(other.maps, state.maps)


def same(one, other):
    return all(a == b or (a != a and b != b) for a, b in zip(one, other, strict=True))


def test_half_sets_never_meet(tmp_path):
    make_particles(tmp_path, 6)
    _, first = run_rounds(section(tmp_path), rounds=1)
    entries, _ = opened(section(tmp_path))
    # every particle of half set 2 becomes noise: half map 1 does not change
    rng = np.random.default_rng(0)
    for entry in entries:
        if entry.half == 2:
            write_mrc(entry.image_file, rng.normal(size=(BOX,) * 3))
    _, second = run_rounds(section(tmp_path), rounds=1)
    assert np.array_equal(first.maps[1], second.maps[1])
    assert not np.allclose(first.maps[2], second.maps[2], atol=0.1)


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


def test_a_state_comes_back_from_its_file(aligned, tmp_path):
    state = aligned[3]
    save_state(tmp_path / "state.npz", state)
    again = load_state(tmp_path / "state.npz")
    assert all(
        np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        for a, b in zip(map(np.asarray, state), map(np.asarray, again), strict=True)
    )
    (tmp_path / "state.npz").write_bytes((tmp_path / "state.npz").read_bytes()[:500])
    with pytest.raises(InputError, match="state.npz: holds no complete round"):
        load_state(tmp_path / "state.npz")


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


@pytest.mark.parametrize("axis", ["x", "25"])
def test_a_tilt_axis_of_the_configuration_is_the_one_used(tmp_path, axis):
    angle = 0.0 if axis == "x" else 25.0
    truth, _, _ = make_particles(tmp_path, 6, wedge=(-50.0, 60.0, angle))
    entries, _ = run_rounds(section(tmp_path, tilt=[-50.0, 60.0], tilt_axis=axis), rounds=1)
    assert entries[0].wedge == (-50.0, 60.0, angle)
    assert np.median(errors(entries, truth)[:, 0]) < 3


def test_wedges_come_from_ctf_volumes_and_one_that_is_none_names_its_particle(tmp_path):
    from test_ctf_wedge import ctf_volume

    make_particles(tmp_path, 5, noise=0.5)
    names = [f"particle{n + 1}.mrc" for n in range(5)]
    for number in range(5):
        write_mrc(tmp_path / f"ctf{number}.mrc", ctf_volume(BOX, (-60, 60, 90), half=number % 2))
    write_mrc(tmp_path / "ctf3.mrc", ctf_volume(BOX, (-60, 60, 90)) * ctf_volume(BOX, (-60, 60, 0)))
    (tmp_path / "run.star").write_text(
        star_text({"rlnImageName": names, "rlnCtfImage": [f"ctf{n}.mrc" for n in range(5)]})
    )
    entries, _ = run_rounds(section(tmp_path), rounds=1)
    assert [bool(entry.failure) for entry in entries] == [False, False, False, True, False]
    assert "ctf3.mrc: measures no single wedge" in entries[3].failure
    assert np.allclose(entries[0].wedge, (-60, 60, 90), atol=3)


@pytest.mark.parametrize("box", [16, 17, 31])
def test_boxes_even_and_odd_are_taken(tmp_path, box):
    rng = np.random.default_rng(3)
    places = POINTS * box / 32
    names, truth = [], []
    for number in range(4):
        rotation = Rotation.random(rng=rng)
        volume = density(box, rotation.apply(places)) + 0.05 * rng.normal(size=(box,) * 3)
        write_mrc(tmp_path / f"{number}.mrc", volume)
        names.append(f"{number}.mrc")
        truth.append((rotation, np.zeros(3)))
    write_mrc(tmp_path / "ref.mrc", density(box, places))
    (tmp_path / "run.star").write_text(star_text({"rlnImageName": names}, box=box))
    entries, state = run_rounds(section(tmp_path, tilt=[-90.0, 90.0]), rounds=1)
    assert np.median(errors(entries, truth), axis=0).tolist() < [4.0, 0.3]
    assert state.maps.shape == (3, box, box, box)


def test_symmetry_is_that_of_the_average(tmp_path):
    rng = np.random.default_rng(3)
    places = np.concatenate([PLACES * [-1, -1, 1], PLACES])
    object_places = Rotation.identity().apply(places)
    names = []
    for number in range(6):
        rotation = Rotation.random(rng=rng)
        volume = sum(density(BOX, rotation.apply(half)) for half in np.split(object_places, 2))
        write_mrc(tmp_path / f"{number}.mrc", volume + 0.3 * rng.normal(size=volume.shape))
        names.append(f"{number}.mrc")
    write_mrc(tmp_path / "ref.mrc", sum(density(BOX, half) for half in np.split(object_places, 2)))
    (tmp_path / "run.star").write_text(star_text({"rlnImageName": names}))
    _, state = run_rounds(section(tmp_path, symmetry="C2", tilt=[-90.0, 90.0]), rounds=1)
    inside = state.maps[0][1:, 1:, 1:]
    turned = inside[:, ::-1, ::-1]
    assert np.corrcoef(inside.ravel(), turned.ravel())[0, 1] > 0.99


def test_all_particles_of_a_half_set_gone_is_one_sentence(tmp_path):
    make_particles(tmp_path, 4, noise=0.1)
    entries, _ = opened(section(tmp_path))
    for entry in entries:
        if entry.half == 1:
            write_mrc(entry.image_file, np.full((BOX,) * 3, np.nan))
    with pytest.raises(InputError, match="half set 1 has no particle that could be used: .*holds NaN"):
        run_rounds(section(tmp_path), rounds=1)


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


def test_the_other_sign_of_the_tilt_angles_is_noticed(tmp_path):
    make_particles(tmp_path, 12, wedge=(-40.0, 60.0, 90.0))
    said = []
    open_particles(section(tmp_path, tilt=[-40, 60]), ALIGNMENT, 5, said.append)
    assert any(line.startswith("sign of the tilt angles: correlates better than the other by") for line in said)
    with pytest.raises(InputError, match=r"particles.tilt: 12 particles .* other sign .* such as \[-40, 60\]"):
        opened(section(tmp_path, tilt=[-60, 40]))


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


def test_the_command_file_names_maps_that_are_there(aligned, tmp_path):
    folder, _, _, state = aligned
    reference = density(BOX, PLACES)
    files, volumes = (tmp_path / "average.mrc", folder / "ref.mrc"), (filtered_average(state), reference)
    write_chimerax(tmp_path / "a.cxc", files, volumes, 1.25, (-150.0, 0.0, 2.5))
    text = (tmp_path / "a.cxc").read_text()
    assert 'open "average.mrc" id 1' in text
    assert f'open "{folder / "ref.mrc"}" id 2' in text
    # whatever their headers say, they lie over each other
    assert all(f"volume #{model} voxelSize 12.5 origin -150,0,2.5" in text for model in (1, 2))


def test_a_fault_of_the_program_with_one_particle_is_kept_to_that_particle(tmp_path, monkeypatch):
    make_particles(tmp_path, 6, noise=0.5)

    def failing(entry, *others):
        if entry.particle == 3:
            raise ZeroDivisionError("three")
        return align(entry, *others)

    align = gradalign.particles.rounds._align_entry
    monkeypatch.setattr(gradalign.particles.rounds, "_align_entry", failing)
    entries, state = run_rounds(section(tmp_path), rounds=2)
    assert [entry.failure for entry in entries if entry.failure] == [
        f"{tmp_path}/particle3.mrc: ZeroDivisionError: three"
    ]
    assert state.history[:, 1].tolist() == [5, 5]


def test_rounds_end_when_the_particles_stay_and_the_band_no_longer_grows(tmp_path):
    make_particles(tmp_path, 8, noise=0.3)
    settings = section(tmp_path, low_pass=5.0, angle_tolerance=1.0, shift_tolerance=0.2)
    entries, state = run_rounds(settings, rounds=1)
    # one round tells of no change
    assert not state.converged
    _, state = run_rounds(settings, rounds=3)
    assert state.converged
    _, state = run_rounds(settings | {"angle_tolerance": 0.0}, rounds=2)
    assert not state.converged


@pytest.mark.parametrize("score", ["fcs", "likelihood"])
def test_rounds_go_with_each_score(tmp_path, score):
    truth, _, _ = make_particles(tmp_path, 8)
    entries, state = run_rounds(section(tmp_path, score=score))
    assert (np.median(errors(entries, truth), axis=0) < [3.0, 0.25]).all()
    assert (state.spectra.size > 0) == (score == "likelihood")
    again, other = run_rounds(section(tmp_path, score=score), chunks=3)
    assert all(map(same, again, entries))
    assert np.array_equal(other.maps, state.maps)


def test_each_particle_has_a_verdict_in_the_table_and_as_numbers_in_the_star_file(aligned, tmp_path):
    folder, _, entries, state = aligned
    table = pd.DataFrame(scores_table(entries))
    judged = table[table.failure == ""]
    assert set(judged.verdict) <= {"determined", "undetermined"}
    assert judged.probability.between(0, 1).all()
    assert (judged[["rotation_sd_deg", "translation_sd_voxel"]] > 0).all().all()
    assert table[table.failure != ""].verdict.tolist() == [""]
    # of the scores the likelihood alone expects a value
    assert judged.excess.isna().all()
    write_star(tmp_path / "aligned.star", read_picked(folder / "run.star"), entries, state)
    block = cif.read_file(str(tmp_path / "aligned.star")).find_block("particles")

    def numbers(label):
        return np.array([float(text) for text in block.find_values(f"_{label}")])

    assert np.allclose(numbers("gradalignProbability"), judged.probability, rtol=1e-5)
    assert np.allclose(numbers("gradalignRotationSd"), judged.rotation_sd_deg, rtol=1e-5)
    assert np.allclose(numbers("gradalignTranslationSdAngst"), judged.translation_sd_voxel * PIXEL, rtol=1e-5)
    assert (numbers("gradalignDetermined") == (judged.verdict == "determined")).all()
    assert len(numbers("gradalignExcess")) == 0
    # RELION selects by columns that it knows
    for ours, theirs in (
        ("gradalignProbability", "rlnMaxValueProbDistribution"),
        ("gradalignRotationSd", "rlnAccuracyRotations"),
        ("gradalignTranslationSdAngst", "rlnAccuracyTranslationsAngst"),
    ):
        assert (numbers(ours) == numbers(theirs)).all()


def test_what_is_not_known_of_one_particle_is_the_worst_in_the_star_file(aligned, tmp_path):
    folder, _, entries, state = aligned
    first, *others = entries
    unjudged = first._replace(probability=np.nan, rotation_sd_deg=np.nan, translation_sd_voxel=np.nan, verdict="")
    write_star(tmp_path / "aligned.star", read_picked(folder / "run.star"), [unjudged, *others], state)
    block = cif.read_file(str(tmp_path / "aligned.star")).find_block("particles")
    labels = ("gradalignProbability", "gradalignRotationSd", "gradalignDetermined")
    assert [float(block.find_values(f"_{label}")[0]) for label in labels] == [0.0, 180.0, 0.0]


def test_the_bound_for_a_known_reference_is_told_and_grows_with_the_noise(aligned, tmp_path):
    folder, _, entries, state = aligned
    angle, shift = known_reference_bound(entries, state, section(folder), 5)
    assert 0 < angle < 5
    assert 0 < shift < 0.5
    assert f"{angle:.2f}°" in bound_sentence((angle, shift))
    make_particles(tmp_path, 10, noise=2.0)
    noisier = [entry._replace(image_file=str(tmp_path / f"particle{entry.particle}.mrc")) for entry in entries]
    assert known_reference_bound(noisier, state, section(tmp_path), 5)[0] > 1.2 * angle
    empty = state._replace(shells=np.zeros_like(state.shells))
    assert "No bound" in bound_sentence(known_reference_bound(entries, empty, section(folder), 5))


def test_noise_alone_is_told_to_hold_nothing_beyond_the_reference(tmp_path):
    make_particles(tmp_path, 10, noise=0.3)
    rng = np.random.default_rng(11)
    for number in range(10):
        write_mrc(tmp_path / f"particle{number + 1}.mrc", rng.normal(size=(BOX,) * 3))
    entries, state = run_rounds(section(tmp_path))
    said = summary(read_picked(tmp_path / "run.star"), entries, state, section(tmp_path))
    resolution = state.history[-1, 4]
    assert np.isnan(resolution) or resolution >= state.initial_low_pass
    assert any("the reference's own" in line or "no common structure" in line for line in said)


def test_memory_is_told_before_the_work_for_large_boxes_and_covers_the_grids():
    # of the aligner's grid alone at Nyquist's frequency: two float32 a point
    reach = 2 * 79 + 2
    assert memory_mb(160, 79) > (reach + 2) * (2 * reach + 1) ** 2 * 8 / 1e6
    assert memory_mb(32, 6) < memory_mb(96, 18) < memory_mb(160, 30) < memory_mb(160, 79)


def test_priors_in_the_file_lead_to_a_search_about_their_axis(tmp_path):
    truth, angles, _ = make_particles(tmp_path, 6)
    columns = {"rlnImageName": [f"particle{n + 1}.mrc" for n in range(6)]}
    columns |= {"rlnAngleTiltPrior": angles[:, 1], "rlnAnglePsiPrior": angles[:, 2]}
    (tmp_path / "run.star").write_text(star_text(columns))
    entries, state = run_rounds(section(tmp_path), rounds=1)
    assert state.search == "axis"
    found = errors(entries, truth)
    assert found[:, 0].max() < 5
    # tilt and psi stay those of the prior
    write_star(tmp_path / "aligned.star", read_picked(tmp_path / "run.star"), entries, state)
    assert np.allclose(read_picked(tmp_path / "aligned.star").angles[:, 1:], angles[:, 1:], atol=1e-3)


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


def test_a_job_asks_for_the_memory_of_its_round_once_that_is_known(aligned, tmp_path):
    with pytest.raises(FileNotFoundError):
        chunk_memory_mb(tmp_path / "state.npz")
    state = aligned[3]
    save_state(tmp_path / "state.npz", state)
    band = BOX * state.voxel_size / state.low_pass
    assert chunk_memory_mb(tmp_path / "state.npz") == pytest.approx(memory_mb(BOX, band), abs=1)


def test_boxes_that_are_turned_against_their_tomogram_end_where_they_were_put(tmp_path):
    """RELION 4: A = A_subtomogram A_particle, and the origin is turned by A_subtomogram."""
    rng = np.random.default_rng(4)
    write_mrc(tmp_path / "ref.mrc", density(BOX, PLACES))
    boxes, poses = [], []
    for number in range(6):
        relion = rng.uniform([-180, 5, -180], [180, 175, 180], (2, 3))
        box, own = (Rotation.from_euler("ZYZ", angles, degrees=True).inv() for angles in relion)
        shift = rng.uniform(-1.5, 1.5, 3)
        # made in the tomogram's axes with its wedge, then cut out along those of the box
        straight = particle(box * own, box.apply(shift), (-60.0, 60.0, 90.0), rng, 0.3)
        write_mrc(tmp_path / f"particle{number + 1}.mrc", turned_into(straight, box))
        boxes.append(relion[0])
        poses.append((own, shift))
    columns = {"rlnImageName": [f"particle{n + 1}.mrc" for n in range(6)]}
    labels = ("rlnTomoSubtomogramRot", "rlnTomoSubtomogramTilt", "rlnTomoSubtomogramPsi")
    columns |= {label: [angles[i] for angles in boxes] for i, label in enumerate(labels)}
    (tmp_path / "run.star").write_text(star_text(columns))
    entries, state = run_rounds(section(tmp_path), rounds=2)
    write_star(tmp_path / "aligned.star", read_picked(tmp_path / "run.star"), entries, state)
    expected = np.array([own.apply(PLACES) + shift for own, shift in poses])
    found = points_by_scipy(tmp_path / "aligned.star")
    assert np.median(np.linalg.norm(found - expected, axis=-1)) < 0.5
    # and they start from there
    settings = section(tmp_path, star=str(tmp_path / "aligned.star"), search="local", low_pass=state.low_pass)
    again, _ = run_rounds(settings, rounds=1)
    assert np.median([row["start_rotation_deg"] for row in scores_table(again)]) < 3


def turned_into(volume, box):
    """Return a volume of the tomogram's axes along those of a box, by SciPy alone."""
    matrix = box.as_matrix()[::-1, ::-1]
    centre = np.full(3, BOX // 2)
    return affine_transform(volume, matrix, centre - matrix @ centre, order=5)
