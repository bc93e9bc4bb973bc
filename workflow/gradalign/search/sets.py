"""Sets of subtomograms: all of them aligned to a reference, or every pair."""

import warnings
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from numpy.typing import ArrayLike

from gradalign.base.jit import say_if_compiling
from gradalign.base.randomness import generator
from gradalign.base.threads import on_one_thread
from gradalign.errors import InputError
from gradalign.fourier.transfer import TransferReader, check_data
from gradalign.geometry.wedge import TiltRange, each_tilt_range, one_for_each
from gradalign.io.mrc import as_sequence
from gradalign.search.request import asked, checked_settings, usable, within_box
from gradalign.search.score import Start, load_score
from gradalign.search.settings import Alignment, Settings


def _transferred(volumes, kept, ctfs, data):
    """Return what contrast transfers leave of the usable volumes, warning of CTF volumes that cannot be used.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)
    kept : list of int
        Numbers of the usable ones.
    ctfs : array_like, list of them or None
    data : str or None

    Returns
    -------
    volumes : sequence or dict of int to array_like
        By number.
    kept : list of int
        Those whose CTF volume can be used, too.
    transfers : list of Transfer or None
        One or None for each of these; None without any.

    Raises
    ------
    InputError
        If the one CTF volume of all cannot be used, or no volume is left, or `data` is no such word.
    """
    if ctfs is None:
        return volumes, kept, None
    check_data(data)
    each, reader = one_for_each(ctfs, len(volumes), "CTF volumes"), TransferReader(data)
    applied, transfers, complaint = {}, [], ""
    for number in kept:
        volume = volumes[number]
        try:
            transfer = reader.read(each[number], len(volume), f"ctf of volume {number}")
        except InputError as error:
            if not isinstance(ctfs, list):
                raise
            complaint = str(error)
            warnings.warn(f"{complaint}; volume {number} is left out", stacklevel=4)
            continue
        transfers.append(transfer)
        applied[number] = volume if transfer is None else transfer.applied(volume)
    if not applied:
        raise InputError(f"at least one usable volume is needed: {complaint}")
    return applied, list(applied), transfers


class _Usable(NamedTuple):
    """The volumes of a set that can be used, with their tilt ranges."""

    numbers: list
    volumes: Sequence | dict
    tilts: list

    def given(self):
        """Return the volumes, and their tilt ranges."""
        return [[values[number] for number in self.numbers] for values in (self.volumes, self.tilts)]

    def prepared(self, score, models, settings, voxel_size, movable):
        """Yield the volumes, prepared one after the other."""
        for number, model in zip(self.numbers, models, strict=True):
            volume, called = self.volumes[number], f"volume {number}"
            yield score.prepare(volume, self.tilts[number], settings, voxel_size, model, called, movable)


@on_one_thread
def align_to_reference(
    volumes: Sequence[ArrayLike],
    reference: ArrayLike,
    *,
    tilts: TiltRange | list[TiltRange] = 60.0,
    reference_tilt: TiltRange = 90.0,
    score: str = "rcs",
    interval: float = 60.0,
    low_pass: float | None = None,
    reach: float | None = None,
    voxel_size: float = 1.0,
    seed: int = 0,
    settings: Settings | None = None,
    mask: str | float | tuple | ArrayLike | None = None,
    ctfs: ArrayLike | list[ArrayLike | None] | None = None,
    ctf_data: str | None = None,
) -> list[Alignment]:
    """Find the transform that moves the reference onto each subtomogram.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)
        Subtomograms [z, y, x]; read one after the other, so that a sequence may load them as they are asked for.
    reference : array_like of shape (N, N, N)
    tilts : float, tuple or list of them
        Tilt range of all subtomograms as in `align_pair`, or a list or array with one for each.
    reference_tilt : float or (float, float)
        90 if nothing is missing.
    score, interval, low_pass, reach, voxel_size, settings, mask
        As in `align_pair`.
    seed : int
        Each subtomogram draws from its own stream of this seed.
    ctfs : array_like or list of them, optional
        CTF volume of all subtomograms as `ctf_f` of `align_pair`, or a list with one or None for each. The reference
        has none: it is compared as each subtomogram shows it.
    ctf_data : str, optional
        As in `align_pair`.

    Returns
    -------
    list of Alignment or None
        volume(x) ≈ reference(R⁻¹(x − a)); None for a volume that cannot be used, or whose CTF volume cannot, of which
        a warning says why.

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
    settings, score = checked_settings(settings, low_pass, voxel_size, seed), load_score(score)
    settings = asked(score, settings, low_pass, reach, voxel_size, reference, "the reference")
    volumes = as_sequence(volumes)
    tilts = each_tilt_range(tilts, len(volumes))
    settings = within_box(settings, voxel_size, **{"the reference": reference})
    kept = usable(volumes, tilts, len(reference))
    say_if_compiling()
    volumes, kept, transfers = _transferred(volumes, kept, ctfs, ctf_data)
    some = _Usable(kept, volumes, tilts)
    given, ranges = some.given()
    seen = [*given, reference], [*ranges, reference_tilt]
    *models, last = score.estimate(*seen, settings.alike, mask, transfers and [*transfers, None])
    moving = score.prepare(reference, reference_tilt, settings, voxel_size, last, "the reference")
    each = some.prepared(score, models, settings, voxel_size, movable=False)
    found = [None] * len(tilts)
    for number, fixed in zip(kept, each, strict=True):
        rng = generator(seed, "reference alignment", number)
        found[number] = score.search(fixed, moving, settings, voxel_size, Start(interval), rng)
    return found


@on_one_thread
def align_all_pairs(
    volumes: Sequence[ArrayLike],
    *,
    tilts: TiltRange | list[TiltRange] = 60.0,
    score: str = "rcs",
    interval: float = 60.0,
    low_pass: float | None = None,
    reach: float | None = None,
    voxel_size: float = 1.0,
    seed: int = 0,
    settings: Settings | None = None,
    mask: str | float | tuple | ArrayLike | None = None,
    ctfs: ArrayLike | list[ArrayLike | None] | None = None,
    ctf_data: str | None = None,
) -> dict[tuple[int, int], Alignment]:
    """Align every pair of a set, each volume prepared once.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)
        Subtomograms [z, y, x].
    tilts : float, tuple or list of them
        Tilt range of all subtomograms as in `align_pair`, or a list or array with one for each.
    score, interval, low_pass, reach, voxel_size, settings, mask
        As in `align_pair`.
    seed : int
        Each pair draws from its own stream of this seed.
    ctfs : array_like or list of them, optional
        CTF volume of all subtomograms as `ctf_f` of `align_pair`, or a list with one or None for each.
    ctf_data : str, optional
        As in `align_pair`.

    Returns
    -------
    dict of (int, int) to Alignment
        For i < j the transform that moves volume j onto volume i; a volume that cannot be used, or whose CTF volume
        cannot, is missing, and a warning says why.

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
    settings, score = checked_settings(settings, low_pass, voxel_size, seed), load_score(score)
    volumes = as_sequence(volumes)
    tilts = each_tilt_range(tilts, len(volumes))
    kept = usable(volumes, tilts)
    first, called = volumes[kept[0]], f"volume {kept[0]}"
    settings = asked(score, settings, low_pass, reach, voxel_size, first, called)
    settings = within_box(settings, voxel_size, **{called: first})
    say_if_compiling()
    volumes, kept, transfers = _transferred(volumes, kept, ctfs, ctf_data)
    some = _Usable(kept, volumes, tilts)
    models = score.estimate(*some.given(), settings.alike, mask, transfers)
    each = dict(zip(kept, some.prepared(score, models, settings, voxel_size, movable=True), strict=True))
    return {
        (i, j): score.search(
            each[i], each[j], settings, voxel_size, Start(interval), generator(seed, "pair alignment", i, j)
        )
        for i, j in combinations(kept, 2)
    }
