"""Classes of subtomograms from the dissimilarities of all their pairs: arithmetic alone, nothing is aligned."""

from collections import defaultdict
from itertools import combinations

import numpy as np
from scipy.cluster import hierarchy
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import squareform

from gradalign.errors import InputError
from gradalign.search.registry import find


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


def centred(dissimilarities):
    """Return dissimilarities without what each particle has by itself.

    Parameters
    ----------
    dissimilarities : array_like of shape (n, n)
        Symmetric, n ≥ 3; the diagonal is not looked at.

    Returns
    -------
    numpy.ndarray of shape (n, n)
        e_ij = d_ij − μ − r_i − r_j with rows that sum to zero; 0 on the diagonal.

    Raises
    ------
    InputError
        If the matrix is not square and symmetric, is smaller than three, or holds no finite numbers.
    """
    matrix = np.array(dissimilarities, dtype=float)
    count = len(matrix)
    if matrix.shape != (count, count) or count < 3:
        raise InputError(f"dissimilarities of the shape {matrix.shape} are not those of all pairs of three or more")
    np.fill_diagonal(matrix, 0.0)
    if not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T):
        raise InputError("dissimilarities of pairs must be finite and symmetric")
    rows = matrix.sum(axis=1)
    total = rows.sum()
    mean = total / (count * (count - 1))
    own = (rows - (count - 1) * mean) / (count - 2)
    matrix -= mean + own[:, None] + own
    np.fill_diagonal(matrix, 0.0)
    return matrix


def dissimilarity_matrix(alignments, score, stage, count):
    """Return the dissimilarities of all pairs, as squared distances.

    Those of a score that holds terms of either volume alone are freed of them. Then the same number is added to all, so
    that none is negative, which changes no partition (Roth et al. 2003).

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
    if find(score).own_terms:
        matrix = centred(matrix)
        matrix -= matrix[np.triu_indices(count, 1)].min()
        np.fill_diagonal(matrix, 0.0)
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


def _table(left, right):
    """Return the classes of two partitions and how many things are in each pair of classes."""
    (left, rows), (right, columns) = (np.unique(names, return_inverse=True) for names in (left, right))
    table = np.zeros((len(left), len(right)), int)
    np.add.at(table, (rows, columns), 1)
    return left, right, table


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
    table = _table(left, right)[2]

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
    classes, names, table = _table(labels, objects)
    rows, columns = linear_sum_assignment(table, maximize=True)
    return {int(classes[row]): str(names[column]) for row, column in zip(rows, columns, strict=True)}


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
