"""The classes of a mixture of subtomograms, and their averages."""

import numpy as np
import pandas as pd

from gradalign.averaging.wedge_average import WedgeAverage, sampler
from gradalign.study.classification import (
    assign_classes,
    class_average,
    dissimilarity_matrix,
    hierarchical_classes,
    medoid,
    transforms_onto,
)
from gradalign.study.columns import STAGES


def classify(alignments, objects, scores):
    """Return the class of every subtomogram, before and after alignment, as many classes as there are objects.

    Parameters
    ----------
    alignments : pandas.DataFrame
        Columns of `gradalign.study.columns.PAIRS_OF_ALL`.
    objects : sequence of str
        The object of each subtomogram.
    scores : list of str

    Returns
    -------
    pandas.DataFrame
        ``subtomogram``, ``object``, ``score``, ``stage``, ``class``, ``stands_for`` (the object the class stands for)
        and ``medoid``.

    Raises
    ------
    InputError
        If a pair is missing.
    """
    parts = []
    for score in scores:
        for stage in STAGES:
            matrix = dissimilarity_matrix(alignments, score, stage, len(objects))
            labels = hierarchical_classes(matrix, len(set(objects)))
            names = assign_classes(labels, objects)
            centres = {medoid(matrix, np.flatnonzero(labels == label)) for label in names}
            part = pd.DataFrame({"subtomogram": range(len(objects)), "object": objects})
            part["score"], part["stage"], part["class"] = score, stage, labels
            part["stands_for"] = [names[label] for label in labels.tolist()]
            part["medoid"] = [number in centres for number in range(len(objects))]
            parts.append(part)
    return pd.concat(parts, ignore_index=True)


def average_classes(classes, alignments, volumes, particles, tilt):
    """Return the averages of the classes found after alignment, members moved onto the medoid of their class.

    Parameters
    ----------
    classes : pandas.DataFrame
        From `classify`.
    alignments : pandas.DataFrame
        Columns of `gradalign.study.columns.PAIRS_OF_ALL`.
    volumes : sequence of array_like of shape (N, N, N)
        All subtomograms.
    particles : gradalign.io.star.Particles
        Their true poses, used to turn a finished class to standard pose, for display.
    tilt : float

    Returns
    -------
    dict of (str, str) to numpy.ndarray of shape (N, N, N)
        By the object that the class stands for and the score.
    """
    averages = {}
    for (name, score), group in classes[classes.stage == "after"].groupby(["stands_for", "score"], sort=False):
        centre = int(group[group.medoid].subtomogram.iloc[0])
        transforms = transforms_onto(centre, group.subtomogram.tolist(), alignments, score)
        pose = particles.rotations[centre], particles.translations[centre]
        averages[name, score] = class_average(volumes, transforms, pose, tilt)
    return averages


def single_subtomogram(volume, rotation, translation, tilt):
    """Return one subtomogram in standard pose, for display beside averages.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
    rotation : array_like of shape (3, 3)
    translation : array_like of shape (3,)
        Its true pose.
    tilt : float

    Returns
    -------
    numpy.ndarray of shape (N, N, N), float32
    """
    average = WedgeAverage(len(volume), float(np.abs(volume).max()))
    average.add(sampler(volume), rotation, translation, tilt)
    return average.volume()
