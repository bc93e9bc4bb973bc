"""Density maps of the complexes with their provenance: computed from coordinates, or the bundled ones.

A map ``<object>.mrc`` and its provenance ``<object>.json`` belong together: the latter holds the checksum of
the former and all that is needed to compute it again.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gradalign.errors import InputError
from gradalign.io.mrc import read_volume, write_volume
from gradalign.io.provenance import write_provenance
from gradalign.simulation.complexes import COMPLEXES, find_complex
from gradalign.simulation.sources import RCSB, coordinates_from_directory, coordinates_from_rcsb, find_coordinates

FINE = {"box": 64, "voxel_size": 0.5, "resolution": 1.5}
"""Box in voxels, voxel size and resolution in nm of the maps with fine details, ..."""
FINE_OBJECTS = ("rna_polymerase", "groel")
"""... and whose they are."""
SOURCES = ("bundled", "directory", "rcsb")
"""Where maps may come from; `load_density` says what each means."""


@dataclass(frozen=True)
class Density:
    """A density map and where it comes from.

    Attributes
    ----------
    volume : numpy.ndarray, (box, box, box), float32
        Kilodalton per cubic nm, ``[z, y, x]``.
    voxel_size : float
        Edge of a voxel in nm.
    provenance : dict
        Entry, assembly, parameters, checksums; ``provenance["title"]`` is what to display, such as
        ``"GroEL (1MNF)"``.
    """

    volume: np.ndarray
    voxel_size: float
    provenance: dict


def load_density(name, source, directory, box=32, voxel_size=1.0, resolution=4.0, base_url=RCSB):
    """Return the density map of a complex in standard setting.

    Parameters
    ----------
    name : str
        A key of `gradalign.simulation.complexes.COMPLEXES`.
    source : str
        ``"bundled"`` reads the map that comes with the study; ``"directory"`` computes it from a coordinate
        file on disk; ``"rcsb"`` computes it from the paper's entry, downloaded once.
    directory : str or path
        Where the bundled maps, the coordinate files or the downloads are.
    box : int
        Edge of the map in voxels.
    voxel_size : float
        Edge of a voxel in nm.
    resolution : float
        In nm.
    base_url : str
        Where ``"rcsb"`` downloads from.

    Returns
    -------
    Density

    Raises
    ------
    InputError
        If the object or source is unknown, a file is missing, damaged or not what it should be, or the box is
        too small; for a bundled map also if it was computed with other parameters.
    """
    wanted = find_complex(name)
    _check_source(source)
    if source == "bundled":
        return _bundled(name, directory, box, voxel_size, resolution)
    if source == "directory":
        coordinates = coordinates_from_directory(name, directory)
    else:
        coordinates = coordinates_from_rcsb(wanted.entries[0], directory, base_url)
    return _computed(name, coordinates, box, voxel_size, resolution)


def check_structures(names, source, directory, box=32, voxel_size=1.0, resolution=4.0):
    """Check before any work whether the maps can be had, as far as that can be told without the network.

    Parameters
    ----------
    names : iterable of str
        Names of the complexes.
    source, directory, box, voxel_size, resolution
        As of `load_density`.

    Raises
    ------
    InputError
        If an object or the source is unknown, a bundled map or a coordinate file is missing, or a bundled map
        is damaged or was computed with other parameters.
    """
    _check_source(source)
    for name in names:
        find_complex(name)
        if source == "bundled":
            _bundled(name, directory, box, voxel_size, resolution)
        elif source == "directory":
            find_coordinates(name, directory)


def save_density(density_map, map_path, provenance_path):
    """Write a map and its provenance.

    Parameters
    ----------
    density_map : Density
    map_path : str or path
        The MRC file.
    provenance_path : str or path
        The JSON file; the checksum of the MRC file is added.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    write_volume(map_path, density_map.volume, density_map.voxel_size)
    provenance = density_map.provenance | {"map_sha256": _file_sha256(map_path)}
    write_provenance(provenance_path, provenance)


def bundle_densities(coordinates, output):
    """Compute the bundled maps of all complexes from coordinate files.

    Parameters
    ----------
    coordinates : str or path
        Directory with the coordinate files.
    output : str or path
        Directory that gets ``<object>.mrc`` and ``<object>.json`` of each, and in ``fine/`` those of `FINE_OBJECTS`.

    Returns
    -------
    dict of str to Density

    Raises
    ------
    InputError
        If a coordinate file is missing or not what it should be, or a map cannot be written.
    """
    maps = {name: load_density(name, "directory", coordinates) for name in COMPLEXES}
    fine = {name: load_density(name, "directory", coordinates, **FINE) for name in FINE_OBJECTS if name in maps}
    for folder, group in ((Path(output), maps), (Path(output) / "fine", fine)):
        folder.mkdir(exist_ok=True)
        for name, density_map in group.items():
            save_density(density_map, folder / f"{name}.mrc", folder / f"{name}.json")
    return maps


def resampled(density, voxel_size, box, new_voxel_size):
    """Return a density map on other voxels, the object's centre at their centre.

    Parameters
    ----------
    density : array_like of shape (N, N, N)
        ``[z, y, x]``; it counts as zero outside its box.
    voxel_size, new_voxel_size : float
        In nm.
    box : int
        New edge in voxels.

    Returns
    -------
    numpy.ndarray of shape (box, box, box), float32
        Of the frequencies that both grids can hold, nothing is lost.
    """
    # Snakemake loads this module for its checks alone
    from scipy import fft

    from gradalign.fourier.spectrum import sample_spectrum

    density = np.asarray(density, dtype=np.float32)
    if (voxel_size, len(density)) == (new_voxel_size, box):
        return density
    # at least as wide as the old box, so that nothing wraps around; even, so that the centre stays
    wide = max(box, int(np.ceil(len(density) * voxel_size / new_voxel_size)))
    wide += (wide - box) % 2
    # cycles per old voxel at the frequencies of the new box
    axis = fft.fftfreq(wide) * voxel_size / new_voxel_size
    z, y, x = np.meshgrid(axis, axis, axis[: wide // 2 + 1], indexing="ij")
    frequencies = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    values = np.zeros(len(frequencies), np.complex64)
    inside = np.linalg.norm(frequencies, axis=1) < min(0.5, 0.5 * voxel_size / new_voxel_size)
    values[inside] = sample_spectrum(density, frequencies[inside]) * (voxel_size / new_voxel_size) ** 3
    whole = fft.fftshift(fft.irfftn(values.reshape(z.shape), s=(wide,) * 3))
    first = wide // 2 - box // 2
    return whole[(slice(first, first + box),) * 3].astype(np.float32)


def _check_source(source):
    if source not in SOURCES:
        raise InputError(f"structures source {source!r} is not known: choose from {', '.join(SOURCES)}.")


def _computed(name, coordinates, box, voxel_size, resolution):
    """Return the map of checked coordinates."""
    from gradalign.simulation.structures import density, pose

    wanted, entry = find_complex(name), coordinates.entry
    title = f"{wanted.label} ({entry.identifier})"
    posed, residuals = pose(coordinates.assembly, wanted.group, title)
    volume = density(posed, box, voxel_size, resolution, title)
    paper = wanted.entries[0].identifier
    provenance = {
        "object": name,
        "title": title,
        "entry": entry.identifier,
        "stand_in_for": None if entry.identifier == paper else paper,
        "assembly": entry.assembly,
        "chains": list(entry.chains),
        "chains_in_assembly": posed.chain_count,
        "atoms": "protein without hydrogens, weighted by mass, alternate positions by occupancy",
        "atoms_in_assembly": posed.atom_count,
        "mass_kilodalton": round(float(posed.weights.sum()) / 1000, 3),
        "coordinate_file": coordinates.file,
        "coordinate_sha256": coordinates.sha256,
        "coordinate_sha256_of": "the unpacked text of the coordinate file",
        "point_group": wanted.group,
        "operator_residuals_nm": [round(float(residual), 4) for residual in residuals],
        "kernel": "Gaussian exp(-1.5 r^2/sigma^2), sigma = resolution/2",
        "resolution_nm": resolution,
        "voxel_size_nm": voxel_size,
        "box_voxels": box,
        "unit": "kilodalton per cubic nm",
    }
    return Density(volume, voxel_size, provenance)


def _bundled(name, directory, box, voxel_size, resolution):
    """Return a bundled map whose checksum and parameters are as they should be."""
    map_path, provenance_path = (Path(directory) / f"{name}.{suffix}" for suffix in ("mrc", "json"))
    for path in (map_path, provenance_path):
        if not path.is_file():
            raise InputError(f"{path}: there is no such file, where the bundled map of {name} is needed.")
    try:
        provenance = json.loads(provenance_path.read_text(encoding="utf-8"))
        checksum = provenance.pop("map_sha256")
        found = [provenance[key] for key in ("box_voxels", "voxel_size_nm", "resolution_nm")]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{provenance_path}: is no provenance of a density map.") from error
    if _file_sha256(map_path) != checksum:
        raise InputError(f"{map_path}: was changed or damaged: it has not the sha256 in {provenance_path.name}.")
    wanted = [box, voxel_size, resolution]
    if found != wanted:
        raise InputError(
            f"{map_path}: has {found[0]} voxels of {found[1]} nm at {found[2]} nm resolution; for {box} "
            f"voxels of {voxel_size:g} nm at {resolution:g} nm choose structures source directory or rcsb."
        )
    return Density(*read_volume(map_path, box), provenance)


def _file_sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
