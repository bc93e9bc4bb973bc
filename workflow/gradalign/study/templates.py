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


def align_to_template(data_set, kind, indices, cell, reference, symmetry, settings, seed, averages):
    """Simulate subtomograms, align each to the template with each score and add it to the averages.

    Parameters
    ----------
    data_set : gradalign.simulation.dataset.DataSet
    kind : str
        One of `KINDS`.
    indices : iterable of int
        Which subtomograms.
    cell : dict
        ``object``, ``tilt``, ``snr``, ``interval`` and ``score``, a list.
    reference : numpy.ndarray of shape (N, N, N)
    symmetry : str
        Point group of the object, for the errors.
    settings : gradalign.search.settings.Settings
    seed : int
        The study's seed.
    averages : dict of str to gradalign.averaging.wedge_average.WedgeAverage
        From `empty_averages`; changed in place.

    Yields
    ------
    list of dict
        For each subtomogram a line of `AVERAGES` for each score; what noise has not is empty.

    Raises
    ------
    InputError
        If a volume or setting is unusable.
    """
    voxel_size = data_set.voxel_size
    preparing = by_preparation(cell["score"])

    def prepared(score, volume, tilt, model, name, movable):
        return score.prepare(volume, tilt, settings, voxel_size, model, name, movable)

    templates = {
        kind: prepared(score, reference, 90.0, None, "the template", True)
        for kind, score in preparing.items()
        if not score.uses_model
    }
    for index in indices:
        keys = (cell["object"], cell["tilt"], cell["snr"], index)
        pose = None
        if kind == "noise":
            volume = _noise(data_set, seed, keys)
        else:
            volume, *pose = data_set.subtomogram(index)
        what = f"subtomogram {index} of {cell['object']}"
        fixed, moving = {}, dict(templates)
        for way, score in preparing.items():
            own = None
            if score.uses_model:
                # one subtomogram at a time, whatever job it falls to
                own, of_template = score.estimate([volume, reference], [cell["tilt"], 90.0])
                moving[way] = prepared(score, reference, 90.0, of_template, "the template", True)
            fixed[way] = prepared(score, volume, cell["tilt"], own, what, False)
        transform = sampler(volume)
        lines = []
        for score in map(load_score, cell["score"]):
            rng = generator(seed, "template alignment", kind, score.name, cell["interval"], *keys)
            volumes = (each[score.shared_preparation] for each in (fixed, moving))
            found = score.search(*volumes, settings, voxel_size, Start(cell["interval"]), rng)
            average = averages[f"{score.name}/{HALVES[index % 2]}"]
            average.add(transform, found.rotation, found.translation, cell["tilt"])
            condition = (cell["object"], kind, index, cell["tilt"], cell["snr"], score.name, cell["interval"])
            lines.append(line(AVERAGES, [*condition, *_numbers(found, pose, symmetry)]))
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
