"""Subtomograms of the study's data sets, simulated in memory: as pairs and as mixtures."""

from dataclasses import replace

import numpy as np

from gradalign.io.star import join_particles
from gradalign.study.columns.classification import OBJECT_COLUMN


def simulated_pairs(data_set, pairs):
    """Simulate the first pairs of a data set in memory.

    Parameters
    ----------
    data_set : gradalign.simulation.dataset.DataSet
    pairs : int

    Returns
    -------
    volumes : numpy.ndarray of shape (2 pairs, box, box, box), float32
        Densities [volume, z, y, x]; pair i holds the subtomograms 2 i and 2 i + 1.
    particles : gradalign.io.star.Particles
        Their poses and voxel size.
    """
    volumes, poses = [], []
    for index in range(2 * pairs):
        volume, *pose = data_set.subtomogram(index)
        volumes.append(volume)
        poses.append(pose)
    return np.array(volumes), data_set.particles(poses, "memory")


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
