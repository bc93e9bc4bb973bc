"""Gold beads and the like: found, and taken out of a volume.

A bead is a ball, so that what its tilt series shows is Σ_j a_j φ_j(|ξ|) e^{−2πi ξ·x₀/N} W(ξ), with φ_j hat functions
of the frequency, one cycle per box apart, W the wedge, and a_j and the centre x₀ from least squares on the volume.
Whatever the contrast transfer is, the a_j hold it. The wedge was taken out of a wider space than the box, so that the
functions are drawn in two boxes and cut out. A bead is what stands beside the particle and is twice as dense as
anything in the middle.
"""

import numpy as np

from gradalign.geometry.wedge import measured
from gradalign.scores.masks import distances

# voxels over which a volume is smoothed to look for beads
_SMOOTHING = 1.0
# how many times the densest place of the inner half a bead is
_DENSER = 2.0
_MOST_BEADS = 6
# the box up to which the functions are drawn in two boxes
_WIDER_TO = 64
_REFINEMENTS = 3


def without_gold(volume, wedge):
    """Return a volume without its beads.

    Parameters
    ----------
    volume : numpy.ndarray of shape (N, N, N)
        Without its background, density bright.
    wedge : (float, float, float)
        Tilt range and axis in degrees.

    Returns
    -------
    volume : numpy.ndarray of shape (N, N, N)
        The same array where there is no bead.
    centres : list of numpy.ndarray of shape (3,)
        Where they stood, (x, y, z) in voxels from voxel N//2.
    """
    centres, shown = [], None
    for _ in range(_MOST_BEADS):
        place = _densest_beside(volume)
        if place is None or any(np.linalg.norm(place - centre) < 2.0 for centre in centres):
            break
        shown = shown or _Shown(len(volume), wedge)
        bead, centre = shown.fitted(volume, place)
        volume = volume - bead
        centres.append(centre)
    return volume, centres


def _densest_beside(volume):
    """Return where a bead stands; None if nothing is dense enough."""
    from scipy.ndimage import gaussian_filter

    size = len(volume)
    smooth = gaussian_filter(volume, _SMOOTHING, mode="constant")
    inner = distances(size) < size / 4
    outer = np.where(inner, -np.inf, smooth)
    place = np.unravel_index(np.argmax(outer), outer.shape)
    if outer[place] <= _DENSER * np.abs(smooth[inner]).max():
        return None
    return np.array(place[::-1], dtype=float) - size // 2


class _Shown:
    """What a wedge shows of balls."""

    def __init__(self, size, wedge):
        self._size, self._wide = size, 2 * size if size <= _WIDER_TO else size
        axis, last = np.fft.fftfreq(self._wide, 1.0 / size), np.fft.rfftfreq(self._wide, 1.0 / size)
        z, y, x = np.meshgrid(axis, axis, last, indexing="ij")
        self._points = np.stack([x, y, z])
        self._inside = measured(np.moveaxis(self._points, 0, -1), wedge)
        self._lengths = np.sqrt((self._points**2).sum(axis=0))
        # to the corners of the transform
        self._nodes = np.arange(int(self._lengths.max()) + 2)

    def _cut(self, transform):
        start = self._wide // 2 - self._size // 2
        wide = np.fft.irfftn(transform * self._inside, s=(self._wide,) * 3, axes=(0, 1, 2))
        part = slice(start, start + self._size)
        # the transform's origin is the middle voxel
        return np.fft.fftshift(wide)[part, part, part]

    def _columns(self, centre):
        phase = np.exp(-2j * np.pi / self._size * np.tensordot(centre, self._points, axes=1))
        hats = (np.clip(1.0 - np.abs(self._lengths - node), 0.0, 1.0) for node in self._nodes)
        return phase, [self._cut(hat * phase).ravel() for hat in hats]

    def fitted(self, volume, centre):
        """Return a bead near a place as the volume shows it, and its centre."""
        values = np.asarray(volume, dtype=float).ravel()
        for _ in range(_REFINEMENTS):
            phase, columns = self._columns(centre)
            heights, *_ = np.linalg.lstsq(np.stack(columns, axis=1), values, rcond=1e-6)
            ball = np.interp(self._lengths, self._nodes, heights) * phase
            slopes = [self._cut(-2j * np.pi / self._size * points * ball).ravel() for points in self._points]
            change, *_ = np.linalg.lstsq(np.stack([*columns, *slopes], axis=1), values, rcond=1e-6)
            centre = centre + np.clip(change[-3:], -1.0, 1.0)
        _, columns = self._columns(centre)
        columns = np.stack(columns, axis=1)
        heights, *_ = np.linalg.lstsq(columns, values, rcond=1e-6)
        return (columns @ heights).reshape(np.shape(volume)), centre
