"""What neighbours leave of a pair even under masks along the particle's true surface.

No aligner knows this surface. Pairs are refined under such masks from the true transform, so that neither the search
nor where the particle is thought to stand enters, and the same is done without neighbours: this tells what a mask takes
and what comes through it. The truth enters this table alone.
"""

import numpy as np

from gradalign.base.medians import median_and_deviation
from gradalign.fourier.spectrum import prepare
from gradalign.geometry.rotations import alignment_error, relative_transform
from gradalign.geometry.wedge import measured
from gradalign.scores.likelihood import Band
from gradalign.scores.signal_model import tempered
from gradalign.search.agreement import LAST_RATIO, on_its_unit, under_masks
from gradalign.search.kernel_score import refined_on
from gradalign.search.likelihood import LIKELIHOOD
from gradalign.search.likelihood_volume import finest_limit
from gradalign.search.settings import Settings

COLUMNS = ("row", "margin_voxel", "n", "rotation_median_deg", "rotation_mad_deg", "left_over_noise")
"""``left_over_noise``: under the mask of f, the power that neighbours have left over that of the noise, the mean over
the shells `SHELLS`."""
ROWS = ("SNR 1", "two neighbours, 3 nm gap", "one neighbour", "two neighbours")
"""Rows of the table of `gradalign.ladder.robust`; the first has no neighbours."""
MARGINS = (0, 1, 2, 3, 4)
"""Voxels by which a mask reaches beyond the surface."""
SHELLS = (1, 2, 3, 4, 5)
"""Cycles per box."""
PAIRS = 24

# the surface: part of the largest density, smoothed over so many voxels, and the width of the mask's edge
_SURFACE, _SMOOTHING, _EDGE = 0.15, 1.0, 0.8


def surface(volume, rotation, translation):
    """Return where an object stands in a subtomogram.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
        In standard pose, without noise.
    rotation : array_like of shape (3, 3)
    translation : array_like of shape (3,)
        In voxels.

    Returns
    -------
    numpy.ndarray of bool, shape (N, N, N)
    """
    from scipy.ndimage import affine_transform, gaussian_filter

    # arrays are [z, y, x]
    matrix, centre = np.asarray(rotation).T[::-1, ::-1], np.full(3, len(volume) // 2)
    moved = affine_transform(np.asarray(volume, float), matrix, centre - matrix @ (centre + translation[::-1]))
    size = gaussian_filter(np.abs(moved), _SMOOTHING)
    return size > _SURFACE * size.max()


def widened(support, margin):
    """Return a soft mask that reaches beyond a support.

    Parameters
    ----------
    support : numpy.ndarray of bool, shape (N, N, N)
    margin : int
        In voxels.

    Returns
    -------
    numpy.ndarray of float32, shape (N, N, N)
    """
    from scipy.ndimage import binary_dilation, gaussian_filter

    # zero iterations would go on until nothing changes
    wide = binary_dilation(support, iterations=margin) if margin else support
    return gaussian_filter(wide.astype(np.float32), _EDGE)


def error_under(masks, models, observed, number):
    """Return the rotation error of a pair that is refined from the truth under masks.

    Parameters
    ----------
    masks, models : sequence
        Of f and g.
    observed : gradalign.ladder.observed.Observed
    number : int
        Of the pair.

    Returns
    -------
    float
        In degrees.
    """
    settings, tilts = Settings(), (observed.tilt_fixed, observed.tilt_moving)
    band = Band(finest_limit(settings), observed.voxel_size, settings.wedge_softness)
    volumes = [model.standardised(each) for model, each in zip(models, observed.couples[number], strict=True)]
    plain = [tempered(on_its_unit(model), LAST_RATIO) for model in models]
    spectra = under_masks(list(zip(volumes, tilts, strict=True)), plain, masks, band)
    truth = relative_transform(*observed.poses[number])
    end = refined_on(*spectra, LIKELIHOOD.kernel, *truth, settings.damping)
    return alignment_error(*end[:2], *observed.poses[number], "C1")[0]


def left_over_noise(mask, beside, noise, tilt):
    """Return what neighbours leave under a mask, in units of the noise.

    Parameters
    ----------
    mask : numpy.ndarray of shape (N, N, N)
    beside : numpy.ndarray of shape (N, N, N)
        The subtomogram without noise, less that of the particle alone.
    noise : gradalign.simulation.noise.Noise
    tilt : float or (float, float)
        Tilt range in degrees.

    Returns
    -------
    float
        The mean over `SHELLS`.
    """
    if not beside.any():
        return 0.0
    seen = prepare(mask * beside, name="neighbours", movable=False)
    shells = np.rint(np.linalg.norm(seen.lattice, axis=1)).astype(int)
    powers, inside = (seen.values.astype(float) ** 2).sum(axis=0), measured(seen.lattice.astype(float), tilt)
    taken = (mask.astype(float) ** 2).mean()
    return float(
        np.mean(
            [
                powers[shells == shell].mean() / (taken * noise.power(seen.lattice[(shells == shell) & inside]).mean())
                for shell in SHELLS
            ]
        )
    )


def measure(name, site, rung, alone):
    """Measure a row.

    Parameters
    ----------
    name : str
        One of `ROWS`.
    site : gradalign.ladder.observed.Site
        The row's.
    rung : gradalign.ladder.rungs.Rung
    alone : gradalign.ladder.observed.Site
        That of the same rung without neighbours.

    Yields
    ------
    dict
        A text for each of `COLUMNS`; a line for each of `MARGINS`.
    """
    observed, volume, noise = site.observe(rung.task, rung.snr, PAIRS), alone.alone(), alone.noise(rung.snr)
    tilts = (observed.tilt_fixed, observed.tilt_moving)
    models = [LIKELIHOOD.estimate(couple, tilts, False, "automatic") for couple in observed.couples]
    supports = [[surface(volume, *pose[:2]), surface(volume, *pose[2:])] for pose in observed.poses]
    # without noise the poses are others
    clean, own = (each.observe(rung.task, np.inf, PAIRS) for each in (site, alone))
    places = [surface(volume, *pose[:2]) for pose in clean.poses]
    beside = [with_them - without for with_them, without in zip(clean.fixed, own.fixed, strict=True)]
    for margin in MARGINS:
        masks = [[widened(support, margin) for support in pair] for pair in supports]
        errors = [error_under(masks[number], models[number], observed, number) for number in range(PAIRS)]
        left = [
            left_over_noise(widened(place, margin), part, noise, tilts[0])
            for place, part in zip(places, beside, strict=True)
        ]
        numbers = (*median_and_deviation(errors), float(np.median(left)))
        texts = [name, str(margin), str(PAIRS), *(f"{number:.4g}" for number in numbers)]
        yield dict(zip(COLUMNS, texts, strict=True))
