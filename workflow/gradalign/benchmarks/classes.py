"""How well classes are found without a reference, on mixtures whose classes are known."""

import time
from typing import NamedTuple

import numpy as np

from gradalign.averaging.fsc import fourier_shell_correlation, resolution
from gradalign.averaging.wedge_average import average
from gradalign.benchmarks.class_cases import COMPLEXES, EIGHT
from gradalign.classes.classify import classify
from gradalign.classes.maps import ClassMap
from gradalign.classes.placing import moved_back, place_map
from gradalign.classes.state import make_plan
from gradalign.scores.signal_model import estimate_model
from gradalign.search.sets import align_to_reference
from gradalign.search.settings import Settings
from gradalign.study.partition import adjusted_rand_index

COLUMNS = (
    "case",
    "snr",
    "seed",
    "particles",
    "objects",
    "classes",
    "adjusted_rand_index",
    "left_out_percent",
    "junk_out_percent",
    "rare_found_percent",
    "resolution_nm",
    "template_resolution_nm",
    "right_hand",
    "cpu_seconds",
)
"""Columns of the table; docs/classes.md says what they hold."""


class Row(NamedTuple):
    """A mixture of the table."""

    objects: dict
    """How many of each object."""
    snr: float
    rare: str = ""
    """Object of which it counts how many end in one class of their own."""
    single: bool = False
    """Whether the average is held against the truth, and against that of the true template."""


def _each(names, count):
    return dict.fromkeys(names, count)


ROWS = {
    "four_complexes_snr_0.5": Row(_each(COMPLEXES, 250), 0.5),
    "four_complexes_snr_0.1": Row(_each(COMPLEXES, 250), 0.1),
    "figure_6": Row(_each(COMPLEXES, 20), 0.5),
    "one_class": Row(_each(EIGHT[1:2], 100), 0.5),
    "two_classes": Row(_each(EIGHT[1:3], 100), 0.5),
    "four_classes": Row(_each(EIGHT[:4], 100), 0.5),
    "eight_classes": Row(_each(EIGHT, 100), 0.5),
    "junk": Row({"rna_polymerase": 300, "noise": 50, "membrane": 40, "neighbour": 40}, 0.5),
    "ring": Row({"groel": 150, "groel_ring": 150}, 0.5),
    "domain": Row({"rna_polymerase": 150, "rna_polymerase_core": 150}, 0.5),
    "single": Row({"rna_polymerase": 200}, 0.5, single=True),
    "rare": Row({"groel": 490, "enolase": 490, "rna_polymerase": 20}, 0.5, rare="rna_polymerase"),
    "noise": Row({"noise": 200}, 0.5),
}
"""The mixtures, by name."""


def measure(name, mixtures, seed, say):
    """Classify a mixture and compare with what was put in.

    Parameters
    ----------
    name : str
        One of `ROWS`.
    mixtures : gradalign.benchmarks.class_cases.Mixtures
    seed : int
        Of the simulation and of the search.
    say : callable
        Takes lines of text.

    Returns
    -------
    dict
        Values of `COLUMNS`; NaN where a column is no question of the mixture.
    """
    row = ROWS[name]
    case = mixtures.case(row.objects, row.snr, seed)
    start = time.process_time()
    found = classify(case.volumes, tilts=60.0, seed=seed, say=say)
    seconds = time.process_time() - start
    real = case.labels >= 0
    values = dict.fromkeys(COLUMNS, np.nan) | {
        "case": name,
        "snr": row.snr,
        "seed": seed,
        "particles": len(case.labels),
        "objects": len(set(case.labels[real].tolist())),
        "classes": len(found.averages),
        "cpu_seconds": seconds,
    }
    if real.any():
        values["adjusted_rand_index"] = adjusted_rand_index(found.labels[real].tolist(), case.labels[real].tolist())
        values["left_out_percent"] = 100.0 * float((found.labels[real] == 0).mean())
    if not real.all():
        values["junk_out_percent"] = 100.0 * _junk_out(found.labels, case.labels)
    if row.rare:
        values["rare_found_percent"] = 100.0 * _rare_found(found.labels, case.labels, list(row.objects).index(row.rare))
    if row.single and len(found.averages):
        truth = mixtures.truth(next(iter(row.objects)), row.snr, seed)
        values |= _against_truth(found, case.volumes, truth)
    return values


def _junk_out(labels, truth):
    """Return the share of the junk that is in no class in which particles are the majority."""
    good = [label for label in set(labels.tolist()) - {0} if (truth[labels == label] >= 0).mean() > 0.5]
    return float((~np.isin(labels[truth < 0], good)).mean())


def _rare_found(labels, truth, rare):
    """Return the largest share of a rare object in one class of which it is the majority."""
    shares = [
        float(((labels == label) & (truth == rare)).sum() / (truth == rare).sum())
        for label in set(labels.tolist()) - {0}
        if (truth[labels == label] == rare).mean() > 0.5
    ]
    return max(shares, default=0.0)


def _against_truth(found, volumes, truth):
    """Return the resolution with the truth of the largest class, and of an average made with the true template."""
    model = estimate_model(volumes[:40], [60.0] * len(volumes[:40]))
    plan = make_plan(model, len(truth), 1.0, 4.0, Settings())
    shells = np.full(len(model.noise), 1e3)

    def placed(volume, onto):
        place = place_map(ClassMap(volume, shells, 100), ClassMap(onto, shells, 100), plan)
        return moved_back(volume, place.rotation, place.translation)

    def reached(volume, onto):
        mask = plan.model.mask
        frequencies, correlations = fourier_shell_correlation(volume * mask, onto * mask)
        return resolution(frequencies, correlations, 0.5, 1.0), float(np.mean(correlations[:8]))

    mine, likeness = reached(placed(found.averages[0], truth), truth)
    mirrored = np.ascontiguousarray(truth[:, :, ::-1])
    _, other = reached(placed(found.averages[0], mirrored), mirrored)
    known = average(volumes, align_to_reference(volumes, truth, tilts=60.0), tilts=60.0).volume
    return {
        "resolution_nm": mine,
        "template_resolution_nm": reached(placed(known, truth), truth)[0],
        "right_hand": likeness > other,
    }
