"""The kernel's stages in loops, so that a stage is timed without the way from Python to it."""

from gradalign.base.jit import jit
from gradalign.fourier.overlap import sample_overlap
from gradalign.fourier.products import fill_columns, multiply_columns


@jit
def sample_all(fixed, moving, rotations, work):
    """Sample the overlap for each rotation; return the number of points of all.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
    rotations : float64 (m, 3, 3)
    work : tuple
        From `gradalign.fourier.overlap.work_space`.

    Returns
    -------
    int
    """
    points = 0
    for number in range(rotations.shape[0]):
        points += sample_overlap(fixed, moving, rotations[number], work)
    return points


@jit
def fill_often(fixed, rotation, translation, count, work, times):
    """Fill the columns `times` times.

    Parameters
    ----------
    fixed : gradalign.fourier.spectrum.Spectrum
    rotation : float64 (3, 3)
    translation : float64 (3,)
    count : int
        Number of points, sampled before.
    work : tuple
    times : int
    """
    for _ in range(times):
        fill_columns(fixed, rotation, translation, count, work)


@jit
def multiply_often(rotation, count, work, products, times):
    """Multiply the columns `times` times.

    Parameters
    ----------
    rotation : float64 (3, 3)
    count : int
        Number of points, whose columns were filled before.
    work : tuple
    products : float64 (9, 8)
    times : int
    """
    for _ in range(times):
        multiply_columns(rotation, count, work, products)
