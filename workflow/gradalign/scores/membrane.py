"""Membranes: found beside the particle, and taken out of a volume.

A membrane is taken for flat over the box: at each height h above its plane the density changes slowly sideways, so that
it is Σ_jm c_jm B(h − j) p_m(u, v), with cubic B-splines B one voxel apart and the polynomials 1, u, v, u², uv, v² and
(u² + v²)². The coefficients come from least squares on what lies outside the particle's sphere, the nearest voxels
counting most, and the fit is continued through the sphere. Contrast transfer, the missing wedge and both leaflets are
in the splines. The normal is that for which the heights explain most of the surroundings' variance: four fifths for a
membrane, a quarter for a neighbour that happens to fill a layer.
"""

import numpy as np

from gradalign.scores.masks import distances, lone_radius

# voxels over which a volume is smoothed to look for a normal
_SMOOTHING = 0.7
# directions that are tried, of half a sphere, and the smallest change of one in radians
_DIRECTIONS, _FINEST = 300, 0.004
# share of the variance that the heights explain of a membrane at least
_MEMBRANE = 0.35
# parts of the box: the largest sphere for a particle, and over what distance from it a voxel's weight falls
_LARGEST_CORE, _NEAR = 5 / 16, 3 / 16
# what is added to the normal equations, so that heights without voxels stay at zero
_RIDGE = 3e-5
_REFINEMENTS = 2


def membrane_in(volume, core):
    """Return the membrane beside a particle.

    Parameters
    ----------
    volume : numpy.ndarray of shape (N, N, N)
        [z, y, x], without its background.
    core : float
        Radius of the particle's sphere in voxels.

    Returns
    -------
    numpy.ndarray of shape (N, N, N), or None
        Its density, that within the sphere too; None if there is none.
    """
    size = len(volume)
    along = np.arange(size) - size // 2
    points = np.stack(np.meshgrid(along, along, along, indexing="ij")[::-1], axis=-1).reshape(-1, 3).astype(float)
    found, core = None, min(core, _LARGEST_CORE * size)
    for _ in range(_REFINEMENTS):
        normal, share = _normal(volume, points, core)
        if share < _MEMBRANE:
            break
        found = _fitted(volume, points, normal, core)
        # the membrane had carried the particle's end outwards
        core = min(lone_radius([volume - found]), _LARGEST_CORE * size)
    return found


def _explained(normal, points, values, fineness=1.0):
    """Return the share of the variance of values that their mean at each height explains."""
    heights = np.rint(fineness * (points @ normal)).astype(int)
    heights -= heights.min()
    sums, counts = np.bincount(heights, values), np.bincount(heights)
    return (sums**2 / np.maximum(counts, 1)).sum() / max((values**2).sum(), np.finfo(float).tiny)


def _sideways(normal):
    first = np.cross(normal, np.eye(3)[np.argmin(np.abs(normal))])
    first /= np.linalg.norm(first)
    return first, np.cross(normal, first)


def _normal(volume, points, core):
    """Return the normal whose heights explain most of the surroundings, and the share that they explain."""
    from scipy.ndimage import gaussian_filter

    size = len(volume)
    away = distances(size)
    around = ((away > core) & (away < size / 2 - 0.5)).ravel()
    values = gaussian_filter(np.asarray(volume, dtype=float), _SMOOTHING).ravel()[around]
    points, values = points[around], values - values.mean()
    # a spiral on half a sphere
    number = np.arange(_DIRECTIONS) + 0.5
    z, azimuth = number / _DIRECTIONS, np.pi * (1 + np.sqrt(5)) * number
    directions = np.stack([np.sqrt(1 - z**2) * np.cos(azimuth), np.sqrt(1 - z**2) * np.sin(azimuth), z], axis=1)
    few = slice(None, None, 3)
    normal = max(directions, key=lambda one: _explained(one, points[few], values[few]))
    if _explained(normal, points, values) < _MEMBRANE:
        return normal, 0.0
    best, change = _explained(normal, points, values, 2.0), 2.0 / np.sqrt(_DIRECTIONS)
    while change > _FINEST:
        (u, v), before = _sideways(normal), best
        for aside in (u, -u, v, -v, u + v, u - v, v - u, -u - v):
            other = normal + change * aside
            other /= np.linalg.norm(other)
            share = _explained(other, points, values, 2.0)
            if share > best:
                best, normal = share, other
        if best == before:
            change *= 0.5
    return normal, _explained(normal, points, values)


def _fitted(volume, points, normal, core):
    """Return the smooth layers that fit what lies outside the core."""
    size, away = len(volume), distances(len(volume)).ravel()
    u, v = (points @ direction / (size / 2) for direction in _sideways(normal))
    heights = points @ normal
    below = np.floor(heights).astype(int)
    t = heights - below
    splines = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], axis=1) / 6
    shapes = np.stack([np.ones_like(u), u, v, u**2, u * v, v**2, (u**2 + v**2) ** 2], axis=1)
    weights = (away > core) * np.exp(-0.5 * (np.maximum(away - core, 0.0) / (_NEAR * size)) ** 2)
    values, count = np.asarray(volume, dtype=float).ravel(), shapes.shape[1]
    below -= below.min()
    unknowns = (below.max() + 4) * count
    matrix, right, layers = np.zeros((unknowns, unknowns)), np.zeros(unknowns), []
    for layer in range(below.max() + 1):
        inside = np.flatnonzero(below == layer)
        columns = (splines[inside, :, None] * shapes[inside, None, :]).reshape(len(inside), -1)
        part, weighted = slice(layer * count, (layer + 4) * count), columns * weights[inside, None]
        matrix[part, part] += weighted.T @ columns
        right[part] += weighted.T @ values[inside]
        layers.append((inside, columns, part))
    own = np.diag(matrix).copy()
    matrix[np.diag_indices(unknowns)] += _RIDGE * np.maximum(own, own.max() / 10)
    coefficients, fit = np.linalg.solve(matrix, right), np.zeros(len(values))
    for inside, columns, part in layers:
        fit[inside] = columns @ coefficients[part]
    return fit.reshape(volume.shape)
