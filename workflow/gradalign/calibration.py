"""What the paper leaves open, held against its printed values: alternatives of the protocol, one at a time.

The cells are split into two halves beforehand, the squares of a checkerboard over (tilt range, signal-to-noise
ratio), the same for every score and interval: a choice is made on the first half and judged on the second.
"""

import copy
import json

import numpy as np
import pandas as pd

from gradalign.cells import Cell, number_text
from gradalign.errors import InputError
from gradalign.simulation.dataset import DataSet, Protocol
from gradalign.simulation.microscope import Microscope
from gradalign.simulation.phantom import phantom
from gradalign.statistics import CELL, ERRORS, TABLES, median_and_deviation
from gradalign.study import align_pairs, alignment_settings

BASE = "base"
"""Name of the variant that is the configuration itself."""


def variants(config):
    """Return the configuration and its alternatives, each with one value changed.

    Parameters
    ----------
    config : dict
        A checked configuration; its section ``calibration`` lists the alternatives as
        ``{"alignment.low_pass": [4.0, 5.3]}``.

    Returns
    -------
    list of (str, str, dict)
        Key, value as text, and the configuration that belongs to them; first ``("base", "", config)``.

    Raises
    ------
    InputError
        If the configuration has no such key.
    """
    found = [(BASE, "", config)]
    for key, values in config["calibration"]["alternatives"].items():
        *path, last = key.split(".")
        for value in values:
            changed = copy.deepcopy(config)
            section = changed
            for step in path:
                section = section.get(step) if isinstance(section, dict) else None
            if not isinstance(section, dict) or last not in section:
                raise InputError(f"config: calibration.alternatives.{key}: there is no such key in the configuration")
            if section[last] != value:
                section[last] = type(section[last])(value)
                found.append((key, number_text(value), changed))
    return found


def half_of(config, tilt, snr):
    """Return the half of the checkerboard to which a cell belongs: 1 to fit, 2 to judge.

    Parameters
    ----------
    config : dict
    tilt, snr : float
        A tilt range and a signal-to-noise ratio of the grid.

    Returns
    -------
    int
    """
    return 1 + (config["grid"]["tilt"].index(tilt) + config["grid"]["snr"].index(snr)) % 2


def _simulate(config, tilt, snr, pairs, seed):
    """Return the subtomograms and poses of one cell of the phantom."""
    settings = {name: value for name, value in config["subtomograms"].items() if name != "keep"}
    voxel_size = settings.pop("voxel_size")
    density = phantom(config["phantom"]["size"], config["phantom"]["box"])
    protocol = Protocol(Microscope(**config["microscope"]), **settings)
    data_set = DataSet("phantom", density, voxel_size, tilt, snr, seed, protocol)
    volumes, poses = [], []
    for index in range(2 * pairs):
        volume, *pose = data_set.subtomogram(index)
        volumes.append(volume)
        poses.append(pose)
    return np.array(volumes), data_set.particles(poses, "memory")


def measure(config, tilt, snr):
    """Align the pairs of one (tilt range, SNR) with every variant of the protocol.

    Parameters
    ----------
    config : dict
        A checked configuration.
    tilt, snr : float

    Yields
    ------
    dict
        A line for each variant, score, interval and quantity: the columns of
        `gradalign.statistics.CELL`, ``key``, ``value``, ``half``, ``n``, ``median`` and the mean of ``steps``.
    """
    settings = config["calibration"]
    simulated = {}
    for key, value, changed in variants(config):
        # variants of the aligner alone share their subtomograms
        scene = json.dumps([changed[name] for name in ("phantom", "subtomograms", "microscope")], sort_keys=True)
        if scene not in simulated:
            simulated = {scene: _simulate(changed, tilt, snr, settings["pairs"], settings["seed"])}
        volumes, particles = simulated[scene]
        for score in config["grid"]["score"]:
            for interval in config["grid"]["interval"]:
                rows = list(
                    align_pairs(
                        volumes,
                        particles,
                        range(settings["pairs"]),
                        Cell("phantom", tilt, snr, score, interval),
                        ["full"],
                        "C1",
                        alignment_settings(changed["alignment"]),
                        settings["seed"],
                    )
                )
                for quantity, column in ERRORS.items():
                    yield {
                        "key": key,
                        "value": value,
                        "half": half_of(config, tilt, snr),
                        "table": TABLES["full", quantity],
                        "quantity": quantity,
                        "search": "full",
                        "interval_deg": interval,
                        "score": score,
                        "tilt_deg": tilt,
                        "snr": snr,
                        "n": len(rows),
                        "median": median_and_deviation([float(row[column]) for row in rows])[0],
                        "steps": np.mean([int(row["steps"]) for row in rows]),
                    }


def judge(rows, paper):
    """Return how far each variant is from the printed values.

    Parameters
    ----------
    rows : pandas.DataFrame
        Lines of `measure`, of all cells.
    paper : pandas.DataFrame
        From `gradalign.statistics.read_paper`.

    Returns
    -------
    pandas.DataFrame
        A line for each variant: ``key``, ``value``; ``fit`` and ``judged``, the root mean square of
        log(here/paper) over the noisy cells of the two halves (without noise the printed errors are those of the
        paper's interpolation and numerical derivatives, which the protocol does not set); ``mean_inf``,
        ``mean_1``, ..., its mean at each signal-to-noise ratio; ``worse``, the share of cells over 1.25 times the
        printed value; ``steps``.
    """
    numbers = dict.fromkeys(["interval_deg", "tilt_deg", "snr"], float)
    printed = paper[[*CELL, "median"]].rename(columns={"median": "printed"}).astype(numbers)
    rows = rows.fillna({"value": ""}).astype(numbers | {"value": str}).merge(printed, on=CELL)
    rows["log_ratio"] = np.log(rows["median"] / rows["printed"])
    noisy = np.isfinite(rows.snr)
    lines = []
    for (key, value), group in rows.groupby(["key", "value"], sort=False):
        line = {"key": key, "value": value}
        for name, half in (("fit", 1), ("judged", 2)):
            line[name] = np.sqrt((group.log_ratio[noisy & (group.half == half)] ** 2).mean())
        for snr in sorted(group.snr.unique(), reverse=True):
            line[f"mean_{number_text(snr)}"] = group.log_ratio[group.snr == snr].mean()
        line["worse"] = (group.log_ratio > np.log(1.25)).mean()
        line["steps"] = group.steps.mean()
        lines.append(line)
    return pd.DataFrame(lines)
