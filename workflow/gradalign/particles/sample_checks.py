"""What a sample of the particles says of choices that no file tells: contrast, sign of the tilt angles, conventions.

Some particles are aligned as they are and the other way round. A choice is called wrong if the other fits better by
more than chance.
"""

import numpy as np

from gradalign.base.randomness import generator
from gradalign.errors import InputError
from gradalign.geometry.rotations import euler_from_rotation, point_group, random_rotations, rotation_angle
from gradalign.particles.search import align_particle, prepare_particle, prepare_reference, prior_surface

# standard errors by which the other choice must fit better before the given one is called wrong, where many were tried
_SURE = 3.0
# the same for the hand, which objects without one are not to be refused for by chance
_SURE_OF_HAND = 4.0
# degrees by which a tilt range must be off its mirror image for its sign to be told
_LEAST_ASYMMETRY = 10.0
# particles that it takes to judge hand and orientations; standard errors by which given ones must beat random ones
_LEAST_TRIED, _HARDLY = 8, 4.0
# from which the one that is farthest from the given one is taken
_DRAWN = 8


class Sample:
    """Some particles, aligned to the reference as they are, to be held against how they are otherwise.

    Parameters
    ----------
    particles : list of (Entry, numpy.ndarray, tuple)
        Particles, their volumes and tilt ranges.
    reference, mask : numpy.ndarray of shape (N, N, N)
    plan : gradalign.particles.search.Plan
        With the score ``"rcs"``.
    seed : int
    """

    def __init__(self, particles, reference, mask, plan, seed):
        self.particles, self.plan, self.seed = particles, plan, seed
        self.reference = reference * mask
        self._reference = prepare_reference(reference, mask, plan)
        self._values = {each[0].particle: self._value(*each) for each in particles}

    def __len__(self):
        return len(self.particles)

    def _value(self, entry, volume, wedge):
        fixed = prepare_particle(volume, wedge, entry.centre, self._reference, name=str(entry.image))
        rng = generator(self.seed, "contrast", entry.particle)
        return align_particle(fixed, self._reference, entry.centre, entry.start, entry.prior, rng=rng).dissimilarity

    def surplus(self, others):
        """Return by how much particles correlate better as they are than otherwise.

        Parameters
        ----------
        others : sequence of (Entry, numpy.ndarray, tuple)
            Some of them, otherwise.

        Returns
        -------
        (float, float)
            The mean, and in standard errors.
        """
        # d = 2 − 2c
        differences = [(self._value(*other) - self._values[other[0].particle]) / 2.0 for other in others]
        error = np.std(differences, ddof=1) / np.sqrt(len(differences)) if len(differences) > 1 else np.inf
        mean = float(np.mean(differences))
        return mean, mean / max(error, 1e-12)


def clearly_worse(surplus, count, sure):
    """Return whether particles fit so much worse as they are that chance does not explain it.

    Parameters
    ----------
    surplus : float
        From `Sample.surplus`, in standard errors.
    count : int
        Of how many particles. The fewer they are, the less is known of the standard error (Student's t).
    sure : float
        As improbable as so many standard errors, were these known.

    Returns
    -------
    bool
    """
    # all of scipy.stats would take half a second to load
    from scipy.special import ndtr, stdtrit

    return count > 1 and surplus < stdtrit(count - 1, ndtr(-sure))


def check_contrast(sample):
    """Say so if particles fit the reference better with black and white exchanged.

    Parameters
    ----------
    sample : Sample

    Returns
    -------
    float
        By how many standard errors the given contrast correlates better.

    Raises
    ------
    InputError
        If it is far worse.
    """
    better, surplus = sample.surplus([(entry, -volume, wedge) for entry, volume, wedge in sample.particles])
    if clearly_worse(surplus, len(sample), _SURE):
        raise InputError(
            f"particles.contrast: {len(sample)} particles tried correlate better with the reference with black "
            f"and white exchanged (by {-better:.3f} on average); set it to the other of white and dark"
        )
    return surplus


def check_sign(sample):
    """Say so if particles fit the reference better with the other sign of the tilt angles.

    Programs differ in that sign. A tilt range that is its own mirror image says nothing of it.

    Parameters
    ----------
    sample : Sample

    Returns
    -------
    float or None
        By how many standard errors the given sign correlates better; None if the ranges do not tell.

    Raises
    ------
    InputError
        If it is far worse.
    """
    told = [entry for entry in sample.particles if abs(entry[2][0] + entry[2][1]) >= _LEAST_ASYMMETRY]
    if not told:
        return None
    better, surplus = sample.surplus([(entry, volume, mirrored(wedge)) for entry, volume, wedge in told])
    if clearly_worse(surplus, len(told), _SURE):
        low, high, _ = mirrored(told[0][2])
        raise InputError(
            f"particles.tilt: {len(told)} particles tried correlate better with the reference with the other sign of "
            f"the tilt angles (by {-better:.3f} on average), such as [{low:g}, {high:g}]; programs differ in "
            "that sign"
        )
    return surplus


def check_starts(sample):
    """Say so if the given orientations fit hardly better than any others.

    A search about orientations that are meant otherwise (another convention, radians, the inverse) ends near them,
    wherever that is.

    Parameters
    ----------
    sample : Sample
        Its search is local, or about the given axes.

    Returns
    -------
    float or None
        By how many standard errors the given orientations correlate better than random ones; None for a sample that
        is too small to tell.

    Raises
    ------
    InputError
        If they do not.
    """
    if len(sample) < _LEAST_TRIED:
        return None
    plan = sample.plan
    otherwise = [(_given_otherwise(each[0], plan, sample.seed), *each[1:]) for each in sample.particles]
    _, surplus = sample.surplus(otherwise)
    if surplus < _HARDLY:
        raise InputError(
            f"particles.search: {plan.search}: the {'priors' if plan.search == 'axis' else 'orientations'} given for "
            f"{len(sample)} particles tried fit the reference hardly better than random ones (by {surplus:.1f} "
            "standard errors); convert them if they are of another convention, or set search to full"
        )
    return surplus


def _given_otherwise(entry, plan, seed):
    """Return a particle as if another orientation had been given, far from the one that was."""
    candidates = random_rotations(generator(seed, "another start", entry.particle), _DRAWN)
    if plan.search == "axis":
        surface = prior_surface(*entry.prior)
        _, tilts, psis = np.moveaxis(euler_from_rotation(candidates), -1, 0)
        farthest = int(np.argmin(candidates[:, 2] @ surface[2]))
        return entry._replace(prior_tilt_deg=float(tilts[farthest]), prior_psi_deg=float(psis[farthest]))
    # those of the point group show the same
    turns = np.einsum("nji,jk,mkl->nmil", candidates, entry.start, point_group(plan.symmetry))
    farthest = candidates[int(np.argmax(rotation_angle(turns).min(axis=1)))]
    names = ("start_phi_deg", "start_theta_deg", "start_psi_deg")
    return entry._replace(**dict(zip(names, map(float, euler_from_rotation(farthest)), strict=True)))


def check_hand(sample):
    """Say so if particles fit the mirror image of the reference better: tomograms and maps may have the other hand.

    Parameters
    ----------
    sample : Sample
        Its search is of all orientations.

    Returns
    -------
    float or None
        By how many standard errors the given hand correlates better; near 0 where so coarse a map has none. None for a
        sample that is too small to tell.

    Raises
    ------
    InputError
        If it is far worse.
    """
    if len(sample) < _LEAST_TRIED:
        return None
    others = []
    for entry, volume, wedge in sample.particles:
        entry = entry._replace(start_z_voxel=-entry.start_z_voxel)
        # reversed along z about the centre voxel
        others.append((entry, np.roll(volume[::-1], 1 - len(volume) % 2, axis=0), mirrored(wedge)))
    better, surplus = sample.surplus(others)
    if clearly_worse(surplus, len(sample), _SURE_OF_HAND):
        raise InputError(
            f"particles.reference: {len(sample)} particles tried correlate better with its mirror image (by "
            f"{-better:.3f} on average); reverse it or the subtomograms along one axis, whichever has the wrong hand"
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
