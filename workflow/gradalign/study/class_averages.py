"""The classes of a mixture of subtomograms, and their averages."""

import numpy as np

from gradalign.averaging.wedge_average import WedgeAverage, sampler
from gradalign.geometry.rotations import inverse_transform, rotation_from_euler
from gradalign.study.columns.classification import STAGES
from gradalign.study.partition import assign_classes, dissimilarity_matrix, hierarchical_classes, medoid


def classify(alignments, objects, scores):
    """Return the class of every subtomogram, before and after alignment, as many classes as there are objects.

    Parameters
    ----------
    alignments : pandas.DataFrame
        Columns of `gradalign.study.columns.classification.PAIRS_OF_ALL`.
    objects : sequence of str
        The object of each subtomogram.
    scores : list of str

    Returns
    -------
    list of dict
        ``subtomogram``, ``object``, ``score``, ``stage``, ``class``, ``stands_for`` (the object the class stands for)
        and ``medoid``.

    Raises
    ------
    InputError
        If a pair is missing.
    """
    lines = []
    for score in scores:
        for stage in STAGES:
            matrix = dissimilarity_matrix(alignments, score, stage, len(objects))
            labels = hierarchical_classes(matrix, len(set(objects)))
            names = assign_classes(labels, objects)
            centres = {medoid(matrix, np.flatnonzero(labels == label)) for label in names}
            lines += [
                {
                    "subtomogram": number,
                    "object": name,
                    "score": score,
                    "stage": stage,
                    "class": label,
                    "stands_for": names[label],
                    "medoid": number in centres,
                }
                for number, (name, label) in enumerate(zip(objects, labels.tolist(), strict=True))
            ]
    return lines


def transforms_onto(centre, members, alignments, score):
    """Return the transforms that move the centre of a class onto its members, from the alignments of the pairs.

    Parameters
    ----------
    centre : int
    members : iterable of int
    alignments : pandas.DataFrame
        Columns of `PAIRS_OF_ALL`.
    score : str

    Returns
    -------
    dict of int to (numpy.ndarray of shape (3, 3), numpy.ndarray of shape (3,))
        (R, a) with member(x) ≈ centre(R⁻¹(x − a)); the identity for the centre itself.
    """
    rows = alignments[alignments.score == score].set_index(["first", "second"])
    transforms = {}
    for member in members:
        if member == centre:
            transforms[member] = np.eye(3), np.zeros(3)
            continue
        row = rows.loc[(min(member, centre), max(member, centre))]
        rotation = rotation_from_euler(row.phi_deg, row.theta_deg, row.psi_deg)
        translation = row[["shift_x_voxel", "shift_y_voxel", "shift_z_voxel"]].to_numpy(dtype=float)
        # the alignment of a pair moves the second onto the first
        transforms[member] = (rotation, translation) if member < centre else inverse_transform(rotation, translation)
    return transforms


def class_average(volumes, transforms, pose, tilt):
    """Return the average of a class in the frame of an object.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)
        All subtomograms.
    transforms : dict of int to (R, a)
        From `transforms_onto`.
    pose : (array_like of shape (3, 3), array_like of shape (3,))
        (P, p) of the class's centre: centre(x) = object(P⁻¹(x − p)); for display alone.
    tilt : float or (float, float)

    Returns
    -------
    numpy.ndarray of shape (N, N, N), float32
        Density [z, y, x].
    """
    own, shift = (np.asarray(part, dtype=float) for part in pose)
    members = sorted(transforms)
    scale = max(float(np.abs(volumes[member]).max()) for member in members)
    average = WedgeAverage(np.shape(volumes[members[0]])[0], scale)
    for member in members:
        rotation, translation = transforms[member]
        average.add(sampler(volumes[member]), rotation @ own, rotation @ shift + translation, tilt)
    return average.volume()


def average_classes(classes, alignments, volumes, particles, tilt):
    """Return the averages of the classes found after alignment, members moved onto the medoid of their class.

    Parameters
    ----------
    classes : pandas.DataFrame
        Lines of `classify`.
    alignments : pandas.DataFrame
        Columns of `gradalign.study.columns.classification.PAIRS_OF_ALL`.
    volumes : sequence of array_like of shape (N, N, N)
        All subtomograms.
    particles : gradalign.io.star.Particles
        Their true poses, used to bring a finished class to standard pose, for display.
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
