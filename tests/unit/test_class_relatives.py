import numpy as np
import pytest
from five_points import density
from picked_files import BOX, PLACES

from gradalign.classes.maps import averaged, class_map
from gradalign.classes.observed import Observed
from gradalign.classes.placing import moved_back
from gradalign.classes.plan import standardised
from gradalign.classes.relatives import mirrored, relatives
from gradalign.classes.results import CLASS_COLUMNS, mirror_sentences
from gradalign.classes.state import make_plan
from gradalign.geometry.rotations import random_rotations
from gradalign.scores.signal_model import estimate_model
from gradalign.search.settings import Settings

COUNT = 8


def test_a_mirror_image_keeps_the_centre_and_is_its_own_inverse():
    for box in (BOX, BOX - 1):
        volume = density(box, PLACES)
        # what stands at −N/2 of an even box has no mirror image in it
        assert np.allclose(mirrored(volume)[1:, 1:, 1:], density(box, PLACES * [-1, 1, 1])[1:, 1:, 1:], atol=1e-6)
        assert np.array_equal(mirrored(mirrored(volume)), volume)


@pytest.fixture(scope="module")
def known():
    """Return the relatives of a chiral object, its mirror image turned and shifted, and itself turned and shifted."""
    rng = np.random.default_rng(5)
    rotations, shift = random_rotations(rng, 2), np.array([1.0, -0.5, 0.5])
    object_ = density(BOX, PLACES)
    volumes = {
        1: object_,
        2: moved_back(mirrored(object_), rotations[0], shift),
        3: moved_back(object_, rotations[1], shift),
    }
    noisy = [
        standardised(one + one.std() * rng.standard_normal(one.shape)) for one in volumes.values() for _ in range(COUNT)
    ]
    plan = make_plan(estimate_model(noisy, [90.0] * len(noisy)), BOX, 1.0, 3.0, Settings())
    poses = dict.fromkeys(range(COUNT), (np.eye(3), np.zeros(3)))
    maps = {
        label: class_map(averaged(Observed(noisy[COUNT * (label - 1) :], [(-90.0, 90.0, 90.0)] * COUNT), poses, BOX))
        for label in volumes
    }
    return relatives(maps, plan)


def test_a_class_knows_the_one_that_is_itself_turned_and_shifted(known):
    assert (known[1].other, known[3].other) == (3, 1)
    assert known[1].amplitude == pytest.approx(1.0, abs=0.15)


def test_a_mirror_image_is_named_and_an_object_is_not_its_own(known):
    assert known[2].mirror in (1, 3)
    assert known[1].mirror == known[3].mirror == 2


def test_mirror_images_are_told_once():
    def row(label, mirror):
        return [{"class": label, "mirror_of": mirror}.get(name, "") for name in CLASS_COLUMNS]

    (line,) = mirror_sentences([row(1, 3), row(2, ""), row(3, 1)])
    assert line.startswith("Classes 1 and 3 look like mirror images")
