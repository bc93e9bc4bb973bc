"""One picked particle against a reference: which orientations are tried, under which mask, in which band.

Particles are f(x) ≈ ref(R⁻¹(x − a)). The search is centred on the origin a₀ that the STAR file gives, to the nearest
voxel: f is held as f(x + a₀), so that only a − a₀ is sought.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from gradalign.geometry.rotations import check_interval, point_group, rotation_angle, rotation_from_euler
from gradalign.scores.masks import soft_sphere
from gradalign.scores.set_model import SetModel
from gradalign.search.score import Start, load_score
from gradalign.search.settings import Alignment, Settings

EDGE_SHARE = 1 / 8
"""Width of the masks' soft edge as a share of the box."""
SPACING_SHARE = 0.375
"""Distance of neighbouring start translations as a share of the band limit: the study's 2 nm at 5.3 nm."""
# of the local range: how far the further seeds of a local search stand from the given orientation
_SEED_SHARE = 0.6


@dataclass(frozen=True)
class Plan:
    """What is the same for all particles of a round."""

    box: int
    """Edge of the subtomograms in voxels."""
    voxel_size: float
    """In nm."""
    score: str
    """As registered, see `gradalign.search.registry`."""
    search: str
    """``"full"``, ``"local"`` around the given orientation, or ``"axis"``: about the prior's axis alone."""
    interval: float
    """Of the seed angles, in degrees."""
    local_range: float
    """Largest angle from the given orientation in a local search, in degrees."""
    symmetry: str
    """Point group of the reference."""
    low_pass: float
    """Band limit in nm."""
    mask_radius: float
    """Of the sphere under which particles are compared, in voxels; 0 for no mask."""
    settings: Settings
    """The aligner's."""

    def __post_init__(self):
        # the bands of a search from coarse to fine end at that of the round
        edge = self.box * self.voxel_size
        settings = load_score(self.score).limited(self.settings, self.low_pass, edge)
        rounds = tuple(one._replace(low_pass=min(one.low_pass, edge)) for one in settings.rounds)
        spacing = min(SPACING_SHARE * self.low_pass, settings.start_reach or np.inf)
        settings = replace(settings, start_spacing=spacing, rounds=rounds, symmetry=self.symmetry)
        object.__setattr__(self, "settings", settings)

    @property
    def edge(self):
        """Width of the mask's soft edge in voxels."""
        return EDGE_SHARE * self.box

    def mask(self, centre=(0.0, 0.0, 0.0)):
        """Return the mask of a particle.

        Parameters
        ----------
        centre : (float, float, float)
            Where the particle stands, in voxels.

        Returns
        -------
        numpy.ndarray of float32, shape (box, box, box)
        """
        if not self.mask_radius:
            return np.ones((self.box,) * 3, np.float32)
        return soft_sphere(self.box, self.mask_radius, self.edge, centre)


class Reference(NamedTuple):
    """The reference of a half set, ready for particles to be aligned to."""

    moving: object
    """As the plan's score prepares it, ready to be moved."""
    plan: Plan
    known: SetModel | None = None
    """What the score knows of the particles."""


def symmetric_seeds(interval, symmetry, spread=False):
    """Return rotations that cover the orientations of a symmetric reference once.

    R and R·S place it alike for every element S of its point group: ψ runs through one period of the principal axis,
    and θ through 90° where there is a twofold axis across it.

    Parameters
    ----------
    interval : float
        In degrees; divides 180.
    symmetry : str
    spread : bool
        As for `gradalign.search.seeds.start_rotations`.

    Returns
    -------
    numpy.ndarray of shape (m, 3, 3)
        108 at 60° for C1, 54 for C2, 12 for D7; spread 864, 433 and 61.

    Raises
    ------
    InputError
        If the interval does not divide 180 or the point group is not known.
    """
    interval, elements = check_interval(interval), point_group(symmetry)
    order = len(elements)
    if order == 1 or spread:
        # what reads the plan of a round, as a figure does, needs no kernel
        from gradalign.search.seeds import start_rotations

        rotations = start_rotations(interval, spread=spread)
        # of all R·S, which are alike, the one that rotates least: its trace is the largest
        return rotations[np.einsum("rij,sji->rs", rotations, elements).argmax(axis=1) == 0]
    dihedral = symmetry[0].upper() == "D"
    tilt_range, period = (90.0, 720.0 / order) if dihedral else (180.0, 360.0 / order)
    tilts, spins = int(np.ceil(tilt_range / interval - 1e-9)), int(np.ceil(period / interval - 1e-9))
    phi, theta, psi = np.meshgrid(
        interval * np.arange(round(360.0 / interval)),
        tilt_range / tilts * (np.arange(tilts) + 0.5),
        period / spins * np.arange(spins),
        indexing="ij",
    )
    return rotation_from_euler(phi.ravel(), theta.ravel(), psi.ravel())


def local_seeds(rotation, local_range):
    """Return the rotations from which a search around a given one starts.

    Parameters
    ----------
    rotation : array_like of shape (3, 3)
    local_range : float
        Largest angle from it in degrees.

    Returns
    -------
    numpy.ndarray of shape (7, 3, 3)
        The given one first, then six around it.
    """
    angle = _SEED_SHARE * local_range
    about_z, about_y = rotation_from_euler([angle, -angle], 0.0, 0.0), rotation_from_euler(0.0, [angle, -angle], 0.0)
    about_x = rotation_from_euler(-90.0, [angle, -angle], 90.0)
    return np.concatenate([np.eye(3)[None], about_x, about_y, about_z]) @ np.asarray(rotation)


def prior_surface(tilt, psi):
    """Return R_f of Eq. 22 for RELION's prior angles, with which only rlnAngleRot is unknown.

    Parameters
    ----------
    tilt, psi : float
        rlnAngleTiltPrior and rlnAnglePsiPrior in degrees.

    Returns
    -------
    numpy.ndarray of shape (3, 3)
        It takes the axis of the particle to z; that of the reference is z.
    """
    return rotation_from_euler(0.0, tilt, psi)


def axis_seeds(interval, symmetry, surface):
    """Return the rotations about a prior's axis from which a search starts.

    Parameters
    ----------
    interval : float
    symmetry : str
        Only the order of its axis z counts.
    surface : numpy.ndarray of shape (3, 3)
        From `prior_surface`.

    Returns
    -------
    numpy.ndarray of shape (m, 3, 3)
    """
    order = len(point_group(symmetry)) // (2 if symmetry[0].upper() == "D" else 1)
    count = int(np.ceil(360.0 / order / check_interval(interval) - 1e-9))
    return surface.T @ rotation_from_euler(360.0 / order / count * np.arange(count), 0.0, 0.0)


def _under(mask, volume):
    """Return a volume under a mask, the level at the mask's soft edge taken as zero: else a step would stand there."""
    edge = mask * (1.0 - mask)
    total = float(edge.sum(dtype=float))
    level = float((edge * volume).sum(dtype=float)) / total if total > 0 else 0.0
    return mask * (np.asarray(volume, dtype=np.float32) - np.float32(level))


def centred(volume, centre):
    """Return a volume with a place at its centre, to the nearest voxel; what leaves on one side enters on the other.

    Parameters
    ----------
    volume : numpy.ndarray of shape (N, N, N)
        [z, y, x].
    centre : array_like of shape (3,)
        (x, y, z) in voxels from the centre.

    Returns
    -------
    numpy.ndarray of shape (N, N, N)
    """
    return np.roll(volume, -np.rint(centre).astype(int)[::-1], axis=(0, 1, 2))


def prepare_reference(volume, mask, plan, known=None, agreement=None):
    """Return a reference, ready for particles to be aligned to.

    Parameters
    ----------
    volume, mask : numpy.ndarray of shape (N, N, N)
    plan : Plan
    known : gradalign.scores.set_model.SetModel, optional
        What the score knows of the set.
    agreement : array_like, optional
        By shell the part of the reference's power that is signal.

    Returns
    -------
    Reference
    """
    score = load_score(plan.score)
    # a model puts the reference under its own sphere itself
    if known is None or not np.array_equal(mask, plan.mask()):
        volume = _under(mask, volume)
    model, known = score.model_of_reference(volume, known, agreement) if known else (None, None)
    prepared = score.prepare(volume, 90.0, plan.settings, plan.voxel_size, model, "the reference")
    return Reference(score.on_unit_power(prepared), plan, known)


def prepare_particle(volume, wedge, centre, reference, name="particle", transfer=None):
    """Return a particle as the score prepares it, its starting origin at the centre to the nearest voxel.

    Parameters
    ----------
    volume : numpy.ndarray of shape (N, N, N)
    wedge : (float, float, float)
        Tilt range and axis in degrees.
    centre : array_like of shape (3,)
        a₀ in voxels.
    reference : Reference
        That it is aligned to.
    name : str
    transfer : gradalign.fourier.transfer.Transfer, optional
        Its contrast transfer, whose form the volume must have already.

    Returns
    -------
    object

    Raises
    ------
    InputError
        If the volume or its tilt range is unusable.
    """
    plan, known = reference.plan, reference.known
    score, volume = load_score(plan.score), centred(volume, centre)
    if not known:
        volume = _under(plan.mask(centre - np.rint(centre)), volume)
    model = score.model_of_particle(volume, wedge, known, transfer)
    return score.on_unit_power(score.prepare(volume, wedge, plan.settings, plan.voxel_size, model, name, movable=False))


def align_particle(fixed, reference, centre, start=None, prior=None, last=None, rng=0):
    """Find the transform that moves the reference onto a particle.

    Parameters
    ----------
    fixed
        From `prepare_particle`.
    reference : Reference
    centre : array_like of shape (3,)
        a₀ in voxels, as for `prepare_particle`.
    start : array_like of shape (3, 3), optional
        The given orientation, for a local search.
    prior : (float, float), optional
        Tilt and psi in degrees, for a search about one axis.
    last : (array_like of shape (3, 3), array_like of shape (3,)), optional
        R and a that were found before: a further seed.
    rng : int or numpy.random.Generator

    Returns
    -------
    gradalign.search.settings.Alignment
        Its translation counts from the box's centre, as a₀ does.
    """
    moving, plan = reference.moving, reference.plan
    surface, centre, score = None, np.asarray(centre, dtype=float), load_score(plan.score)
    if plan.search == "local":
        seeds = local_seeds(start, plan.local_range)
    elif plan.search == "axis":
        surface = prior_surface(*prior)
        seeds = axis_seeds(plan.interval, plan.symmetry, surface)
    else:
        seeds = symmetric_seeds(plan.interval, plan.symmetry, spread=score.spread_seeds)
    if last is not None:
        seeds = np.concatenate([seeds, np.asarray(last[0])[None]])

    def search(rotations):
        normals = {} if surface is None else {"surface_f": surface, "surface_g": np.eye(3)}
        return score.search(fixed, moving, plan.settings, plan.voxel_size, Start(rotations=rotations, **normals), rng)

    found = search(seeds)
    if plan.search == "local":
        if _turned(found.rotation, start) > plan.local_range:
            # the search went out of the range from a seed near its rim; from the given orientation it may stay within
            found = search(seeds[:1])
        if _turned(found.rotation, start) > plan.local_range:
            return _unmoved(score, fixed, moving, np.asarray(start, dtype=float), centre)
    return replace(found, translation=np.rint(centre) + found.translation)


def _unmoved(score, fixed, moving, rotation, centre):
    """Return the given transform as the answer."""
    value = score.value(fixed, moving, rotation, centre - np.rint(centre))
    reason = "no optimum lies within the range of the local search"
    return Alignment(rotation, centre.copy(), value, 0, np.empty(0), np.empty((0, 12)), reason=reason)


def _turned(rotation, start):
    return float(rotation_angle(np.asarray(rotation) @ np.asarray(start).T))
