"""From the transforms of pairs to a pose for each particle: synchronisation.

The particles of a class are v_i(x) = o(P_i⁻¹(x − p_i)) with an object o that nobody knows. The alignment of a pair
moves v_j onto v_i, so that R_ij = P_i P_jᵀ and a_ij = p_i − R_ij p_j, up to its error; where the object is symmetric,
R_ij = P_i S P_jᵀ with any element S of its point group. Some pairs are wrong altogether.

Each pair says where v_i should stand, R_ij P_j. The poses start from the particle whose pairs agree best with all
others. Then each takes, in turn, the proposal that the other proposals support best, and the weighted mean of the
proposals near it. A proposal's weight falls with its distance as 1/(1 + (θ/θ₀)²)², so that a wrong pair, or one that
went to another symmetric place, has no say. These are the steps of the projected power method with iteratively
reweighted pairs, and they need no symmetry to be known.
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from gradalign.errors import InputError
from gradalign.search.settings import Alignment

SUPPORT_ANGLE = 15.0
"""Degrees within which two proposals support each other."""
ANGLE = 8.0
"""θ₀: degrees at which the weight of a proposal has fallen to a quarter."""
SHIFT = 1.0
"""The same for translations, in voxels."""
_ROUNDS, _SETTLED = 30, 0.02
_SHIFT_ROUNDS = 200


class Synchronised(NamedTuple):
    """Poses of the particles of a class in a frame of their own."""

    rotations: np.ndarray
    """P, (n, 3, 3)."""
    translations: np.ndarray
    """p in voxels, (n, 3)."""
    support: np.ndarray
    """Share of each particle's pairs, by weight, that agree with the poses: 0 to 1, (n,)."""


def _nearest_rotations(matrices):
    """Return the rotations nearest to some matrices."""
    left, _, right = np.linalg.svd(matrices)
    left[..., :, 2] *= np.linalg.det(left @ right)[..., None]
    return left @ right


def _angle(trace):
    return np.degrees(np.arccos(np.clip((trace - 1.0) / 2.0, -1.0, 1.0)))


def _falling(distances, scale):
    return 1.0 / (1.0 + (distances / scale) ** 2) ** 2


def _residuals(poses, rotations):
    """Return the angles of P_iᵀ R_ij P_j in degrees, (n, n)."""
    proposals = rotations @ poses[None]
    return _angle(np.einsum("iab,ijab->ij", poses, proposals))


def _pair_arrays(pairs, count):
    """Return R_ij, a_ij and weights for both orders of each pair."""
    rotations = np.tile(np.eye(3), (count, count, 1, 1))
    translations, weights = np.zeros((count, count, 3)), np.zeros((count, count))
    for (i, j), found in pairs.items():
        if not (0 <= i < count and 0 <= j < count and i != j):
            raise InputError(f"pair ({i}, {j}) is not one of {count} particles")
        rotation, shift = np.asarray(found.rotation, dtype=float), np.asarray(found.translation, dtype=float)
        weight = _weight(found)
        rotations[i, j], translations[i, j] = rotation, shift
        rotations[j, i], translations[j, i] = rotation.T, -rotation.T @ shift
        weights[i, j] = weights[j, i] = weight
    return rotations, translations, weights


def _weight(found):
    """Return how much a pair counts: by the inverse of its rotation's variance where it is known."""
    covariance = getattr(found, "covariance", None)
    if covariance is None:
        return 1.0
    variance = float(np.trace(np.asarray(covariance, dtype=float)[:3, :3]))
    # no pair is known better than its model is right: a degree
    return 1.0 / (variance + np.radians(1.0) ** 2) if np.isfinite(variance) else 0.0


def _trees(weights):
    """Yield the order in which the others are reached from each particle, with their predecessors."""
    graph = csr_array((weights > 0).astype(np.int8))
    count, labels = connected_components(graph, directed=False)
    if count > 1:
        raise InputError(
            f"the pairs leave {count} groups of particles unconnected (particle {int(np.argmax(labels > 0))} has no "
            "pair with the first group): synchronise each by itself"
        )
    for root in range(len(weights)):
        yield breadth_first_order(graph, root, directed=False)


def _start(rotations, weights):
    """Return the poses seen from the particle whose pairs agree best with all others."""
    best, start = -1.0, None
    for order, before in _trees(weights):
        poses = np.tile(np.eye(3), (len(weights), 1, 1))
        for i in order[1:]:
            poses[i] = rotations[i, before[i]] @ poses[before[i]]
        agreement = float((weights * _falling(_residuals(poses, rotations), SUPPORT_ANGLE)).sum())
        # of two that agree equally the first, so that rounding does not choose
        if agreement > best * (1.0 + 1e-9):
            best, start = agreement, poses
    return start


def _turned(poses, rotations, weights):
    """Return each pose moved to the proposals that support each other best."""
    proposals = rotations @ poses[None]
    moved = np.empty_like(poses)
    for i, places in enumerate(proposals):
        apart = _angle(np.einsum("jab,kab->jk", places, places))
        supported = np.where(weights[i] > 0, _falling(apart, SUPPORT_ANGLE) @ weights[i], -1.0)
        chosen = int(np.argmax(supported))
        near = weights[i] * _falling(apart[chosen], ANGLE)
        moved[i] = np.einsum("j,jab->ab", near, places)
    return _nearest_rotations(moved)


def _shifts(poses, translations, weights):
    """Return p with p_i ≈ a_ij + R_ij p_j, R_ij = P_i P_jᵀ, the object's centre being the particles' mean centre."""
    relative = np.einsum("iab,jcb->ijac", poses, poses)
    shifts, plain = np.zeros((len(poses), 3)), True
    for number in range(_SHIFT_ROUNDS):
        proposals = translations + np.einsum("ijab,jb->ija", relative, shifts)
        near = weights
        if not plain:
            near = weights * _falling(np.linalg.norm(proposals - shifts[:, None], axis=2), SHIFT)
        total = near.sum(axis=1)
        moved = np.einsum("ij,ija->ia", near, proposals) / np.where(total > 0, total, 1.0)[:, None]
        # where the object stands in its own frame is arbitrary
        moved = moved - poses @ np.einsum("iab,ia->b", poses, moved) / len(poses)
        change, shifts = float(np.abs(moved - shifts).max()), moved
        if change < 1e-4:
            if not plain:
                break
            plain = False
        plain = plain and number < _SHIFT_ROUNDS // 2
    return shifts


def synchronise(pairs: dict[tuple[int, int], Alignment], *, count: int | None = None) -> Synchronised:
    """Find a pose for each particle of a class from the alignments of its pairs.

    Parameters
    ----------
    pairs : dict of (int, int) to Alignment
        For (i, j) the transform that moves particle j onto particle i, as `gradalign.align_all_pairs` returns them:
        objects with ``rotation`` (3, 3) and ``translation`` (3,) in voxels. Those with a ``covariance`` (6, 6) count by
        it. Pairs may be missing and some may be wrong.
    count : int, optional
        Number of particles; one more than the largest number in a pair if left out.

    Returns
    -------
    Synchronised
        v_i(x) ≈ o(P_i⁻¹(x − p_i)) with P = ``rotations`` and p = ``translations``, in a frame that is arbitrary. For a
        symmetric object a pose is one of those that are alike.

    Raises
    ------
    InputError
        If there is no pair, a number is impossible, or the pairs do not connect all particles.

    Examples
    --------
    >>> import numpy as np
    >>> from gradalign import align_all_pairs, synchronise
    >>> from gradalign.simulation.phantom import phantom
    >>> found = align_all_pairs([phantom(32, translation=[0.0, n, 0.0]) for n in range(3)], tilts=90)
    >>> poses = synchronise(found)
    >>> (poses.translations[2] - poses.translations[0]).round(1).tolist()
    [0.0, 2.0, 0.0]
    """
    if not pairs:
        raise InputError("poses need the alignment of at least one pair, and there is none")
    count = 1 + max(map(max, pairs)) if count is None else count
    rotations, translations, weights = _pair_arrays(pairs, count)
    poses = _start(rotations, weights)
    for _ in range(_ROUNDS):
        moved = _turned(poses, rotations, weights)
        change = _angle(np.einsum("iab,iab->i", poses, moved)).max()
        poses = moved
        if change < _SETTLED:
            break
    agreeing = weights * _falling(_residuals(poses, rotations), ANGLE)
    support = agreeing.sum(axis=1) / np.maximum(weights.sum(axis=1), np.finfo(float).tiny)
    return Synchronised(poses, _shifts(poses, translations, agreeing), support)
