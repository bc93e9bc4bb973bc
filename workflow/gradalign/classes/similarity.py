"""Which particles are alike: classes from the log-likelihood ratios of all pairs.

The dissimilarity d_ij of a pair is −log of a likelihood ratio, up to what each volume has by itself: strong noise makes
all pairs of a particle better or worse. With d_ij = μ + r_i + r_j + e_ij off the diagonal, r is estimated and taken
off. What is left is, with its sign changed, a matrix of inner products: K classes of particles give it K − 1 large
eigenvalues, and the errors of the pairs a spectrum that is symmetric about zero. So the most negative eigenvalue tells
how far the errors reach, and the positive ones beyond it are classes.
"""

from typing import NamedTuple

import numpy as np
from scipy.cluster import hierarchy

from gradalign.study.partition import centred

EDGE = 1.2
"""An eigenvalue counts that is so many times the most negative one's size."""
LEAST_PARTICLES = 4
"""Particles that a class needs at the start."""


class Similarity(NamedTuple):
    """What the pairs say of the particles."""

    coordinates: np.ndarray
    """Particles as points whose inner products are their similarities, (n, q)."""
    eigenvalues: np.ndarray
    """Of the centred matrix, the largest first, (n,)."""
    tree: np.ndarray
    """Ward's tree of the points, as scipy.cluster.hierarchy has it, (n − 1, 4)."""

    @property
    def dimensions(self):
        """Number of eigenvalues beyond the reach of the errors; 0 if there is nothing but errors."""
        return int((self.eigenvalues > EDGE * -self.eigenvalues[-1]).sum())


def similarity(dissimilarities):
    """Return what the dissimilarities of all pairs say of the particles.

    Parameters
    ----------
    dissimilarities : array_like of shape (n, n)

    Returns
    -------
    Similarity

    Raises
    ------
    InputError
        As `centred` does.
    """
    values, vectors = np.linalg.eigh(-centred(dissimilarities))
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = max(1, int((values > EDGE * -values[-1]).sum()))
    # the sign of an eigenvector is arbitrary
    vectors = vectors * np.where(vectors[np.abs(vectors).argmax(axis=0), np.arange(len(values))] < 0, -1.0, 1.0)
    coordinates = vectors[:, :kept] * np.sqrt(np.maximum(values[:kept], 0.0))
    return Similarity(coordinates, values, hierarchy.ward(coordinates))


def groups(found, count, least=LEAST_PARTICLES):
    """Return groups of particles that are alike.

    Parameters
    ----------
    found : Similarity
    count : int
        How many groups the tree is cut into.
    least : int
        Smaller ones are no groups; their particles stay single.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        1, 2, … in the order in which groups appear; 0 for particles that stay single.
    """
    cut = hierarchy.cut_tree(found.tree, min(count, len(found.coordinates))).ravel()
    sizes = np.bincount(cut)
    names, labels = {}, np.zeros(len(cut), int)
    for place, label in enumerate(cut.tolist()):
        if sizes[label] >= least:
            labels[place] = names.setdefault(label, len(names) + 1)
    return labels
