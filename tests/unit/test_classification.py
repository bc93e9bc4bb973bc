from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import comb

from gradalign.errors import InputError
from gradalign.geometry.rotations import euler_from_rotation, random_rotations, relative_transform, transform_distance
from gradalign.report.tables.classes import classes_caption, summarise_classes, write_classes_markdown
from gradalign.search.settings import Settings
from gradalign.simulation.phantom import phantom
from gradalign.study.class_averages import average_classes, classify, single_subtomogram, transforms_onto
from gradalign.study.classification import align_pairs_of_all, standardised
from gradalign.study.columns.classification import PAIRS_OF_ALL
from gradalign.study.partition import (
    adjusted_rand_index,
    all_pairs,
    assign_classes,
    composition,
    dissimilarity_matrix,
    hierarchical_classes,
    medoid,
)

labels = st.lists(st.integers(0, 4), min_size=2, max_size=30)
SIZE, PER = 24, 4
OBJECTS = ["large"] * PER + ["small"] * PER
RNG = np.random.default_rng(3)
POSES = random_rotations(RNG, 2 * PER), RNG.uniform(-1, 1, (2 * PER, 3))
VOLUMES = [phantom(12 if name == "large" else 8, SIZE, *pose) for name, *pose in zip(OBJECTS, *POSES, strict=True)]
CELL = {"tilt": 90.0, "snr": np.inf, "interval": 60.0, "score": ["rcs", "fcs"]}
ABOUT = {
    "large": {"title": "GroEL (1MNF)", "stand_in_for": "1KP8"},
    "small": {"title": "Small", "stand_in_for": None},
}


def frame(lines):
    table = pd.DataFrame([row for rows in lines for row in rows])
    return table.assign(**{name: pd.to_numeric(table[name]) for name in PAIRS_OF_ALL if name != "score"})


@pytest.fixture(scope="module")
def alignments():
    settings = Settings(low_pass=4.0, alike=True)
    return frame(align_pairs_of_all(VOLUMES, all_pairs(2 * PER), CELL, settings, 1.0, seed=1))


def invented(count, seed=0, classes=None):
    """All pairs with invented transforms; near within classes after alignment, at random before."""
    rng = np.random.default_rng(seed)
    rows = []
    for i, j in all_pairs(count):
        near = classes is not None and classes[i] == classes[j]
        numbers = [*rng.uniform(-90, 90, 6), rng.uniform(1, 2), rng.uniform(0.1, 0.2) + (0 if near else 1), 7]
        rows.append(dict(zip(PAIRS_OF_ALL, [i, j, "rcs", *numbers], strict=True)))
    return pd.DataFrame(rows)


def slow_rand_index(left, right):
    """By its definition over couples of things: agreements beyond those expected, over their largest possible."""
    n = len(left)
    same = [(left[i] == left[j], right[i] == right[j]) for i in range(n) for j in range(i)]
    both, first, second = (sum(map(f, same)) for f in (all, lambda c: c[0], lambda c: c[1]))
    expected = first * second / comb(n, 2)
    largest = (first + second) / 2
    return 1.0 if largest == expected else (both - expected) / (largest - expected)


@given(labels, st.data())
def test_adjusted_rand_index_is_that_of_its_definition_over_couples(left, data):
    right = data.draw(st.lists(st.integers(0, 4), min_size=len(left), max_size=len(left)))
    assert adjusted_rand_index(left, right) == pytest.approx(slow_rand_index(left, right))
    assert adjusted_rand_index(right, left) == pytest.approx(adjusted_rand_index(left, right))


@given(labels, st.permutations(range(5)))
def test_names_of_classes_do_not_matter(left, names):
    assert adjusted_rand_index(left, [names[label] for label in left]) == 1.0


def test_adjusted_rand_index_of_a_known_example_and_of_chance():
    assert adjusted_rand_index([0, 0, 1, 1], [0, 0, 1, 2]) == pytest.approx(4 / 7)
    rng = np.random.default_rng(0)
    values = [adjusted_rand_index(rng.integers(0, 4, 80), rng.integers(0, 4, 80)) for _ in range(200)]
    assert np.mean(values) == pytest.approx(0.0, abs=0.01)


def test_partitions_of_different_things_are_refused():
    with pytest.raises(InputError, match="2 and 3"):
        adjusted_rand_index([0, 1], [0, 1, 2])


def test_the_matrix_is_symmetric_and_holds_each_pair():
    table = invented(5)
    matrix = dissimilarity_matrix(table.sample(frac=1, random_state=1), "rcs", "after", 5)
    assert (matrix == matrix.T).all()
    assert (np.diag(matrix) == 0).all()
    row = table.iloc[3]
    assert matrix[row["first"], row["second"]] == row.after_dissimilarity


@pytest.mark.parametrize("change", [lambda t: t.iloc[1:], lambda t: pd.concat([t.iloc[:1], t]), lambda t: t.iloc[::2]])
def test_a_missing_or_doubled_pair_is_refused(change):
    with pytest.raises(InputError, match="each pair of 5"):
        dissimilarity_matrix(change(invented(5)), "rcs", "after", 5)


def test_blocks_of_small_dissimilarity_become_classes():
    truth = [0, 1, 0, 2, 1, 1, 2, 0, 2]
    matrix = dissimilarity_matrix(invented(9, classes=truth), "rcs", "after", 9)
    found = hierarchical_classes(matrix, 3)
    assert adjusted_rand_index(found, truth) == 1.0
    # named in their order of appearance
    assert found[:2].tolist() == [1, 2]


@given(st.integers(2, 7), st.integers(0, 99))
def test_there_are_as_many_classes_as_asked_for(count, seed):
    matrix = dissimilarity_matrix(invented(8, seed), "rcs", "before", 8)
    assert set(hierarchical_classes(matrix, count)) == set(range(1, count + 1))


def test_the_medoid_is_the_member_nearest_to_the_others():
    positions = np.array([0.0, 1.0, 1.5, 9.0, 20.0])
    matrix = np.abs(positions[:, None] - positions)
    assert medoid(matrix, [0, 1, 2, 3]) == 1
    assert medoid(matrix, [4, 3]) == 4
    assert medoid(matrix, [3]) == 3


def test_each_class_stands_for_another_object_so_that_most_are_right():
    labels = [1, 1, 1, 2, 2, 3]
    objects = ["a", "a", "b", "b", "a", "a"]
    names = assign_classes(labels, objects + [])
    assert names[1] == "a" and names[2] == "b"
    assert composition(labels, objects) == {1: {"a": 2, "b": 1}, 2: {"a": 1, "b": 1}, 3: {"a": 1}}


def exact_alignments(poses, shifts):
    """Alignments without error: those of the true poses."""
    rows = []
    for i, j in all_pairs(len(poses)):
        rotation, translation = relative_transform(poses[i], shifts[i], poses[j], shifts[j])
        numbers = [*euler_from_rotation(rotation), *translation, 1.0, 0.5, 3]
        rows.append(dict(zip(PAIRS_OF_ALL, [i, j, "rcs", *numbers], strict=True)))
    return pd.DataFrame(rows)


@pytest.mark.parametrize("centre", [0, 2, 4])
def test_members_are_found_from_the_medoid_whichever_came_first_in_the_pair(centre):
    poses, shifts = random_rotations(RNG, 5), RNG.uniform(-2, 2, (5, 3))
    found = transforms_onto(centre, range(5), exact_alignments(poses, shifts), "rcs")
    for member, (rotation, translation) in found.items():
        expected = relative_transform(poses[member], shifts[member], poses[centre], shifts[centre])
        assert transform_distance(rotation, translation, *expected) < 1e-9


@given(st.floats(0.01, 100), st.floats(-5, 5))
def test_standardised_volumes_do_not_depend_on_contrast_and_level(contrast, level):
    volume = standardised(contrast * VOLUMES[0] + level)
    assert np.abs(volume - standardised(VOLUMES[0])).max() < 1e-4
    assert np.linalg.norm(volume) == pytest.approx(1.0, abs=1e-5)


def test_two_kinds_of_phantom_fall_into_two_classes_and_average_to_themselves(alignments, tmp_path):
    classes = pd.DataFrame(classify(alignments, OBJECTS, CELL["score"]))
    averages = average_classes(
        classes, alignments, VOLUMES, SimpleNamespace(rotations=POSES[0], translations=POSES[1]), 90.0
    )
    truths = {"large": phantom(12, SIZE), "small": phantom(8, SIZE)}
    for (name, _), volume in averages.items():
        assert np.abs(volume - truths[name]).max() < 0.05 * truths[name].max()
    rows = summarise_classes(classes, averages, truths, 1.0, CELL)
    after = rows[rows.stage == "after"]
    assert (after.adjusted_rand_index == 1.0).all()
    assert after.right.tolist() == after.n.tolist() == [PER] * 4
    assert set(after.holds) == {f"{PER} large", f"{PER} small"}
    assert rows[rows.stage == "before"].truth_resolution_nm.isna().all()
    assert "GroEL (1MNF) stands in for the paper's entry 1KP8" in classes_caption(rows, ABOUT)
    assert f"n = {2 * PER} subtomograms" in classes_caption(rows, ABOUT)
    write_classes_markdown(rows, tmp_path / "classes.md", ABOUT)
    assert (tmp_path / "classes.md").read_text(encoding="utf-8").count("| 1.00 |") == 4


def test_mixed_classes_are_averaged_as_they_were_found():
    poses, shifts = POSES[0][:3], POSES[1][:3]
    table = exact_alignments(poses, shifts)
    classes = pd.DataFrame(
        {
            "subtomogram": [0, 1, 2],
            "object": ["large", "large", "small"],
            "score": "rcs",
            "stage": "after",
            "class": 1,
            "stands_for": "large",
            "medoid": [True, False, False],
        }
    )
    volumes = [VOLUMES[0], VOLUMES[1], 3.0 * VOLUMES[2]]
    particles = SimpleNamespace(rotations=poses, translations=shifts)
    found = average_classes(classes, table, volumes, particles, 90.0)["large", "rcs"]
    assert found == pytest.approx(5 / 3 * phantom(12, SIZE), abs=0.02)


def test_a_pairs_alignment_does_not_depend_on_which_are_aligned_with_it(alignments):
    some = frame(align_pairs_of_all(VOLUMES, [(1, 6), (2, 3)], CELL, Settings(low_pass=4.0, alike=True), 1.0, seed=1))
    merged = some.merge(alignments, how="left", indicator=True)
    assert (merged._merge == "both").all()
    assert len(merged) == 4


def test_a_pair_is_searched_once_however_unlike_it_is():
    cell, unlike = CELL | {"score": ["likelihood"]}, [(0, PER)]
    noisy = [volume + RNG.normal(0, 0.1, volume.shape) for volume in VOLUMES]
    kinds = [Settings(deeper=deviations) for deviations in (-1e9, 1e9)]
    once, again = (frame(align_pairs_of_all(noisy, unlike, cell, kind, 1.0, seed=1)) for kind in kinds)
    pd.testing.assert_frame_equal(once, again)


def test_a_single_subtomogram_is_shown_in_standard_pose():
    shown = single_subtomogram(VOLUMES[0], POSES[0][0], POSES[1][0], 90.0)
    assert shown == pytest.approx(phantom(12, SIZE), abs=0.01)
