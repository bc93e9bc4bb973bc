"""How a search comes to its answer: smallest dissimilarity and distance to the truth, step by step (Figure 3)."""

import numpy as np

from gradalign.geometry.rotations import nearest_truth, transform_distance
from gradalign.search.score import load_score


def follow(pair, found, score, symmetry):
    """Return where a search stood after each of its steps.

    Parameters
    ----------
    pair : gradalign.study.pairs.Pair
    found : gradalign.search.settings.Alignment
    score : str
    symmetry : str
        Point group of the object; the truth is the equivalent one nearest to the search's end.

    Returns
    -------
    numpy.ndarray of shape (steps, 2)
        d, at the finest band limit, where the search stood minus d at the truth; distance (Eq. 12) of the two.
    """
    truth = nearest_truth(found.rotation, *pair.poses, symmetry)
    value, volumes = load_score(score).value, pair.of(score)
    places = [(place[:9].reshape(3, 3), place[9:]) for place in found.path]
    excess = np.array([value(*volumes, *place) for place in places]) - value(*volumes, *truth)
    return np.stack([excess, [transform_distance(*place, *truth) for place in places]], axis=1)
