import copy
import datetime
import math
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gradalign.errors import InputError
from gradalign.search.registry import score_names
from gradalign.search.settings import Settings, alignment_settings
from gradalign.simulation.complexes import COMPLEXES
from gradalign.study.configuration import RESERVED_NAMES, check

REPOSITORY = Path(__file__).parents[2]
SCHEMA = yaml.safe_load((REPOSITORY / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))
PAPER = yaml.safe_load((REPOSITORY / "config.yaml").read_text(encoding="utf-8"))
REMOVED = object()


def changed(key, value):
    """Return the paper's configuration with one dotted key set, or removed."""
    config = copy.deepcopy(PAPER)
    *sections, last = key.split(".")
    place = config
    for section in sections:
        place = place[section]
    if value is REMOVED:
        del place[last]
    else:
        place[last] = value
    return config


def mistakes(config):
    with pytest.raises(InputError) as caught:
        check(config, SCHEMA)
    return str(caught.value).splitlines()


def described(schema, path=""):
    """Yield every key of the schema with its description."""
    for name, entry in schema["properties"].items():
        yield f"{path}{name}", entry
        if "properties" in entry:
            yield from described(entry, f"{path}{name}.")


KEYS = dict(described(SCHEMA))
LEAVES = {key: entry for key, entry in KEYS.items() if "properties" not in entry}


def value_of(config, key):
    for name in key.split("."):
        config = config[name]
    return config


def test_the_papers_configuration_passes_unchanged():
    assert check(PAPER, SCHEMA) == PAPER


@pytest.mark.parametrize("key", LEAVES)
def test_every_key_has_description_and_default_and_the_default_is_that_of_config_yaml(key):
    entry = LEAVES[key]
    assert len(entry["description"]) > 2
    assert entry["default"] == value_of(PAPER, key)
    assert "enum" in entry or "type" in entry


def is_numeric(entry):
    return entry.get("items", entry).get("type") in ("number", "integer")


@pytest.mark.parametrize("key", [key for key, entry in LEAVES.items() if is_numeric(entry)])
def test_every_number_has_a_unit(key):
    assert LEAVES[key]["unit"]


def test_the_readme_of_the_configuration_names_every_section():
    text = (REPOSITORY / "config" / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", text))
    assert set(yaml.safe_load((REPOSITORY / "config.yaml").read_text(encoding="utf-8"))) <= named


@pytest.mark.parametrize("key", [key for key, entry in KEYS.items() if "properties" in entry] + [""])
def test_every_section_needs_all_its_keys_and_takes_no_others(key):
    section = KEYS[key] if key else SCHEMA
    assert section["additionalProperties"] is False
    assert section["required"] == list(section["properties"])
    assert section["description"]


@pytest.mark.parametrize("key", KEYS)
def test_a_missing_key_is_named_in_one_sentence(key):
    (sentence,) = mistakes(changed(key, REMOVED))
    assert sentence.startswith(f"config: {key}: is missing, where ")


@pytest.mark.parametrize("section", ["", *(key for key, entry in KEYS.items() if "properties" in entry)])
def test_an_unknown_key_is_named_in_one_sentence(section):
    key = f"{section}.zzz" if section else "zzz"
    (sentence,) = mistakes(changed(key, 1))
    assert sentence.startswith(f"config: {key}: there is no such key")


def test_a_slip_in_a_key_is_told_what_it_should_be():
    config = changed("grid.tlt", [60])
    assert "config: grid.tlt: there is no such key; did you mean grid.tilt?" in mistakes(config)


@pytest.mark.parametrize("key", LEAVES)
def test_an_ill_typed_value_is_named_in_one_sentence(key):
    # no key's values are bytes
    (sentence,) = mistakes(changed(key, b"1"))
    assert sentence.startswith(f"config: {key}: is b'1', where ")


@pytest.mark.parametrize(
    "key, value, wanted",
    [
        ("grid.tilt", [0], "above 0"),
        ("grid.tilt", [95], "not above 90"),
        ("grid.tilt", [60, 60.0], "none twice"),
        ("grid.tilt", [], "at least one"),
        ("grid.tilt", 60, "a list"),
        ("grid.tilt", ["60"], "a number"),
        ("grid.tilt", [60.25], "multiple of the tilt step"),
        ("complexes.tilt", [100], "not above 90"),
        ("grid.snr", [-1], "above 0"),
        ("grid.snr", [0], "above 0"),
        ("grid.snr", [math.nan], "finite"),
        ("grid.snr", ["much"], "a number"),
        ("grid.interval", [50], "divide 180"),
        ("grid.interval", [0], "above 0"),
        ("complexes.interval", [7], "divide 180"),
        ("grid.score", ["RCS"], "one of rcs, fcs"),
        ("complexes.object", ["ribosome"], "one of groel"),
        ("ladder.aligner", ["rcs", "fsc"], "one of rcs, fcs, likelihood, scan, acryo, relion"),
        ("structures.source", "pdb", "one of bundled"),
        ("structures.resolution", math.inf, "finite"),
        ("seed", -1, "from 0 up"),
        ("seed", True, "a whole number"),
        ("pairs", 0, "from 1 up"),
        ("pairs", 2.5, "a whole number"),
        ("subtomograms.box", 33, "divisible by 2"),
        ("subtomograms.simulation_box", 24, "at least subtomograms.box (32)"),
        ("subtomograms.max_shift", 0.5, "below 0.5"),
        ("subtomograms.keep", "yes", "true or false"),
        ("microscope.defocus", 4.0, "below 0"),
        ("alignment.low_pass", 40, "32 nm"),
        ("alignment.rule.window", 1, "from 2 up"),
        ("averages.particles", 1, "from 2 up"),
        ("averages.snr", math.inf, "noise alone"),
        ("averages.tilt", 95, "not above 90"),
        ("averages.interval", 50, "divide 180"),
        ("classification.tilt", 60.25, "multiple of the tilt step"),
        ("classification.pairs_per_job", 0, "from 1 up"),
        ("name", "a/b", "letters"),
        ("name", "..", "letters"),
        ("name", "", "letters"),
        ("name", 3, "letters"),
    ],
)
def test_an_impossible_value_is_named_in_one_sentence_with_what_would_be_right(key, value, wanted):
    (sentence,) = mistakes(changed(key, value))
    assert sentence.startswith(f"config: {key}: ")
    assert wanted in sentence


def test_a_guard_that_leaves_nothing_of_a_tilt_range_is_one_sentence():
    assert mistakes(changed("alignment.wedge_guard", 40)) == [
        "config: grid.tilt: is 40, where more than the wedge_guard of 40 is needed."
    ]


@pytest.mark.parametrize("name", RESERVED_NAMES)
def test_the_names_of_the_studys_own_results_are_refused(name):
    (sentence,) = mistakes(changed("name", name))
    assert sentence.startswith("config: name: ")


def test_several_mistakes_are_told_at_once():
    config = changed("pairs", 0)
    config["seed"] = "one"
    assert [sentence.split(":")[1].strip() for sentence in mistakes(config)] == ["pairs", "seed"]


@pytest.mark.parametrize("infinity", ["inf", "Inf", ".inf", math.inf])
def test_no_noise_can_be_written_as_a_number_or_a_word(infinity):
    assert check(changed("grid.snr", [infinity, 1]), SCHEMA)["grid"]["snr"] == [math.inf, 1]


def test_the_given_configuration_stays_as_it_is():
    config = changed("grid.snr", ["inf"])
    before = copy.deepcopy(config)
    check(config, SCHEMA)
    assert config == before


def test_the_order_of_the_keys_is_always_the_same():
    backwards = {key: PAPER[key] for key in reversed(PAPER)}
    backwards["grid"] = dict(reversed(PAPER["grid"].items()))
    assert str(check(backwards, SCHEMA)) == str(check(PAPER, SCHEMA))


def test_whole_numbers_written_with_a_point_become_integers():
    box = check(changed("subtomograms.box", 32.0), SCHEMA)["subtomograms"]["box"]
    assert (box, type(box)) == (32, int)


@given(
    st.sampled_from(sorted(KEYS)),
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.floats()), st.binary()),
)
def test_no_value_of_any_key_does_anything_but_pass_or_be_named(key, value):
    try:
        check(changed(key, value), SCHEMA)
    except InputError as error:
        assert all(sentence.startswith("config: ") for sentence in str(error).splitlines())


def test_every_score_and_every_complex_can_be_asked_for():
    grid, complexes = (SCHEMA["properties"][section]["properties"] for section in ("grid", "complexes"))
    assert set(grid["score"]["items"]["enum"]) == set(score_names())
    assert set(complexes["object"]["items"]["enum"]) == set(COMPLEXES)
    config = changed("ladder.aligner", list(score_names()))
    assert check(config, SCHEMA)["ladder"]["aligner"] == list(score_names())


def test_the_aligners_own_defaults_are_those_of_the_study():
    # but for what is known of simulated subtomograms alone
    assert alignment_settings(PAPER["alignment"]) == Settings(alike=True)


def test_the_quick_configuration_differs_only_in_keys_that_exist():
    quick = yaml.safe_load((REPOSITORY / "workflow/config/quick.yaml").read_text(encoding="utf-8"))
    # sections are laid over each other key by key
    merged = {key: PAPER[key] | value if isinstance(value, dict) else value for key, value in quick.items()}
    config = check(PAPER | merged, SCHEMA)
    assert config["name"] == "quick"
    assert config["grid"] == check(PAPER, SCHEMA)["grid"]
    assert config["complexes"] == check(PAPER, SCHEMA)["complexes"]


def test_particles_can_be_given_as_two_files_alone():
    config = PAPER | {"particles": "run.star", "reference": "ref.mrc"}
    wanted = PAPER["particles"] | {"star": "run.star", "reference": "ref.mrc"}
    assert check(config, SCHEMA)["particles"] == check(PAPER | {"particles": wanted}, SCHEMA)["particles"]


@pytest.mark.parametrize(
    ("star", "name"),
    [
        ("run.star", "run"),
        ("/data/job 12/Röhre (1).star", "R_hre_1_"),
        ("_optimisation_set.star", "optimisation_set"),
        ("2024_05", "2024_05"),
        ("paper.star", "paper_list"),
        ("reference.star", "reference_list"),
        ("µ.star", "list"),
    ],
)
def test_results_are_named_after_the_list_unless_a_name_is_given(star, name):
    config = PAPER | {"particles": star, "reference": "ref.mrc"}
    assert check(config, SCHEMA)["name"] == name
    assert check(config | {"name": "mine"}, SCHEMA)["name"] == "mine"
    assert check(PAPER | {"classes": star}, SCHEMA)["name"] == name
    assert check(PAPER, SCHEMA)["name"] == "paper"


def test_home_and_variables_are_expanded_in_the_names_of_files(monkeypatch):
    monkeypatch.setenv("HOME", "/home/zoe")
    monkeypatch.setenv("DATA", "/data")
    files = {"star": "~/run.star", "reference": "$HOME/ref.mrc", "mask": "${DATA}/mask.mrc"}
    section = check(PAPER | {"particles": PAPER["particles"] | files}, SCHEMA)["particles"]
    assert (section["star"], section["reference"]) == ("/home/zoe/run.star", "/home/zoe/ref.mrc")
    assert section["mask"] == "/data/mask.mrc"
    files = {"star": "~/run.tbl", "subtomograms": "$DATA/particle_{:06d}.em"}
    section = check(PAPER | {"classes": PAPER["classes"] | files}, SCHEMA)["classes"]
    assert (section["star"], section["subtomograms"]) == ("/home/zoe/run.tbl", "/data/particle_{:06d}.em")


@pytest.mark.parametrize(("value", "words"), [(20240501, "20240501"), (datetime.date(2026, 11, 26), "2026-11-26")])
def test_names_that_yaml_reads_as_numbers_or_dates_are_told_to_be_put_in_quotes(value, words):
    for config in (
        PAPER | {"name": value},
        PAPER | {"particles": value},
        PAPER | {"classes": value},
        changed("classes.star", value),
    ):
        (sentence,) = mistakes(config)
        assert words in sentence
        assert "if it is meant as a text, put it in quotes" in sentence


def test_a_reference_without_particles_and_particles_without_a_reference_are_told():
    (sentence,) = mistakes(PAPER | {"particles": "run.star"})
    assert sentence.startswith("config: particles.reference: is missing")
    (sentence,) = mistakes(PAPER | {"reference": "ref.mrc"})
    assert sentence.startswith("config: particles.star: is missing")


@pytest.mark.parametrize(("axis", "text"), [("x", "x"), (85, "85"), (-3.5, "-3.5"), ("12.5", "12.5")])
def test_a_tilt_axis_may_be_a_letter_or_a_number(axis, text):
    assert check(changed("particles.tilt_axis", axis), SCHEMA)["particles"]["tilt_axis"] == text


@pytest.mark.parametrize(
    "key, value, wanted",
    [
        ("particles.tilt", [60, -60], "tilt range"),
        ("particles.tilt", [-2, 2], "twice alignment.wedge_guard"),
        ("particles.tilt", [-60], "a list of 2"),
        ("particles.tilt_axis", "z", "x, y or an angle in degrees"),
        ("particles.tilt_axis", True, "x, y or an angle in degrees"),
        ("particles.symmetry", "T", "Cn or Dn with n from 1"),
        ("particles.symmetry", "C0", "Cn or Dn with n from 1"),
        ("particles.interval", 50, "divide 180"),
        ("particles.rounds", 0, "from 1 up"),
        ("particles.search", "everywhere", "one of auto"),
        ("particles.contrast", "black", "one of white, dark"),
        ("particles", ["run.star"], "a section with keys of its own"),
    ],
)
def test_an_impossible_choice_for_particles_is_named_in_one_sentence(key, value, wanted):
    (sentence,) = mistakes(changed(key, value))
    assert sentence.startswith(f"config: {key}: ")
    assert wanted in sentence
