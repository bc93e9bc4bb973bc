"""The kernel's stages in loops, so that a stage is timed without the way from Python to it."""

from gradalign.base.jit import jit
from gradalign.fourier.overlap import sample_overlap
from gradalign.fourier.products import multiply


@jit
def sample_all(pair, rotations, work):
    """Sample the overlap for each rotation; return the number of points of all.

    Parameters
    ----------
    pair : gradalign.fourier.overlap.Matched
    rotations : float64 (m, 3, 3)
    work : gradalign.fourier.overlap.WorkSpace

    Returns
    -------
    int
    """
    points = 0
    for number in range(rotations.shape[0]):
        points += sample_overlap(pair, rotations[number], work)
    return points


@jit
def multiply_often(pair, rotation, translation, count, work, products, times):
    """Form the products `times` times.

    Parameters
    ----------
    pair : gradalign.fourier.overlap.Matched
    rotation : float64 (3, 3)
    translation : float64 (3,)
    count : int
        Number of points, sampled before.
    work : gradalign.fourier.overlap.WorkSpace
    products : float64 (9, 8)
    times : int
    """
    for _ in range(times):
        multiply(pair.size, pair.softness, rotation, translation, count, work, products)
