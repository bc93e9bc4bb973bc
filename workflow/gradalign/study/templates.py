"""What the study does with whole sets of subtomograms: align them to a template and average them.

A template is what a perfect average would be: the noise-free reconstruction of the object in standard pose from ±90°,
with the study's contrast transfer and detector, on the scale of the data. Subtomogram i belongs to the half set i % 2.
"""

from dataclasses import replace

import numpy as np

from gradalign.averaging.wedge_average import WedgeAverage, sampler
from gradalign.base.randomness import generator
from gradalign.errors import InputError
from gradalign.geometry.rotations import alignment_error, euler_from_rotation, nearest_truth
from gradalign.io.csv_lines import line
from gradalign.io.mrc import read_volume
from gradalign.io.star import join_particles
from gradalign.search.score import Start, by_preparation, load_score
from gradalign.simulation.dataset import configured_data_set
from gradalign.study.columns import AVERAGES, HALVES, OBJECT_COLUMN


def open_data_set(name, density_path, tilt, snr, seed, microscope, subtomograms):
    """Return a data set from the sections of the configuration.

    Parameters
    ----------
    name : str
        The object.
    density_path : str or path
        Its density map.
    tilt, snr : float
    seed : int
        The study's seed.
    microscope, subtomograms : dict
        Sections of the configuration.

    Returns
    -------
    gradalign.simulation.dataset.DataSet

    Raises
    ------
    InputError
        If the map or a setting is unusable.
    """
    density, _ = read_volume(density_path)
    return configured_data_set(name, density, tilt, snr, seed, microscope, subtomograms)


def template(name, density_path, seed, microscope, subtomograms):
    """Return the template of an object.

    Parameters
    ----------
    name, density_path, seed, microscope, subtomograms
        As of `open_data_set`.

    Returns
    -------
    numpy.ndarray of shape (box, box, box), float32
        Density [z, y, x].

    Raises
    ------
    InputError
        As `open_data_set`.
    """
    return open_data_set(name, density_path, 90.0, np.inf, seed, microscope, subtomograms).example()


def empty_averages(reference, scores):
    """Return the averages of one set of subtomograms before any is added.

    Parameters
    ----------
    reference : numpy.ndarray of shape (N, N, N)
        The template, which sets the scale.
    scores : list of str

    Returns
    -------
    dict of str to gradalign.averaging.wedge_average.WedgeAverage
        ``"rcs/even"``, ``"rcs/odd"``, ...
    """
    scale = float(np.abs(reference).max())
    return {f"{score}/{half}": WedgeAverage(len(reference), scale) for score in scores for half in HALVES}


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
    if any(score.uses_model for score in preparing.values()):
        raise InputError("averages: score: one that learns from a set of volumes cannot align them one by one")
    moving = {
        kind: score.prepare(reference, 90.0, settings, voxel_size, name="the template")
        for kind, score in preparing.items()
    }
    for index in indices:
        keys = (cell["object"], cell["tilt"], cell["snr"], index)
        pose = None
        if kind == "noise":
            volume = _noise(data_set, seed, keys)
        else:
            volume, *pose = data_set.subtomogram(index)
        what = f"subtomogram {index} of {cell['object']}"
        fixed = {
            kind: score.prepare(volume, cell["tilt"], settings, voxel_size, name=what, movable=False)
            for kind, score in preparing.items()
        }
        transform = sampler(volume)
        lines = []
        for score in map(load_score, cell["score"]):
            rng = generator(seed, "template alignment", kind, score.name, cell["interval"], *keys)
            volumes = (prepared[score.shared_preparation] for prepared in (fixed, moving))
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


def mixture(data_sets, count):
    """Simulate the first subtomograms of some data sets, one data set after the other.

    Parameters
    ----------
    data_sets : list of gradalign.simulation.dataset.DataSet
    count : int
        Of each.

    Yields
    ------
    volume : numpy.ndarray of shape (box, box, box), float32
    pose : (numpy.ndarray of shape (3, 3), numpy.ndarray of shape (3,))
    """
    for data_set in data_sets:
        for index in range(count):
            volume, *pose = data_set.subtomogram(index)
            yield volume, tuple(pose)


def mixture_particles(data_sets, names, poses, image_path):
    """Describe the subtomograms of `mixture` for a STAR file.

    Parameters
    ----------
    data_sets : list of gradalign.simulation.dataset.DataSet
    names : list of str
        Their objects.
    poses : list of (rotation, translation)
        In the order of `mixture`.
    image_path : str
        The stack that holds the subtomograms in this order.

    Returns
    -------
    gradalign.io.star.Particles
        With the object as a column.
    """
    count = len(poses) // len(data_sets)
    parts = []
    for place, (data_set, name) in enumerate(zip(data_sets, names, strict=True)):
        part = data_set.particles(poses[place * count : (place + 1) * count], image_path)
        # no pairs here: each subtomogram meets all others
        columns = {key: texts for key, texts in part.columns.items() if key not in ("gradalignPair", "gradalignMember")}
        images = [f"{place * count + index + 1:06d}@{image_path}" for index in range(count)]
        parts.append(replace(part, images=images, columns=columns | {OBJECT_COLUMN: [name] * count}))
    return join_particles(parts)
