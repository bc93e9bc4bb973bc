"""What stands beside the object in its tilt series: copies of it, a membrane, a gold bead.

All of it enters the density before it is projected, and so it suffers the same tilts, contrast transfer and noise as
the object. Every subtomogram has surroundings of its own, unrelated to where the object points: neighbours in random
orientations and directions, a membrane with a random normal, a bead in a random direction. The signal-to-noise ratio
counts the object alone.

Where the object ends is where its density falls to `SURFACE_LEVEL` of its maximum. At contact the two surfaces meet and
do not cross; with a gap they stand that far apart.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gradalign.errors import InputError
from gradalign.geometry.rotations import random_rotations

SURFACE_LEVEL = 0.5
"""Part of the largest density at which an object ends: half-way down a flat wall that is seen at low resolution."""

# a bilayer: distance of its two leaflets, standard deviation of each, of the patch's sideways extent; in nm
_LEAFLETS, _LEAFLET, _PATCH = 4.0, 1.0, 10.0
# where a leaflet's density has fallen to half
_HALF_WIDTH = np.sqrt(2 * np.log(2)) * _LEAFLET
# a gold bead: its radius, and how far its edge is smeared; in nm
_BEAD, _BEAD_EDGE = 2.5, 0.5
# gold scatters as much stronger than protein in ice
_GOLD = 10.0
_MOST_TRIES = 1000


@dataclass(frozen=True)
class Surroundings:
    """What stands beside the object.

    Parameters
    ----------
    neighbours : int
        Copies of the object around it.
    gap : float
        Distance of their surfaces from the object's, in nm; 0 for contact.
    membrane : bool
        Whether a bilayer touches the object: two leaflets as dense as the densest point of the object.
    bead : float
        Distance of a gold bead's centre from the object's, in nm; 0 for no bead. The bead is 5 nm wide and ten times
        as dense as the densest point of the object.

    Raises
    ------
    InputError
        If a number is negative.
    """

    neighbours: int = 0
    gap: float = 0.0
    membrane: bool = False
    bead: float = 0.0

    def __post_init__(self):
        if self.neighbours < 0 or int(self.neighbours) != self.neighbours:
            raise InputError(f"neighbours: is {self.neighbours}, where a whole number from 0 up is needed")
        for name in ("gap", "bead"):
            if not (getattr(self, name) >= 0 and np.isfinite(getattr(self, name))):
                raise InputError(f"{name}: is {getattr(self, name)}, where zero or a positive number of nm is needed")


class Placed(NamedTuple):
    """Something that stands in the tilt series."""

    sampler: object
    """Its transform: ``sample(frequencies (m, 3) in cycles per voxel) -> (m,)``."""
    rotation: np.ndarray
    """(3, 3)."""
    translation: np.ndarray
    """Of its centre, (x, y, z) in voxels."""


class MembranePatch:
    """The transform of a flat bilayer whose normal is z: two Gaussian leaflets that fade out sideways.

    Parameters
    ----------
    density : float
        Of a leaflet at its densest.
    voxel_size : float
        In nm.
    """

    def __init__(self, density, voxel_size):
        self._density = density
        self._apart, self._leaflet, self._patch = (length / voxel_size for length in (_LEAFLETS, _LEAFLET, _PATCH))

    def sample(self, frequencies):
        """Return the transform about the centre of the patch.

        Parameters
        ----------
        frequencies : array_like of shape (n, 3)
            (kx, ky, kz) in cycles per voxel.

        Returns
        -------
        numpy.ndarray of shape (n,)
        """
        x, y, z = np.asarray(frequencies, dtype=float).T
        widths = self._patch**2 * (x**2 + y**2) + self._leaflet**2 * z**2
        mass = self._density * (2 * np.pi) ** 1.5 * self._patch**2 * self._leaflet
        return 2 * mass * np.cos(np.pi * self._apart * z) * np.exp(-2 * np.pi**2 * widths)


class GoldBead:
    """The transform of a ball with a soft edge.

    Parameters
    ----------
    density : float
        Inside.
    voxel_size : float
        In nm.
    """

    def __init__(self, density, voxel_size):
        self._density = density
        self._radius, self._edge = _BEAD / voxel_size, _BEAD_EDGE / voxel_size

    def sample(self, frequencies):
        """Return the transform about the centre of the bead.

        Parameters
        ----------
        frequencies : array_like of shape (n, 3)
            (kx, ky, kz) in cycles per voxel.

        Returns
        -------
        numpy.ndarray of shape (n,)
        """
        k = np.linalg.norm(np.asarray(frequencies, dtype=float), axis=1)
        # the ball's transform at zero is its volume; far below any frequency of an image it is that too
        q = np.maximum(2 * np.pi * self._radius * k, 1e-2)
        ball = 4 * np.pi * self._radius**3 * (np.sin(q) - q * np.cos(q)) / q**3
        return self._density * ball * np.exp(-2 * (np.pi * self._edge * k) ** 2)


def surface_points(density):
    """Return the voxels at the surface of an object.

    Parameters
    ----------
    density : numpy.ndarray of shape (N, N, N)
        ``[z, y, x]``, the object's centre at voxel N//2.

    Returns
    -------
    numpy.ndarray of shape (n, 3)
        (x, y, z) in voxels from the centre: those inside, at `SURFACE_LEVEL` of the maximum, with a neighbour outside.
    """
    inside = np.pad(density >= SURFACE_LEVEL * density.max(), 1)
    buried = np.logical_and.reduce([np.roll(inside, shift, axis) for axis in range(3) for shift in (-1, 1)])
    return np.argwhere(inside & ~buried)[:, ::-1] - 1.0 - density.shape[0] // 2


def contact_distance(fixed, moving, direction, apart):
    """Return how far away something has to stand so that it does not come nearer than asked.

    Parameters
    ----------
    fixed, moving : numpy.ndarray of shape (n, 3), (m, 3)
        Points of the two surfaces, each about its own centre.
    direction : numpy.ndarray of shape (3,)
        Unit vector along which `moving` approaches from afar.
    apart : float
        Smallest distance that two points may have.

    Returns
    -------
    float
        Distance of the centres at which the nearest two points are `apart` from each other: the largest root of
        |b + s u − a|² = apart² over all pairs of points a, b. Minus infinity if `moving` passes by at any distance.
    """
    # most objects stand alone, and SciPy takes a tenth of a second to load
    from scipy.spatial.distance import cdist

    along_f, along_m = fixed @ direction, moving @ direction
    aside_f, aside_m = (points - np.outer(points @ direction, direction) for points in (fixed, moving))
    room = apart**2 - cdist(aside_f, aside_m, "sqeuclidean")
    stops = along_f[:, None] - along_m[None, :] + np.sqrt(np.maximum(room, 0.0))
    return float(np.where(room >= 0, stops, -np.inf).max())


class Neighbourhood:
    """Draws what stands beside an object, again and again.

    Parameters
    ----------
    density : numpy.ndarray of shape (N, N, N)
        The object ``[z, y, x]``.
    sampler : gradalign.fourier.spectrum.Sampler
        Its transform.
    voxel_size : float
        In nm.
    surroundings : Surroundings
    """

    def __init__(self, density, sampler, voxel_size, surroundings):
        self._sampler, self._voxel_size, self.surroundings = sampler, voxel_size, surroundings
        self._points = surface_points(density)
        peak = float(density.max())
        self._membrane = MembranePatch(peak, voxel_size)
        self._bead = GoldBead(_GOLD * peak, voxel_size)

    @property
    def reach(self):
        """Largest distance from the object's centre at which a neighbour or bead can end, in voxels."""
        radius = np.linalg.norm(self._points, axis=1).max()
        reach = radius
        if self.surroundings.neighbours:
            reach = 3 * radius + self._apart
        if self.surroundings.bead:
            reach = max(reach, (self.surroundings.bead + _BEAD) / self._voxel_size)
        return float(reach)

    @property
    def _apart(self):
        # voxels that touch have centres one voxel apart
        return self.surroundings.gap / self._voxel_size + 1.0

    def draw(self, rotation, translation, rng):
        """Draw the surroundings of a posed object.

        Parameters
        ----------
        rotation : numpy.ndarray of shape (3, 3)
        translation : numpy.ndarray of shape (3,)
            In voxels.
        rng : numpy.random.Generator

        Returns
        -------
        list of Placed

        Raises
        ------
        InputError
            If so many neighbours do not fit around the object.
        """
        own = self._points @ np.asarray(rotation).T
        placed = self._draw_neighbours(own, rng)
        if self.surroundings.membrane:
            placed.append(self._draw_membrane(own, rng))
        if self.surroundings.bead:
            distance = self.surroundings.bead / self._voxel_size
            placed.append(Placed(self._bead, np.eye(3), distance * _direction(rng)))
        return [each._replace(translation=each.translation + translation) for each in placed]

    def _draw_neighbours(self, own, rng):
        if not self.surroundings.neighbours:
            return []
        # as for the distance of contact
        from scipy.spatial.distance import cdist

        placed, taken = [], []
        for _ in range(_MOST_TRIES):
            if len(placed) == self.surroundings.neighbours:
                return placed
            rotation, direction = random_rotations(rng, 1)[0], _direction(rng)
            points = self._points @ rotation.T
            shift = contact_distance(own, points, direction, self._apart) * direction
            # the others leave it room
            if all(cdist(points + shift, other).min() >= 1.0 for other in taken):
                placed.append(Placed(self._sampler, rotation, shift))
                taken.append(points + shift)
        raise InputError(
            f"neighbours: {self.surroundings.neighbours} do not fit around the object; {len(placed)} found room"
        )

    def _draw_membrane(self, own, rng):
        rotation = random_rotations(rng, 1)[0]
        normal = rotation[:, 2]
        height = (own @ normal).max() + 0.5 + (_LEAFLETS / 2 + _HALF_WIDTH) / self._voxel_size
        return Placed(self._membrane, rotation, height * normal)


def _direction(rng):
    vector = rng.normal(size=3)
    return vector / np.linalg.norm(vector)
