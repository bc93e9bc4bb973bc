"""Mixtures of simulated subtomograms whose classes are known, for the table of `make bench-classes`.

Objects are the four complexes of the study and pieces of their maps. Junk is noise alone, membranes, and complexes that
stand so far aside that only a piece of them is in the box.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from gradalign.base.randomness import generator
from gradalign.classes.plan import standardised
from gradalign.io.mrc import read_volume
from gradalign.simulation.dataset import Specimen

COMPLEXES = ("groel", "rna_polymerase", "enolase", "clpp")
# direction of a cut (x, y, z; "long" for the longest axis) and the share of the mass that is kept
PIECES = {
    "groel_ring": ("groel", (0.0, 0.0, 1.0), 0.5),
    "groel_side": ("groel", (1.0, 0.0, 0.0), 0.5),
    "rna_polymerase_core": ("rna_polymerase", "long", 0.8),
    "rna_polymerase_half": ("rna_polymerase", "long", 0.5),
    "enolase_half": ("enolase", (1.0, 0.0, 0.0), 0.5),
}
JUNK = ("noise", "membrane", "neighbour")
EIGHT = (*COMPLEXES, "groel_ring", "groel_side", "rna_polymerase_half", "enolase_half")
_TILT = 60.0
# half the distance of a membrane's leaflets, their width, and its radius, in nm
_LEAFLET, _WIDTH, _REACH = 2.0, 1.2, 30.0
# how far a membrane and a neighbour stand from the centre, in nm
_MEMBRANE_ASIDE, _NEIGHBOUR_ASIDE = 4.0, (12.0, 16.0)


class Case(NamedTuple):
    """A mixture."""

    volumes: list
    """Subtomograms on mean 0 and variance 1."""
    labels: np.ndarray
    """Which object each shows, by its place in the list of objects; −1 for junk."""


def piece(density, direction, share):
    """Return the part of a map on one side of a plane, moved to its centre of mass.

    Parameters
    ----------
    density : numpy.ndarray of shape (N, N, N)
    direction : (float, float, float) or str
        Normal of the plane, (x, y, z), or ``"long"`` for the map's longest axis.
    share : float
        Of the mass, that is kept.

    Returns
    -------
    numpy.ndarray of shape (N, N, N), float32
    """
    size = len(density)
    along = np.arange(size) - size // 2
    z, y, x = np.meshgrid(along, along, along, indexing="ij")
    mass = np.maximum(density, 0.0)
    places = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    if isinstance(direction, str):
        moments = (places * mass.reshape(-1, 1)).T @ places
        axis = np.linalg.eigh(moments)[1][:, -1]
        # the sign of an eigenvector is arbitrary
        direction = axis if axis[np.abs(axis).argmax()] > 0 else -axis
    height = (places @ np.asarray(direction)).reshape(density.shape)
    order = np.argsort(height, axis=None, kind="stable")
    below = np.cumsum(mass.ravel()[order])
    edge = height.ravel()[order][np.searchsorted(below, share * below[-1])]
    # an edge of one voxel, that the cut be not sharper than the map
    kept = density * np.clip(edge - height + 0.5, 0.0, 1.0)
    centre = ndimage.center_of_mass(np.maximum(kept, 0.0))
    return ndimage.shift(kept, size // 2 - np.array(centre), order=1).astype(np.float32)


def _membrane(size, voxel_size):
    along = (np.arange(size) - size // 2) * voxel_size
    profile = sum(np.exp(-(((along - side * _LEAFLET) / _WIDTH) ** 2)) for side in (-1, 1))
    disc = np.clip((_REACH - np.hypot(*np.meshgrid(along, along))) / voxel_size, 0.0, 1.0)
    return (profile[:, None, None] * disc).astype(np.float32)


class Mixtures:
    """Simulated subtomograms of the objects, as the study simulates them.

    Parameters
    ----------
    folder : path
        Of the four density maps.
    config : dict
        The study's configuration.
    """

    def __init__(self, folder, config):
        self._folder, self._config = folder, config
        self._voxel_size = config["subtomograms"]["voxel_size"]

    def density(self, name):
        """Return the map of an object.

        Parameters
        ----------
        name : str

        Returns
        -------
        numpy.ndarray of shape (N, N, N)
        """
        whole, *cut = PIECES.get(name, (name,))
        density = read_volume(self._folder / f"{whole}.mrc")[0]
        return piece(density, *cut) if cut else density

    def data_set(self, name, snr, seed):
        """Return the subtomograms of an object.

        Parameters
        ----------
        name : str
        snr : float
        seed : int

        Returns
        -------
        gradalign.simulation.dataset.DataSet
        """
        return self._specimen(name, self.density(name), seed).data_set(_TILT, snr)

    def _specimen(self, name, density, seed):
        return Specimen(name, density, seed, self._config["microscope"], self._config["subtomograms"])

    def _junk(self, name, count, snr, seed):
        size = len(self.density("rna_polymerase"))
        density = _membrane(2 * size, self._voxel_size) if name == "membrane" else self.density("rna_polymerase")
        data = self._specimen(f"junk {name}", density, seed).data_set(_TILT, snr)
        scales = data.noise_scales
        for number in range(count):
            rng = generator(seed, "junk", name, number)
            if name == "noise":
                yield data.simulator.noise(scales, rng)
                continue
            rotation, _ = data.pose(number)
            if name == "membrane":
                aside = rotation[:, 2] * rng.uniform(-_MEMBRANE_ASIDE, _MEMBRANE_ASIDE)
            else:
                direction = rng.standard_normal(3)
                aside = direction / np.linalg.norm(direction) * rng.uniform(*_NEIGHBOUR_ASIDE)
            yield data.simulator.subtomogram(rotation, aside / self._voxel_size, scales, rng)

    def case(self, objects, snr, seed):
        """Simulate a mixture.

        Parameters
        ----------
        objects : dict of str to int
            How many of each object; ``"noise"``, ``"membrane"`` and ``"neighbour"`` are junk.
        snr : float
        seed : int

        Returns
        -------
        Case
        """
        volumes, labels = [], []
        for label, (name, count) in enumerate(objects.items()):
            if name in JUNK:
                made, label = self._junk(name, count, snr, seed), -1
            else:
                data = self.data_set(name, snr, seed)
                made = (data.subtomogram(number)[0] for number in range(count))
            volumes += [standardised(volume) for volume in made]
            labels += [label] * count
        return Case(volumes, np.array(labels))

    def truth(self, name, snr, seed):
        """Return what a perfect average of an object would be: its subtomogram without noise from ±90°.

        Parameters
        ----------
        name : str
        snr : float
        seed : int

        Returns
        -------
        numpy.ndarray of shape (N, N, N), float32
        """
        data = self._specimen(name, self.density(name), seed).data_set(90.0, snr)
        return standardised(data.simulator.signal(np.eye(3), np.zeros(3)))
