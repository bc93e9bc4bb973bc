"""Picked particles whose list names CTF volumes with heights and signs."""

import re

import numpy as np
import pytest
from five_points import density
from picked_files import BOX, PLACES, errors, run_rounds, section, star_text, write_mrc
from scipy.spatial.transform import Rotation

from gradalign.averaging.wedge_average import sampler, save_averages
from gradalign.geometry.wedge import measured
from gradalign.particles.entries import Entry, read_entries, write_entries
from gradalign.particles.opening import list_particles
from gradalign.particles.particle_ctf import particle_transfer, summed
from gradalign.particles.reversal import reversal_sentences, reversed_shells
from gradalign.particles.rounds import empty_sums, finish_round, read_entry
from gradalign.particles.star import read_picked
from gradalign.particles.state import State
from gradalign.particles.transfer_check import transfer_ratio, transfer_sentences
from gradalign.search.settings import Alignment

WEDGE, COUNT = (-60.0, 60.0, 90.0), 10


def half_points():
    axis = np.fft.fftfreq(BOX, 1 / BOX)
    z, y, x = np.meshgrid(axis, axis, np.arange(BOX // 2 + 1), indexing="ij")
    return np.stack([x, y, z], axis=-1)


def ctf_volume(first_zero):
    k = np.linalg.norm(half_points(), axis=-1)
    return np.sin(np.pi * (k / first_zero) ** 2 * 0.9 + 0.1 * np.pi) * measured(half_points(), WEDGE)


def write_particles(folder, data, noise=1.0, count=COUNT, zeros=(5.0, 7.0)):
    """Write particles with a CTF each, in the form asked for, their list and a reference; return the truth.

    Those without CTF ("none") and those that are flipped under "absolute" get CTF volumes without signs.
    """
    rng = np.random.default_rng(4)
    write_mrc(folder / "ref.mrc", density(BOX, PLACES))
    truth = []
    for number in range(count):
        rotation, shift = Rotation.random(random_state=rng), rng.uniform(-1.5, 1.5, 3)
        ctf = ctf_volume(rng.uniform(*zeros))
        carried = measured(half_points(), WEDGE) if data == "none" else ctf
        clean = np.fft.rfftn(density(BOX, rotation.apply(PLACES) + shift)) * carried
        spread = noise * np.fft.irfftn(clean, (BOX,) * 3, axes=(0, 1, 2)).std()
        image = clean + np.fft.rfftn(spread * rng.normal(size=(BOX,) * 3)) * measured(half_points(), WEDGE)
        stored = np.abs(ctf) if data in ("none", "absolute") else ctf
        if data in ("flipped", "absolute"):
            image = image * np.sign(ctf)
        if data in ("premultiplied", "pseudo"):
            image = image * ctf
        if data == "pseudo":
            stored = np.concatenate([ctf**2, measured(half_points(), WEDGE)])
        write_mrc(folder / f"particle{number + 1}.mrc", np.fft.irfftn(image, (BOX,) * 3, axes=(0, 1, 2)))
        write_mrc(folder / f"ctf{number + 1}.mrc", stored)
        truth.append((rotation, shift))
    names = [f"particle{number + 1}.mrc" for number in range(count)], [f"ctf{n + 1}.mrc" for n in range(count)]
    columns = {"rlnImageName": names[0], "rlnCtfImage": names[1], "rlnOpticsGroup": [1] * count}
    (folder / "run.star").write_text(star_text(columns), encoding="utf-8")
    return truth


def shell_ratios(volume):
    """Return how high an average stands over the object in each shell, relative to their mean."""
    shell = np.rint(np.linalg.norm(half_points(), axis=-1)).astype(int).ravel()
    own, object_ = np.fft.rfftn(volume).ravel(), np.fft.rfftn(density(BOX, PLACES)).ravel()
    ratio = np.bincount(shell, (own * object_.conj()).real) / np.bincount(shell, abs(object_) ** 2)
    return ratio[2:8] / ratio[2:8].mean()


@pytest.mark.parametrize(
    ("data", "score"),
    [
        ("unflipped", "rcs"),
        ("unflipped", "likelihood"),
        ("flipped", "fcs"),
        ("premultiplied", "rcs"),
        ("pseudo", "rcs"),
    ],
)
def test_particles_with_ctf_volumes_are_found_and_their_average_has_no_ctf(tmp_path, data, score):
    truth = write_particles(tmp_path, data)
    ctf = "auto" if data in ("unflipped", "pseudo") else data
    entries, state = run_rounds(section(tmp_path, ctf=ctf, score=score, low_pass=3.5), rounds=1)
    angles, shifts = errors(entries, truth).T
    assert np.median(angles) < 4 and np.median(shifts) < 0.4
    assert shell_ratios(state.maps[0]) == pytest.approx(1.0, abs=0.3)


@pytest.mark.parametrize("ctf", ["auto", "flipped"])
def test_signs_that_reverse_the_average_are_told(tmp_path, ctf):
    write_particles(tmp_path, "flipped")
    settings = section(tmp_path, ctf=ctf, low_pass=3.5)
    entries, state = run_rounds(settings, rounds=1)
    said = reversal_sentences(entries, state, density(BOX, PLACES), settings)
    assert len(said) == (ctf == "auto")
    if said:
        # the zeros lie at 5 to 7 cycles per box
        coarse, fine = map(float, re.match(r"From ([0-9.]+) to ([0-9.]+) Å", said[0]).groups())
        assert 25 < fine < coarse <= 12.5 * BOX / 5
        assert "set particles.ctf to what these are (flipped" in said[0]


def averaged_at_the_truth(folder, truth, settings):
    """Return the entries and the state after a round that found all particles where they are."""
    entries, _, voxel_size = list_particles(read_picked(settings["star"]), settings, 5)
    state = State.first(density(BOX, PLACES), voxel_size, settings["low_pass"], "full", settings)
    sums, placed = empty_sums(BOX, "C1"), []
    for entry in entries:
        rotation, shift = truth[entry.particle - 1]
        found = Alignment(rotation.as_matrix(), shift, 1.0, 0, np.empty(0), np.empty((0, 12)))
        transfer = particle_transfer(entry, settings["ctf"], BOX)
        added, weights = summed(read_entry(entry, state, settings), transfer)
        sums[str(entry.half)].add(sampler(added), found.rotation, shift, WEDGE, weights)
        angles = dict(zip(("tilt_min_deg", "tilt_max_deg", "tilt_axis_deg"), WEDGE, strict=True))
        placed.append(entry._replace(**angles).placed(found, (np.nan,) * 3))
    save_averages(folder / "sums.npz", sums)
    return placed, finish_round(placed, [folder / "sums.npz"], state, settings)


@pytest.mark.parametrize("snr", [0.5, 0.1])
@pytest.mark.parametrize(
    ("data", "ctf", "told"),
    [
        ("none", "auto", True),
        ("none", "none", False),
        ("absolute", "auto", False),
        ("flipped", "flipped", False),
        ("unflipped", "auto", False),
        ("premultiplied", "premultiplied", False),
    ],
)
def test_ctf_volumes_of_particles_without_a_ctf_are_told(tmp_path, data, ctf, told, snr):
    truth = write_particles(tmp_path, data, noise=snr**-0.5, count=16)
    settings = section(tmp_path, ctf=ctf, low_pass=3.5)
    entries, state = averaged_at_the_truth(tmp_path, truth, settings)
    said = transfer_sentences(entries, state, settings)
    assert len(said) == told
    if told:
        assert "does not vary with the heights of their CTF volumes" in said[0] and "particles.ctf: none" in said[0]


@pytest.mark.parametrize("data", ["none", "absolute"])
def test_one_ctf_for_all_particles_tells_nothing_of_whether_they_carry_it(tmp_path, data):
    truth = write_particles(tmp_path, data, count=16, zeros=(6.0, 6.0))
    settings = section(tmp_path, low_pass=3.5)
    assert not transfer_sentences(*averaged_at_the_truth(tmp_path, truth, settings), settings)


def test_neither_strengths_nor_the_objects_spectrum_decide_whether_signal_follows_heights():
    rng = np.random.default_rng(3)
    heights, squares = rng.uniform(0.0, 1.0, (30, 6)), rng.uniform(5.0, 50.0, (30, 6))
    shown = rng.uniform(0.5, 2.0, (30, 1)) * rng.uniform(0.1, 3.0, 6)
    for carried, sign in ((heights, -1.0), (1.0, 1.0)):
        products = shown * carried * squares + np.sqrt(squares / 2) * rng.normal(size=squares.shape)
        assert sign * transfer_ratio(products, squares, heights, np.ones(6)).sum() > 50
    # weights that all particles share change nothing
    shared = rng.uniform(0.3, 1.0, 6)
    rows = [transfer_ratio(products, squares, heights * weights, np.ones(6)) for weights in (1.0, shared)]
    assert rows[0] == pytest.approx(rows[1], rel=1e-3, abs=1e-2)


def test_shells_are_reversed_where_the_halves_agree_and_two_stand_side_by_side():
    reference = np.random.default_rng(2).normal(size=(16,) * 3)
    shell = np.rint(np.linalg.norm(np.stack(np.meshgrid(*3 * [np.fft.fftfreq(16, 1 / 16)])), axis=0))
    signs = np.where(np.isin(shell, (2, 4, 5, 6)), -1, 1)
    average = np.fft.ifftn(np.fft.fftn(reference) * signs).real
    agreement = np.array([1, 1, 1, 1, 1, 0, 0])
    assert reversed_shells(average, reference, np.ones((16,) * 3), agreement).tolist() == [4, 5]
    assert reversed_shells(average, reference, np.ones((16,) * 3), agreement[:4]).size == 0


def test_heights_are_left_out_where_the_configuration_says_so(tmp_path):
    write_particles(tmp_path, "unflipped")
    _, state = run_rounds(section(tmp_path, ctf="none", low_pass=3.5), rounds=1)
    assert np.ptp(shell_ratios(state.maps[0])) > 1


def test_the_ctf_of_a_turned_box_is_turned_with_it(tmp_path):
    axes = half_points()
    write_mrc(tmp_path / "ctf.mrc", np.exp(-((axes[..., 0] - axes[..., 1]) ** 2) / 40))
    fields = dict.fromkeys(Entry._fields, np.nan) | {"ctf_file": str(tmp_path / "ctf.mrc"), "ctf_number": 0}
    fields |= {"ctf_data": ""}
    turned = Entry(**fields | {"box_phi_deg": 45.0, "box_theta_deg": 0.0, "box_psi_deg": 0.0})
    found = particle_transfer(turned, "auto", BOX).amplitude
    # the box's direction (1, −1, 0), in which it falls, is the tomogram's (1, 0, 0)
    along_x, along_y = found[0, 0, 6], found[0, 6, 0]
    assert along_y > 0.9 * found[0, 0, 0] > 2 * along_x
    assert particle_transfer(turned, "none", BOX) is None


def test_what_the_list_says_of_its_data_counts_unless_the_configuration_says_otherwise(tmp_path):
    write_particles(tmp_path, "premultiplied", count=4)
    columns = {"rlnImageName": [f"particle{n}.mrc" for n in range(1, 5)], "rlnOpticsGroup": [1] * 4}
    columns |= {"rlnCtfImage": [f"ctf{n}.mrc" for n in range(1, 5)], "rlnCtfDataAreCtfPremultiplied": [1, 0, 1, 1]}
    star = tmp_path / "run.star"
    star.write_text(star_text(columns), encoding="utf-8")
    settings = section(tmp_path)
    entries, *_ = list_particles(read_picked(star), settings, 1)
    assert [entry.ctf_data for entry in entries] == ["premultiplied", "", "premultiplied", "premultiplied"]
    told, untold = (particle_transfer(entry, settings["ctf"], BOX) for entry in entries[:2])
    assert told.premultiplied and not untold.premultiplied
    assert np.array_equal(told.factor, particle_transfer(entries[0], "premultiplied", BOX).factor)
    assert not particle_transfer(entries[0], "unflipped", BOX).premultiplied
    write_entries(tmp_path / "entries.csv", entries)
    assert [entry.ctf_data for entry in read_entries(tmp_path / "entries.csv")] == [each.ctf_data for each in entries]
