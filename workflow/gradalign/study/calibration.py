"""What the paper leaves open, held against its printed values: alternatives of the protocol, one at a time.

The cells are split into two halves beforehand, the squares of a checkerboard over (tilt range, signal-to-noise
ratio), the same for every score and interval: a choice is made on the first half and judged on the second.
"""

import copy
import json
from itertools import product

import numpy as np

from gradalign.base.medians import median_and_deviation
from gradalign.errors import InputError
from gradalign.io.csv_lines import number_text
from gradalign.search.registry import paper_scores
from gradalign.search.settings import alignment_settings
from gradalign.simulation.dataset import Specimen
from gradalign.simulation.phantom import phantom
from gradalign.study.columns.paper import ERRORS, TABLES
from gradalign.study.conditions import Cell
from gradalign.study.data_sets import simulated_pairs
from gradalign.study.pairs import Subtomograms, align_pairs

BASE = "base"
"""Name of the variant that is the configuration itself."""
BAND_LIMIT = "alignment.low_pass"
"""The key whose alternatives are tried on the complexes too."""


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
                section[last] = float(value) if isinstance(section[last], float) else value
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


def _simulate(config, name, density, symmetry, tilt, snr):
    """Return the calibration's subtomograms of one condition of an object."""
    pairs, seed = config["calibration"]["pairs"], config["calibration"]["seed"]
    specimen = Specimen(name, density, seed, config["microscope"], config["subtomograms"])
    return Subtomograms(*simulated_pairs(specimen.data_set(tilt, snr), pairs), symmetry)


def _align(config, name, tilt, snr, section, scores, simulated):
    """Align the calibration's pairs of one object; the results by score and interval."""
    settings, aligner = config["calibration"], alignment_settings(config["alignment"])
    cells = [Cell(name, tilt, snr, score, interval) for score in scores for interval in section["interval"]]
    found = {}
    for row in align_pairs(simulated, range(settings["pairs"]), cells, ["full"], aligner, settings["seed"]):
        found.setdefault((row["score"], row["interval_deg"]), []).append(row)
    return found


def _median(rows, column):
    return median_and_deviation([float(row[column]) for row in rows])[0]


def measure(config, tilt, snr):
    """Align the pairs of one (tilt range, SNR) with every variant of the protocol and the paper's scores.

    Parameters
    ----------
    config : dict
        A checked configuration.
    tilt, snr : float

    Yields
    ------
    dict
        A line for each variant, score, interval and quantity: the columns of
        `gradalign.study.columns.paper.CELL`, ``key``, ``value``, ``half``, ``n``, ``median`` and the mean of ``steps``.
    """
    scores = paper_scores(config["grid"]["score"])
    simulated = {}
    for key, value, changed in variants(config):
        # variants of the aligner alone share their subtomograms
        scene = json.dumps([changed[name] for name in ("phantom", "subtomograms", "microscope")], sort_keys=True)
        if scene not in simulated:
            density = phantom(changed["phantom"]["size"], changed["phantom"]["box"])
            simulated = {scene: _simulate(changed, "phantom", density, "C1", tilt, snr)}
        rows = _align(changed, "phantom", tilt, snr, config["grid"], scores, simulated[scene])
        for (score, interval), cell in rows.items():
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
                    "n": len(cell),
                    "median": _median(cell, column),
                    "steps": float(np.mean([int(row["steps"]) for row in cell])),
                }


def measure_complex(config, name, density, symmetry):
    """Align pairs of a complex with every variant of the band limit and the paper's scores.

    The paper prints no errors of the complexes: of these variants the one with the smallest errors is the best.

    Parameters
    ----------
    config : dict
        A checked configuration.
    name : str
        The complex.
    density : numpy.ndarray of shape (N, N, N)
        Its map.
    symmetry : str
        Its point group.

    Yields
    ------
    dict
        ``object``, ``low_pass_nm``, ``tilt_deg``, ``snr``, ``score``, ``interval_deg``, ``n`` and the medians
        ``rotation_deg``, ``axis_deg``, ``translation_voxel``.
    """
    section = config["complexes"]
    scores = paper_scores(section["score"])
    for tilt, snr in product(section["tilt"], section["snr"]):
        simulated = _simulate(config, name, density, symmetry, tilt, snr)
        for key, _, changed in variants(config):
            if key not in (BASE, BAND_LIMIT):
                continue
            rows = _align(changed, name, tilt, snr, section, scores, simulated)
            for (score, interval), cell in rows.items():
                yield {
                    "object": name,
                    "low_pass_nm": changed["alignment"]["low_pass"],
                    "tilt_deg": tilt,
                    "snr": snr,
                    "score": score,
                    "interval_deg": interval,
                    "n": len(cell),
                    "rotation_deg": _median(cell, "rotation_error_deg"),
                    "axis_deg": _median(cell, "axis_error_deg"),
                    "translation_voxel": _median(cell, "translation_error_voxel"),
                }
