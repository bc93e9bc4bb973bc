import csv
import math
from pathlib import Path

import numpy as np
import pytest

from gradalign.errors import InputError
from gradalign.geometry.rotations import random_rotations, relative_transform, rotation_angle, rotation_from_euler
from gradalign.io.csv_lines import join_records, number_text, write_records
from gradalign.io.mrc import write_stack
from gradalign.io.stacks import read_pairs
from gradalign.io.star import Particles, join_particles, read_particles, write_particles
from gradalign.search.settings import Settings
from gradalign.simulation.phantom import phantom
from gradalign.study.columns.alignments import ALIGNMENTS
from gradalign.study.conditions import Cell
from gradalign.study.pairs import Subtomograms, align_pairs

CELL = Cell("phantom", 90.0, math.inf, "rcs", 60.0)
SEED = 5


@pytest.fixture(scope="module")
def pairs():
    """Return six phantoms, turned and shifted in closed form, and where they stand: three pairs."""
    rng = np.random.default_rng(1)
    rotations, shifts = random_rotations(rng, 6), rng.uniform(-1.5, 1.5, (6, 3))
    volumes = np.stack([phantom(32, rotation=r, translation=a) for r, a in zip(rotations, shifts, strict=True)])
    images = [f"{number + 1:06d}@volumes.mrcs" for number in range(6)]
    return volumes, Particles(images, rotations, shifts, 1.0, 32, 300.0, 2.0)


def aligned(pairs, numbers, cell=CELL, searches=("full",), symmetry="C1"):
    return list(align_pairs(Subtomograms(*pairs, symmetry), numbers, [cell], searches, Settings(), SEED))


def test_a_line_has_every_column_and_finds_the_pair_near_its_truth(pairs):
    volumes, particles = pairs
    (line,) = aligned(pairs, [1])
    assert tuple(line) == ALIGNMENTS
    condition = [line[name] for name in ("pair", "tilt_deg", "snr", "interval_deg", "search")]
    assert condition == ["1", "90", "inf", "60", "full"]
    turn, shift = relative_transform(
        particles.rotations[2], particles.translations[2], particles.rotations[3], particles.translations[3]
    )
    true = rotation_from_euler(*(float(line[f"true_{angle}_deg"]) for angle in ("phi", "theta", "psi")))
    found = rotation_from_euler(*(float(line[f"{angle}_deg"]) for angle in ("phi", "theta", "psi")))
    assert rotation_angle(true.T @ turn) < 1e-3
    assert [float(line[f"true_shift_{axis}_voxel"]) for axis in "xyz"] == pytest.approx(shift, abs=1e-5)
    assert float(line["rotation_error_deg"]) == pytest.approx(rotation_angle(found.T @ turn), abs=1e-3)
    assert float(line["rotation_error_deg"]) < 1.0
    assert float(line["dissimilarity"]) == pytest.approx(float(line["true_dissimilarity"]), abs=1e-3)
    assert int(line["steps"]) > 0


@pytest.mark.parametrize("cell", [CELL._replace(score=score) for score in ("rcs", "fcs", "likelihood")])
def test_a_line_does_not_depend_on_the_pairs_aligned_with_it(pairs, cell):
    together = aligned(pairs, range(3), cell)
    alone = [aligned(pairs, [number], cell)[0] for number in (2, 0, 1)]
    assert together == sorted(alone, key=lambda line: int(line["pair"]))


def test_a_search_does_not_depend_on_the_other_searches_of_the_pair(pairs):
    both = aligned(pairs, [0, 1], searches=("full", "axis"))
    assert [line["search"] for line in both] == ["full", "axis", "full", "axis"]
    assert both[::2] == aligned(pairs, [0, 1])
    assert both[1::2] == aligned(pairs, [0, 1], searches=("axis",))


def test_a_cell_does_not_depend_on_the_other_cells_of_its_subtomograms(pairs):
    cells = [CELL, CELL._replace(score="likelihood"), CELL._replace(interval=90.0)]
    together = list(align_pairs(Subtomograms(*pairs, "C1"), [0, 1], cells, ["full"], Settings(), SEED))
    assert [line["score"] for line in together] == 2 * ["rcs", "likelihood", "rcs"]
    for place, cell in enumerate(cells):
        assert together[place::3] == aligned(pairs, [0, 1], cell)


def test_the_likelihood_finds_a_pair_near_its_truth(pairs):
    (line,) = aligned(pairs, [2], CELL._replace(score="likelihood"))
    assert float(line["rotation_error_deg"]) < 2.0
    assert float(line["dissimilarity"]) == pytest.approx(float(line["true_dissimilarity"]), rel=0.2, abs=1.0)


def test_the_truth_is_the_equivalent_one_nearest_to_the_estimate(pairs):
    (plain,), (symmetric,) = aligned(pairs, [0]), aligned(pairs, [0], symmetry="D7")
    assert plain["phi_deg"] == symmetric["phi_deg"]
    # another fourteen orientations count as right, one of them may be nearer
    assert float(symmetric["rotation_error_deg"]) <= float(plain["rotation_error_deg"])


def test_a_pair_that_does_not_exist_is_one_sentence(pairs):
    with pytest.raises(InputError, match="pair 3 is not among the 3 pairs of the data set phantom"):
        aligned(pairs, [3])


def test_parts_joined_are_bytewise_the_whole(pairs, tmp_path):
    lines = aligned(pairs, range(3))
    whole, parts = tmp_path / "whole.csv", [tmp_path / "a.csv", tmp_path / "b.csv"]
    write_records(whole, ALIGNMENTS, lines)
    write_records(parts[0], ALIGNMENTS, lines[:1])
    write_records(parts[1], ALIGNMENTS, lines[1:])
    join_records(parts, tmp_path / "joined.csv", ALIGNMENTS, 3)
    assert (tmp_path / "joined.csv").read_bytes() == whole.read_bytes()
    with open(whole, newline="", encoding="utf-8") as file:
        assert [line["pair"] for line in csv.DictReader(file)] == ["0", "1", "2"]


def test_an_unfinished_file_of_alignments_leaves_nothing_behind(tmp_path):
    def lines():
        yield dict.fromkeys(ALIGNMENTS, "1")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_records(tmp_path / "a.csv", ALIGNMENTS, lines())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["cut", "foreign", "missing", "wide"])
def test_a_damaged_part_is_named_in_one_sentence(tmp_path, damage):
    part = tmp_path / "part.csv"
    write_records(part, ALIGNMENTS, [dict.fromkeys(ALIGNMENTS, "1.5")] * 2)
    text = part.read_text()
    if damage == "missing":
        part.unlink()
    else:
        part.write_text({"cut": text[:-20], "foreign": "a,b\n1,2\n", "wide": text[:-1] + ",7\n"}[damage])
    with pytest.raises(InputError, match=r"part\.csv: (is no complete|could not be read)"):
        join_records([part], tmp_path / "joined.csv", ALIGNMENTS, 2)


def test_missing_lines_are_noticed(tmp_path):
    part = tmp_path / "part.csv"
    write_records(part, ALIGNMENTS, [dict.fromkeys(ALIGNMENTS, "1")])
    with pytest.raises(InputError, match="1 lines where 2 are needed"):
        join_records([part], tmp_path / "joined.csv", ALIGNMENTS, 2)


def test_poses_and_volumes_of_different_number_are_one_sentence(pairs, tmp_path):
    volumes, particles = pairs
    write_stack(tmp_path / "volumes.mrcs", volumes[:4], 1.0)
    write_particles(tmp_path / "poses.star", particles)
    with pytest.raises(InputError, match=r"volumes\.mrcs: holds 4 subtomograms.*poses\.star has the poses of 6"):
        read_pairs(tmp_path / "volumes.mrcs", tmp_path / "poses.star")


def test_joined_particles_stand_in_their_order(pairs, tmp_path):
    _, particles = pairs
    paths = [tmp_path / "a.star", tmp_path / "b.star"]
    for path in paths:
        write_particles(path, particles)
    joined = join_particles([read_particles(path) for path in paths])
    assert list(joined.images) == 2 * list(particles.images)
    np.testing.assert_allclose(joined.rotations, np.concatenate(2 * [particles.rotations]), atol=1e-6)
    np.testing.assert_allclose(joined.translations, np.concatenate(2 * [particles.translations]), atol=1e-6)


@pytest.mark.parametrize(
    "value, text", [(60, "60"), (60.0, "60"), (0.5, "0.5"), (math.inf, "inf"), (22.5, "22.5"), (0.1, "0.1")]
)
def test_a_number_is_written_one_way_only(value, text):
    assert number_text(value) == text


def test_every_column_is_explained_beside_the_results():
    text = (Path(__file__).parents[2] / "results" / "README.md").read_text(encoding="utf-8")
    assert [name for name in ALIGNMENTS if f"`{name}`" not in text] == []
