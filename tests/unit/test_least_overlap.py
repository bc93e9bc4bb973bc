"""RCS and FCS in a search of all rotations: an overlap that is too small is not compared."""

from dataclasses import replace

import numpy as np
import pytest

from gradalign.fourier.spectrum import prepare
from gradalign.geometry.rotations import seed_rotations
from gradalign.search.exhaustive import scan
from gradalign.search.paper_scores import align_spectra
from gradalign.search.score import Start, load_score
from gradalign.search.settings import COARSE_TO_FINE, Settings
from gradalign.simulation.phantom import phantom

TILT = 40.0
ANY, LARGE = Settings(least_overlap=0.0), Settings(least_overlap=0.5)


@pytest.fixture(scope="module")
def pair():
    f = phantom(24, 32)[4:-4, 4:-4, 4:-4]
    g = np.random.default_rng(3).normal(size=f.shape).astype(np.float32)
    return prepare(f, TILT, 5.3, 1.0, 3.0), prepare(g, TILT, 5.3, 1.0, 3.0)


def overlap(pair, rotation):
    """Return the share of f's lattice that g, rotated, has measured as well: by its definition, on its own."""
    fixed, moving = pair
    back = fixed.lattice @ rotation
    return float(((back @ moving.normals[0]) * (back @ moving.normals[1]) <= 0.0).mean())


def search(pair, settings, score="fcs", **start):
    return align_spectra(*pair, score, settings, 1.0, 5, Start(**start))


@pytest.mark.parametrize("kind", ["stochastic", COARSE_TO_FINE])
@pytest.mark.parametrize("score", ["rcs", "fcs"])
def test_an_answer_has_the_smallest_overlap_at_least(pair, score, kind):
    any_overlap, large = (replace(settings, search=kind) for settings in (ANY, LARGE))
    assert overlap(pair, search(pair, any_overlap, score).rotation) < LARGE.least_overlap
    found = search(pair, large, score)
    assert overlap(pair, found.rotation) >= LARGE.least_overlap
    assert np.isfinite(found.dissimilarity)
    assert np.isfinite(found.covariance).all()


def test_where_no_seed_has_the_overlap_all_are_searched(pair):
    found, asked = search(pair, ANY), search(pair, replace(ANY, least_overlap=0.9999))
    assert np.array_equal(found.rotation, asked.rotation)
    assert found.dissimilarity == asked.dissimilarity


def test_about_a_known_axis_and_from_given_rotations_any_overlap_is_compared(pair):
    about = {"surface_f": seed_rotations(60)[20], "surface_g": seed_rotations(60)[70]}
    for start in (about, {"rotations": seed_rotations(60)[::9]}):
        assert np.array_equal(search(pair, ANY, **start).rotation, search(pair, LARGE, **start).rotation)


def test_a_scan_refuses_small_overlaps(pair):
    assert overlap(pair, scan(*pair, "fcs", 30.0, ANY).rotation) < LARGE.least_overlap
    assert overlap(pair, scan(*pair, "fcs", 30.0, LARGE).rotation) >= LARGE.least_overlap


def test_a_seed_of_a_small_overlap_takes_no_step_by_itself(pair):
    ends = load_score("rcs").refine_all_seeds(*pair, 60.0, LARGE, 1.0, 1e-3, 50)
    small = np.array([overlap(pair, rotation) < LARGE.least_overlap for rotation in seed_rotations(60)])
    assert 0 < small.sum() < len(small)
    assert np.array_equal(ends.steps == 0, small)
    assert np.array_equal(np.isinf(ends.candidates.dissimilarities), small)


def test_the_smaller_tilt_range_is_what_an_overlap_is_held_against():
    volumes = np.random.default_rng(4).normal(size=(2, 32, 32, 32)).astype(np.float32)
    narrow, complete = prepare(volumes[0], TILT, 4.0), prepare(volumes[1], 90.0, 4.0)
    for pair in ((narrow, complete), (complete, narrow)):
        ends = load_score("rcs").refine_all_seeds(*pair, 60.0, replace(ANY, least_overlap=0.9), 1.0, 1e-3, 0)
        assert np.isfinite(ends.candidates.dissimilarities).all()


def test_a_search_from_coarse_to_fine_holds_an_overlap_against_the_smaller_range_at_every_limit():
    volumes = np.random.default_rng(4).normal(size=(2, 32, 32, 32)).astype(np.float32)
    narrow, complete = prepare(volumes[0], TILT / 2, 5.3), prepare(volumes[1], 90.0, 5.3)
    deep = replace(ANY, search=COARSE_TO_FINE, least_overlap=0.3)
    for pair in ((narrow, complete), (complete, narrow)):
        found, without = (search(pair, settings) for settings in (deep, replace(deep, least_overlap=0.0)))
        assert found.dissimilarity == without.dissimilarity
        assert np.array_equal(found.path, without.path)


def test_volumes_without_common_frequencies_have_no_answer():
    volumes = np.random.default_rng(5).normal(size=(2, 24, 24, 24)).astype(np.float32)
    fixed, moving = prepare(volumes[0], (20, 21), 8.0), prepare(volumes[1], (60, 61), 8.0)
    for score in ("rcs", "fcs"):
        found = align_spectra(fixed, moving, score, ANY, 1.0, 0, Start(rotations=seed_rotations(60)[7:8]))
        assert found.verdict == "undetermined"
