import numpy as np
import pytest
from five_points import density
from picked_files import BOX, PAPER, PLACES, REPOSITORY

from gradalign.benchmarks.class_cases import Mixtures
from gradalign.classes.candidates import all_pairs_of
from gradalign.classes.maps import averaged, class_map, match, prepare_map, prepare_particle
from gradalign.classes.merging import merge_classes
from gradalign.classes.observed import Observed
from gradalign.classes.placing import agreement, band_correlation, moved_back, place_map
from gradalign.classes.plan import standardised
from gradalign.classes.sorting import LEAST_AMPLITUDE, fits, limits_of, prepare_maps, sort_all, sort_particle
from gradalign.classes.state import make_plan
from gradalign.errors import InputError
from gradalign.geometry.rotations import random_rotations, rotation_angle
from gradalign.scores.signal_model import estimate_model
from gradalign.search.settings import Settings

WEDGE = (-60.0, 60.0, 90.0)
COUNT = 24
OTHER = np.array([[0, 0, 5], [0, 0, -5], [4, 0, 0], [-4, 2, 0], [0, -3, 2]], dtype=float)


def subtomogram(rotation, shift, rng, places=PLACES, noise=2.0):
    volume = density(BOX, places @ rotation.T + shift)
    return standardised(volume + noise * volume.std() * rng.standard_normal(volume.shape))


@pytest.fixture(scope="module")
def particles():
    rng = np.random.default_rng(2)
    rotations, shifts = random_rotations(rng, COUNT), rng.uniform(-1, 1, (COUNT, 3))
    volumes = [subtomogram(*pose, rng) for pose in zip(rotations, shifts, strict=True)]
    poses = dict(enumerate(zip(rotations, shifts, strict=True)))
    plan = make_plan(estimate_model(volumes, [90.0] * COUNT), BOX, 1.0, 3.0, Settings())
    return volumes, poses, plan


@pytest.fixture(scope="module")
def found(particles):
    volumes, poses, plan = particles
    return class_map(averaged(Observed(volumes, [(-90.0, 90.0, 90.0)] * COUNT), poses, BOX))


def matched(volume, found, plan, included=False):
    return match(prepare_particle(volume, (-90.0, 90.0, 90.0), plan), prepare_map(found, plan), plan, included)


def test_a_new_particle_has_the_amplitude_and_the_residual_that_are_expected(particles, found):
    _, _, plan = particles
    rng = np.random.default_rng(7)
    matches = []
    for rotation in random_rotations(rng, 8):
        one = matched(subtomogram(rotation, np.zeros(3), rng), found, plan)
        assert rotation_angle(one.rotation.T @ rotation) < 8.0
        matches.append(one)
    assert np.mean([one.amplitude for one in matches]) == pytest.approx(1.0, abs=0.15)
    assert np.mean([one.residual for one in matches]) == pytest.approx(1.0, abs=0.3)


def test_a_particle_counts_as_if_it_were_not_in_the_average(particles, found):
    volumes, poses, plan = particles
    wedges = [(-90.0, 90.0, 90.0)] * COUNT
    corrected, naive = [], []
    for number in range(8):
        others = {other: pose for other, pose in poses.items() if other != number}
        without = matched(
            volumes[number], class_map(averaged(Observed(volumes, wedges), others, BOX)), plan
        ).log_likelihood
        corrected.append(matched(volumes[number], found, plan, included=True).log_likelihood - without)
        naive.append(matched(volumes[number], found, plan).log_likelihood - without)
    # its own noise makes it look better
    assert np.mean(naive) > 1.0
    assert abs(np.mean(corrected)) < 0.5 * np.mean(naive)


def test_noise_has_no_amplitude(particles, found):
    _, _, plan = particles
    noise = standardised(np.random.default_rng(5).standard_normal((BOX,) * 3))
    assert matched(noise, found, plan).amplitude < LEAST_AMPLITUDE


def test_a_particle_is_sorted_to_its_own_class(particles, found):
    volumes, _, plan = particles
    rng = np.random.default_rng(9)
    rotations = random_rotations(rng, COUNT)
    others = [subtomogram(rotation, np.zeros(3), rng, OTHER) for rotation in rotations]
    poses = {number: (rotation, np.zeros(3)) for number, rotation in enumerate(rotations)}
    wedges = [(-90.0, 90.0, 90.0)] * COUNT
    maps = {1: found, 2: class_map(averaged(Observed(others, wedges), poses, BOX))}
    references = prepare_maps(maps, plan)
    for label, volume in ((1, volumes[0]), (2, others[0])):
        one = sort_particle(prepare_particle(volume, WEDGE, plan), references, plan)
        assert (one.best, one.label) == (label, label)
        assert one.probability > 0.99


@pytest.fixture(scope="module")
def nearly_symmetric():
    """Return particles of RNA polymerase without a fifth of its mass, which looks symmetric at low resolution."""
    data = Mixtures(REPOSITORY / "resources" / "density", PAPER).data_set("rna_polymerase_core", 0.5, 2012)
    made = [data.subtomogram(number) for number in range(40)]
    observed = Observed([standardised(volume) for volume, *_ in made], [WEDGE] * len(made))
    poses = {number: pose for number, (_, *pose) in enumerate(made)}
    return observed, poses, make_plan(estimate_model(*observed), PAPER["subtomograms"]["box"], 1.0, 4.0, Settings())


def test_an_object_that_looks_symmetric_is_not_found_half_a_turn_away_on_its_map(nearly_symmetric):
    observed, poses, plan = nearly_symmetric
    reference = prepare_map(class_map(averaged(observed, poses, plan.box)), plan)
    for number, (rotation, _) in poses.items():
        one = match(prepare_particle(observed.volumes[number], WEDGE, plan), reference, plan, included=True)
        assert rotation_angle(one.rotation.T @ rotation) < 15.0


def test_few_pairs_of_an_object_that_looks_symmetric_are_found_half_a_turn_away(nearly_symmetric):
    observed, poses, plan = nearly_symmetric
    lost = [
        rotation_angle(found.rotation.T @ poses[i][0] @ poses[j][0].T) > 20.0
        for (i, j), found in all_pairs_of(observed, range(14), plan).items()
    ]
    assert np.mean(lost) < 0.1


@pytest.mark.parametrize(("places", "classes"), [(PLACES + np.outer([0, 0, 0, 0, 1], [0, 1, 0]), 1), (OTHER, 2)])
def test_a_difference_as_small_as_the_models_errors_is_no_class(places, classes):
    rng, count = np.random.default_rng(4), 32
    rotations, shifts = random_rotations(rng, count), rng.uniform(-1, 1, (count, 3))
    poses = dict(enumerate(zip(rotations, shifts, strict=True)))
    volumes = [subtomogram(*poses[n], rng, (PLACES, places)[n % 2], noise=0.1) for n in poses]
    observed = Observed(volumes, [(-90.0, 90.0, 90.0)] * count)
    plan = make_plan(estimate_model(volumes, [90.0] * count), BOX, 1.0, 3.0, Settings())
    own = {label: {n: poses[n] for n in range(label - 1, count // 2, 2)} for label in (1, 2)}
    references = {label: class_map(averaged(observed, members, BOX)) for label, members in own.items()}
    held = sort_all(observed, range(count // 2, count), prepare_maps(references, plan), plan)
    merged, names = merge_classes(observed, own, held, plan)
    assert len(merged) == classes
    assert sorted(len(members) for members in merged.values()) == [16 // classes] * classes
    assert set(names) == {1, 2}


def test_a_map_is_found_on_itself_turned_and_shifted(particles, found):
    _, _, plan = particles
    rotation, shift = random_rotations(np.random.default_rng(3), 1)[0], np.array([1.0, -0.5, 0.5])
    back = found._replace(volume=moved_back(found.volume, rotation, shift))
    place = place_map(found, back, plan)
    assert rotation_angle(place.rotation.T @ rotation) < 2.0
    assert np.abs(place.translation - shift).max() < 0.2
    assert place.amplitude == pytest.approx(1.0, abs=0.1)
    assert band_correlation(back.volume, moved_back(found.volume, place.rotation, place.translation), plan) > 0.98


def test_half_maps_of_an_object_agree_beyond_chance_and_those_of_noise_do_not(particles):
    volumes, poses, plan = particles
    wedges = [(-90.0, 90.0, 90.0)] * COUNT
    halves = [
        class_map(averaged(Observed(volumes, wedges), {number: poses[number] for number in range(half, COUNT, 2)}, BOX))
        for half in (0, 1)
    ]
    how, moved = agreement(*halves, plan, np.random.default_rng(0))
    assert how.surplus > 8.0
    assert band_correlation(halves[0].volume, moved, plan) == pytest.approx(how.correlation)
    rng = np.random.default_rng(4)
    noise = [
        half._replace(volume=rng.standard_normal(half.volume.shape).astype(np.float32) * half.volume.std())
        for half in halves
    ]
    assert agreement(*noise, plan, np.random.default_rng(0))[0].surplus < 5.0


def test_limits_follow_the_particles_of_a_class(particles, found):
    volumes, _, plan = particles
    members = [matched(volume, found, plan, included=True) for volume in volumes]
    limits = limits_of(members)
    assert np.mean([fits(one, limits) for one in members]) > 0.9
    assert not fits(members[0]._replace(residual=10.0), limits)
    assert not fits(members[0]._replace(amplitude=0.3), limits)
    assert limits_of(members[:3]) is None


def test_a_band_limit_that_the_box_cannot_have_is_refused(particles):
    _, _, plan = particles
    with pytest.raises(InputError, match="not in Å"):
        make_plan(plan.model, BOX, 1.0, 40.0, Settings())
    with pytest.raises(InputError, match="constant"):
        standardised(np.ones((BOX,) * 3))


@pytest.mark.parametrize("low_pass", [2.0, 2.6, 3.0, 5.0])
def test_a_search_begins_as_coarse_whatever_its_band_limit_and_reaches_as_far_as_asked(particles, low_pass):
    plan = make_plan(particles[2].model, BOX, 1.0, low_pass, Settings(start_reach=5.0))
    for settings in (plan.pair_settings, plan.map_settings):
        limits = [one.low_pass for one in settings.rounds]
        assert limits == sorted(limits, reverse=True)
        assert limits[-1] == pytest.approx(low_pass)
        assert limits[0] >= BOX / 4.5 - 1e-9
        places = 5.0 / settings.start_spacing
        assert places == pytest.approx(round(places))
        assert settings.start_spacing <= limits[0] * 2 / 7 + 1e-9
