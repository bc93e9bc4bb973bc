"""What rounds of picked particles leave: STAR file, tables, summary, maps for ChimeraX and the bound."""

import numpy as np
import pandas as pd
from five_points import POINTS, WEIGHTS, density
from gemmi import cif
from picked_files import (
    BOX,
    PIXEL,
    PLACES,
    make_particles,
    particle,
    run_rounds,
    section,
    star_text,
    write_mrc,
)
from scipy.ndimage import affine_transform
from scipy.spatial.transform import Rotation

from gradalign.particles.limits import bound_sentence, known_reference_bound
from gradalign.particles.results import filtered_average, scores_table, summary, write_chimerax, write_star
from gradalign.particles.star import read_picked


def points_by_scipy(path):
    """Where the five points stand in each particle, in voxels: from the STAR file, RELION's rule and SciPy alone."""
    table = cif.read_file(str(path)).find_block("particles")
    angles = ["_rlnAngleRot", "_rlnAngleTilt", "_rlnAnglePsi"]
    origins = ["_rlnOriginXAngst", "_rlnOriginYAngst", "_rlnOriginZAngst"]
    rows = np.array([[float(text) for text in row] for row in table.find([*angles, *origins])])
    turn_back = Rotation.from_euler("ZYZ", rows[:, :3], degrees=True)
    # x_reference = A (x_particle + origin): RELION's angles turn the centred particle onto the reference
    return np.array([a.inv().apply(PLACES) - o / PIXEL for a, o in zip(turn_back, rows[:, 3:], strict=True)])


def test_relions_rule_puts_a_chiral_object_where_the_particles_have_it(picked_run, tmp_path):
    folder, truth, entries, state = picked_run
    write_star(tmp_path / "aligned.star", read_picked(folder / "run.star"), entries, state)
    kept = [entry.particle - 1 for entry in entries if not entry.failure]
    expected = np.array([truth[row][0].apply(PLACES) + truth[row][1] for row in kept])
    distances = np.linalg.norm(points_by_scipy(tmp_path / "aligned.star") - expected, axis=-1)
    assert np.median(distances) < 0.3
    # the mirror image, or the inverse rule, would be far off
    assert np.median(np.linalg.norm(points_by_scipy(tmp_path / "aligned.star") * [1, 1, -1] - expected, axis=-1)) > 2
    assert len(WEIGHTS) == len(POINTS)


def test_the_written_file_starts_a_local_search_that_stays_where_it_is(picked_run, tmp_path):
    folder, _, entries, state = picked_run
    write_star(folder / "again.star", read_picked(folder / "run.star"), entries, state)
    settings = section(folder, star=str(folder / "again.star"), search="local", local_range=10.0)
    settings |= {"low_pass": state.low_pass}
    again, _ = run_rounds(settings, rounds=1)
    kept = [entry for entry in entries if not entry.failure]
    for before, after in zip(kept, again, strict=True):
        assert np.linalg.norm(before.pose[1] - after.pose[1]) < 0.5
    assert np.median([row["start_rotation_deg"] for row in scores_table(again)]) < 3


def test_an_average_shows_the_object_and_its_half_maps_agree(picked_run):
    folder, _, entries, state = picked_run
    truth = density(BOX, PLACES)
    assert np.corrcoef(filtered_average(state).ravel(), truth.ravel())[0, 1] > 0.8
    assert state.shells[2, :3].min() > 0.7
    said = summary(read_picked(folder / "run.star"), entries, state, section(folder))
    assert "9 of 10 particles" in said[0]
    assert any("left_out.csv" in line for line in said)


def test_scores_and_their_change_are_told_for_each_particle(picked_run):
    table = pd.DataFrame(scores_table(picked_run[2]))
    assert table.particle.tolist() == list(range(1, 11))
    usable = table[table.failure == ""]
    assert usable[["dissimilarity", "dissimilarity_change", "rotation_change_deg"]].notna().all().all()


def test_the_command_file_names_maps_that_are_there(picked_run, tmp_path):
    folder, _, _, state = picked_run
    reference = density(BOX, PLACES)
    files, volumes = (tmp_path / "average.mrc", folder / "ref.mrc"), (filtered_average(state), reference)
    write_chimerax(tmp_path / "a.cxc", files, volumes, 1.25, (-150.0, 0.0, 2.5))
    text = (tmp_path / "a.cxc").read_text()
    assert 'open "average.mrc" id 1' in text
    assert f'open "{folder / "ref.mrc"}" id 2' in text
    # whatever their headers say, they lie over each other
    assert all(f"volume #{model} voxelSize 12.5 origin -150,0,2.5" in text for model in (1, 2))


def test_each_particle_has_a_verdict_in_the_table_and_as_numbers_in_the_star_file(picked_run, tmp_path):
    folder, _, entries, state = picked_run
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


def test_what_is_not_known_of_one_particle_is_the_worst_in_the_star_file(picked_run, tmp_path):
    folder, _, entries, state = picked_run
    first, *others = entries
    unjudged = first._replace(probability=np.nan, rotation_sd_deg=np.nan, translation_sd_voxel=np.nan, verdict="")
    write_star(tmp_path / "aligned.star", read_picked(folder / "run.star"), [unjudged, *others], state)
    block = cif.read_file(str(tmp_path / "aligned.star")).find_block("particles")
    labels = ("gradalignProbability", "gradalignRotationSd", "gradalignDetermined")
    assert [float(block.find_values(f"_{label}")[0]) for label in labels] == [0.0, 180.0, 0.0]


def test_the_bound_for_a_known_reference_is_told_and_grows_with_the_noise(picked_run, tmp_path):
    folder, _, entries, state = picked_run
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
