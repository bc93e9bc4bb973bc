"""Classes of subtomograms from the dissimilarities of all their pairs."""

from collections import defaultdict
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.cluster import hierarchy
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import squareform

from gradalign.averaging.wedge_average import WedgeAverage, sampler
from gradalign.base.randomness import generator
from gradalign.errors import InputError
from gradalign.geometry.rotations import inverse_transform, rotation_from_euler
from gradalign.io.csv_lines import line
from gradalign.search.score import Start, by_preparation, load_score
from gradalign.study.columns import PAIRS_OF_ALL


def standardised(volume):
    """Return a volume with mean 0 and sum of squares 1, so that contrast does not tell classes apart.

    Its Fourier coefficients then have a mean square of 1 (Parseval).

    Parameters
    ----------
    volume : array_like of shape (N, N, N)

    Returns
    -------
    numpy.ndarray of shape (N, N, N), float32
    """
    volume = np.asarray(volume, dtype=float)
    volume = volume - volume.mean()
    return (volume / np.linalg.norm(volume)).astype(np.float32)


def all_pairs(count):
    """Return the pairs i < j of some subtomograms in the order in which jobs count them.

    Parameters
    ----------
    count : int

    Returns
    -------
    list of (int, int)
    """
    return list(combinations(range(count), 2))


def align_pairs_of_all(volumes, pairs, cell, settings, voxel_size, seed):
    """Align pairs of standardised subtomograms, each volume prepared once.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)
        All subtomograms.
    pairs : list of (int, int)
        Which pairs, i < j.
    cell : dict
        ``tilt``, ``snr``, ``interval`` and ``score``, a list.
    settings : gradalign.search.settings.Settings
    voxel_size : float
        In nm.
    seed : int
        The study's seed.

    Yields
    ------
    list of dict
        For each pair a line of `PAIRS_OF_ALL` for each score: the transform that moves ``second`` onto ``first``, and d
        without and with it.

    Raises
    ------
    InputError
        If a volume or setting is unusable.
    """
    preparing = by_preparation(cell["score"])
    models = {
        kind: score.estimate(list(map(standardised, volumes)), [cell["tilt"]] * len(volumes))
        for kind, score in preparing.items()
        if score.uses_model
    }
    prepared = {
        (kind, number): score.prepare(
            standardised(volumes[number]),
            cell["tilt"],
            settings,
            voxel_size,
            models.get(kind),
            f"subtomogram {number}",
        )
        for kind, score in preparing.items()
        for number in sorted({number for pair in pairs for number in pair})
    }
    for i, j in pairs:
        lines = []
        for score in map(load_score, cell["score"]):
            rng = generator(seed, "all pairs", cell["tilt"], cell["snr"], cell["interval"], score.name, i, j)
            two = [prepared[score.shared_preparation, number] for number in (i, j)]
            found = score.search(*two, settings, voxel_size, Start(cell["interval"]), rng)
            before = score.value(*two, np.eye(3), np.zeros(3))
            numbers = [*found.euler_zyz.tolist(), *found.translation.tolist(), before]
            lines.append(line(PAIRS_OF_ALL, [i, j, score.name, *numbers, found.dissimilarity, found.iterations]))
        yield lines


def dissimilarity_matrix(alignments, score, stage, count):
    """Return the dissimilarities of all pairs.

    Parameters
    ----------
    alignments : pandas.DataFrame
        Columns of `PAIRS_OF_ALL`.
    score : str
    stage : str
        One of `STAGES`.
    count : int
        Number of subtomograms.

    Returns
    -------
    numpy.ndarray of shape (count, count)
        Symmetric, 0 on the diagonal.

    Raises
    ------
    InputError
        If a pair is missing or there twice.
    """
    rows = alignments[alignments.score == score]
    found = sorted(zip(rows["first"], rows["second"], strict=True))
    if found != all_pairs(count):
        raise InputError(f"{len(found)} alignments are not one for each pair of {count} subtomograms")
    matrix = np.zeros((count, count))
    matrix[rows["first"], rows["second"]] = matrix[rows["second"], rows["first"]] = rows[f"{stage}_dissimilarity"]
    return matrix


def hierarchical_classes(matrix, count):
    """Return classes of subtomograms by Ward's method, d being the squared distance of two of them.

    Both scores are squared distances of vectors (Eqs. 4 and 13), and Ward's method joins those clusters whose union
    raises the sum of squared distances least.

    Parameters
    ----------
    matrix : array_like of shape (n, n)
        From `dissimilarity_matrix`.
    count : int
        Number of classes.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        1 … count, in the order in which classes appear.
    """
    distances = np.sqrt(squareform(np.asarray(matrix, dtype=float), checks=False))
    labels = hierarchy.cut_tree(hierarchy.ward(distances), count).ravel().tolist()
    names = {label: place for place, label in enumerate(dict.fromkeys(labels), start=1)}
    return np.array([names[label] for label in labels])


def adjusted_rand_index(left, right):
    """Return how far two partitions of the same things agree (Hubert & Arabie 1985).

    With n_ij things in class i of the one and j of the other, and C(n) = n(n − 1)/2:
    (Σ C(n_ij) − E) / (½ [Σ C(n_i) + Σ C(n_j)] − E), E = Σ C(n_i) Σ C(n_j) / C(n).

    Parameters
    ----------
    left, right : sequence
        The class of each thing, in any names.

    Returns
    -------
    float
        1 if they are the same, 0 on average for random ones.

    Raises
    ------
    InputError
        If they are not of the same things.
    """
    if len(left) != len(right) or len(left) == 0:
        raise InputError(f"partitions of {len(left)} and {len(right)} things cannot be compared")
    table = pd.crosstab(np.asarray(left), np.asarray(right)).to_numpy()

    def couples(numbers):
        return int((numbers * (numbers - 1) // 2).sum())

    both, rows, columns = couples(table), couples(table.sum(axis=1)), couples(table.sum(axis=0))
    total = len(left) * (len(left) - 1) // 2
    # with one class, or only classes of one, all is as expected and nothing can be better
    if rows == columns and rows in (0, total):
        return 1.0
    expected = rows * columns / total
    return float((both - expected) / (0.5 * (rows + columns) - expected))


def medoid(matrix, members):
    """Return the member of a class that is nearest to all its members.

    Parameters
    ----------
    matrix : numpy.ndarray of shape (n, n)
    members : array_like of int

    Returns
    -------
    int
        One of the members; the first of several.
    """
    members = np.asarray(members)
    return int(members[np.argmin(matrix[np.ix_(members, members)].sum(axis=1))])


def assign_classes(labels, objects):
    """Return which object each class stands for: one each, so that as many subtomograms as can be are right.

    Parameters
    ----------
    labels : sequence of int
        The class of each subtomogram.
    objects : sequence of str
        Its object.

    Returns
    -------
    dict of int to str
        A class beyond the number of objects has none.
    """
    table = pd.crosstab(np.asarray(labels), np.asarray(objects))
    rows, columns = linear_sum_assignment(table.to_numpy(), maximize=True)
    return {int(table.index[row]): str(table.columns[column]) for row, column in zip(rows, columns, strict=True)}


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
    turn, shift = (np.asarray(part, dtype=float) for part in pose)
    members = sorted(transforms)
    scale = max(float(np.abs(volumes[member]).max()) for member in members)
    average = WedgeAverage(np.shape(volumes[members[0]])[0], scale)
    for member in members:
        rotation, translation = transforms[member]
        average.add(sampler(volumes[member]), rotation @ turn, rotation @ shift + translation, tilt)
    return average.volume()


def composition(labels, objects):
    """Return how many subtomograms of each object each class holds.

    Parameters
    ----------
    labels : sequence of int
    objects : sequence of str

    Returns
    -------
    dict of int to dict of str to int
        Objects in their order of appearance, those with none left out.
    """
    counts = defaultdict(dict)
    for name in dict.fromkeys(objects):
        for label, thing in zip(labels, objects, strict=True):
            if thing == name:
                counts[int(label)][name] = counts[int(label)].get(name, 0) + 1
    return dict(counts)
