import numpy as np
import pytest

from gradalign.classes.similarity import groups, similarity
from gradalign.errors import InputError
from gradalign.study.partition import adjusted_rand_index, centred


def matrix_of(labels, apart, seed=0, own=20.0):
    """Return dissimilarities of classes a distance apart: errors of unit size, and a term of each particle's own."""
    rng = np.random.default_rng(seed)
    labels = np.asarray(labels)
    errors = rng.standard_normal((len(labels), len(labels)))
    terms = own * rng.standard_normal(len(labels))
    matrix = apart * (labels[:, None] != labels) + (errors + errors.T) / np.sqrt(2) + terms[:, None] + terms
    np.fill_diagonal(matrix, 0.0)
    return matrix


def test_what_a_particle_has_by_itself_is_taken_off():
    labels = np.repeat([1, 2, 3], 8)
    plain, burdened = centred(matrix_of(labels, 4.0, own=0.0)), centred(matrix_of(labels, 4.0, own=50.0))
    assert np.allclose(plain, burdened)
    assert np.allclose(plain.sum(axis=1), 0.0)


@pytest.mark.parametrize("classes", [1, 2, 3, 5, 8])
def test_the_eigenvalues_tell_how_many_classes_there_are(classes):
    labels = np.repeat(np.arange(classes), 12)
    assert similarity(matrix_of(labels, 6.0)).dimensions == classes - 1


def test_groups_are_the_classes():
    labels = np.repeat(np.arange(4), 12)
    assert adjusted_rand_index(groups(similarity(matrix_of(labels, 6.0)), 4), labels) == 1.0


def test_groups_follow_their_particles_wherever_these_stand():
    labels = np.repeat(np.arange(3), 10)
    matrix = matrix_of(labels, 6.0)
    order = np.random.default_rng(4).permutation(len(labels))
    here = groups(similarity(matrix), 3)
    there = groups(similarity(matrix[np.ix_(order, order)]), 3)
    assert adjusted_rand_index(here[order], there) == 1.0


def test_particles_of_no_group_stay_single():
    # a class of two is none
    labels = np.array([0] * 12 + [1] * 12 + [2] * 2)
    found = groups(similarity(matrix_of(labels, 12.0)), 3, least=4)
    assert (found[-2:] == 0).all()
    assert (found[:-2] > 0).all()


def test_errors_alone_are_no_classes():
    counts = [similarity(matrix_of(np.zeros(30, int), 0.0, seed)).dimensions for seed in range(20)]
    assert max(counts) == 0


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        (np.zeros((2, 2)), "three or more"),
        (np.zeros((3, 4)), "shape"),
        (np.array([[0, 1, 2], [3, 0, 1], [2, 1, 0.0]]), "symmetric"),
        (np.full((3, 3), np.nan), "finite"),
    ],
)
def test_impossible_dissimilarities_are_refused(matrix, words):
    with pytest.raises(InputError, match=words):
        similarity(matrix)
