import inspect

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import gradalign
from gradalign.base.threads import on_one_thread
from gradalign.geometry.rotations import random_rotations
from gradalign.simulation.phantom import phantom


def threads():
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


def test_matrix_products_take_one_thread_and_afterwards_as_many_as_before():
    with threadpool_limits(2, "blas"):
        before = threads()
        assert on_one_thread(threads)() == {1}
        assert threads() == before


def test_a_failure_leaves_the_threads_as_they_were():
    with threadpool_limits(2, "blas"):
        before = threads()
        with pytest.raises(ZeroDivisionError):
            on_one_thread(lambda: 1 / 0)()
        assert threads() == before


@pytest.mark.parametrize(
    "name", ["align_pair", "align_to_reference", "align_all_pairs", "align_to_references", "classify"]
)
def test_what_aligns_does_so_on_one_thread_and_keeps_its_signature(name):
    function = getattr(gradalign, name)
    assert "settings" in inspect.signature(function).parameters
    assert function.__wrapped__.__name__ == name


def test_the_number_of_threads_changes_no_answer():
    f, g = phantom(16), phantom(16, translation=[1.0, 0.0, 0.0])
    answers = []
    for count in (1, 2):
        with threadpool_limits(count, "blas"):
            answers.append(gradalign.align_pair(f, g, voxel_size=2.0, score="likelihood"))
    assert np.array_equal(answers[0].rotation, answers[1].rotation)
    assert answers[0].dissimilarity == answers[1].dissimilarity


def test_the_number_of_threads_changes_no_average():
    rotations = random_rotations(np.random.default_rng(4), 4)
    volumes = [phantom(32, rotation=rotation) for rotation in rotations]
    found = gradalign.align_to_reference(volumes, phantom(32), tilts=60)
    averages = []
    for count in (1, 2):
        with threadpool_limits(count, "blas"):
            averages.append(gradalign.average(volumes, found, tilts=60).volume)
    assert np.array_equal(*averages)
