"""The Cramér–Rao bound: its parts against what is simulated, and aligners that attain it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from gradalign.fourier.spectrum import prepare
from gradalign.geometry.rotations import alignment_error, random_rotations, relative_transform
from gradalign.io.mrc import write_volume
from gradalign.scores.evaluation import dissimilarity_at
from gradalign.scores.least_squares import score_number
from gradalign.scores.masks import soft_sphere
from gradalign.search.seeds import free_directions
from gradalign.search.settings import Damping
from gradalign.search.step import unevaluated
from gradalign.search.stochastic import independent_refinement
from gradalign.simulation.dataset import DataSet, Specimen
from gradalign.simulation.microscope import Microscope
from gradalign.simulation.noise import Noise
from gradalign.simulation.phantom import phantom
from gradalign.simulation.protocol import NoiseColour, Protocol
from gradalign.study.bounds import PairBound, data_set_bounds, drawn_errors, signal_power, weights
from gradalign.study.columns.bounds import BOUND_KINDS, BOUNDS

MICROSCOPE = {"voltage": 300, "defocus": -4.0, "spherical_aberration": 2.0, "tilt_step": 1.0}
PROTOCOL = Protocol(Microscope(**MICROSCOPE))


def data_set(tilt, snr, seed=7):
    return DataSet("phantom", phantom(32, 48), 1.0, tilt, snr, seed, PROTOCOL)


def noise_of(simulated):
    return Noise(simulated.noise_scales, PROTOCOL, 1.0)


@pytest.fixture(scope="module")
def signal():
    return data_set(90, np.inf).example()


@pytest.mark.parametrize(
    ("tilt", "protocol"),
    [
        (90, PROTOCOL),
        (60, PROTOCOL),
        (60, replace(PROTOCOL, noise=NoiseColour(exponent=1.0))),
        (60, Protocol(Microscope(**MICROSCOPE | {"defocus": -9.0, "tilt_step": 3.0, "phases": "unflipped"}))),
    ],
)
def test_the_noises_power_is_that_of_simulated_volumes(tilt, protocol):
    simulated = DataSet("phantom", phantom(32, 48), 1.0, tilt, 0.5, 7, protocol)
    volumes = [simulated.simulator.noise(simulated.noise_scales, np.random.default_rng(i)) for i in range(20)]
    # away from the wedge's edge, where the box smears what is measured
    spectra = [prepare(volume, tilt, wedge_guard=0 if tilt == 90 else 3, movable=False) for volume in volumes]
    lattice = spectra[0].lattice
    found = np.mean([(spectrum.values.astype(float) ** 2).sum(axis=0) for spectrum in spectra], axis=0)
    ratio = found / Noise(simulated.noise_scales, protocol, 1.0).power(lattice)
    shells = np.rint(np.linalg.norm(lattice, axis=1)).astype(int)
    means = [ratio[shells == shell].mean() for shell in range(4, 16)]
    assert np.allclose(means, 1.0, atol=0.2)
    across = np.hypot(lattice[:, 0], lattice[:, 2])
    # where the formula's zero is smeared by the box
    assert 0.5 < ratio[across == 0].mean() < 2.0


@given(*3 * [st.floats(1e-3, 1e3)])
def test_an_unknown_signals_weight_is_the_fisher_information_of_a_pair_of_coefficients(s, n, m):
    # of a phase between F and G, ½ tr(C⁻¹C' C⁻¹C') for complex ones without the half, over the power S of ∂s
    covariance = np.array([[s + n, s], [s, s + m]], complex)
    derivative = np.array([[0, 1j * s], [-1j * s, 0]])
    change = np.linalg.solve(covariance, derivative)
    assert weights(n, m, s) * s == pytest.approx(np.trace(change @ change).real, rel=1e-6)


@given(*3 * [st.floats(1e-3, 1e3)])
def test_an_unknown_signal_is_worth_less_than_a_known_one_and_as_much_without_noise(s, n, m):
    assert weights(n, m, s) < weights(n, m)
    assert weights(n, m, 1e9 * (n + m)) == pytest.approx(weights(n, m), rel=1e-6)


def test_information_grows_with_the_tilt_range_and_falls_with_noise(signal):
    poses = (*data_set(60, 1).pose(0), *data_set(60, 1).pose(1))
    found = {}
    for tilt, scale in ((90, 1.0), (60, 1.0), (60, 2.0)):
        noise = Noise((scale, scale), PROTOCOL, 1.0)
        found[tilt, scale] = PairBound(signal, tilt, tilt, noise, noise).information(poses)
    for kind in BOUND_KINDS:
        assert (np.linalg.eigvalsh(found[90, 1.0][kind] - found[60, 1.0][kind]) > 0).all()
    assert np.allclose(found[60, 1.0]["bound_known"], 4 * found[60, 2.0]["bound_known"], rtol=1e-4)
    assert (np.linalg.eigvalsh(found[60, 1.0]["bound_known"] - found[60, 1.0]["bound"]) > 0).all()


@settings(max_examples=20)
@given(st.sampled_from(["C1", "C7", "D7", "D4"]), st.integers(0, 1000), st.floats(1e-3, 0.5))
def test_drawn_errors_are_those_of_the_transforms_drawn(symmetry, seed, spread):
    rng = np.random.default_rng(seed)
    poses = (random_rotations(rng, 1)[0], rng.normal(size=3), random_rotations(rng, 1)[0], rng.normal(size=3))
    root = np.linalg.qr(rng.normal(size=(6, 6)))[0] / spread
    matrix = root @ root.T
    errors = drawn_errors(matrix, np.eye(6), poses, symmetry, np.random.default_rng(1), draws=5)
    draws = np.random.default_rng(1).standard_normal((5, 6))
    values, vectors = np.linalg.eigh(matrix)
    rotation, shift = relative_transform(*poses)
    centre = shift + rotation @ poses[3]
    for draw, error in zip(draws, errors, strict=True):
        change = vectors @ (draw / np.sqrt(values))
        turned = Rotation.from_rotvec(change[:3]).as_matrix() @ rotation
        expected = alignment_error(turned, centre + change[3:] - turned @ poses[3], *poses, symmetry)
        assert error == pytest.approx(expected, abs=1e-4)


def fitted(fixed, moving, weight, truth):
    """Return the rotation vector and the translation by which a weighted least-squares fit misses the truth."""
    root = np.sqrt(weight).astype(np.float32)
    fixed = fixed._replace(values=fixed.values * root, weights=root)
    rotation, shift = truth
    damping = Damping(1e-3, 0.1, 10.0)
    candidates = unevaluated(rotation[None], shift[None], damping)
    candidates.dissimilarities[0] = dissimilarity_at(fixed, moving, "fcs", rotation, shift)
    independent_refinement(fixed, moving, score_number("fcs"), free_directions(), damping, 1e-7, 60, candidates)
    turn = Rotation.from_matrix(candidates.rotations[0] @ rotation.T).as_rotvec()
    return np.concatenate([turn, candidates.translations[0] - shift])


def test_fits_to_a_noise_free_reference_scatter_as_the_bound_says(signal):
    """160 fits of noisy volumes from ±60° at SNR 5: with the signal known a least-squares fit attains the bound."""
    simulated, clean = data_set(60, 5.0), data_set(90, np.inf)
    noise, nothing = noise_of(simulated), Noise((0.0, 0.0), PROTOCOL, 1.0)
    reference = prepare(signal)
    bound = PairBound(signal, 60, 90, noise, nothing)
    squares = []
    for number in range(4):
        pose, shift = simulated.pose(number)
        root = np.linalg.cholesky(bound.information((pose, shift, np.eye(3), np.zeros(3)))["bound_known"])
        volume = clean.simulator.signal(pose, shift)
        misses = []
        for draw in range(40):
            noisy = volume + simulated.simulator.noise(noise.scales, np.random.default_rng([number, draw]))
            fixed = prepare(noisy, 60, movable=False)
            misses.append(fitted(fixed, reference, weights(noise.power(fixed.lattice), 0.0), (pose, shift)))
        squares.append(((misses - np.mean(misses, axis=0)) @ root) ** 2 * 40 / 39)
    squares = np.concatenate(squares)
    # of 160 draws in six directions: 1 ± 0.05
    assert squares.mean() == pytest.approx(1.0, abs=0.15)
    assert np.allclose(squares.mean(axis=0), 1.0, atol=0.4)


def test_aligned_pairs_scatter_as_the_bound_for_an_unknown_signal_says(signal):
    """60 pairs from ±90° at SNR 0.5, from the truth, the noise outside the particle masked away."""
    simulated = data_set(90, 0.5)
    noise = noise_of(simulated)
    bound = PairBound(signal, 90, 90, noise, noise)
    clean, mask = prepare(signal), soft_sphere(32, 14)
    power = signal_power(clean, np.linalg.norm(clean.lattice, axis=1))
    squares = []
    for number in range(60):
        members = [simulated.subtomogram(2 * number + member) for member in (0, 1)]
        poses = tuple(part for _, *pose in members for part in pose)
        rotation, shift = relative_transform(*poses)
        fixed, moving = (prepare(volume * mask) for volume, *_ in members)
        weight = weights(noise.power(fixed.lattice), noise.power(fixed.lattice @ rotation), power)
        miss = fitted(fixed, moving, weight, (rotation, shift))
        # the bound is on where the object stands in f
        miss[3:] += np.cross(miss[:3], rotation @ poses[3])
        squares.append((miss @ np.linalg.cholesky(bound.information(poses)["bound"])) ** 2)
    # 60 draws in six directions: 1 ± 0.075
    assert np.mean(squares) == pytest.approx(1.0, abs=0.2)


def bounds(folder, searches=("full", "axis"), scans=((60, np.inf), (60, 1), (60, 0.25)), pairs=4):
    path = folder / "phantom.mrc"
    write_volume(path, phantom(32, 48), 1.0)
    subtomograms = {"box": 32, "voxel_size": 1.0, "simulation_box": 32, "max_shift": 0.05, "keep": False}
    specimen = Specimen.read("phantom", path, 3, MICROSCOPE, subtomograms)
    lines = data_set_bounds(specimen, "C1", scans, pairs, searches)
    return {tuple(row[name] for name in BOUNDS[1:4]): row for row in lines}


def test_bounds_of_a_data_set(tmp_path):
    rows = bounds(tmp_path)
    assert len(rows) == 3 * 2 * 3
    for (snr, search, quantity), row in rows.items():
        known, unknown = (float(row[kind]) for kind in BOUND_KINDS)
        assert (row["tilt_deg"], row["n"]) == ("60", "4")
        if snr == "inf":
            assert known == unknown == 0
        else:
            assert 0 < known < unknown < 1.5 * known
        if snr == "0.25":
            # half the signal, twice the error, up to what four other pairs make of it
            assert 1.4 < known / float(rows["1", search, quantity]["bound_known"]) < 3
        if search == "axis" and snr != "inf":
            assert known < float(rows[snr, "full", quantity]["bound_known"])
    assert 0.3 < float(rows["1", "full", "rotation_deg"]["bound"]) < 0.6


def test_no_bound_depends_on_what_else_is_computed(tmp_path):
    alone = bounds(tmp_path, ("axis",), ((60, 0.25),))
    together = bounds(tmp_path)
    assert alone
    assert all(row == together[key] for key, row in alone.items())
