"""The exhaustive scan that the paper's search is held against: every rotation of a fine grid, the best one wins.

Each rotation of the ZYZ grid takes its best translation by correlation among whole voxels, as an FFT gives them; of all
rotations that with the smallest dissimilarity is the answer. Nothing is refined.
"""

import time

import numpy as np

from gradalign.geometry.rotations import alignment_error
from gradalign.io.csv_lines import line
from gradalign.search.exhaustive import scan
from gradalign.search.seeds import start_rotations
from gradalign.study.columns.scans import SCAN_SECONDS, SCANS
from gradalign.study.pairs import prepared_pairs, search_pair


def scan_pairs(subtomograms, pairs, cells, interval, settings, seed, seconds):
    """Scan pairs of subtomograms and refine the same pairs.

    Parameters
    ----------
    subtomograms : gradalign.study.pairs.Subtomograms
        All of one tilt range and signal-to-noise ratio.
    pairs : iterable of int
        Which pairs.
    cells : list of gradalign.study.conditions.Cell
        One for each score; their interval is that of the refinement's seeds.
    interval : float
        Of the scan, in degrees.
    settings : gradalign.search.settings.Settings
    seed : int
        The study's seed.
    seconds : dict
        Receives for each cell the processor times of scan and refinement, summed over the pairs.

    Yields
    ------
    dict
        A text for each of `SCANS`; the cells of a pair follow each other.
    """
    first = cells[0]
    seconds |= {cell: np.zeros(2) for cell in cells}
    volumes, particles, symmetry = subtomograms
    for pair in prepared_pairs(volumes, particles, pairs, cells, settings):
        for cell in cells:
            if not seconds[first].any():
                # the kernels are loaded, and perhaps compiled, at their first call
                search_pair(pair, cell, "full", settings, particles.voxel_size, seed)
            clock = [time.process_time()]
            found = scan(*pair.of(cell.score), cell.score, interval, settings, particles.voxel_size)
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
            yield line(SCANS, [*condition, *errors[0], cell.interval, seeds, refined.iterations, *errors[1]])


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
        A text for each of `SCAN_SECONDS`.
    """
    for cell, spent in seconds.items():
        times = (f"{time:.4f}" for time in spent)
        yield line(SCAN_SECONDS, [cell.tilt, cell.snr, cell.score, interval, pairs, *times])
