from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from gradalign.errors import InputError
from gradalign.geometry.rotations import relative_transform
from gradalign.io.mrc import write_volume
from gradalign.ladder.answer import Answer
from gradalign.ladder.climb import bounds, climb
from gradalign.ladder.contestants import contestants
from gradalign.ladder.observed import Site
from gradalign.ladder.robust import ROWS, SCORES, Goal, judged, reached
from gradalign.ladder.rungs import PLAIN, Condition, Rung, conditions, rungs
from gradalign.ladder.true_masks import left_over_noise, surface, widened
from gradalign.report.figures.ladder import ladder_figure
from gradalign.report.tables.ladder import COLUMNS, first_break, roc_area, summarise_ladder, write_ladder_page
from gradalign.scores.masks import soft_sphere
from gradalign.simulation.phantom import phantom
from gradalign.simulation.simulator import Simulator
from gradalign.study.columns.ladder import LADDER_BOUNDS, LADDER_LINES

REPOSITORY = Path(__file__).parents[2]
CONFIG = yaml.safe_load((REPOSITORY / "config.yaml").read_text(encoding="utf-8"))
STAGES = REPOSITORY / "workflow/config/relion_refine.txt"
MICROSCOPE = {"voltage": 300, "defocus": -4.0, "spherical_aberration": 2.0, "tilt_step": 3.0}
SUBTOMOGRAMS = {"box": 24, "voxel_size": 1.0, "simulation_box": 24, "max_shift": 0.05, "keep": False}

SHORT = {"pairs": 4, "aligner": ["rcs", "likelihood"], "conditions": {}}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    path = tmp_path_factory.mktemp("maps") / "phantom.mrc"
    write_volume(path, phantom(16, 28), 1.0)
    return Site("phantom", path, Condition(), 60, 5, MICROSCOPE, SUBTOMOGRAMS)


def test_the_rungs_are_products_and_each_stands_once():
    part = {"object": ["groel"], "condition": [PLAIN, "bead"], "task": ["pairs"], "tilt": [60, 40], "snr": [1, 0.1]}
    found = rungs(SHORT | {"conditions": {"bead": {}}, "rungs": [part, part]})
    assert len(found) == 8
    assert next(iter(found)) == Rung("groel", PLAIN, "pairs", 60, 1)


def test_what_two_products_say_of_a_rung_is_put_together():
    part = {"object": ["groel"], "condition": [PLAIN], "task": ["average"], "tilt": [60], "snr": [1]}
    (counts,) = rungs(SHORT | {"rungs": [part, part | {"aligner": ["relion"], "pairs": 32}]}).values()
    assert counts == {"rcs": 4, "likelihood": 4, "relion": 32}
    (counts,) = rungs(SHORT | {"rungs": [part, part | {"aligner": ["rcs"], "pairs": 9}]}).values()
    assert counts == {"rcs": 9, "likelihood": 4}


def test_who_makes_fewer_alignments_gets_the_first_volumes(site):
    for task in ("pairs", "map"):
        observed = site.observe(task, 1.0, 3)
        fewer = observed.first(2)
        assert [len(each) for each in (fewer.fixed, fewer.poses, fewer.couples)] == [2, 2, 2]
        assert all(
            np.array_equal(*both)
            for one, other in zip(fewer.couples, observed.couples[:2], strict=True)
            for both in zip(one, other, strict=True)
        )


@pytest.mark.parametrize(
    ("section", "wanted"),
    [({"bad": {"tlt": [0, 1]}}, "tlt"), ({"bad": {"told": {"truth": 1}}}, "truth")],
)
def test_an_unknown_key_of_a_condition_is_refused(section, wanted):
    with pytest.raises(InputError, match=wanted):
        conditions(section)


def test_a_rung_of_an_unknown_condition_is_refused():
    part = {"object": ["groel"], "condition": ["fog"], "task": ["pairs"], "tilt": [60], "snr": [1]}
    with pytest.raises(InputError, match="no condition 'fog'"):
        rungs(SHORT | {"rungs": [part]})


@pytest.mark.parametrize("name", CONFIG["ladder"]["conditions"])
def test_every_condition_of_the_configuration_can_be_simulated(name, tmp_path):
    condition = conditions(CONFIG["ladder"]["conditions"])[name]
    write_volume(tmp_path / "map.mrc", phantom(12, 24), 1.0)
    found = Site("phantom", tmp_path / "map.mrc", condition, 60, 5, CONFIG["microscope"], CONFIG["subtomograms"])
    assert found.protocol.box * found.voxel_size == pytest.approx(32, abs=2)


def test_pairs_are_those_of_the_data_set_and_references_stand_at_rest(site):
    pairs, particles = site.observe("pairs", 1.0, 2), site.observe("map", 1.0, 2)
    assert all(np.array_equal(*each) for each in zip(pairs.fixed, particles.fixed, strict=True))
    assert len(pairs.couples) == len(particles.couples) == 2
    assert particles.couples[0][1] is particles.couples[1][1]
    assert particles.tilt_moving == 90.0
    rotation, shift = relative_transform(*particles.poses[0])
    assert np.allclose(rotation, pairs.poses[0][0])
    assert np.allclose(shift, pairs.poses[0][1])


def test_the_average_of_others_looks_like_the_object(site):
    average, whole = (site.observe(task, 1.0, 1).moving[0] for task in ("average", "map"))
    assert np.corrcoef(average.ravel(), whole.ravel())[0, 1] > 0.7


class Oracle:
    """An aligner that misses the truth by a known turn."""

    name, tasks = "oracle", ("pairs",)

    def align(self, observed, seed, symmetry):
        turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
        for number, poses in enumerate(observed.poses):
            rotation, shift = relative_transform(*poses)
            yield Answer(turn @ rotation if number else rotation, shift, 0.5)


def test_a_rungs_lines_hold_errors_costs_and_blanks(site):
    rung = Rung("phantom", PLAIN, "pairs", 60.0, 1.0)
    observed = site.observe("pairs", 1.0, 2)
    right, wrong = climb(observed, Oracle(), rung, 5, "C1")
    assert tuple(right) == LADDER_LINES
    assert (right["rotation_error_deg"], wrong["rotation_error_deg"]) == ("0.0000", "90.0000")
    # a quarter turn: two entries of -1 and 1 where the others stay
    assert (float(right["frobenius"]), float(wrong["frobenius"])) == pytest.approx((0.0, 2.0), abs=1e-6)
    assert (right["search_loss"], right["chi2"], right["cpu_ms"]) == ("", "", "500")


def test_the_bound_of_a_reference_is_below_that_of_a_pair_and_falls_with_the_noise(site):
    def found(task, snr):
        rung = Rung("phantom", PLAIN, task, 60.0, snr)
        return bounds(site, rung, site.observe(task, snr, 2), 5, "C1")

    pair, particle, noisier = found("pairs", 1.0), found("map", 1.0), found("pairs", 0.1)
    assert float(particle["bound_known_rotation"]) < float(pair["bound_known_rotation"])
    assert float(pair["bound_rotation"]) < float(noisier["bound_rotation"])


def frames():
    rung = ["groel", PLAIN, "pairs", 60.0, 0.1]
    lines = [
        [*rung, "likelihood", number, error, 0.1, 0.1, loss, chi2, probability, np.nan, 100.0]
        for number, (error, loss, chi2, probability) in enumerate(
            [(1.0, 0, 4.0, 0.9), (2.0, 0, 8.0, 0.95), (3.0, 0, 30.0, 0.7), (170.0, 1, 1e4, 0.8)]
        )
    ]
    return (
        pd.DataFrame(lines, columns=LADDER_LINES),
        pd.DataFrame([[*rung, 1.0, 0.1, 0.8, 0.09, "likelihood acryo"]], columns=LADDER_BOUNDS),
    )


def test_the_table_has_a_row_for_each_rung_and_aligner_and_blanks_for_who_is_not_there():
    rows = summarise_ladder(*frames())
    assert tuple(rows.columns) == COLUMNS
    own, other = rows.to_dict("records")
    assert (own["n"], own["rotation_median"], own["ratio"], own["lost"]) == (4, 2.5, 2.5, 0.25)
    assert own["regret"] == 0.25
    # of the three that are found: within 7.04 and 12.6, the quantiles of χ² in six dimensions
    assert (own["coverage_68"], own["coverage_95"]) == pytest.approx((1 / 3, 2 / 3))
    assert own["roc_area"] == pytest.approx(2 / 3)
    assert (other["aligner"], other["n"]) == ("acryo", 0)
    assert np.isnan(other["rotation_median"])
    (broken,) = first_break(rows).to_dict("records")
    assert broken["snr"] == 0.1


def test_the_area_under_the_curve_counts_pairs_in_the_right_order():
    assert roc_area([0.9, 0.8], [0.1]) == 1.0
    assert roc_area([0.5], [0.5]) == 0.5
    assert np.isnan(roc_area([0.5], []))


def test_every_row_of_the_robust_table_has_a_goal_a_condition_and_its_base_before_it():
    known = conditions(CONFIG["ladder"]["conditions"])
    seen = set()
    for row in ROWS:
        assert row.rung.condition in known
        assert row.goal.words()
        assert not row.goal.base or row.goal.base in seen
        assert row.name not in seen
        seen.add(row.name)


def line_of(name, **numbers):
    found = {"rotation_median_deg": 1.0, "ratio": 1.0, "lost": 0.0, "regret": 0.0} | numbers
    return {"row": name, "score": SCORES[0]} | {key: str(value) for key, value in found.items()}


@pytest.mark.parametrize(
    ("goal", "found", "answer"),
    [
        (Goal(ratio=1.5), {"ratio": 1.4}, True),
        (Goal(ratio=1.5), {"ratio": 1.6}, False),
        (Goal(lost=0.0), {"lost": 0.02}, False),
        (Goal(regret=0.01), {"regret": 0.02}, False),
        (Goal(times=2.0, base="SNR 1"), {"rotation_median_deg": 1.9}, True),
        (Goal(times=2.0, base="SNR 1"), {"rotation_median_deg": 2.1}, False),
        (Goal(ratio_times=1.5, base="SNR 1"), {"ratio": 1.6}, False),
    ],
)
def test_goals_are_judged_by_the_numbers_they_name(goal, found, answer):
    assert reached(goal, line_of("it", **found), line_of("SNR 1")) is answer


def test_a_row_whose_base_was_not_measured_does_not_reach_its_goal():
    assert not reached(Goal(times=2.0, base="SNR 1"), line_of("it"))


def test_only_the_likelihoods_rows_are_judged():
    lines = [line_of("SNR 1"), line_of("SNR 1") | {"score": "rcs", "goal": "", "reached": ""}]
    first, second = judged(lines)
    assert (first["reached"], second["reached"]) == ("yes", "")


def test_aligners_that_are_not_installed_say_how_to_get_them(monkeypatch):
    monkeypatch.setattr("gradalign.ladder.contestants.find_spec", lambda name: None)
    monkeypatch.setattr("gradalign.ladder.relion.shutil.which", lambda name: None)
    known = contestants(STAGES)
    assert "gradalign[acryo]" in known["acryo"].missing()
    assert "apt-get install relion" in known["relion"].missing()
    assert known["likelihood"].missing() == ""


def test_a_told_transfer_function_is_what_takes_the_map_to_the_particles(tmp_path):
    write_volume(tmp_path / "map.mrc", phantom(12, 24), 1.0)
    condition = Condition("given", told={"ctf": True})
    site = Site("phantom", tmp_path / "map.mrc", condition, 90, 5, MICROSCOPE, SUBTOMOGRAMS)
    observed = site.observe("map", np.inf, 1)
    transfer = np.fft.ifftshift(observed.told["ctf"])
    filtered = np.fft.ifftn(np.fft.fftn(observed.moving[0]) * transfer).real
    found = Simulator(phantom(12, 24), 1.0, 90, site.protocol).signal(np.eye(3), np.zeros(3))
    assert np.allclose(filtered - filtered.mean(), found - found.mean(), atol=0.01 * found.max())


def test_the_figure_and_the_page_hold_every_aligner_that_is_there(tmp_path):
    lines, bound = frames()
    easier = [frame.assign(snr=1.0) for frame in (lines, bound)]
    rows = summarise_ladder(pd.concat([lines, easier[0]]), pd.concat([bound, easier[1]]))
    ladder_figure(rows, [tmp_path / "ladder.svg", tmp_path / "ladder.png"])
    write_ladder_page(rows, tmp_path / "ladder.html")
    drawn, page = ((tmp_path / f"ladder.{kind}").read_text(encoding="utf-8") for kind in ("svg", "html"))
    assert "Likelihood" in drawn and "acryo" not in drawn
    assert page.count("<tr>") == 1 + len(rows)
    assert "<td>acryo</td>" in page and "addEventListener" in page


@pytest.mark.parametrize("score", SCORES)
def test_each_score_aligns_a_particle_to_its_map(score):
    rung = Rung("rna_polymerase", PLAIN, "map", 60.0, 10.0)
    path, wide = REPOSITORY / "resources/density/rna_polymerase.mrc", SUBTOMOGRAMS | {"box": 32, "simulation_box": 32}
    observed = Site(rung.object, path, Condition(), 60.0, 5, MICROSCOPE, wide).observe("map", 10.0, 1)
    (line,) = climb(observed, contestants(STAGES)[score], rung, 5, "C1")
    assert float(line["rotation_error_deg"]) < 8
    assert float(line["cpu_ms"]) > 0
    assert line["search_loss"] in ("0", "1")


def test_a_true_surface_holds_the_object_where_it_was_placed():
    volume, place = np.zeros((16, 16, 16)), np.array([2.0, -1.0, 3.0])
    volume[8, 8, 8:12] = 1.0
    quarter = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    found = np.argwhere(surface(volume, quarter, place))
    # along x before, along y then; arrays are [z, y, x]
    assert found.mean(axis=0) == pytest.approx([8 + 3, 8 - 1 + 1.5, 8 + 2], abs=0.1)
    assert np.ptp(found, axis=0)[1] > np.ptp(found, axis=0)[[0, 2]].max()


def test_a_wider_mask_holds_the_narrower_one():
    support = np.zeros((12, 12, 12), bool)
    support[5:8, 5:8, 5:8] = True
    masks = [widened(support, margin) for margin in (0, 1, 3)]
    assert all((wide >= narrow - 1e-6).all() for narrow, wide in zip(masks, masks[1:], strict=False))
    assert masks[0][6, 6, 6] > 0.8
    assert masks[0][0, 0, 0] == 0.0


def test_what_is_left_over_the_noise_goes_with_the_square_of_what_is_left(site):
    beside = np.random.default_rng(1).standard_normal((24, 24, 24)).astype(np.float32)
    mask, noise = soft_sphere(24, 6.0), site.noise(1.0)
    once, thrice = (left_over_noise(mask, factor * beside, noise, 60.0) for factor in (1.0, 3.0))
    assert thrice == pytest.approx(9.0 * once, rel=1e-4)
    assert left_over_noise(mask, 0.0 * beside, noise, 60.0) == 0.0
