import numpy as np
import pytest
from searched import noisy_pairs

from gradalign.geometry.rotations import relative_transform, rotation_from_euler, transform_distance
from gradalign.report.convergence import summarise_convergence
from gradalign.scores.evaluation import dissimilarity_at
from gradalign.search.settings import Settings
from gradalign.study.conditions import Cell
from gradalign.study.convergence import follow
from gradalign.study.pairs import prepared_pairs, search_pair


def followed(symmetry="C1", score="rcs"):
    pair = next(prepared_pairs(*noisy_pairs(), [1], [Cell("phantom", 90.0, 1.0, "rcs", 60.0)], Settings()))
    found = search_pair(pair, Cell("phantom", 90.0, 1.0, score, 60.0), "full", Settings(), 1.0, 3)
    return pair, found, follow(pair, found, score, symmetry)


@pytest.mark.parametrize("score", ["rcs", "fcs"])
def test_a_curve_ends_at_the_answer_and_never_rises(score):
    pair, found, curve = followed(score=score)
    truth = relative_transform(*pair.poses)
    assert curve.shape == (found.iterations, 2)
    excess = found.dissimilarity - dissimilarity_at(*pair.of(score), score, *truth)
    assert curve[-1, 0] == pytest.approx(excess, rel=1e-6, abs=1e-6)
    # noise makes another transform fit better than the true one
    assert curve[-1, 0] < 0 < curve[0, 0]
    assert (np.diff(curve[:, 0]) <= 0).all()
    assert curve[-1, 1] == pytest.approx(transform_distance(found.rotation, found.translation, *truth))
    assert curve[-1, 1] < 0.5 < curve[0, 1]


def test_the_truth_is_the_equivalent_one_nearest_to_the_end():
    pair, found, curve = followed()
    # the same pair with the object of f turned by half about its axis, which under C2 is no other pose
    turned = pair._replace(poses=(pair.poses[0] @ rotation_from_euler(180, 0, 0), *pair.poses[1:]))
    assert np.allclose(follow(turned, found, "rcs", "C2")[:, 1], curve[:, 1])
    assert not np.allclose(follow(turned, found, "rcs", "C1")[:, 1], curve[:, 1])


def test_medians_and_quartiles_take_stopped_searches_at_their_last_value():
    curves = {
        "rcs": [np.array([[4.0, 40.0], [1.0, 10.0]]), np.array([[8.0, 80.0]]), np.array([[6.0, 60.0], [3.0, 30.0]])],
        "fcs": [np.array([[2.0, 20.0], [1.0, 10.0], [0.0, 5.0]])],
    }
    rows = summarise_convergence(curves)
    rcs = rows[rows.score == "rcs"]
    # all scores go on to the last step of the longest search
    assert rcs.step.tolist() == [1, 2, 3]
    assert rcs.n.tolist() == [3, 3, 3]
    assert rcs.running.tolist() == [3, 2, 0]
    assert rcs.excess_median.tolist() == [6.0, 3.0, 3.0]
    assert rcs.excess_lower.tolist() == [5.0, 2.0, 2.0]
    assert rcs.excess_upper.tolist() == [7.0, 5.5, 5.5]
    assert rcs.distance_median.tolist() == [60.0, 30.0, 30.0]
    assert rows[rows.score == "fcs"].excess_median.tolist() == [2.0, 1.0, 0.0]
