"""Rounds of alignment and averaging of picked particles."""

import numpy as np
import pytest
from five_points import POINTS, density
from picked_files import (
    ALIGNMENT,
    BOX,
    PLACES,
    errors,
    make_particles,
    run_rounds,
    section,
    star_text,
    write_mrc,
)
from scipy.spatial.transform import Rotation

import gradalign.particles.rounds
from gradalign.errors import InputError
from gradalign.particles.memory import chunk_memory_mb, memory_mb
from gradalign.particles.opening import open_particles
from gradalign.particles.results import write_star
from gradalign.particles.star import read_picked
from gradalign.particles.state import load_state, save_state


def test_particles_are_found_from_nothing_but_their_files(picked_run):
    _, truth, entries, state = picked_run
    found = errors(entries, truth)
    assert len(found) == 9
    assert (np.median(found, axis=0) < [2.0, 0.2]).all()
    assert found[:, 0].max() < 10
    assert state.history[:, 0].tolist() == [1, 2]


def test_a_particle_that_cannot_be_used_is_named_and_the_others_go_on(picked_run):
    _, _, entries, state = picked_run
    (failed,) = [entry for entry in entries if entry.failure]
    assert failed.particle == 4
    assert "particle4.mrc: holds NaN" in failed.failure
    assert state.history[:, 2].tolist() == [1, 1]


def test_chunks_change_no_result(picked_run):
    folder, _, entries, state = picked_run
    again, other = run_rounds(section(folder), chunks=3)
    assert again == entries or all(map(same, again, entries))
    assert np.array_equal(other.maps, state.maps)


def same(one, other):
    return all(a == b or (a != a and b != b) for a, b in zip(one, other, strict=True))


def test_half_sets_never_meet(tmp_path):
    make_particles(tmp_path, 6)
    _, first = run_rounds(section(tmp_path), rounds=1)
    entries, _ = open_particles(section(tmp_path), ALIGNMENT, 5, lambda text: None)
    # every particle of half set 2 becomes noise: half map 1 does not change
    rng = np.random.default_rng(0)
    for entry in entries:
        if entry.half == 2:
            write_mrc(entry.image_file, rng.normal(size=(BOX,) * 3))
    _, second = run_rounds(section(tmp_path), rounds=1)
    assert np.array_equal(first.maps[1], second.maps[1])
    assert not np.allclose(first.maps[2], second.maps[2], atol=0.1)


def test_a_state_comes_back_from_its_file(picked_run, tmp_path):
    state = picked_run[3]
    save_state(tmp_path / "state.npz", state)
    again = load_state(tmp_path / "state.npz")
    assert all(
        np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        for a, b in zip(map(np.asarray, state), map(np.asarray, again), strict=True)
    )
    (tmp_path / "state.npz").write_bytes((tmp_path / "state.npz").read_bytes()[:500])
    with pytest.raises(InputError, match="state.npz: holds no complete round"):
        load_state(tmp_path / "state.npz")


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
    entries, _ = open_particles(section(tmp_path), ALIGNMENT, 5, lambda text: None)
    for entry in entries:
        if entry.half == 1:
            write_mrc(entry.image_file, np.full((BOX,) * 3, np.nan))
    with pytest.raises(InputError, match="half set 1 has no particle that could be used: .*holds NaN"):
        run_rounds(section(tmp_path), rounds=1)


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


def test_a_job_asks_for_the_memory_of_its_round_once_that_is_known(picked_run, tmp_path):
    with pytest.raises(FileNotFoundError):
        chunk_memory_mb(tmp_path / "state.npz")
    state = picked_run[3]
    save_state(tmp_path / "state.npz", state)
    band = BOX * state.voxel_size / state.low_pass
    assert chunk_memory_mb(tmp_path / "state.npz") == pytest.approx(memory_mb(BOX, band), abs=1)
    # all rounds, up to the finest
    assert chunk_memory_mb(tmp_path / "state.npz", finest=True) > chunk_memory_mb(tmp_path / "state.npz")
