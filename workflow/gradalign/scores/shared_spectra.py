"""What the volumes of a set have in common: the spectra of their signal and noise, as far as no volume contradicts it.

How strong two signals of one object appear depends on what each wedge left of it: the powers of two alike volumes
differ by a third. The volumes therefore share one shape, and one factor, relative to the noise, if they differ by no
more than this. A volume whose shells contradict the shape, such as a map without contrast transfer, keeps its own.
"""

import numpy as np

LEAST_SHARE = 1e-3
"""Below this part of the total a shell's signal or noise is not told from zero."""
POSE_DEVIATION = 0.3
"""Relative deviation of a signal's power from pose to pose, over all shells and in one."""
# standard deviation of the power of the frequency by which spectra of particles and of a map differ, before anything is
# known: 4 below the first maximum of phase contrast, sin²(πλΔz k²); and which powers are tried
_TRANSFER_DEVIATION, _TRANSFER_POWERS = 2.0, np.linspace(-2.0, 6.0, 81)
# χ² per shell from which on a volume has something of its own shape, and at which it keeps all of it; alike ones have
# a tenth to a half
_AGREE, _CONTRADICT = 0.7, 1.3


def common_spectra(signal, noise, weights=None):
    """Return signal and noise by shell that stand for all volumes of a set.

    Parameters
    ----------
    signal, noise : array_like of shape (n, shells)
    weights : array_like of shape (n,), optional
        Of the volumes in the mean of the signals; all alike if left out.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray)
        The geometric mean of the signals, and for it a noise between the mean and the least of the set.
    """
    shape = np.exp(np.average(np.log(signal), axis=0, weights=weights))
    relative = noise * shape / signal
    return shape, 2.0 / (1.0 / np.exp(np.log(relative).mean(axis=0)) + 1.0 / relative.min(axis=0))


def shared_noise(noises, places):
    """Return the noise of each volume, its shape drawn towards the set's as far as the shells do not contradict it.

    The deviations of a volume's shells from the set's shape have the variance of the estimate and one of the volume's
    own (DerSimonian and Laird 1986), by whose share they are believed.

    Parameters
    ----------
    noises : array_like of shape (n, shells)
        Mean powers.
    places : array_like of shape (n, shells)
        Of how many independent coefficients.

    Returns
    -------
    numpy.ndarray of shape (n, shells)
    """
    variances, logs = 1.0 / np.asarray(places), np.log(noises)
    own, used = np.zeros_like(logs), slice(1, None)
    for _ in range(2):
        pooled = np.average(logs - own, axis=0, weights=1.0 / variances)
        for row, variance in enumerate(variances):
            weights = 1.0 / variance[used]
            factor = np.average((logs[row] - pooled)[used], weights=weights)
            deviations = logs[row] - pooled - factor
            excess = (weights * deviations[used] ** 2).sum() - (len(weights) - 1)
            spread = max(0.0, excess / (weights.sum() - (weights**2).sum() / weights.sum()))
            own[row] = factor + spread / (spread + variance) * deviations
    return np.exp(pooled + own)


def shared_signal(signals, totals, places, transferred=1.0):
    """Return the signal of each volume: the set's shape times a factor, or its own where its shells contradict that.

    Parameters
    ----------
    signals : array_like of shape (n, shells)
        Power under the mask less that of the noise; may be negative.
    totals : array_like of shape (n, shells)
        Power under the mask.
    places : array_like of shape (n, shells)
        Of how many independent coefficients.
    transferred : array_like of shape (n, shells), optional
        By what a contrast transfer multiplied the signal's power, and signals and totals are divided here.

    Returns
    -------
    numpy.ndarray of shape (n, shells)
        Positive.
    """
    # the power of an empty shell is uncertain, too
    variances = np.maximum(totals / np.sqrt(places), 1e-6 * totals.max(axis=1, keepdims=True)) ** 2
    used = slice(1, None)
    # shells that the contrast transfer suppresses do not tell the factor
    told = (places * transferred)[:, used]
    factors = np.maximum((signals[:, used] * told).sum(1), LEAST_SHARE * (totals[:, used] * told).sum(1))
    factors *= places[:, used].sum(1) / told.sum(1)
    spread = variances / factors[:, None] ** 2
    for _ in range(4):
        scaled = signals / factors[:, None]
        pooled = np.average(scaled, axis=0, weights=1.0 / spread)
        pooled = np.maximum(pooled, 1e-6 * abs(pooled).max())
        spread = variances / factors[:, None] ** 2 + (POSE_DEVIATION * pooled) ** 2
        agreement = (scaled * pooled / spread)[:, used].sum(1) / (pooled**2 / spread)[:, used].sum(1)
        factors = factors * np.maximum(agreement, 0.1)
    scaled, spread = signals / factors[:, None], variances / factors[:, None] ** 2 + (POSE_DEVIATION * pooled) ** 2
    misfit = ((scaled - pooled) ** 2 / spread)[:, used].mean(axis=1)
    own = np.clip((misfit - _AGREE) / (_CONTRADICT - _AGREE), 0.0, 1.0)[:, None]
    mean = np.log(factors).mean()
    apart = np.log(factors) - mean
    # factors that the poses alone may cause are left out
    believed = np.clip(1.0 - POSE_DEVIATION**2 / np.maximum(apart**2, POSE_DEVIATION**2), 0.0, 1.0)
    factors = np.exp(mean + believed * apart)
    alone = np.maximum(signals, 1e-6 * totals.max(axis=1, keepdims=True))
    return alone**own * (factors[:, None] * pooled) ** (1.0 - own)


def unknown_transfer(signals, totals, places, reference):
    """Return by what power of the frequency the spectra of particles differ from a reference's.

    Parameters
    ----------
    signals, totals, places : array_like of shape (n, shells)
        Of the particles, as for `shared_signal`.
    reference : array_like of shape (shells,)
        Signal of the reference.

    Returns
    -------
    float
        Mean of its posterior; what noise and poses alone may cause is left out.
    """
    used = slice(1, None)
    mean, count = np.mean(signals, axis=0)[used], len(signals)
    noise = np.mean(np.asarray(totals) ** 2 / places, axis=0)[used] / count
    shells = np.arange(1.0, len(reference))
    shapes = np.maximum(reference[used], 1e-6 * np.max(reference[used])) * shells ** _TRANSFER_POWERS[:, None]
    factors, weights = np.zeros((len(shapes), 1)), np.broadcast_to(1.0 / noise, shapes.shape)
    for _ in range(4):
        factors = (weights * mean * shapes).sum(axis=1) / (weights * shapes**2).sum(axis=1)
        factors = np.maximum(factors, 0.0)[:, None]
        weights = 1.0 / (noise + (POSE_DEVIATION * factors * shapes) ** 2 / count)
    logs = 0.5 * (np.log(weights) - weights * (mean - factors * shapes) ** 2).sum(axis=1)
    logs -= 0.5 * (_TRANSFER_POWERS / _TRANSFER_DEVIATION) ** 2
    chances = np.exp(logs - logs.max())
    power = np.average(_TRANSFER_POWERS, weights=chances)
    variance = np.average((_TRANSFER_POWERS - power) ** 2, weights=chances)
    return float(power * max(0.0, 1.0 - variance / max(power**2, 1e-12)))
