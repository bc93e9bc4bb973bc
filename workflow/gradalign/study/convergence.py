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
        Smallest d minus d at the truth; distance (Eq. 12) from the truth of the transform with the smallest d.
    """
    truth = nearest_truth(found.rotation, *pair.poses, symmetry)
    excess = found.trace - load_score(score).value(*pair.of(score), *truth)
    distance = [transform_distance(place[:9].reshape(3, 3), place[9:], *truth) for place in found.path]
    return np.stack([excess, distance], axis=1)
