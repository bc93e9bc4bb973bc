"""The volumes of a set without what is no particle: gold beads and membranes taken out, and the masks for the rest."""

from typing import NamedTuple

import numpy as np

from gradalign.errors import InputError
from gradalign.geometry.wedge import check_wedge
from gradalign.io.mrc import check_numbers
from gradalign.scores.beside import Masks, holds, masks_of_set, quiet_part, surroundings
from gradalign.scores.gold import without_gold
from gradalign.scores.masks import MARGIN, distances
from gradalign.scores.membrane import membrane_in


class Views(NamedTuple):
    """The volumes of a set without beads and membranes."""

    volumes: list
    """(N, N, N) each, float64."""
    beads: list
    """What was taken off each, (N, N, N); None for nothing."""
    wedges: list
    """Tilt range and axis of each."""
    transfers: list
    """The contrast transfer of each, or None."""


def checked(volumes):
    """Return volumes that can be used.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)

    Returns
    -------
    list of numpy.ndarray

    Raises
    ------
    InputError
        If there are none or one is unusable.
    """
    if len(volumes) == 0:
        raise InputError("a signal model needs at least one subtomogram, and there is none")
    return [check_numbers(volume, f"volume {number}") for number, volume in enumerate(volumes)]


def opened_set(volumes, tilts, wish, transfers=None, guarded=False):
    """Return the volumes of a set without beads and membranes, and their masks.

    Parameters
    ----------
    volumes, tilts, transfers, guarded
        As for `gradalign.scores.signal_model.estimate_models`.
    wish : str, float, (float, (float, float, float)) or array_like of shape (N, N, N)
        As for `gradalign.scores.beside.masks_of_set`.

    Returns
    -------
    views : Views
    masks : gradalign.scores.beside.Masks

    Raises
    ------
    InputError
        If there are no volumes, one is unusable, or the wish is.
    """
    volumes = [volume.astype(float) for volume in checked(volumes)]
    wedges, transfers = [check_wedge(tilt) for tilt in tilts], transfers or [None] * len(volumes)
    axes = [axis for *_, axis in wedges]
    volumes, beads, scaled = _without_beads(volumes, wedges)
    masks = masks_of_set(wish, _as_shown(scaled, transfers), axes, guarded)
    if masks.mask.lone and any(masks.beside):
        membranes = [_membrane(volume, masks.mask.lone) for volume in volumes]
        if any(membrane is not None for membrane in membranes):
            volumes = _less(volumes, membranes)
            beads = [_together(*parts) for parts in zip(beads, membranes, strict=True)]
            masks = masks_of_set(wish, _as_shown(list(map(_scaled, volumes)), transfers), axes, guarded)
    return Views(volumes, beads, wedges, transfers), masks


def opened_volume(volume, tilt, plain, guarded, transfer=None, wary=False):
    """Return one volume of a set without beads and membranes, and which of the set's masks are for it.

    Parameters
    ----------
    volume, tilt, plain, guarded, transfer, wary
        As for `gradalign.scores.signal_model.models_of_one`.

    Returns
    -------
    views : Views
    masks : gradalign.scores.beside.Masks
        With `Masks.alone` where that is for it.

    Raises
    ------
    InputError
        If the volume or the tilt range is unusable.
    """
    wedge = check_wedge(tilt)
    volumes, beads, (scaled,) = _without_beads([checked([volume])[0].astype(float)], [wedge])
    size, axis = len(scaled), wedge[2]
    outside = surroundings(size, guarded.lone + MARGIN, axis)
    quiet, beside = quiet_part(scaled, outside)
    membrane = _membrane(volumes[0], guarded.lone) if beside or wary else None
    if membrane is not None:
        volumes, beads = _less(volumes, [membrane]), [_together(beads[0], membrane)]
        scaled = _scaled(volumes[0])
        quiet, beside = quiet_part(scaled, outside)
    masks = Masks(guarded, [quiet], [beside])
    if plain is not None and (not beside or all(holds([scaled], [axis], plain.radius))):
        masks = masks._replace(alone=plain, around=[surroundings(size, plain.radius, axis)])
    return Views(volumes, beads, [wedge], [transfer]), masks


def _centred(volume):
    """Return a volume without the median of the shells about which a box holds little but background."""
    away = distances(len(volume))
    return volume - np.median(volume[(away > 0.4 * len(volume)) & (away <= 0.5 * len(volume))])


def _membrane(volume, core):
    return membrane_in(_centred(volume), core)


def _without_beads(volumes, wedges):
    """Return volumes without gold beads, what was taken off each, and the volumes on one scale."""
    scaled, beads = [], []
    for volume, wedge in zip(volumes, wedges, strict=True):
        centred = _centred(volume)
        unit = centred.std()
        clean, found = without_gold(centred / unit, wedge)
        scaled.append(clean / clean.std())
        beads.append(centred - unit * clean if found else None)
    return _less(volumes, beads), beads, scaled


def _as_shown(volumes, transfers):
    """Return volumes with a contrast transfer, so that a mask holds what it spreads of the particle, too."""
    first = next((each for each in transfers or () if each is not None), None)
    if first is None:
        return volumes
    return [first.showing(volume) if each is None else volume for volume, each in zip(volumes, transfers, strict=True)]


def _scaled(volume):
    centred = _centred(volume)
    return centred / centred.std()


def _less(volumes, parts):
    """Return volumes less the parts that are not the particle's; None for a volume that has none."""
    return [volume if part is None else volume - part for volume, part in zip(volumes, parts, strict=True)]


def _together(bead, membrane):
    return membrane if bead is None else bead if membrane is None else bead + membrane
