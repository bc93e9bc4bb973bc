"""RCS and FCS searched from coarse to fine in place of the paper's way."""

import numpy as np
import pytest
from test_scores import LOW_PASS, noisy_pair

from gradalign.errors import InputError
from gradalign.fourier.spectrum import prepare
from gradalign.geometry.rotations import alignment_error
from gradalign.search.paper_scores import align_spectra
from gradalign.search.settings import COARSE_TO_FINE, Settings

both_scores = pytest.mark.parametrize("score", ["rcs", "fcs"])
DEEP = Settings(search=COARSE_TO_FINE, low_pass=LOW_PASS, alike=True)


def spectra(seed, noise, tilt=60):
    volumes, poses, shifts = noisy_pair(seed, noise=noise, size=24)
    return [prepare(volume, tilt, LOW_PASS) for volume in volumes], poses, shifts


@both_scores
def test_a_search_from_coarse_to_fine_finds_the_particle_and_draws_nothing(score):
    pair, poses, shifts = spectra(1, 0.0)
    found, again = (align_spectra(*pair, score, DEEP, seed=seed) for seed in (0, 1))
    assert alignment_error(found.rotation, found.translation, poses[0], shifts[0], poses[1], shifts[1])[0] < 5.0
    np.testing.assert_array_equal(found.rotation, again.rotation)
    assert found.trace.shape == (found.iterations,)
    np.testing.assert_array_equal(found.path[-1, :9].reshape(3, 3), found.rotation)
    assert found.trace[-1] == found.dissimilarity


@both_scores
def test_it_ends_as_low_as_the_papers_search(score):
    for seed in range(2, 6):
        pair, *_ = spectra(seed, 0.4)
        usual, deep = (align_spectra(*pair, score, each) for each in (Settings(low_pass=LOW_PASS, alike=True), DEEP))
        assert deep.dissimilarity <= 1.02 * usual.dissimilarity  # RCS has optima a hundredth apart within a degree


def test_a_search_that_is_not_known_is_refused():
    pair, *_ = spectra(1, 0.0)
    with pytest.raises(InputError, match="search: is 'greedy', where 'stochastic' or 'coarse to fine' is needed"):
        align_spectra(*pair, "rcs", Settings(search="greedy"))
