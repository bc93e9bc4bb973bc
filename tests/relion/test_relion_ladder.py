"""RELION itself on a rung of the ladder (make test-relion)."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from gradalign.geometry.rotations import alignment_error
from gradalign.ladder.observed import Site
from gradalign.ladder.relion import Relion
from gradalign.ladder.rungs import Condition

REPOSITORY = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.relion,
    pytest.mark.skipif(
        shutil.which("relion_refine") is None, reason="RELION is not installed (make test-relion installs Debian's)"
    ),
]


def test_relion_aligns_particles_of_a_chiral_object_to_the_average_of_others():
    config = yaml.safe_load((REPOSITORY / "config.yaml").read_text(encoding="utf-8"))
    path = REPOSITORY / "resources/density/rna_polymerase.mrc"
    site = Site("rna_polymerase", path, Condition(), 60.0, 5, config["microscope"], config["subtomograms"])
    observed = site.observe("average", 2.0, 24)
    answers = list(Relion(REPOSITORY / "workflow/config/relion_refine.txt").align(observed, 5, "C1"))
    errors = np.array(
        [
            alignment_error(answer.rotation, answer.translation, *poses, "C1")[:2]
            for answer, poses in zip(answers, observed.poses, strict=True)
        ]
    )
    # the finest step is 1.8 degrees; the mirror image or an inverse would be anywhere
    assert np.median(errors[:, 0]) < 6
    assert np.median(errors[:, 1]) < 0.6
    assert 0 < np.median([answer.last_change for answer in answers]) < 20
