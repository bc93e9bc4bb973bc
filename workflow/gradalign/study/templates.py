"""Subtomograms, or noise alone, aligned to a template and added up. Subtomogram i belongs to the half set i % 2."""

import numpy as np

from gradalign.averaging.wedge_average import sampler
from gradalign.base.randomness import generator
from gradalign.geometry.rotations import alignment_error, euler_from_rotation, nearest_truth
from gradalign.io.csv_lines import line
from gradalign.search.score import Start, by_preparation, load_score
from gradalign.study.columns.averages import AVERAGES, HALVES


def _noise(data_set, seed, keys):
    rng = generator(seed, "noise alone", *keys)
    return data_set.simulator.noise(data_set.noise_scales, rng)


class TemplateAligner:
    """Aligns single subtomograms of one object to its template with each of some scores.

    Parameters
    ----------
    template : numpy.ndarray of shape (N, N, N)
    symmetry : str
        Point group of the object, for the errors.
    condition : dict
        ``object``, ``tilt``, ``snr``, ``interval`` and ``score``, a list.
    voxel_size : float
        In nm.
    settings : gradalign.search.settings.Settings
    seed : int
        The study's seed.

    Raises
    ------
    InputError
        If the template or a setting is unusable.
    """

    def __init__(self, template, symmetry, condition, voxel_size, settings, seed):
        self.condition, self.symmetry, self.seed = condition, symmetry, seed
        self._template, self._settings, self._voxel_size = template, settings, voxel_size
        self._preparing = by_preparation(condition["score"])
        self._templates = {
            way: self._prepared_template(score, None) for way, score in self._preparing.items() if not score.uses_model
        }

    def _prepared(self, score, volume, tilt, model, name, movable):
        return score.prepare(volume, tilt, self._settings, self._voxel_size, model, name, movable)

    def _prepared_template(self, score, model):
        return self._prepared(score, self._template, 90.0, model, "the template", True)

    def keys(self, index):
        """Return what the random numbers of a subtomogram are keyed by."""
        return (*(self.condition[name] for name in ("object", "tilt", "snr")), index)

    def align(self, volume, kind, index):
        """Align one subtomogram.

        Parameters
        ----------
        volume : numpy.ndarray of shape (N, N, N)
        kind : str
            One of `KINDS`.
        index : int

        Yields
        ------
        (str, gradalign.search.settings.Alignment)
            For each score.

        Raises
        ------
        InputError
            If the volume is unusable.
        """
        tilt = self.condition["tilt"]
        fixed, moving = {}, dict(self._templates)
        for way, score in self._preparing.items():
            own = None
            if score.uses_model:
                # one subtomogram at a time, whatever job it falls to
                own, of_template = score.estimate([volume, self._template], [tilt, 90.0])
                moving[way] = self._prepared_template(score, of_template)
            name = f"subtomogram {index} of {self.condition['object']}"
            fixed[way] = self._prepared(score, volume, tilt, own, name, False)
        interval = self.condition["interval"]
        for score in map(load_score, self.condition["score"]):
            rng = generator(self.seed, "template alignment", kind, score.name, interval, *self.keys(index))
            volumes = (each[score.shared_preparation] for each in (fixed, moving))
            yield score.name, score.search(*volumes, self._settings, self._voxel_size, Start(interval), rng)


def align_to_template(aligner, data_set, kind, indices, averages):
    """Simulate subtomograms, align each to the template with each score and add it to the averages.

    Parameters
    ----------
    aligner : TemplateAligner
    data_set : gradalign.simulation.dataset.DataSet
    kind : str
        One of `KINDS`.
    indices : iterable of int
        Which subtomograms.
    averages : dict of str to gradalign.averaging.wedge_average.WedgeAverage
        From `empty_averages`; changed in place.

    Yields
    ------
    list of dict
        For each subtomogram a line of `AVERAGES` for each score; what noise has not is empty.

    Raises
    ------
    InputError
        If a volume is unusable.
    """
    about = aligner.condition
    for index in indices:
        pose = None
        if kind == "noise":
            volume = _noise(data_set, aligner.seed, aligner.keys(index))
        else:
            volume, *pose = data_set.subtomogram(index)
        transform = sampler(volume)
        lines = []
        for score, found in aligner.align(volume, kind, index):
            average = averages[f"{score}/{HALVES[index % 2]}"]
            average.add(transform, found.rotation, found.translation, about["tilt"])
            condition = (about["object"], kind, index, about["tilt"], about["snr"], score, about["interval"])
            lines.append(line(AVERAGES, [*condition, *_numbers(found, pose, aligner.symmetry)]))
        yield lines


def _numbers(found, pose, symmetry):
    estimate = [*found.euler_zyz.tolist(), *found.translation.tolist()]
    if pose is None:
        comparison = [None] * 9
    else:
        poses = (*pose, np.eye(3), np.zeros(3))
        rotation, translation = nearest_truth(found.rotation, *poses, symmetry)
        comparison = [*euler_from_rotation(rotation).tolist(), *translation.tolist()]
        comparison += alignment_error(found.rotation, found.translation, *poses, symmetry)
    return [*estimate, *comparison, found.dissimilarity, found.iterations]
