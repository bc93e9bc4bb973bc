"""Where two crowded volumes agree: the particle, told from neighbours that stand beside it in one of them only.

A neighbour at contact lies inside every sphere that holds the particle. Filtered to the frequencies that both volumes
measured, f and the moved g are compared place by place. With the correlation c = √(S_f S_g/((S_f + N_f)(S_g + N_g))) of
a shell and F, G of unit power, the log-likelihood ratio of one object to two is the sum over the volume of

    l(x) = ½ [ ⟨−log(1 − c²)⟩ − f_A(x)² − g_A(x)² + 2 f_B(x) g_B(x) ],

f_A and f_B being filtered by A² = c²/(1 − c²) and B² = c/(1 − c²) (Parseval). Smoothed over a window it tells what
the two share there. A place that only one of them fills must not count as a contradiction: with a prior of one half for
a shared place, a window counts as log(½ + ½ e^{l}), which is bounded below. The sum over the windows of the particle's
sphere chooses among the candidates of a search, and the windows' posteriors make a mask, on f as it is and moved back
on g, under which a candidate is refined.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gradalign.fourier.overlap import HELD, POINT, SAMPLES, SCALE, matched, own_shares, sample_once, work_space
from gradalign.fourier.spectrum import Spectrum
from gradalign.scores.least_squares import score_number
from gradalign.scores.likelihood import prepare_masked, weighted
from gradalign.scores.masks import soft_sphere
from gradalign.scores.signal_model import tempered
from gradalign.search.coarse_to_fine import best_distinct, coarse_to_fine, refine_each, without_log_terms
from gradalign.search.kernel_score import refined_on
from gradalign.search.step import chosen, joined
from gradalign.search.stochastic import place_candidates

# spheres under which candidates are looked for, as parts of the particle, beside that of its mask, and their edge
_CORES, _CORE_EDGE = (0.6, 0.45), 4.0
# parts of the box: the sphere that both volumes are cut to, its edge, and the largest sphere for a particle
_WIDE, _WIDE_EDGE, _LARGEST = 3 / 8, 1 / 8, 5 / 16
# deviation of a window in resolutions, and the distance of windows in deviations
_WINDOW, _SPACING = 0.5, 4 / 3
# how likely a place is the particle's at its centre, and at the end of its sphere
_CENTRAL, _LEAST = 0.9, 0.1
# candidates that are refined by what they share, how often the mask is made anew, and steps under each
_ENDS, _MASKS, _STEPS = 20, 4, 4
# the mask's sphere as a part of the particle, and its edge
_SHARED, _SHARED_EDGE = 0.9, 4.0

LAST_RATIO = 30.0
"""Largest ratio of signal to noise with which an answer is refined to convergence: what stands beside the particle
leaks through the missing wedge into the mask, and is no noise that the volumes tell."""
LEAST_AGREEMENT = 8.0
"""Value of `Agreement` below which it is chance: of 144 RNA polymerases with neighbours those placed wrongly came to at
most 6."""


class CrowdedVolume(NamedTuple):
    """A volume with something beside its particle, prepared for local agreement."""

    volume: np.ndarray
    """On the model's unit, float32 (N, N, N)."""
    tilt_range: object
    """As given."""
    wide: Spectrum
    """Its transform with its surroundings, at the finest band limit."""
    cores: tuple
    """Itself under smaller spheres, as prepared for the search."""


def cores(model):
    """Return the models of a crowded volume under smaller spheres.

    Parameters
    ----------
    model : gradalign.scores.signal_model.SignalModel
        With `SignalModel.lone`.

    Returns
    -------
    list of gradalign.scores.signal_model.SignalModel
    """
    size, radii = len(model.mask), [part * model.lone for part in _CORES]
    return [model._replace(mask=soft_sphere(size, radius, _CORE_EDGE), radius=radius, lone=None) for radius in radii]


def surrounded(volume, tilt_range, model, band, name):
    """Return the transform of a volume with its surroundings.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
        Density [z, y, x].
    tilt_range : float, (float, float) or (float, float, float)
        Half range, (min, max) or (min, max, axis) in degrees.
    model : gradalign.scores.signal_model.SignalModel
    band : gradalign.scores.likelihood.Band
    name : str
        How messages call the volume.

    Returns
    -------
    gradalign.fourier.spectrum.Spectrum

    Raises
    ------
    InputError
        As `gradalign.scores.likelihood.prepare_masked` does.
    """
    size = len(model.mask)
    wide = model._replace(mask=soft_sphere(size, _WIDE * size, _WIDE_EDGE * size))
    return prepare_masked(volume, tilt_range, wide, band, name)


def on_its_unit(model):
    """Return the model of a volume that is on its unit already.

    Parameters
    ----------
    model : gradalign.scores.signal_model.SignalModel

    Returns
    -------
    gradalign.scores.signal_model.SignalModel
    """
    return model._replace(level=0.0, unit=1.0, gold=None)


def under_masks(seen, models, masks, band):
    """Return the transforms of a pair, each volume under a mask of its own, with the pair's weights.

    Parameters
    ----------
    seen : sequence of (numpy.ndarray of shape (N, N, N), tilt range)
        f and g, on their models' unit.
    models : sequence of gradalign.scores.signal_model.SignalModel
    masks : sequence of numpy.ndarray of shape (N, N, N)
    band : gradalign.scores.likelihood.Band

    Returns
    -------
    (gradalign.fourier.spectrum.Spectrum, gradalign.fourier.spectrum.Spectrum)
        Without the logarithm's terms.
    """
    masked = [model._replace(mask=mask) for model, mask in zip(models, masks, strict=True)]
    held, moved = (
        prepare_masked(volume, tilt_range, model, band)
        for (volume, tilt_range), model in zip(seen, masked, strict=True)
    )
    return without_log_terms(weighted(held, *masked)), moved


class Agreement:
    """What two crowded volumes share at a transform.

    Parameters
    ----------
    fixed, moving : CrowdedVolume
    models : (gradalign.scores.signal_model.SignalModel, gradalign.scores.signal_model.SignalModel)
    band : gradalign.scores.likelihood.Band
    settings : gradalign.search.settings.Settings
    """

    def __init__(self, fixed, moving, models, band, settings):
        self._volumes, self._band, self._settings = (fixed, moving), band, settings
        plain = [on_its_unit(model) for model in models]
        self._models = [tempered(model, settings.coarse_ratio) for model in plain]
        self._last_models = [tempered(model, LAST_RATIO) for model in plain]
        self.size = size = len(fixed.volume)
        root = np.sqrt(own_shares(fixed.wide))
        # the sampled lines hold the share of f, too
        self._held = fixed.wide._replace(values=fixed.wide.values * root, weights=root)
        self._work = work_space(self._held)
        first, second = self._models
        self._totals = [model.signal + model.noise for model in self._models]
        self._correlation = first.signal * second.signal / (self._totals[0] * self._totals[1])
        limit = np.sqrt((self._held.lattice**2).sum(axis=1).max())
        # products hold twice the band, of which the windows leave little
        self._coarse = min(size, 2 * int(np.ceil(1.5 * limit)))
        self.deviation = _WINDOW * band.low_pass / band.voxel_size
        self._radius = min(models[0].lone, _LARGEST * size)
        self._place_windows()

    def _place_windows(self):
        along = (np.arange(self._coarse) - self._coarse // 2) * self.size / self._coarse
        points = np.stack(np.meshgrid(along, along, along, indexing="ij"), axis=-1)
        self._inside = (points**2).sum(axis=-1) < (self._radius + 2 * self.deviation) ** 2
        spacing = _SPACING * self.deviation
        reach = int(self._radius / spacing)
        steps = spacing * np.arange(-reach, reach + 1)
        centres = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
        centres = centres[(centres**2).sum(axis=1) < self._radius**2]
        self._centres = centres
        apart = ((centres[:, None] - points[self._inside][None]) ** 2).sum(axis=-1)
        windows = np.exp(-0.5 * apart / self.deviation**2)
        self._windows = (windows / windows.sum(axis=1, keepdims=True)).astype(np.float32)
        self._volume = (np.sqrt(2 * np.pi) * self.deviation) ** 3
        self._overlap = self._volume / spacing**3

    def _local(self, rotation, translation, count):
        """Return l(x) on a grid of so many points along each axis, (count, count, count)."""
        number = sample_once(matched(self._held, self._volumes[1].wide), rotation, self._work)
        lines = self._work.lines[:, :number]
        points, share = lines[POINT : POINT + 3], lines[SCALE]
        x, y, z = np.rint(points).astype(int)
        lengths, shells = np.sqrt((points**2).sum(axis=0)), np.arange(len(self._correlation))
        square, *totals = (np.interp(lengths, shells, by_shell) for by_shell in (self._correlation, *self._totals))
        f = (lines[HELD] + 1j * lines[HELD + 1]) / np.sqrt(totals[0])
        phase = np.exp(-2j * np.pi / self.size * (translation @ points))
        g = (lines[SAMPLES] + 1j * lines[SAMPLES + 1]) * share * phase / np.sqrt(totals[1])
        # of ξx = 0 the other half, too
        mirrored = x == 0
        half = np.zeros((4, count, count, count // 2 + 1), np.complex64)
        own, shared = np.sqrt(square / (1 - square)), np.sqrt(np.sqrt(square) / (1 - square))
        for out, values in zip(half, (f * own, g * own, f * shared, g * shared), strict=True):
            out[z, y, x] = values
            out[-z[mirrored], -y[mirrored], 0] = values[mirrored].conj()
        fields = np.fft.irfftn(half, s=(count,) * 3, axes=(1, 2, 3)) * (count / self.size) ** 3
        expected = 2.0 * (share**2 * -np.log(1 - square)).sum() / self.size**3
        density = 0.5 * (expected - fields[0] ** 2 - fields[1] ** 2 + 2.0 * fields[2] * fields[3])
        return np.fft.fftshift(density)

    def value(self, rotation, translation):
        """Return how much likelier the two share the particle than nothing, the logarithm.

        Parameters
        ----------
        rotation : numpy.ndarray of shape (3, 3)
        translation : numpy.ndarray of shape (3,)
            In voxels.

        Returns
        -------
        float
        """
        local = self._local(rotation, translation, self._coarse)[self._inside]
        ratios = self._volume * (self._windows @ local.astype(np.float32))
        # arrays are [z, y, x]
        prior = self._belonging(self._centres) * self._belonging(self._centres - translation[::-1])
        # the windows overlap
        return float(np.logaddexp(np.log1p(-prior), np.log(prior) + ratios).sum() / self._overlap)

    def _belonging(self, places):
        """Return how likely places relative to the centre of a volume, (n, 3), are its particle's."""
        outward = np.sqrt((places**2).sum(axis=1)) / self._radius
        return np.maximum(_CENTRAL + (_LEAST - _CENTRAL) * outward, _LEAST)

    def shared(self, rotation, translation):
        """Return the masks of what the two share, each in its own frame.

        Parameters
        ----------
        rotation : numpy.ndarray of shape (3, 3)
        translation : numpy.ndarray of shape (3,)
            In voxels.

        Returns
        -------
        (numpy.ndarray, numpy.ndarray) of float32, shape (N, N, N)
            The posterior of each place within the particle's sphere.
        """
        from scipy.ndimage import affine_transform, gaussian_filter

        local = gaussian_filter(self._local(rotation, translation, self.size), self.deviation, mode="wrap")
        posterior = 1.0 / (1.0 + np.exp(-np.clip(self._volume * local, -50.0, 50.0)))
        sphere = soft_sphere(self.size, _SHARED * self._radius, _SHARED_EDGE)
        on_f = (gaussian_filter(posterior, 0.5 * self.deviation) * sphere).astype(np.float32)
        # arrays are [z, y, x]
        matrix, centre = rotation[::-1, ::-1], np.full(3, self.size // 2)
        return on_f, affine_transform(on_f, matrix, centre + translation[::-1] - matrix @ centre, order=1)

    def refined(self, rotation, translation, basis):
        """Return a transform refined under masks of what is shared: the value that is best on the way, and where.

        Parameters
        ----------
        rotation : numpy.ndarray of shape (3, 3)
        translation : numpy.ndarray of shape (3,)
            In voxels.
        basis : array_like of shape (6, k)
            The free directions.

        Returns
        -------
        value : float
        rotation : numpy.ndarray of shape (3, 3)
        translation : numpy.ndarray of shape (3,)
        steps : list of (numpy.ndarray, numpy.ndarray)
            Traces and paths.
        """
        best, steps, place = (self.value(rotation, translation), rotation, translation), [], (rotation, translation)
        number = score_number("likelihood")
        for _ in range(_MASKS):
            held, moved = self._under_shared(place, self._models)
            end = place_candidates(held, moved, number, *(part[None].copy() for part in place), self._settings.damping)
            steps.append(refine_each(held, moved, number, basis, self._settings.damping, _STEPS, end))
            place = end.rotations[0], end.translations[0]
            if np.abs(place[1]).max() >= self.size / 2:
                break
            value = self.value(*place)
            if value > best[0]:
                best = (value, *place)
        return (*best, steps)

    def converged(self, rotation, translation, basis):
        """Return a transform refined to convergence under the masks of what is shared there.

        Parameters
        ----------
        rotation : numpy.ndarray of shape (3, 3)
        translation : numpy.ndarray of shape (3,)
            In voxels.
        basis : array_like of shape (6, k)
            The free directions.

        Returns
        -------
        rotation : numpy.ndarray of shape (3, 3)
        translation : numpy.ndarray of shape (3,)
        spectra : (gradalign.fourier.spectrum.Spectrum, gradalign.fourier.spectrum.Spectrum)
            Under the masks.
        """
        spectra = self._under_shared((rotation, translation), self._last_models)
        number, damping = score_number("likelihood"), self._settings.damping
        end = refined_on(*spectra, number, rotation, translation, damping, basis)
        if np.abs(end[1]).max() < self.size / 2:
            rotation, translation, _ = end
        return rotation, translation, spectra

    def _under_shared(self, place, models):
        """Return both transforms under the masks of what is shared at a place."""
        seen = [(each.volume, each.tilt_range) for each in self._volumes]
        return under_masks(seen, models, self.shared(*place), self._band)


def search_by_agreement(agreement, pairs, rotations, basis, settings, voxel_size):
    """Search under several spheres, and refine what agrees best.

    Parameters
    ----------
    agreement : Agreement
    pairs : list of dict
        Transforms of both under each sphere, by band limit, as for `gradalign.search.coarse_to_fine.coarse_to_fine`.
    rotations : float64 (m, 3, 3)
        Seeds.
    basis : float64 (6, k)
        The free directions.
    settings : gradalign.search.settings.Settings
    voxel_size : float
        In nm.

    Returns
    -------
    ends : gradalign.search.step.Candidates
        The best first; d is minus the logarithm of how much likelier the two share the particle than nothing.
    steps : list of (numpy.ndarray, numpy.ndarray)
        Traces and paths.
    """
    finest = settings.rounds[-1].low_pass
    # what stands beside the particle is in d, so that its differences exclude nothing
    last = next(number for number, stage in enumerate(settings.rounds) if stage.low_pass == finest)
    rounds = tuple(stage._replace(keep=max(stage.keep, stage.most)) for stage in settings.rounds[: last + 1])
    deep = replace(settings, rounds=rounds)
    number, found, steps = score_number("likelihood"), [], []
    for pair in pairs:
        candidates, *walked = coarse_to_fine(pair, number, rotations, basis, deep, voxel_size)
        found.append(candidates)
        steps.append(walked)
    found = joined(found)
    found.dissimilarities[:] = [-agreement.value(*place) for place in zip(*found[:2], strict=True)]
    best = best_distinct(found, _ENDS, _ENDS, 0.0, finest, voxel_size, agreement.size)
    for place in range(len(best.dissimilarities)):
        value, rotation, translation, walked = agreement.refined(best.rotations[place], best.translations[place], basis)
        best.rotations[place], best.translations[place], best.dissimilarities[place] = rotation, translation, -value
        steps += walked
    order = np.argsort(best.dissimilarities)
    return chosen(best, order), steps
