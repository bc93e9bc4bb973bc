"""Sets of subtomograms: all of them aligned to a reference, or every pair."""

from itertools import combinations

from gradalign.base.randomness import generator
from gradalign.errors import InputError
from gradalign.fourier.spectrum import prepare
from gradalign.scores.likelihood import estimate_model
from gradalign.search.likelihood import align_bands, prepare_bands
from gradalign.search.pair import Settings, align_spectra


def _each_tilt(volumes, tilts):
    """Return a tilt range for each volume; `tilts` is one for all or a list with one for each."""
    if isinstance(tilts, list) and len(tilts) != len(volumes):
        raise InputError(f"{len(tilts)} tilt ranges were given for {len(volumes)} volumes: give one, or one for each")
    return tilts if isinstance(tilts, list) else [tilts] * len(volumes)


def _prepare_each(volumes, tilts, settings, low_pass, voxel_size, model=None, movable=True, name="volume {}"):
    """Yield one prepared volume after the other, with a model its transforms for the likelihood."""
    low_pass = settings.low_pass if low_pass is None else low_pass
    for number, (volume, tilt) in enumerate(zip(volumes, tilts, strict=True)):
        called = name.format(number)
        if model is not None:
            yield prepare_bands(volume, tilt, model, settings, voxel_size, called)
        else:
            yield prepare(volume, tilt, low_pass, voxel_size, settings.wedge_guard, called, movable)


def _align_prepared(fixed, moving, score, interval, settings, voxel_size, rng):
    if score == "likelihood":
        return align_bands(fixed, moving, interval, settings, voxel_size)
    return align_spectra(fixed, moving, score, interval, settings, voxel_size, rng)


def align_to_reference(
    volumes,
    reference,
    tilts=60.0,
    reference_tilt=90.0,
    score="rcs",
    interval=60.0,
    low_pass=None,
    voxel_size=1.0,
    seed=0,
    settings=None,
):
    """Find the transform that moves the reference onto each subtomogram.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)
        Subtomograms [z, y, x]; read one after the other, so that a sequence may load them as they are asked for.
    reference : array_like of shape (N, N, N)
    tilts : float, tuple or list of them
        Tilt range of all subtomograms as in `align_pair`, or a list with one for each.
    reference_tilt : float or (float, float)
        90 if nothing is missing.
    score, interval, low_pass, voxel_size, settings
        As in `align_pair`.
    seed : int
        Each subtomogram draws from its own stream of this seed.

    Returns
    -------
    list of Alignment
        volume(x) ≈ reference(R⁻¹(x − a)).

    Raises
    ------
    InputError
        As in `align_pair`.

    Examples
    --------
    >>> import numpy as np
    >>> from gradalign import align_to_reference
    >>> from gradalign.simulation.phantom import phantom
    >>> moved = [phantom(32, translation=[n, 0.0, -1.0]) for n in range(2)]
    >>> found = align_to_reference(moved, phantom(32), tilts=90)
    >>> bool(np.allclose(found[1].translation, [1.0, 0.0, -1.0], atol=0.05))
    True
    """
    settings, tilts = settings or Settings(), _each_tilt(volumes, tilts)
    model = None
    if score == "likelihood":
        model = estimate_model([*volumes, reference], [*tilts, reference_tilt])
    shared = settings, low_pass, voxel_size, model
    (moving,) = _prepare_each([reference], [reference_tilt], *shared, name="the reference")
    each = _prepare_each(volumes, tilts, *shared, movable=False)
    return [
        _align_prepared(
            fixed, moving, score, interval, settings, voxel_size, generator(seed, "reference alignment", number)
        )
        for number, fixed in enumerate(each)
    ]


def align_all_pairs(
    volumes, tilts=60.0, score="rcs", interval=60.0, low_pass=None, voxel_size=1.0, seed=0, settings=None
):
    """Align every pair of a set, each volume prepared once.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)
        Subtomograms [z, y, x].
    tilts : float, tuple or list of them
        Tilt range of all subtomograms as in `align_pair`, or a list with one for each.
    score, interval, low_pass, voxel_size, settings
        As in `align_pair`.
    seed : int
        Each pair draws from its own stream of this seed.

    Returns
    -------
    dict of (int, int) to Alignment
        For i < j the transform that moves volume j onto volume i.

    Raises
    ------
    InputError
        As in `align_pair`.

    Examples
    --------
    >>> import numpy as np
    >>> from gradalign import align_all_pairs
    >>> from gradalign.simulation.phantom import phantom
    >>> found = align_all_pairs([phantom(32, translation=[0.0, n, 0.0]) for n in range(3)], tilts=90)
    >>> sorted(found)
    [(0, 1), (0, 2), (1, 2)]
    >>> bool(np.allclose(found[0, 2].translation, [0.0, -2.0, 0.0], atol=0.05))
    True
    """
    settings, tilts = settings or Settings(), _each_tilt(volumes, tilts)
    model = None
    if score == "likelihood":
        model = estimate_model(volumes, tilts)
    each = list(_prepare_each(volumes, tilts, settings, low_pass, voxel_size, model))
    return {
        (i, j): _align_prepared(
            each[i], each[j], score, interval, settings, voxel_size, generator(seed, "pair alignment", i, j)
        )
        for i, j in combinations(range(len(each)), 2)
    }
