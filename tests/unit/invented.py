"""Invented alignments whose errors scatter about the paper's medians."""

from pathlib import Path

import numpy as np
import pandas as pd

from gradalign.report.statistics import read_paper

PAPER = read_paper(Path(__file__).parents[2] / "resources" / "paper" / "tables.csv")


BOUNDS = PAPER[["search", "quantity", "tilt_deg", "snr"]].drop_duplicates().assign(bound_known=0.11, bound=0.12)


def alignments(search="full", pairs=9, scale=1.0, seed=0):
    rng = np.random.default_rng(seed)
    frames = []
    cells = PAPER[PAPER.search == search].groupby(["interval_deg", "score", "tilt_deg", "snr"])
    for (interval, score, tilt, snr), cell in cells:
        median = cell.set_index("quantity")["median"]
        frame = pd.DataFrame({"pair": np.arange(pairs)})
        frame["tilt_deg"], frame["snr"], frame["score"], frame["interval_deg"] = tilt, snr, score, interval
        frame["search"] = search
        frame["rotation_error_deg"] = scale * median.rotation_deg * rng.lognormal(0, 0.5, pairs)
        frame["translation_error_voxel"] = scale * median.translation_voxel * rng.lognormal(0, 0.5, pairs)
        frame["axis_error_deg"] = 0.5 * frame.rotation_error_deg
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def one_cell(errors, **columns):
    frame = pd.DataFrame({"rotation_error_deg": errors, "translation_error_voxel": 1.0, "axis_error_deg": 1.0})
    condition = {"search": "full", "interval_deg": 60, "score": "rcs", "tilt_deg": 60, "snr": 0.5} | columns
    return frame.assign(**condition)
