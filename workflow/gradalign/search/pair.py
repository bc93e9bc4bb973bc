"""The public face: align two subtomograms. Sets of them are aligned in `gradalign.search.sets`."""

import numpy as np

from gradalign.fourier.spectrum import prepare
from gradalign.scores.least_squares import score_number
from gradalign.scores.likelihood import estimate_model
from gradalign.search.likelihood import align_bands, prepare_bands
from gradalign.search.seeds import free_directions, seeds_at_best_translation, start_rotations
from gradalign.search.settings import Alignment, Settings
from gradalign.search.stochastic import stochastic_refinement


def _random_generator(seed):
    return seed if isinstance(seed, np.random.Generator) else np.random.default_rng(seed)


def align_spectra(
    fixed,
    moving,
    score="rcs",
    interval=60.0,
    settings=None,
    voxel_size=1.0,
    seed=0,
    surface_f=None,
    surface_g=None,
    rotations=None,
):
    """Align two prepared subtomograms, as `align_pair` does.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
        f and g, from `gradalign.fourier.spectrum.prepare`.
    score : str
    interval : float
    settings : Settings, optional
        Its low_pass and wedge_guard belong to `prepare` and are not looked at here.
    voxel_size : float
        In nm.
    seed : int or numpy.random.Generator
    surface_f, surface_g : array_like of shape (3, 3), optional
    rotations : array_like of shape (m, 3, 3), optional
        Seeds to start from in place of those of the interval.

    Returns
    -------
    Alignment
    """
    settings = settings or Settings()
    if rotations is None:
        rotations = start_rotations(interval, surface_f, surface_g)
    candidates = seeds_at_best_translation(fixed, moving, score, rotations, settings, voxel_size)
    best, trace, path = stochastic_refinement(
        fixed,
        moving,
        score_number(score),
        free_directions(surface_f),
        settings.damping,
        settings.rule,
        candidates,
        _random_generator(seed).random(settings.rule.max_steps),
    )
    return Alignment(
        rotation=candidates.rotations[best].copy(),
        translation=candidates.translations[best].copy(),
        dissimilarity=float(candidates.dissimilarities[best]),
        iterations=len(trace),
        trace=trace,
        path=path,
    )


def align_pair(
    f,
    g,
    tilt_f=60.0,
    tilt_g=60.0,
    score="rcs",
    interval=60.0,
    low_pass=None,
    voxel_size=1.0,
    seed=0,
    settings=None,
    surface_f=None,
    surface_g=None,
    model=None,
):
    """Find the rotation and translation that move subtomogram g onto subtomogram f.

    Parameters
    ----------
    f, g : array_like of shape (N, N, N)
        Densities [z, y, x], of one box size.
    tilt_f, tilt_g : float, (float, float) or (float, float, float)
        Half range, (min, max) or (min, max, axis) of each tilt series in degrees; beam z, tilt axis at the angle
        `axis` from x towards y, or y.
    score : str
        ``"rcs"`` (real-space constrained), ``"fcs"`` (Fourier-space constrained) or ``"likelihood"``, which takes
        its band limits from the rounds of `settings`.
    interval : float
        Interval of the seed angles in degrees; divides 180. The likelihood has
        `gradalign.search.seeds.SPREAD_FACTOR` times as many seeds.
    low_pass : float, optional
        Resolution limit of the aligner in nm; that of `settings` if left out.
    voxel_size : float
        In nm.
    seed : int or numpy.random.Generator
        Of the stochastic choice of candidates; the same seed gives the same answer.
    settings : Settings, optional
    surface_f, surface_g : array_like of shape (3, 3), optional
        Rotations that take the two membrane surface normals to z; with them only the rotation about the normal and
        the translation are searched (Eq. 22).
    model : gradalign.scores.likelihood.SignalModel, optional
        Signal and noise of the data set for the likelihood; estimated from the two volumes if left out.

    Returns
    -------
    Alignment
        With ``rotation``, ``translation`` (voxels), ``euler_zyz`` (degrees), ``dissimilarity``, ``iterations`` and
        ``trace``: f(x) ≈ g(R⁻¹(x − a)).

    Raises
    ------
    InputError
        If a volume, tilt range, score, interval or low-pass is unusable; it says which and why.

    Examples
    --------
    A phantom, and the same phantom turned and shifted:

    >>> from gradalign import align_pair
    >>> from gradalign.geometry.rotations import rotation_angle, rotation_from_euler
    >>> from gradalign.simulation.phantom import phantom
    >>> R = rotation_from_euler(40, 70, -20)
    >>> g = phantom(32)
    >>> f = phantom(32, rotation=R, translation=[1.0, -0.5, 0.25])
    >>> found = align_pair(f, g, tilt_f=90, tilt_g=90, voxel_size=1.0)
    >>> bool(rotation_angle(found.rotation.T @ R) < 0.5)
    True
    >>> found.translation.round(1).tolist()
    [1.0, -0.5, 0.2]
    """
    settings = settings or Settings()
    if score == "likelihood":
        model = model or estimate_model([f, g], [tilt_f, tilt_g])
        fixed, moving = (
            prepare_bands(volume, tilt, model, settings, voxel_size, name)
            for volume, tilt, name in ((f, tilt_f, "f"), (g, tilt_g, "g"))
        )
        return align_bands(fixed, moving, interval, settings, voxel_size, surface_f, surface_g)
    low_pass = settings.low_pass if low_pass is None else low_pass
    shared = (low_pass, voxel_size, settings.wedge_guard)
    fixed = prepare(f, tilt_f, *shared, "f", movable=False)
    moving = prepare(g, tilt_g, *shared, "g")
    return align_spectra(fixed, moving, score, interval, settings, voxel_size, seed, surface_f, surface_g)
