"""One picked particle against a reference: which orientations are tried, under which mask, in which band.

Particles are f(x) ≈ ref(R⁻¹(x − a)). The search is centred on the origin a₀ that the STAR file gives: f is held as
f(x + a₀), so that only a − a₀ is sought.
"""

from dataclasses import dataclass, replace

import numpy as np

from gradalign.fourier.spectrum import prepare
from gradalign.geometry.rotations import check_interval, point_group, rotation_angle, rotation_from_euler
from gradalign.particles.filters import shell_filtered, shell_power
from gradalign.scores.masks import soft_sphere
from gradalign.scores.signal_model import SignalModel
from gradalign.search.likelihood import LikelihoodVolume, finest_limit
from gradalign.search.score import Start, load_score
from gradalign.search.seeds import start_rotations
from gradalign.search.settings import Settings

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
    """``"rcs"``, ``"fcs"`` or ``"likelihood"``."""
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
        # the bands of the coarse-to-fine search end at that of the round
        edge, scale = self.box * self.voxel_size, self.low_pass / finest_limit(self.settings)
        rounds = tuple(one._replace(low_pass=min(scale * one.low_pass, edge)) for one in self.settings.rounds)
        spacing = min(SPACING_SHARE * self.low_pass, self.settings.start_reach or np.inf)
        settings = replace(self.settings, low_pass=self.low_pass, start_spacing=spacing, rounds=rounds)
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
        108 at 60° for C1, 54 for C2, 12 for D7; spread some four times as many.

    Raises
    ------
    InputError
        If the interval does not divide 180 or the point group is not known.
    """
    interval, elements = check_interval(interval), point_group(symmetry)
    order = len(elements)
    if order == 1 or spread:
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


def _scaled(spectrum, factor):
    factor = np.float32(factor)
    return spectrum._replace(values=spectrum.values * factor, grid=spectrum.grid * factor)


def _on_unit_power(spectrum):
    """Return a transform on unit variance in the band; its mean, at frequency 0, is never compared."""
    power = (spectrum.values.astype(float) ** 2).sum(axis=0).mean()
    return _scaled(spectrum, 1.0 / np.sqrt(max(power, np.finfo(np.float32).tiny)))


def _at_power(volume, power):
    """Return a volume whose coefficients have a given mean power in each shell, as far as there is any."""
    here = shell_power(volume)
    wanted = np.interp(np.arange(len(here)), np.arange(len(power)), power, right=0.0)
    factors = np.sqrt(np.divide(wanted, here, out=np.zeros_like(here), where=here > 1e-12 * here.max()))
    return shell_filtered(volume, factors)


def _under(mask, volume):
    """Return a volume under a mask, the level at the mask's soft edge taken as zero: else a step would stand there."""
    edge = mask * (1.0 - mask)
    total = float(edge.sum(dtype=float))
    level = float((edge * volume).sum(dtype=float)) / total if total > 0 else 0.0
    return mask * (np.asarray(volume, dtype=np.float32) - np.float32(level))


def prepare_reference(volume, mask, plan, model=None):
    """Return the transforms of a reference, ready to be moved.

    Parameters
    ----------
    volume, mask : numpy.ndarray of shape (N, N, N)
    plan : Plan
    model : gradalign.scores.signal_model.SignalModel, optional
        Needed for the likelihood.

    Returns
    -------
    gradalign.fourier.spectrum.Spectrum or gradalign.search.likelihood.LikelihoodVolume
    """
    masked = _under(mask, volume)
    if plan.score == "likelihood":
        masked = _at_power(masked, _mask_power(plan) * model.signal)
        bands = {one.low_pass for one in plan.settings.rounds}
        spectra = {band: prepare(masked, 90.0, band, plan.voxel_size, 0.0, "the reference") for band in bands}
        return LikelihoodVolume(spectra, _without_noise(model)._replace(mask=plan.mask()))
    spectrum = prepare(masked, 90.0, plan.low_pass, plan.voxel_size, 0.0, "the reference")
    return _on_unit_power(spectrum) if plan.score == "fcs" else spectrum


def _without_noise(model):
    return model._replace(noise=np.zeros_like(model.noise))


def _mask_power(plan):
    return float((plan.mask().astype(float) ** 2).sum())


def prepare_particle(volume, wedge, centre, plan, model=None, name="particle"):
    """Return the transforms of a particle, centred on its starting origin.

    Parameters
    ----------
    volume : numpy.ndarray of shape (N, N, N)
    wedge : (float, float, float)
        Tilt range and axis in degrees.
    centre : array_like of shape (3,)
        a₀ in voxels.
    plan : Plan
    model : gradalign.scores.signal_model.SignalModel, optional
    name : str

    Returns
    -------
    gradalign.fourier.spectrum.Spectrum or gradalign.search.likelihood.LikelihoodVolume

    Raises
    ------
    InputError
        If the volume or its tilt range is unusable.
    """
    masked = _under(plan.mask(centre), volume)
    settings, likelihood = plan.settings, plan.score == "likelihood"
    spectra = {}
    for band in {one.low_pass for one in settings.rounds} if likelihood else {plan.low_pass}:
        spectrum = prepare(masked, wedge, band, plan.voxel_size, settings.wedge_guard, name, movable=False)
        phase = 2.0 * np.pi / plan.box * (spectrum.lattice @ np.asarray(centre, dtype=float))
        real, imaginary = spectrum.values.astype(float)
        turned = np.stack(
            [real * np.cos(phase) - imaginary * np.sin(phase), real * np.sin(phase) + imaginary * np.cos(phase)]
        )
        spectrum = spectrum._replace(values=turned.astype(np.float32))
        if plan.score == "fcs":
            spectrum = _on_unit_power(spectrum)
        spectra[band] = spectrum
    return LikelihoodVolume(spectra, model._replace(mask=plan.mask())) if likelihood else spectra[plan.low_pass]


def _search(fixed, moving, plan, rotations, surface, rng):
    start = Start(surface_f=surface, surface_g=None if surface is None else np.eye(3), rotations=rotations)
    return load_score(plan.score).search(fixed, moving, plan.settings, plan.voxel_size, start, rng)


def _value(fixed, moving, plan, rotation, translation):
    return load_score(plan.score).value(fixed, moving, rotation, translation)


def align_particle(fixed, moving, plan, centre, start=None, prior=None, last=None, rng=0):
    """Find the transform that moves the reference onto a particle.

    Parameters
    ----------
    fixed
        From `prepare_particle`.
    moving
        From `prepare_reference`.
    plan : Plan
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
    rotation : numpy.ndarray of shape (3, 3)
    translation : numpy.ndarray of shape (3,)
        a in voxels.
    dissimilarity : float
    """
    surface, centre = None, np.asarray(centre, dtype=float)
    if plan.search == "local":
        seeds = local_seeds(start, plan.local_range)
    elif plan.search == "axis":
        surface = prior_surface(*prior)
        seeds = axis_seeds(plan.interval, plan.symmetry, surface)
    else:
        seeds = symmetric_seeds(plan.interval, plan.symmetry, spread=plan.score == "likelihood")
    if last is not None:
        seeds = np.concatenate([seeds, np.asarray(last[0])[None]])
    found = _search(fixed, moving, plan, seeds, surface, rng)
    if plan.search == "local":
        if _turned(found.rotation, start) > plan.local_range:
            # a seed at the rim went out; the given orientation's own optimum may lie within
            found = _search(fixed, moving, plan, seeds[:1], None, rng)
        if _turned(found.rotation, start) > plan.local_range:
            still = np.asarray(start, dtype=float), np.zeros(3)
            return still[0], centre.copy(), _value(fixed, moving, plan, *still)
    return found.rotation, centre + found.translation, found.dissimilarity


def _turned(rotation, start):
    return float(rotation_angle(np.asarray(rotation) @ np.asarray(start).T))


def model_arrays(model):
    """Return the parts of a signal model that the rounds need, for a file.

    Parameters
    ----------
    model : gradalign.scores.signal_model.SignalModel

    Returns
    -------
    numpy.ndarray of shape (2, shells)
    """
    return np.stack([model.signal, model.noise])


def model_from_arrays(arrays):
    """Return the signal model that `model_arrays` stored.

    Parameters
    ----------
    arrays : numpy.ndarray of shape (2, shells)
        Empty for none.

    Returns
    -------
    gradalign.scores.signal_model.SignalModel or None
    """
    return SignalModel(*arrays, mask=None, radius=np.nan) if arrays.size else None
