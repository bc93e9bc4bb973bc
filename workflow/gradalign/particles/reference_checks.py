"""What a reference says of the mask over it, of the point group that it is to have, and of orientations."""

import numpy as np

from gradalign.averaging.wedge_average import sampler
from gradalign.errors import InputError
from gradalign.geometry.rotations import point_group, random_rotations
from gradalign.io.mrc import ANGSTROM_PER_NM

# share of the reference's squared density that a mask must leave, and that as a share of the mask's part of the box
_LEAST_LEFT, _LEAST_DENSE = 0.01, 0.1
# correlation of a reference with itself, rotated by an element of its point group, as a share of what noise leaves
_LEAST_ALIKE = 0.75
# share of other axes that must correlate less for an element to stand out, of how many; signal that it takes to judge
_STANDS_OUT, _OTHER_AXES, _LEAST_SIGNAL = 0.9, 50, 0.3
# mean correlation with itself in random orientations from which a reference tells none (ClpP at 5.3 nm: 0.983)
_FEATURELESS = 0.99


def check_mask(mask, reference, path):
    """Say so if a mask leaves nothing of the reference, as one does that is inverted or stands elsewhere.

    A mask on a small part of a large map leaves little of it, too, but more than its own part of the box.

    Parameters
    ----------
    mask, reference : numpy.ndarray of shape (N, N, N)
    path : str or path
        Of the mask.

    Raises
    ------
    InputError
    """
    power = (np.asarray(reference, float) - np.median(reference)) ** 2
    left = float((power * mask).sum() / power.sum())
    if left < min(_LEAST_LEFT, _LEAST_DENSE * float(np.mean(mask))):
        raise InputError(
            f"{path}: the mask leaves {100.0 * left:.1g} % of the reference's squared density, where it must be 1 "
            "around the particle and 0 elsewhere"
        )


def check_symmetry(reference, symmetry, low_pass):
    """Say so if a reference has not the point group by which it is to be averaged.

    Noise and a missing wedge lower the correlation of a symmetric map with itself, too. Hence it is called wrong only
    if it falls short of what the noise around the particle leaves, and other axes do as well.

    Parameters
    ----------
    reference : numpy.ndarray of shape (N, N, N)
    symmetry : str
        Point group, its main axis z.
    low_pass : float
        In cycles per box: up to where it is looked at.

    Returns
    -------
    float or None
        Its smallest correlation with itself, rotated by the group's elements; None if there is none but the identity.

    Raises
    ------
    InputError
    """
    elements = np.asarray(point_group(symmetry))[1:]
    if not len(elements):
        return None
    alike = self_correlations(reference, elements, low_pass)
    worst = int(np.argmin(alike))
    signal = _signal_share(reference, low_pass)
    if alike[worst] < _LEAST_ALIKE * signal and signal > _LEAST_SIGNAL:
        settings = random_rotations(np.random.default_rng(0), _OTHER_AXES)
        others = self_correlations(reference, settings @ elements[worst] @ np.swapaxes(settings, 1, 2), low_pass)
        if np.mean(others < alike[worst]) < _STANDS_OUT:
            raise InputError(
                f"particles.symmetry: the reference is not of {symmetry}: rotated by its elements it correlates with "
                f"itself by {alike[worst]:.2f}; rotate it so that the main axis is z (and of D groups a twofold axis "
                "x), average it over the elements if it only lacks them, or set another symmetry"
            )
    return float(alike[worst])


def orientation_sentences(reference, voxel_size, low_pass, search):
    """Say so if a reference looks alike in all orientations, as a sphere does.

    Parameters
    ----------
    reference : numpy.ndarray of shape (N, N, N)
        As the first round has it, under the mask.
    voxel_size, low_pass : float
        In nm.
    search : str
        ``"full"``, ``"local"`` or ``"axis"``.

    Returns
    -------
    list of str
        One sentence or none.
    """
    rotations = random_rotations(np.random.default_rng(0), _OTHER_AXES)
    limit = len(reference) * voxel_size / low_pass
    if np.mean(self_correlations(reference, rotations, limit)) < _FEATURELESS:
        return []
    what = (
        "the given orientations are taken as they are, whatever their convention"
        if search == "local"
        else "it tells no orientation, and what the average shows may be chance alone"
    )
    return [f"The reference looks alike in all orientations up to {low_pass * ANGSTROM_PER_NM:.1f} Å: {what}."]


def self_correlations(reference, rotations, low_pass):
    """Return the correlations of a map with itself, rotated.

    Parameters
    ----------
    reference : numpy.ndarray of shape (N, N, N)
    rotations : array_like of shape (n, 3, 3)
    low_pass : float
        In cycles per box: up to where it is looked at.

    Returns
    -------
    numpy.ndarray of shape (n,)
    """
    size = len(reference)
    reach = _reach(size, low_pass)
    axis = np.arange(-reach, reach + 1)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    lengths = (points**2).sum(axis=1)
    points = points[(lengths > 0) & (lengths <= reach**2)] / size
    transform = sampler(reference)
    own = transform.sample(points)
    found = []
    for rotation in rotations:
        other = transform.sample(points @ rotation)
        # interpolation takes of both
        norm = np.sqrt(float((np.abs(own) ** 2).sum()) * float((np.abs(other) ** 2).sum()))
        found.append(float((own * other.conj()).real.sum()) / max(norm, 1e-30))
    return np.array(found)


def _reach(size, low_pass):
    return int(max(min(np.floor(low_pass), (size - 1) // 2 - 1), 1))


def _signal_share(reference, low_pass):
    """Return the part of a map's power that is signal, by the variance in the corners beyond the sphere in the box."""
    size = len(reference)
    axes = np.meshgrid(*(np.fft.fftfreq(size, 1 / size),) * 3, indexing="ij", sparse=True)
    lengths = np.sqrt(sum(axis**2 for axis in axes))
    kept = (lengths > 0) & (lengths <= _reach(size, low_pass))
    smooth = np.fft.ifftn(np.fft.fftn(np.asarray(reference, float)) * kept).real
    corners = np.fft.fftshift(lengths) > size / 2
    return max(1.0 - float(smooth[corners].var() / np.mean(smooth**2)), 0.0)
