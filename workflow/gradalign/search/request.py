"""What a user asks of an alignment, checked before any work."""

import warnings
from dataclasses import replace

import numpy as np

from gradalign.errors import InputError
from gradalign.fourier.band import band_limit
from gradalign.fourier.spectrum import half_ball
from gradalign.geometry.rotations import point_group
from gradalign.geometry.wedge import check_wedge
from gradalign.io.mrc import check_numbers
from gradalign.search.settings import Settings

# how far RᵀR may be from the identity
_ORTHOGONAL = 1e-3
# start translations as a share of half of a box that has no room for those of the settings
_OWN_REACH = 0.75
# where nobody asks for a band limit: what coarse voxels still hold, in nm (beyond it voxel_size is hardly in nm), and
# how far above Nyquist's limit the search ends
_WIDEST_NYQUIST, _ABOVE_NYQUIST = 8.0, 1.1
# of a band: fewer in an overlap are matched by chance
_LEAST_COEFFICIENTS = 20


def checked_settings(settings, low_pass, voxel_size, seed):
    """Return the settings of an alignment with its band limit.

    Parameters
    ----------
    settings : Settings or None
    low_pass : float or None
        In nm, in place of that of the settings.
    voxel_size : float
        In nm.
    seed : int or numpy.random.Generator

    Returns
    -------
    Settings

    Raises
    ------
    InputError
        If one of them is not what is needed.
    """
    if not isinstance(settings, Settings | None):
        raise InputError(f"settings: is {settings!r}, where a gradalign.Settings is needed")
    settings = settings or Settings()
    if low_pass is not None:
        settings = replace(settings, low_pass=_number("low_pass", low_pass, 0.0))
    if _number("voxel_size", voxel_size, 0.0) == 0.0:
        raise InputError("voxel_size: is 0, where the edge of a voxel in nm is needed")
    if not len(settings.rounds):
        raise InputError("settings: rounds is empty, where the likelihood needs at least one round")
    # it says which are known
    point_group(settings.symmetry)
    whole = isinstance(seed, (int, np.integer)) and seed >= 0
    if not (whole or isinstance(seed, np.random.Generator)):
        raise InputError(f"seed: is {seed!r}, where a whole number from 0 up or a numpy.random.Generator is needed")
    return settings


def asked(score, settings, low_pass, reach, voxel_size, volume, name):
    """Return the settings of an alignment, with what was asked for beside them, or what the voxels allow.

    Parameters
    ----------
    score : gradalign.search.score.Score
    settings : gradalign.search.settings.Settings, optional
    low_pass : float or None
        Band limit in nm.
    reach : float or None
        Largest start translation along each axis, in nm.
    voxel_size : float
        In nm.
    volume : array_like of shape (N, N, N)
        One of those that are aligned: a search begins as coarse as its box can tell.
    name : str
        How messages call it.

    Returns
    -------
    gradalign.search.settings.Settings

    Raises
    ------
    InputError
        If the score cannot take the band limit, or the volume is unusable.
    """
    settings = settings or Settings()
    if low_pass is None and settings.low_pass != Settings.low_pass and settings.rounds == Settings.rounds:
        # of the settings alone
        low_pass = settings.low_pass
    if low_pass is None:
        own = score.own_limit(settings)
        if own < 2.0 * voxel_size <= _WIDEST_NYQUIST:
            low_pass = _ABOVE_NYQUIST * 2.0 * voxel_size
            warnings.warn(
                f"voxels of {voxel_size:g} nm hold nothing finer than {2.0 * voxel_size:g} nm: the band limit is "
                f"{low_pass:.3g} nm in place of {own:g} nm",
                stacklevel=4,
            )
    if low_pass is not None:
        settings = score.limited(settings, low_pass, len(check_numbers(volume, name)) * voxel_size)
    return settings if reach is None else replace(settings, start_reach=reach)


def _number(name, value, least):
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not (np.isfinite(number) and number >= least):
        raise InputError(f"{name}: is {' '.join(repr(value).split())}, where a positive number of nm is needed")
    return number


def within_box(settings, voxel_size, **volumes):
    """Check that volumes have one box, and return settings with which the search stays within it.

    Parameters
    ----------
    settings : Settings
    voxel_size : float
        In nm.
    volumes : array_like of shape (N, N, N)
        By the name that messages call them.

    Returns
    -------
    Settings

    Raises
    ------
    InputError
        If a volume is unusable, or the boxes or the reach do not fit.
    """
    (first, box), *others = ((name, len(check_numbers(volume, name))) for name, volume in volumes.items())
    for name, size in others:
        if size != box:
            raise InputError(
                f"{name}: is a cube of {size} voxels, where {first} has {box}: boxes of one size are needed"
            )
    _check_band(box, settings.low_pass, voxel_size)
    half = box * voxel_size / 2
    if settings.start_reach < half:
        return settings
    if settings.start_reach == Settings.start_reach:
        # nobody asked for it
        return replace(settings, start_reach=_OWN_REACH * half)
    raise InputError(
        f"start_reach: is {settings.start_reach:g} nm, where less than half of the box, {half:g} nm, is needed: a "
        "translation beyond it comes in again from the other side"
    )


def _check_band(box, low_pass, voxel_size):
    """Check that a band limit leaves more coefficients than six numbers could be fitted to."""
    count = len(half_ball(band_limit(box, low_pass, voxel_size)))
    if count < _LEAST_COEFFICIENTS:
        raise InputError(
            f"low_pass: {low_pass:g} nm leaves {count} coefficients of a box of {box * voxel_size:g} nm, where at "
            f"least {_LEAST_COEFFICIENTS} are needed to tell transforms apart: give a smaller value"
        )


def check_surfaces(**surfaces):
    """Check that what takes a surface normal to z is a rotation.

    Parameters
    ----------
    surfaces : array_like of shape (3, 3) or None
        By the name that messages call them.

    Raises
    ------
    InputError
        If one is no rotation.
    """
    for name, surface in surfaces.items():
        if surface is None:
            continue
        matrix = np.asarray(surface, dtype=float)
        fits = matrix.shape == (3, 3) and np.abs(matrix.T @ matrix - np.eye(3)).max() < _ORTHOGONAL
        if not (fits and np.linalg.det(matrix) > 0):
            raise InputError(f"{name}: is no rotation, where a 3×3 matrix with R Rᵀ = 1 and determinant 1 is needed")


def usable(volumes, tilts, box=None):
    """Return which volumes of a set can be used, and warn of the others.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)
    tilts : list
        A tilt range for each.
    box : int, optional
        The edge that they must have; that of the first usable one if left out.

    Returns
    -------
    list of int

    Raises
    ------
    InputError
        If there is none.
    """
    kept, complaint = [], "there is none"
    for number, tilt in enumerate(tilts):
        try:
            volume = check_numbers(volumes[number], f"volume {number}", box)
            check_wedge(tilt)
        except InputError as error:
            complaint = str(error)
            warnings.warn(f"{complaint}; it is left out", stacklevel=4)
            continue
        box = len(volume)
        kept.append(number)
    if not kept:
        raise InputError(f"at least one usable volume is needed: {complaint}")
    return kept
