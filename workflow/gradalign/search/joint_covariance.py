"""How certain the end of a joint refinement is.

At the end Q's gradient vanishes. Noise in a coefficient y moves the gradient by J = ∂(∇Q)/∂y, and the end by H⁻¹ times
that, H being Q's second derivatives (Huber 1967). Were the model right, the gradient had the covariance H, of which
Jᵀ C J is the data's part and the rest the object's.

The object's part stands on how strong its modes are. S tells it by shell, for all degrees l together; yet a round
object has most in l = 0, which no rotation changes, and noise in the other modes would be taken for structure. So both
volumes tell the power of each degree at the end (`JointRefinement.powers`), and Q is that of such modes.

The noise of the data is less than the model's C in two ways. C has a model error, and N comes from surroundings that
hold tails of the signal and streaks of the wedge: it is up to four times the noise at the lowest frequencies. What the
modes leave of the volumes tells how strong the noise of a shell is, for alike volumes of both together. With its
covariance C' in place of C the end has the covariance H⁻¹ (H − Jᵀ C J + Jᵀ C' J) H⁻¹.
"""

import numpy as np

from gradalign.search.joint import GAIN_REACH, JointRefinement
from gradalign.search.modes import MODEL_ERROR
from gradalign.search.verdict import covariance_of, without_maxima

# noise of a shell over the model's before anything is known, and as how many coefficients that counts
_USUAL, _USUAL_COUNT = 0.7, 10.0


def followed_directions(hessian, basis, alike):
    """Return the free directions, in which the support's centre, and log h unless volumes are alike, give way.

    Parameters
    ----------
    hessian : array_like of shape (10, 10)
        Of Q, as of a `gradalign.search.joint.Expansion`.
    basis : array_like of shape (6, k)
        The free directions of a transform.
    alike : bool

    Returns
    -------
    numpy.ndarray of shape (10, k)
    """
    rest = np.eye(10)[:, 6 : 9 if alike else 10]
    free = np.zeros((10, basis.shape[1]))
    free[:6] = basis
    return free - rest @ np.linalg.pinv(rest.T @ hessian @ rest) @ (rest.T @ hessian @ free)


def _shells(volume):
    return np.rint(np.linalg.norm(volume.modes.frequencies, axis=1)).astype(int)


def noise_left(volumes, influences):
    """Return how strong the noise of each shell is in what the modes leave of volumes, in units of the model's.

    Parameters
    ----------
    volumes : sequence of gradalign.search.modes.JointVolume
    influences : sequence of gradalign.search.joint.Influence

    Returns
    -------
    numpy.ndarray of shape (shells,)
    """
    shells = [_shells(volume) for volume in volumes]
    left, expected = np.zeros((2, 1 + max(each.max() for each in shells)))
    for volume, seen, shell in zip(volumes, influences, shells, strict=True):
        modes = volume.modes
        rest = seen.data - modes.covariance_times(seen.fitted)
        squares = np.abs(rest) ** 2 / (modes.levels * volume.noise)
        left += np.bincount(shell, squares, len(left))
        expected += np.bincount(shell, modes.shares * (1.0 - modes.explained), len(left))
    return (left + _USUAL * _USUAL_COUNT) / (expected + _USUAL_COUNT)


def _of_data(volume, rows, strengths):
    """Return the part of the gradient's covariance (k, k) that a volume's noise makes: as modelled, and as it is left.

    `rows` are the derivatives by each coefficient's real and imaginary part (2, n, k), `strengths` of `noise_left`.
    """
    modes = volume.modes
    own = np.sqrt(modes.levels).astype(np.float32)[:, None] * rows
    scaled = np.sqrt(strengths[_shells(volume)]).astype(np.float32)[:, None] * own
    columns = np.concatenate([*own, *scaled], axis=1)
    cut = np.moveaxis(modes.whitened_back(columns).reshape(len(columns), 2, 2, -1), 0, 2)
    modelled, left = (part.reshape(-1, part.shape[-1]) for part in cut)
    error = scaled.reshape(-1, scaled.shape[-1])
    # half of a coefficient's power is its real part's
    half = 0.5 / volume.noise
    return half * (modelled.T @ modelled), half * (left.T @ left - MODEL_ERROR * (error.T @ error))


def _as_strong_as_told(volumes, place):
    """Return two volumes whose modes have the powers that both tell at a transform."""
    powers = JointRefinement(*volumes).powers(*place)
    modes = {id(each.modes): each.modes for each in volumes}
    modes = {key: each.with_powers(powers) for key, each in modes.items()}
    return [each._replace(modes=modes[id(each.modes)]) for each in volumes]


def joint_covariance_at(fixed, moving, place, basis):
    """Return the covariance of the transform at which a joint refinement ended.

    Parameters
    ----------
    fixed, moving : gradalign.search.modes.JointVolume
    place : (array_like of shape (3, 3), array_like of shape (3,), array_like of shape (3,))
        Rotation, translation and centre, as of a `gradalign.search.joint_descent.JointEnd`.
    basis : array_like of shape (6, k)
        The free directions.

    Returns
    -------
    numpy.ndarray of shape (6, 6)
        As of `gradalign.search.verdict.covariance_at`.
    """
    volumes = _as_strong_as_told((fixed, moving), place)
    # halfway, where the centre is expected: where it was found it has followed the noise, too
    rotation, translation, _ = place
    expansion, influences = JointRefinement(*volumes).influences(rotation, translation, np.asarray(translation) / 2.0)
    hessian = expansion.hessian
    hessian[9, 9] += GAIN_REACH**-2.0
    followed = followed_directions(hessian, np.asarray(basis, dtype=float), fixed.alike)
    if fixed.alike:
        strengths = [noise_left(volumes, influences)] * 2
    else:
        # a reference may fit better than its model error says, which tells nothing of the particle's noise
        strengths = [noise_left([volume], [seen]) for volume, seen in zip(volumes, influences, strict=True)]
    parts = [
        _of_data(volume, seen.rows @ followed.astype(np.float32), strength)
        for volume, seen, strength in zip(volumes, influences, strengths, strict=True)
    ]
    modelled, found = np.sum(parts, axis=0, dtype=float)
    curvature = followed.T @ hessian @ followed
    noise = found + without_maxima(curvature - modelled)
    # under the model both are the same; where noise makes Q flatter than the model has it they are not
    return covariance_of(curvature, noise, basis, fixed.size, max(1.0, float(np.max(np.concatenate(strengths)))))
