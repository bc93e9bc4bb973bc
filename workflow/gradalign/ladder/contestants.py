"""Who climbs the ladder: each aligner with its settings, and why it is not here where it is missing.

One protocol for all: an aligner gets the volumes, the tilt ranges as they are stated, the voxel size, a seed and what
the condition tells. Nothing is set rung by rung.
"""

import time
from dataclasses import replace
from importlib.util import find_spec

from gradalign.base.randomness import generator
from gradalign.fourier.transfer import read_transfer
from gradalign.geometry.rotations import nearest_truth
from gradalign.ladder.answer import Answer
from gradalign.ladder.relion import Relion
from gradalign.search.exhaustive import scan_pair
from gradalign.search.registry import score_names
from gradalign.search.request import asked
from gradalign.search.score import load_score
from gradalign.search.seeds import free_directions
from gradalign.study.pairs import regret

SCAN_INTERVAL = 15.0
"""Of the scan's rotations, in degrees."""


class OwnScore:
    """One of gradalign's scores with its search.

    Parameters
    ----------
    name : str
    mask : str, optional
        As `gradalign.align_pair` takes it; the score's own way if left out.
    """

    tasks = ("pairs", "map", "average")

    def __init__(self, name, mask=None):
        self.name, self._mask = name, mask
        self._score = load_score(name)

    def missing(self):
        """Return why it cannot take part: empty, for it can."""
        return ""

    def align(self, observed, seed, symmetry):
        """Align all pairs of a rung.

        Parameters
        ----------
        observed : gradalign.ladder.observed.Observed
        seed : int
        symmetry : str
            Point group of the object, which says what is one answer; the truth enters no search.

        Yields
        ------
        Answer
        """
        told = observed.told
        settings = asked(
            self._score, None, told.get("low_pass"), told.get("reach"), observed.voxel_size, observed.fixed[0], "f"
        )
        settings = replace(settings, symmetry=symmetry)
        # of every particle of the rung; a reference has none
        transfer = read_transfer(told["ctf"], size=len(observed.fixed[0])) if "ctf" in told else None
        for number, (f, g) in enumerate(observed.couples):
            start = time.process_time()
            volumes = self._prepared(observed, f, g, settings, transfer)
            rng = generator(seed, "ladder", self.name, number)
            found = self._score.search(*volumes, settings, observed.voxel_size, rng=rng)
            seconds = time.process_time() - start
            truth = nearest_truth(found.rotation, *observed.poses[number], symmetry)
            _, lost = regret(self._score, volumes, found, truth, free_directions(), settings)
            yield Answer(found.rotation, found.translation, seconds, lost, found)

    def _prepared(self, observed, f, g, settings, transfer):
        tilts, transfers = (observed.tilt_fixed, observed.tilt_moving), None
        if transfer is not None:
            f, transfers = transfer.applied(f), [transfer, None]
        models = self._score.estimate([f, g], tilts, settings.alike, self._mask, transfers)
        return tuple(
            self._score.prepare(volume, tilt, settings, observed.voxel_size, model, name)
            for volume, tilt, model, name in zip((f, g), tilts, models, "fg", strict=True)
        )


def _called(observed, seed, aligner, **options):
    for number, (f, g) in enumerate(observed.couples):
        start = time.process_time()
        found = aligner(
            f,
            g,
            tilt_f=observed.tilt_fixed,
            tilt_g=observed.tilt_moving,
            voxel_size=observed.voxel_size,
            seed=number + seed,
            **options,
        )
        yield Answer(found.rotation, found.translation, time.process_time() - start)


class ExhaustiveScan:
    """RCS at every rotation of a grid, nothing refined."""

    name, tasks = "scan", ("pairs", "map", "average")

    def missing(self):
        """Return why it cannot take part: empty, for it can."""
        return ""

    def align(self, observed, seed, symmetry):
        """Align all pairs of a rung, see `OwnScore.align`."""
        yield from _called(observed, seed, scan_pair, interval=SCAN_INTERVAL, low_pass=observed.told.get("low_pass"))


class Acryo:
    """acryo's correlation over a grid of rotations; the wedge of g is not accounted for."""

    name, tasks = "acryo", ("map", "average")

    def missing(self):
        """Return why it cannot take part; empty if it can."""
        return "" if find_spec("acryo") else "acryo is not installed: pip install 'gradalign[acryo]'"

    def align(self, observed, seed, symmetry):
        """Align all pairs of a rung, see `OwnScore.align`."""
        from gradalign.aligners.acryo import align_pair as align_with_acryo

        yield from _called(observed, seed, align_with_acryo)


def contestants(relion):
    """Return all that may take part, installed or not.

    Parameters
    ----------
    relion : str or path
        RELION's settings, see `gradalign.ladder.relion.read_stages`.

    Returns
    -------
    dict of str to object
        By name; each has ``tasks``, ``missing()`` and ``align(observed, seed, symmetry)``.
    """
    every = [*(OwnScore(name) for name in score_names()), ExhaustiveScan(), Acryo(), Relion(relion)]
    return {each.name: each for each in every}
