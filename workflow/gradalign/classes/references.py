"""The public face: particles against several maps that are known."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gradalign.base.threads import on_one_thread
from gradalign.classes.maps import ClassMap, prepare_map, prepare_particle
from gradalign.classes.observed import Observed
from gradalign.classes.sorting import sort_particle
from gradalign.classes.start import MODEL_SAMPLE, checked_volumes, first_state
from gradalign.errors import InputError
from gradalign.geometry.wedge import TiltRange
from gradalign.particles.filters import shell_power
from gradalign.search.settings import Settings


@dataclass(frozen=True)
class ReferenceAlignment:
    """A subtomogram against several references."""

    best: int
    """Which reference explains it best, from 0."""
    rotation: np.ndarray
    """R, (3, 3): volume(x) ≈ reference(R⁻¹(x − a)) for the best."""
    translation: np.ndarray
    """a in voxels, (3,)."""
    probabilities: np.ndarray
    """Of each reference, (K,); they add up to 1."""
    amplitude: float
    """By how much the best must be multiplied to fit: about 1 if it is in the volume, 0 for noise."""
    residual: float
    """Mean square of what is left, in units of the noise: about 1 if nothing else is in the volume."""


# a reference is as good as the average of so many particles
_FREE_OF_NOISE = 1e6


def _prepared_template(template, plan):
    """Return a reference ready to be compared with, on the scale of the particles' signal."""
    shells = len(plan.noise)
    places = np.arange(shells) ** 2
    power = shell_power(template * plan.model.mask)[:shells] / plan.model.mask_power
    scale = np.sqrt((places * plan.model.signal).sum() / max((places * power).sum(), np.finfo(float).tiny))
    found = ClassMap((scale * template).astype(np.float32), np.full(shells, _FREE_OF_NOISE), 1)
    return prepare_map(found, plan)


@on_one_thread
def align_to_references(
    volumes: Sequence[ArrayLike],
    references: Sequence[ArrayLike],
    *,
    tilts: TiltRange | list[TiltRange] = 60.0,
    voxel_size: float = 1.0,
    mask_radius: float | None = None,
    low_pass: float | None = None,
    settings: Settings | None = None,
) -> list[ReferenceAlignment]:
    """Find which of several references each subtomogram shows, and where.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)
        Subtomograms [z, y, x], density bright.
    references : sequence of array_like of shape (N, N, N)
        Maps without noise, on any one scale.
    tilts : float, tuple or list of them
        Tilt range of all subtomograms, or a list with one for each.
    voxel_size : float
        In nm.
    mask_radius, low_pass : float, optional
        As of `classify`.
    settings : gradalign.Settings, optional

    Returns
    -------
    list of ReferenceAlignment

    Raises
    ------
    InputError
        If a volume, a reference or a tilt range is unusable, or there is none.

    Examples
    --------
    >>> from gradalign import align_to_references
    >>> from gradalign.simulation.phantom import phantom
    >>> small, large = phantom(8, 24), phantom(12, 24)
    >>> found = align_to_references([large, small], [small, large], tilts=90)
    >>> [one.best for one in found]
    [1, 0]
    """
    if not len(volumes) or not len(references):
        raise InputError(f"{len(volumes)} volumes and {len(references)} references: at least one of each is needed")
    observed = checked_volumes(volumes, tilts)
    templates = checked_volumes(references, 90.0).volumes
    some = Observed(*(each[:MODEL_SAMPLE] for each in observed))
    state = first_state(some, voxel_size, low_pass or 0.0, mask_radius or 0.0)
    plan = state.plan(settings or Settings())
    prepared = {label: _prepared_template(template, plan) for label, template in enumerate(templates, start=1)}
    found = []
    for number, (volume, wedge) in enumerate(zip(*observed, strict=True)):
        item = sort_particle(prepare_particle(volume, wedge, plan, f"volume {number}"), prepared, plan)
        values = np.array([item.values[label] for label in sorted(item.values)])
        probabilities = np.exp(values - values.max())
        found.append(
            ReferenceAlignment(
                item.best - 1,
                item.match.rotation,
                item.match.translation,
                probabilities / probabilities.sum(),
                item.match.amplitude,
                item.match.residual,
            )
        )
    return found
