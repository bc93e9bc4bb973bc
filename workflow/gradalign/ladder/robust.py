"""What an aligner meets on other people's volumes, row by row, and what the likelihood has to reach there.

`ROWS` is the one place where the goals stand. A row that repeats another one under some condition is held against it,
the others against the Cramér–Rao bound.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gradalign.base.medians import median_and_deviation
from gradalign.io.csv_lines import number_text
from gradalign.ladder.climb import bounds, climb, open_site
from gradalign.ladder.contestants import OwnScore
from gradalign.ladder.rungs import Rung
from gradalign.study.columns.ladder import LOST_DEG

COLUMNS = (
    "row",
    "object",
    "condition",
    "task",
    "tilt_deg",
    "snr",
    "score",
    "n",
    "rotation_median_deg",
    "rotation_mad_deg",
    "translation_median_voxel",
    "translation_mad_voxel",
    "lost",
    "bound_rotation_deg",
    "bound_translation_voxel",
    "ratio",
    "regret",
    "cpu_ms",
    "goal",
    "reached",
)
"""Columns of the table; docs/robustness.md says what they hold."""
PAIRS = 48
"""Alignments of each row."""
SCORES = ("likelihood", "rcs", "fcs")
"""Scores whose rows stand beside each other; the goals are the likelihood's."""


@dataclass(frozen=True)
class Goal:
    """What the likelihood has to reach in a row; what is None is not asked for.

    Parameters
    ----------
    ratio : float, optional
        Largest median of the rotation error over its bound.
    error : float, optional
        Largest median of the rotation error, in degrees.
    times : float, optional
        Largest median of the rotation error over that of the row `base`.
    ratio_times : float, optional
        Largest ratio to the bound over that of the row `base`: what the noise's colour takes away is in the bound.
    base : str
        Name of another row.
    lost : float, optional
        Largest share of the alignments that are off by more than `LOST_DEG`.
    regret : float, optional
        Largest share of the alignments that a refinement from the truth betters.
    """

    ratio: float | None = None
    error: float | None = None
    times: float | None = None
    ratio_times: float | None = None
    base: str = ""
    lost: float | None = None
    regret: float | None = None

    def words(self):
        """Return the goal as it stands in the table.

        Returns
        -------
        str
        """
        parts = [
            (self.ratio, f"<= {self.ratio} x bound"),
            (self.error, f"<= {self.error} deg"),
            (self.times, f"<= {self.times} x {self.base}"),
            (self.ratio_times, f"ratio to bound <= {self.ratio_times} x that of {self.base}"),
            (self.lost, f"lost <= {self.lost}"),
            (self.regret, f"regret <= {self.regret}"),
        ]
        return "; ".join(words for value, words in parts if value is not None)


class Row(NamedTuple):
    """One row of the table."""

    name: str
    rung: Rung
    goal: Goal


def _row(name, goal, condition="plain", snr=1.0, item="rna_polymerase", task="pairs", tilt=60.0):
    return Row(name, Rung(item, condition, task, tilt, snr), goal)


AT_BOUND = Goal(ratio=1.5, lost=0.0)
ROWS = (
    _row("SNR 1", AT_BOUND),
    _row("SNR 0.5", AT_BOUND, snr=0.5),
    _row("SNR 0.1", Goal(ratio=1.5, lost=0.02), snr=0.1),
    _row("SNR 0.03", Goal(regret=0.01), snr=0.03),
    _row("GroEL", AT_BOUND, snr=0.5, item="groel"),
    _row("enolase", AT_BOUND, snr=0.5, item="enolase"),
    _row("atomic map, CTF given", Goal(ratio=1.5, lost=0.02), "scaled_map_ctf", 0.2, task="map"),
    _row("atomic map, CTF not given", Goal(error=3.0, lost=0.02), "scaled_map", 0.2, task="map"),
    _row("one neighbour", Goal(times=2.0, base="SNR 1", lost=0.04), "neighbour"),
    _row("two neighbours", Goal(times=3.0, base="SNR 1", lost=0.10), "neighbours_2"),
    _row("two neighbours, 3 nm gap", Goal(times=1.3, base="SNR 1", lost=0.0), "neighbours_2_gap"),
    _row("membrane", Goal(times=1.5, base="SNR 1", lost=0.0), "membrane"),
    _row("gold bead", Goal(times=2.0, base="SNR 1", lost=0.04), "bead"),
    _row("noise 1/k", Goal(ratio_times=1.5, base="SNR 0.5", lost=0.04), "noise_1", 0.5),
    _row("noise 1/k2", Goal(ratio_times=1.5, base="SNR 0.5", lost=0.04), "noise_2", 0.5),
    _row("noise at low k", Goal(lost=0.15), "noise_low", 0.5),
    _row("gain 5", AT_BOUND, "gain"),
    _row("offset 1000", AT_BOUND, "offset"),
    _row("noise of g threefold", Goal(ratio=1.5), "noise_unequal"),
    _row("tilt range 40", Goal(lost=0.05), tilt=40.0),
    _row("shifts to 6 voxels", Goal(lost=0.0), "shifts"),
    _row("48 voxels of 0.7 nm", Goal(lost=0.0), "voxels_0.7"),
    _row("64 voxels of 0.5 nm", Goal(lost=0.0), "voxels_0.5"),
)
"""All rows, those that others are held against before them."""


def measure(row, condition, maps, symmetry, config, pairs=PAIRS):
    """Align the volumes of a row with each score.

    Parameters
    ----------
    row : Row
    condition : gradalign.ladder.rungs.Condition
        The row's.
    maps : dict of (str, bool) to path
        Density maps by object and whether they are fine.
    symmetry : str
        Point group of the object.
    config : dict
        ``seed``, ``microscope`` and ``subtomograms`` of the configuration.
    pairs : int

    Returns
    -------
    list of dict
        A line of `COLUMNS` for each score; the goal is judged later, in `judged`.
    """
    site = open_site(row.rung, condition, maps, config)
    observed = site.observe(row.rung.task, row.rung.snr, pairs)
    bound = bounds(site, row.rung, observed, config["seed"], symmetry)
    # against a reference the signal is known
    kind = "bound" if row.rung.task == "pairs" else "bound_known"
    limits = [float(bound[f"{kind}_{quantity}"]) for quantity in ("rotation", "translation")]
    found = []
    for score in SCORES:
        lines = list(climb(observed, OwnScore(score, "automatic"), row.rung, config["seed"], symmetry))
        angles, shifts, losses, costs = (
            np.array([float(each[name]) for each in lines])
            for name in ("rotation_error_deg", "translation_error_voxel", "search_loss", "cpu_ms")
        )
        medians = [*median_and_deviation(angles), *median_and_deviation(shifts)]
        shares = [(angles > LOST_DEG).mean(), *limits, medians[0] / limits[0], losses.mean()]
        texts = (f"{value:.4g}" for value in (*medians, *shares, np.median(costs)))
        *names, tilt, snr = row.rung
        about = [row.name, *names, number_text(tilt), number_text(snr), score, str(pairs)]
        found.append(dict(zip(COLUMNS, [*about, *texts, "", ""], strict=True)))
    return found


def judged(lines):
    """Return the lines of all rows with the goals and whether the likelihood reached them.

    Parameters
    ----------
    lines : list of dict
        Of `measure`.

    Returns
    -------
    list of dict
    """
    goals = {row.name: row.goal for row in ROWS}
    own = {each["row"]: each for each in lines if each["score"] == SCORES[0]}
    for name, each in own.items():
        each["goal"] = goals[name].words()
        each["reached"] = "yes" if reached(goals[name], each, own.get(goals[name].base)) else "no"
    return lines


def reached(goal, found, base=None):
    """Return whether a row reaches its goal.

    Parameters
    ----------
    goal : Goal
    found : dict
        The row's line.
    base : dict, optional
        The line of the row it is held against.

    Returns
    -------
    bool
        Not if that row was not measured.
    """
    error, ratio = float(found["rotation_median_deg"]), float(found["ratio"])
    limits = [
        (ratio, goal.ratio),
        (error, goal.error),
        (float(found["lost"]), goal.lost),
        (float(found["regret"]), goal.regret),
    ]
    for factor, own, name in ((goal.times, error, "rotation_median_deg"), (goal.ratio_times, ratio, "ratio")):
        if factor is not None:
            limits.append((own, factor * float(base[name]) if base else -1.0))
    return all(value <= limit for value, limit in limits if limit is not None)
