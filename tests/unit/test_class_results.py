from types import SimpleNamespace

import numpy as np
import pytest
from five_points import density
from picked_files import BOX, PAPER, PIXEL, PLACES, make_particles, star_text, write_mrc

from gradalign.classes.observed import Observed
from gradalign.classes.opening import Wedges, check_star, observed_entries, open_for_classes
from gradalign.classes.plan import standardised
from gradalign.classes.results import class_rows, summary, write_maps, write_stars
from gradalign.classes.rounds import empty_sums, sort_round, with_found
from gradalign.classes.standing import Standing
from gradalign.classes.start import first_state
from gradalign.errors import InputError
from gradalign.io.star import read_particles
from gradalign.search.settings import Settings

WEDGES = dict.fromkeys(range(1, 100), (-60.0, 60.0, 90.0))


def section(folder, **changes):
    return PAPER["classes"] | {"star": str(folder / "run.star")} | changes


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    make_particles(folder, 18)
    return folder


def test_particles_without_any_class_keep_the_poses_of_their_file(files, tmp_path):
    entries, standings, _, state = open_for_classes(section(files), 1, lambda text: None)
    picked = check_star(section(files))
    write_stars(tmp_path, tmp_path / "classified.star", picked, entries, standings, state, Wedges(entries))
    write_maps(tmp_path, state)
    ours = read_particles(tmp_path / "classified.star")
    assert np.allclose(ours.rotations, np.eye(3), atol=1e-6)
    assert np.allclose(ours.translations, 0.0, atol=1e-4)
    assert set(ours.columns["rlnClassNumber"]) == {"0"}
    assert set(ours.columns["gradalignClassVerdict"]) == {"no_fit"}
    (line,) = summary(standings, state, "run.star", "maps")
    assert line.startswith("No classes found")
    assert class_rows(standings, state, Settings()) == []


def test_a_particle_that_cannot_be_read_is_named_and_costs_itself_alone(files):
    entries, standings, _, state = open_for_classes(section(files), 1, lambda text: None)
    volume = standardised(density(BOX, PLACES))
    one = SimpleNamespace(volume=volume, measured=np.full(BOX, 9.0), count=9)
    found = SimpleNamespace(maps=(one, one), poses=({}, {}), agreement=SimpleNamespace(surplus=9.0))
    state = with_found(state, [found])
    write_mrc(files / "particle2.mrc", np.full((BOX,) * 3, np.nan))
    observed = observed_entries(entries, BOX, section(files), PIXEL / 10)
    sums = empty_sums(state.labels, BOX)
    done = sorted(sort_round(standings[:4], observed, state, Settings(), sums))
    assert [standing.failure != "" for standing in done] == [False, True, False, False]
    assert "particle2.mrc" in done[1].failure
    assert sum(average.count for average in sums.values()) == sum(standing.label > 0 for standing in done)
    first, *others = summary(done, state, "run.star", "maps", ["Further words."])
    assert first.startswith("1 class with")
    assert "1 of 4 particles of run.star could not be used" in others[1]
    assert others[2:] == ["Further words.", "A class goes on by itself with, for instance:", others[-1]]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"wedge": "ctf"}, "rlnCtfImage"),
        ({"wedge": "columns"}, "gradalignTiltMin"),
        ({"classes": 50}, "allow 1 to 2"),
        ({"low_pass": 40.0}, "low_pass: is 40 nm"),
    ],
)
def test_a_choice_that_the_files_do_not_allow_is_one_sentence(files, changes, words):
    with pytest.raises(InputError, match=words):
        open_for_classes(section(files, **changes), 1, lambda text: None)


def test_a_half_set_of_too_few_is_refused(files, tmp_path):
    for path in files.glob("*.mrc"):
        (tmp_path / path.name).symlink_to(path)
    columns = {"rlnImageName": [f"particle{number}.mrc" for number in range(3, 19)], "rlnRandomSubset": [2] + [1] * 15}
    (tmp_path / "run.star").write_text(star_text(columns), encoding="utf-8")
    with pytest.raises(InputError, match="1 usable particles in the sample, too few"):
        open_for_classes(section(tmp_path), 1, lambda text: None)


def test_the_first_state_holds_no_class_and_the_particles_noise():
    rng = np.random.default_rng(0)
    volumes = [standardised(density(BOX, PLACES) + 0.3 * rng.standard_normal((BOX,) * 3)) for _ in range(4)]
    state = first_state(Observed(volumes, list(WEDGES.values())[:4]), 1.0)
    assert state.classes == 0
    assert (state.model > 0).all()
    assert state.low_pass == BOX / 8
    assert Standing(1, 1).verdict == "no_fit"
