"""What a sample of the particles says of choices that no file tells: contrast, and the sign of the tilt angles.

Some particles are aligned as they are and the other way round. A choice is called wrong if the other fits better by
more than chance.
"""

import numpy as np

from gradalign.base.randomness import generator
from gradalign.errors import InputError
from gradalign.particles.search import align_particle, prepare_particle, prepare_reference

# standard errors by which the other choice must fit better before the given one is called wrong
_SURE = 3.0
# degrees by which a tilt range must be off its mirror image for its sign to be told
_LEAST_ASYMMETRY = 10.0


def _differences(sample, other, reference, seed):
    """Return by how much particles correlate better as they are than otherwise: the mean, and in standard errors."""
    differences = []
    for entry, volume, wedge in sample:
        values = []
        for data in ((volume, wedge), other(volume, wedge)):
            fixed = prepare_particle(*data, entry.centre, reference, name=str(entry.image))
            rng = generator(seed, "contrast", entry.particle)
            values.append(
                align_particle(fixed, reference, entry.centre, entry.start, entry.prior, rng=rng).dissimilarity
            )
        # d = 2 − 2c
        differences.append((values[1] - values[0]) / 2.0)
    error = np.std(differences, ddof=1) / np.sqrt(len(differences)) if len(differences) > 1 else np.inf
    mean = float(np.mean(differences))
    return mean, mean / max(error, 1e-12)


def check_contrast(sample, reference, mask, plan, seed):
    """Say so if particles fit the reference better with black and white exchanged.

    Parameters
    ----------
    sample : list of (Entry, numpy.ndarray, tuple)
        Particles, their volumes and tilt ranges.
    reference, mask : numpy.ndarray of shape (N, N, N)
    plan : gradalign.particles.search.Plan
        With the score ``"rcs"``.
    seed : int

    Returns
    -------
    float
        By how many standard errors the given contrast correlates better.

    Raises
    ------
    InputError
        If it is far worse.
    """
    prepared = prepare_reference(reference, mask, plan)
    better, surplus = _differences(sample, lambda volume, wedge: (-volume, wedge), prepared, seed)
    if surplus < -_SURE:
        raise InputError(
            f"particles.contrast: {len(sample)} particles tried correlate better with the reference with black "
            f"and white exchanged (by {-better:.3f} on average); set it to the other of white and dark"
        )
    return surplus


def check_sign(sample, reference, mask, plan, seed):
    """Say so if particles fit the reference better with the other sign of the tilt angles.

    Programs differ in that sign. A tilt range that is its own mirror image says nothing of it.

    Parameters
    ----------
    sample, reference, mask, plan, seed
        As of `check_contrast`.

    Returns
    -------
    float or None
        By how many standard errors the given sign correlates better; None if the ranges do not tell.

    Raises
    ------
    InputError
        If it is far worse.
    """
    told = [entry for entry in sample if abs(entry[2][0] + entry[2][1]) >= _LEAST_ASYMMETRY]
    if not told:
        return None
    prepared = prepare_reference(reference, mask, plan)
    better, surplus = _differences(told, lambda volume, wedge: (volume, mirrored(wedge)), prepared, seed)
    if surplus < -_SURE:
        low, high, _ = mirrored(told[0][2])
        raise InputError(
            f"particles.tilt: {len(told)} particles tried correlate better with the reference with the other sign of "
            f"the tilt angles (by {-better:.3f} on average), such as [{low:g}, {high:g}]; programs differ in "
            "that sign"
        )
    return surplus


def mirrored(wedge):
    """Return a tilt range with the signs of its angles exchanged.

    Parameters
    ----------
    wedge : (float, float, float)

    Returns
    -------
    (float, float, float)
    """
    low, high, axis = wedge
    return -high, -low, axis
