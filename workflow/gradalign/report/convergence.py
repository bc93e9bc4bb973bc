"""Median and quartiles of the searches that Figure 3 follows."""

import numpy as np
import pandas as pd

QUARTILES = {"lower": 25.0, "median": 50.0, "upper": 75.0}
"""Percentiles over the pairs, by the ending of their columns."""


def summarise_convergence(curves):
    """Return median and quartiles over the pairs after each step; a search that has stopped keeps its last value.

    Parameters
    ----------
    curves : dict of str to list of numpy.ndarray of shape (steps, 2)
        From `gradalign.study.convergence.follow`, by score.

    Returns
    -------
    pandas.DataFrame
        For each score the steps from 1 to the last of the longest search of all: ``score``, ``step``, ``n`` (pairs),
        ``running`` (searches that took this step), ``excess_lower``, ``excess_median``, ``excess_upper`` and
        ``excess_example``, the first pair's, and the same of ``distance``.
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
            frame[f"{name}_example"] = values[0, :, quantity]
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)
