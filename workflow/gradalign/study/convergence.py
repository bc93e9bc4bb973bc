"""How a search comes to its answer: smallest dissimilarity and distance to the truth, step by step (Figure 3)."""

import numpy as np
import pandas as pd

from gradalign.geometry.rotations import nearest_truth, transform_distance
from gradalign.search.score import load_score

QUARTILES = {"lower": 25.0, "median": 50.0, "upper": 75.0}
"""Percentiles over the pairs, by the ending of their columns."""


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


def summarise_convergence(curves):
    """Return median and quartiles over the pairs after each step; a search that has stopped keeps its last value.

    Parameters
    ----------
    curves : dict of str to list of numpy.ndarray of shape (steps, 2)
        From `follow`, by score.

    Returns
    -------
    pandas.DataFrame
        For each score the steps from 1 to the last of the longest search of all: ``score``, ``step``, ``n`` (pairs),
        ``running`` (searches that took this step), ``excess_lower``, ``excess_median``, ``excess_upper`` and the same
        of ``distance``.
    """
    frames = []
    steps = np.arange(max(len(curve) for each in curves.values() for curve in each))
    for score, each in curves.items():
        lengths = np.array([len(curve) for curve in each])
        # (pair, step, quantity)
        values = np.stack([curve[np.minimum(steps, len(curve) - 1)] for curve in each])
        frame = pd.DataFrame({"score": score, "step": steps + 1, "n": len(each)})
        frame["running"] = (lengths[:, None] > steps).sum(axis=0)
        for quantity, name in enumerate(("excess", "distance")):
            for ending, percentile in QUARTILES.items():
                frame[f"{name}_{ending}"] = np.percentile(values[..., quantity], percentile, axis=0)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)
