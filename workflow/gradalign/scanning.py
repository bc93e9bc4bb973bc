"""The exhaustive scan that the paper's search is held against: every rotation of a fine grid, the best one wins.

Each rotation of the ZYZ grid takes its best translation by correlation among whole voxels, as an FFT gives them; of all
rotations that with the smallest dissimilarity is the answer. Nothing is refined.
"""

import time
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gradalign.alignment import Settings
from gradalign.geometry import alignment_error, seed_rotations
from gradalign.records import line
from gradalign.seeds import seeds_at_best_translation, start_rotations
from gradalign.spectrum import prepare
from gradalign.study import prepared_pairs, search_pair

COLUMNS = (
    "pair",
    "tilt_deg",
    "snr",
    "score",
    "scan_interval_deg",
    "rotations",
    "rotation_error_deg",
    "translation_error_voxel",
    "dissimilarity",
    "seed_interval_deg",
    "seeds",
    "refined_steps",
    "refined_rotation_error_deg",
    "refined_translation_error_voxel",
    "refined_dissimilarity",
)
"""Columns of the scans of single pairs, the refinement of the same pair beside each."""
SECONDS = ("tilt_deg", "snr", "score", "scan_interval_deg", "pairs", "scan_s", "refinement_s")
"""Columns of the processor times."""

# rotations held in memory at a time
_BLOCK = 4096


class Scan(NamedTuple):
    """The answer of a scan."""

    rotation: np.ndarray
    """R, 3×3."""
    translation: np.ndarray
    """a = (x, y, z), whole voxels."""
    dissimilarity: float
    """d at (R, a)."""
    rotations: int
    """How many rotations were tried."""


def scan(fixed, moving, score, interval, settings, voxel_size=1.0):
    """Align two prepared subtomograms by exhaustive scanning.

    Parameters
    ----------
    fixed, moving : gradalign.spectrum.Spectrum
        f and g.
    score : str
    interval : float
        Of the rotations' ZYZ grid in degrees; divides 180.
    settings : gradalign.alignment.Settings
        Its start_reach limits the translations.
    voxel_size : float
        In nm.

    Returns
    -------
    Scan

    Raises
    ------
    InputError
        If the interval does not divide 180, the volumes differ in size or the score is not known.
    """
    rotations = seed_rotations(interval)
    whole_voxels = replace(settings, start_spacing=voxel_size)
    best = None
    for first in range(0, len(rotations), _BLOCK):
        block = rotations[first : first + _BLOCK]
        tried = seeds_at_best_translation(fixed, moving, score, block, whole_voxels, voxel_size)
        place = int(np.argmin(tried.dissimilarities))
        value = float(tried.dissimilarities[place])
        if best is None or value < best.dissimilarity:
            best = Scan(tried.rotations[place].copy(), tried.translations[place].copy(), value, len(rotations))
    return best


def scan_pair(
    f, g, tilt_f=60.0, tilt_g=60.0, score="rcs", interval=30.0, low_pass=None, voxel_size=1.0, seed=0, settings=None
):
    """Align two subtomograms by exhaustive scanning, called as `gradalign.align_pair` is.

    Parameters
    ----------
    f, g : array_like of shape (N, N, N)
        Densities [z, y, x], of one box size.
    tilt_f, tilt_g : float or (float, float)
        Half range or (min, max) of each tilt series in degrees.
    score : str
        ``"rcs"`` or ``"fcs"``.
    interval : float
        Of the rotations' ZYZ grid in degrees; divides 180.
    low_pass : float, optional
        Resolution limit in nm; that of `settings` if left out.
    voxel_size : float
        In nm.
    seed : int
        Not used: a scan draws nothing.
    settings : gradalign.alignment.Settings, optional

    Returns
    -------
    Scan

    Raises
    ------
    InputError
        If a volume, tilt range, score, interval or low-pass is unusable.
    """
    settings = settings or Settings()
    shared = (settings.low_pass if low_pass is None else low_pass, voxel_size, settings.wedge_guard)
    fixed = prepare(f, tilt_f, *shared, "f", movable=False)
    return scan(fixed, prepare(g, tilt_g, *shared, "g"), score, interval, settings, voxel_size)


def scan_pairs(volumes, particles, pairs, cells, interval, symmetry, settings, seed, seconds):
    """Scan pairs of subtomograms and refine the same pairs.

    Parameters
    ----------
    volumes : numpy.ndarray of shape (2 n, box, box, box)
        All subtomograms of one tilt range and signal-to-noise ratio.
    particles : gradalign.particles.Particles
        Their poses.
    pairs : iterable of int
        Which pairs.
    cells : list of gradalign.cells.Cell
        One for each score; their interval is that of the refinement's seeds.
    interval : float
        Of the scan, in degrees.
    symmetry : str
        Point group of the object.
    settings : gradalign.alignment.Settings
    seed : int
        The study's seed.
    seconds : dict
        Receives for each cell the processor times of scan and refinement, summed over the pairs.

    Yields
    ------
    dict
        A text for each of `COLUMNS`; the cells of a pair follow each other.
    """
    first = cells[0]
    seconds |= {cell: np.zeros(2) for cell in cells}
    for pair in prepared_pairs(volumes, particles, pairs, first.data_set, first.tilt, settings):
        for cell in cells:
            if not seconds[first].any():
                # the kernels are loaded, and perhaps compiled, at their first call
                search_pair(pair, cell, "full", settings, particles.voxel_size, seed)
            clock = [time.process_time()]
            found = scan(pair.fixed, pair.moving, cell.score, interval, settings, particles.voxel_size)
            clock.append(time.process_time())
            refined = search_pair(pair, cell, "full", settings, particles.voxel_size, seed)
            clock.append(time.process_time())
            seconds[cell] += np.diff(clock)
            errors = [
                [*alignment_error(each.rotation, each.translation, *pair.poses, symmetry)[:2], each.dissimilarity]
                for each in (found, refined)
            ]
            condition = [pair.number, cell.tilt, cell.snr, cell.score, interval, found.rotations]
            seeds = len(start_rotations(cell.interval))
            yield line(COLUMNS, [*condition, *errors[0], cell.interval, seeds, refined.iterations, *errors[1]])


def seconds_lines(seconds, interval, pairs):
    """Yield the processor times of `scan_pairs` as lines of a file.

    Parameters
    ----------
    seconds : dict
        From `scan_pairs`.
    interval : float
        Of the scan, in degrees.
    pairs : int
        How many pairs they are the sum of.

    Yields
    ------
    dict
        A text for each of `SECONDS`.
    """
    for cell, spent in seconds.items():
        times = (f"{time:.4f}" for time in spent)
        yield line(SECONDS, [cell.tilt, cell.snr, cell.score, interval, pairs, *times])
