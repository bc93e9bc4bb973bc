"""What is measured: pairs of the study's own subtomograms, with the study's own settings."""

from pathlib import Path

import yaml

from gradalign.search.settings import alignment_settings
from gradalign.simulation.dataset import DataSet
from gradalign.simulation.microscope import Microscope
from gradalign.simulation.phantom import phantom
from gradalign.simulation.protocol import Protocol
from gradalign.study.configuration import check

TILT, SNR, INTERVAL = 60.0, 0.5, 60.0
"""The cell that is measured: ±60°, signal-to-noise ratio 0.5, 108 seeds."""
SCORES = ("rcs", "fcs")
"""The paper's scores."""
LOW_PASSES = (5.3, 4.0)
"""Resolution limits that are measured, in nm."""


class Workload:
    """Pairs of phantom subtomograms and the settings of their alignment.

    Parameters
    ----------
    config : str or path
        The study's config.yaml.
    schema : str or path
        config.schema.yaml.
    """

    def __init__(self, config, schema):
        config, schema = (yaml.safe_load(Path(path).read_text(encoding="utf-8")) for path in (config, schema))
        self.config = check(config, schema)
        self.settings = alignment_settings(self.config["alignment"])
        self.voxel_size = self.config["subtomograms"]["voxel_size"]
        self.density = phantom(**self.config["phantom"])

    def protocol(self, simulation_box=None):
        """Return how the study makes its subtomograms, in another simulation box if one is given.

        Returns
        -------
        gradalign.simulation.protocol.Protocol
        """
        boxes = {key: self.config["subtomograms"][key] for key in ("box", "simulation_box", "max_shift")}
        boxes |= {"simulation_box": simulation_box} if simulation_box else {}
        return Protocol(Microscope(**self.config["microscope"]), **boxes)

    def pairs(self, count):
        """Simulate pairs of subtomograms.

        Parameters
        ----------
        count : int

        Returns
        -------
        list of (numpy.ndarray, numpy.ndarray)
            f and g, [z, y, x].
        """
        data_set = DataSet("phantom", self.density, self.voxel_size, TILT, SNR, self.config["seed"], self.protocol())
        return [tuple(data_set.subtomogram(2 * pair + member)[0] for member in (0, 1)) for pair in range(count)]
