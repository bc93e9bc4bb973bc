"""The public face: align two subtomograms. Sets of them are aligned in `gradalign.sets`."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gradalign.errors import InputError
from gradalign.geometry import axis_seed_angles, rotation_from_euler, seed_rotations, spread_rotations
from gradalign.joint import refine_jointly
from gradalign.likelihood import estimate_model, prepare_masked, tempered, weighted
from gradalign.marching import march, without_gain
from gradalign.modes import JointVolume, prepare_joint
from gradalign.products import overlap_products, value_products
from gradalign.sampling import sample_values, work_space
from gradalign.scores import dissimilarity, score_number
from gradalign.search import place_seeds, stochastic_refinement
from gradalign.settings import Alignment, Settings
from gradalign.spectrum import band_limit, narrowed, prepare

SPREAD_FACTOR = 4
"""Spread seeds for each of the grid's: one at the lowest band limit costs a tenth of a step at the highest."""


class LikelihoodVolume(NamedTuple):
    """A volume prepared for the likelihood."""

    bands: dict
    """Its weighted transform by band limit in nm."""
    joint: JointVolume | None = None
    """Itself for the joint refinement; None for a search that ends without it."""


@lru_cache(maxsize=8)
def _full_seeds(interval, spread):
    grid = seed_rotations(interval)
    return spread_rotations(SPREAD_FACTOR * len(grid)) if spread else grid


def free_directions(surface_f=None):
    """Return the directions in which a search may move, among the rotation vector ω and the translation a.

    Parameters
    ----------
    surface_f : array_like of shape (3, 3), optional
        R_f of Eq. 22; with it only rotations about R_f⁻¹ẑ are free.

    Returns
    -------
    numpy.ndarray of shape (6, 6) or (6, 4)
    """
    if surface_f is None:
        return np.eye(6)
    basis = np.zeros((6, 4))
    basis[:3, 0] = np.asarray(surface_f, dtype=float)[2]
    basis[3:, 1:] = np.eye(3)
    return basis


def start_rotations(interval, surface_f=None, surface_g=None, spread=False):
    """Return the rotations from which a search starts.

    Parameters
    ----------
    interval : float
        Of the seed angles, in degrees; divides 180.
    surface_f, surface_g : array_like of shape (3, 3), optional
        R_f and R_g of Eq. 22: R = R_f⁻¹ R_n R_g, R_n about z. Both or neither.
    spread : bool
        For the search from coarse to fine: `SPREAD_FACTOR` times as many as the grid has, evenly spread. About one
        axis the grid is even.

    Returns
    -------
    numpy.ndarray of shape (m, 3, 3)
        108 rotations at 60°, 256 at 45°, spread 432 and 1024; about one axis 6 and 8.

    Raises
    ------
    InputError
        If the interval does not divide 180, or only one of the surfaces is given.
    """
    if (surface_f is None) != (surface_g is None):
        raise InputError("surface_f and surface_g belong together: give both rotations or neither")
    if surface_f is None:
        return _full_seeds(interval, spread)
    turns = rotation_from_euler(axis_seed_angles(interval), 0.0, 0.0)
    return np.asarray(surface_f, dtype=float).T @ turns @ np.asarray(surface_g, dtype=float)


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
    fixed, moving : gradalign.spectrum.Spectrum
        f and g, from `gradalign.spectrum.prepare`.
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


def finest_limit(settings):
    """Return the band limit at which the coarse-to-fine search ends, in nm.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    float

    Raises
    ------
    InputError
        If a round before the last one has a finer limit.
    """
    *before, last = (turn.low_pass for turn in settings.rounds)
    if any(low_pass < last for low_pass in before):
        raise InputError(
            f"rounds: the last round's low_pass is {last:g} nm and an earlier one's {min(before):g} nm; "
            "a search from coarse to fine ends at the finest limit, that is at the smallest number"
        )
    return settings.rounds[-1].low_pass


def prepare_bands(volume, tilt_range, model, settings=None, voxel_size=1.0, name="volume"):
    """Return a volume with its weighted transforms at the band limits of the coarse-to-fine search.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
        Density [z, y, x].
    tilt_range : float or (float, float)
        In degrees.
    model : gradalign.likelihood.SignalModel
    settings : Settings, optional
    voxel_size : float
        In nm.
    name : str
        How messages call the volume.

    Returns
    -------
    LikelihoodVolume

    Raises
    ------
    InputError
        If the volume, the tilt range or a low-pass is unusable.
    """
    settings = settings or Settings()
    limits = {turn.low_pass: band_limit(len(volume), turn.low_pass, voxel_size) for turn in settings.rounds}
    finest = finest_limit(settings)
    whole = prepare_masked(volume, tilt_range, model, finest, voxel_size, settings.wedge_softness, name)
    coarse = tempered(model, settings.coarse_ratio)
    bands = {low_pass: weighted(narrowed(whole, limits[low_pass]), coarse) for low_pass in limits if low_pass != finest}
    joint = prepare_joint(volume, tilt_range, model, finest, voxel_size, name)
    return LikelihoodVolume(bands | {finest: weighted(whole, model)}, joint)


def align_bands(
    fixed, moving, interval=60.0, settings=None, voxel_size=1.0, surface_f=None, surface_g=None, rotations=None
):
    """Align two subtomograms by the likelihood: from coarse to fine, and jointly where both are prepared for it.

    Parameters
    ----------
    fixed, moving : LikelihoodVolume
        f and g, from `prepare_bands`.
    interval, settings, voxel_size, surface_f, surface_g
        As in `align_pair`.
    rotations : array_like of shape (m, 3, 3), optional
        Seeds to start from in place of those of the interval.

    Returns
    -------
    Alignment
    """
    settings = settings or Settings()
    if rotations is None:
        rotations = start_rotations(interval, surface_f, surface_g, spread=True)
    basis = free_directions(surface_f)
    rotation, translation, value, trace, path = march(
        {low_pass: (fixed.bands[low_pass], moving.bands[low_pass]) for low_pass in fixed.bands},
        score_number("likelihood"),
        np.ascontiguousarray(rotations, dtype=float),
        basis,
        settings.damping,
        settings.start_reach / voxel_size,
        settings.start_spacing / voxel_size,
        settings.rule.duplicate_distance,
        settings.rounds,
        settings.last_steps,
    )
    rotation, translation = rotation.copy(), translation.copy()
    # where nothing is missing there is no edge, and the modes that were left out would be all that differs
    if fixed.joint and moving.joint and not (fixed.joint.complete and moving.joint.complete):
        held, moved = (volume.bands[finest_limit(settings)] for volume in (fixed, moving))
        # of −log of the likelihood, about
        curvature = 2.0 * information(without_gain(held), moved, rotation, translation)
        joint = refine_jointly(fixed.joint, moving.joint, rotation, translation, curvature, basis)
        rotation, translation = joint[:2]
        value = dissimilarity_at(held, moved, "likelihood", rotation, translation)
        trace, path = (np.concatenate(parts) for parts in zip((trace, path), joint[2:], strict=True))
    return Alignment(rotation, translation, value, len(trace), trace, path)


def seeds_at_best_translation(fixed, moving, score, rotations, settings, voxel_size=1.0):
    """Return the candidates of a search before its first step.

    Parameters
    ----------
    fixed, moving : gradalign.spectrum.Spectrum
    score : str
    rotations : array_like of shape (m, 3, 3)
    settings : Settings
    voxel_size : float
        In nm.

    Returns
    -------
    gradalign.refinement.Candidates

    Raises
    ------
    InputError
        If the two volumes differ in size or the score is not known.
    """
    if fixed.size != moving.size:
        raise InputError(
            f"the two volumes have {fixed.size} and {moving.size} voxels a side: boxes of one size are needed"
        )
    return place_seeds(
        fixed,
        moving,
        score_number(score),
        np.ascontiguousarray(rotations, dtype=float),
        float(settings.start_reach / voxel_size),
        float(settings.start_spacing / voxel_size),
        settings.damping,
    )


def information(fixed, moving, rotation, translation):
    """Return Σ_Ω Re(∂s* ∂sᵀ) at a transform, s being the weighted transform of the moved volume.

    Parameters
    ----------
    fixed, moving : gradalign.spectrum.Spectrum
    rotation : array_like of shape (3, 3)
    translation : array_like of shape (3,)
        In voxels.

    Returns
    -------
    numpy.ndarray of shape (6, 6)
        For ω in R ← exp([ω]×) R, radians, and the translation in voxels.
    """
    products = np.empty((9, 8))
    rotation, translation = (np.ascontiguousarray(part, dtype=float) for part in (rotation, translation))
    overlap_products(fixed, moving, rotation, translation, work_space(fixed), products)
    return products[:6, :6].copy()


def dissimilarity_at(fixed, moving, score, rotation, translation):
    """Return d of two prepared subtomograms for a given transform.

    Parameters
    ----------
    fixed, moving : gradalign.spectrum.Spectrum
    score : str
    rotation : array_like of shape (3, 3)
    translation : array_like of shape (3,)
        In voxels.

    Returns
    -------
    float
    """
    products, work = np.empty((9, 8)), work_space(fixed)
    count = sample_values(fixed, moving, np.ascontiguousarray(rotation, dtype=float), work)
    value_products(fixed, np.ascontiguousarray(translation, dtype=float), count, work, products)
    return float(dissimilarity(score_number(score), products, count))


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
        Interval of the seed angles in degrees; divides 180. The likelihood has `SPREAD_FACTOR` times as many seeds.
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
    model : gradalign.likelihood.SignalModel, optional
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
    >>> from gradalign.geometry import rotation_angle, rotation_from_euler
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
