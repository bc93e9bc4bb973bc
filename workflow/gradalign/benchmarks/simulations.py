"""What the simulation of a subtomogram takes, and the cost of a larger box around it."""

from functools import partial

import numpy as np
import pandas as pd

from gradalign.benchmarks.timing import interleaved
from gradalign.simulation.angles import tilt_angles
from gradalign.simulation.dataset import Simulator

SIMULATION_BOXES = (32, 48, 64)
"""Edges of the images and of the reconstruction before it is cut to the subtomogram's box, in voxels."""
TILTS = (90.0, 60.0)


def measure_simulation(workload, repeats):
    """Time the simulation of one subtomogram, prepared objects at hand.

    Parameters
    ----------
    workload : gradalign.benchmarks.workload.Workload
    repeats : int

    Returns
    -------
    pandas.DataFrame
        A line for each tilt range and simulation box: projections and the median in ms.
    """
    cases = [(tilt, box) for tilt in TILTS for box in SIMULATION_BOXES]
    rng = np.random.default_rng(workload.config["seed"])
    calls = []
    for tilt, box in cases:
        simulator = Simulator(workload.density, workload.voxel_size, tilt, workload.protocol(box))
        calls.append(partial(simulator.subtomogram, np.eye(3), np.zeros(3), (1.0, 1.0), rng))
    medians = np.median(interleaved(calls, repeats), axis=0)
    step = workload.config["microscope"]["tilt_step"]
    return pd.DataFrame(
        {
            "tilt_deg": tilt,
            "projections": len(tilt_angles(tilt, step)),
            "simulation_box_voxel": box,
            "simulation_ms": 1e3 * median,
        }
        for (tilt, box), median in zip(cases, medians, strict=True)
    )
