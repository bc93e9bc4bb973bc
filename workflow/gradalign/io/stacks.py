"""Stacks of subtomograms with their poses."""

from gradalign.errors import InputError
from gradalign.io.mrc import read_stack
from gradalign.io.star import read_particles


def read_pairs(stack_path, particles_path):
    """Read subtomograms and their poses.

    Parameters
    ----------
    stack_path : str or path
        MRC volume stack.
    particles_path : str or path
        STAR file with the poses, in the order of the stack.

    Returns
    -------
    volumes : numpy.ndarray of shape (2 n, box, box, box)
        Densities [volume, z, y, x].
    particles : gradalign.io.star.Particles
        Their poses and voxel size.

    Raises
    ------
    InputError
        If a file is missing or damaged, or the two do not fit.
    """
    particles = read_particles(particles_path)
    volumes, _ = read_stack(stack_path, particles.box)
    if len(volumes) != len(particles.images):
        raise InputError(
            f"{stack_path}: holds {len(volumes)} subtomograms, where {particles_path} has the poses of "
            f"{len(particles.images)}"
        )
    return volumes, particles
