"""Mixtures of two objects as STAR files, for tests of `make classes`."""

import numpy as np
import yaml
from picked_files import PLACES, particle, star_text, write_mrc
from running import REPOSITORY
from scipy.spatial.transform import Rotation

TABLES = ["classified.star", "classes.csv", "particles.csv", "rounds.csv", "fsc.csv", "sample.csv", "summary.txt"]
"""Results that are text, by name."""
PAPER = REPOSITORY / "config.yaml"
EACH = 11
LABELS = np.array([0, 1] * EACH)
# two objects of the same size
OTHER = np.array([[0, 0, 5], [0, 0, -5], [4, 0, 0], [-4, 2, 0], [0, -3, 2]], dtype=float)


def write_mixture(folder, seed=3):
    """Write particles of two objects in turn, and their list ``run.star``."""
    rng = np.random.default_rng(seed)
    for number, label in enumerate(LABELS, start=1):
        rotation, shift = Rotation.random(rng=rng), rng.uniform(-1, 1, 3)
        volume = particle(rotation, shift, (-60.0, 60.0, 90.0), rng, 1.0, OTHER if label else PLACES)
        write_mrc(folder / f"particle{number}.mrc", volume)
    write_list(folder / "run.star", [f"particle{number}.mrc" for number in range(1, len(LABELS) + 1)])


def write_list(path, names, **columns):
    """Write a list of subtomograms of one optics group."""
    path.write_text(star_text({"rlnImageName": names, "rlnOpticsGroup": [1] * len(names)} | columns))


def configured(folder, **changes):
    """Write a configuration of few rounds for the STAR file of a folder; return its path."""
    section = yaml.safe_load(PAPER.read_text(encoding="utf-8"))["classes"] | {"star": "run.star", "rounds": 3} | changes
    (folder / "mine.yaml").write_text(yaml.safe_dump({"name": "run", "classes": section}), encoding="utf-8")
    return folder / "mine.yaml"
